"""What may not be stored for a tenant: one row, which every page that is stored looks at."""

from datetime import datetime

from beanie import Document


class TenantProtection(Document):
    """One row for each tenant of which anything was erased, or is to be after some time."""

    id: str  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    """The tenant."""
    revision: int = 0
    """Grows with each request, and with each step of an erasure: what was compared before is compared anew."""
    erasures: int = 0
    """How many of its customers were erased, or are to be; nothing is looked up where there are none."""
    is_erased: bool = False
    """Whether the tenant itself was: nothing is stored for it until it is reopened."""
    retention_days: int | None = None
    """Tickets that were created longer ago are erased, and do not come in; null: they are kept."""
    closed_only: bool = True
    """Whether that is so of closed tickets alone."""
    retention_looked_at: datetime | None = None
    """When tickets that are too old were looked for last; null: since the setting was changed, not yet."""

    class Settings:
        """The collection."""

        name = "tenant_protections"
