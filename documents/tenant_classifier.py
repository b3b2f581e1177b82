"""What a tenant has of its own beside the rules that all share."""

from datetime import datetime

from beanie import Document


class TenantClassifier(Document):
    """One row for each tenant that has any."""

    id: str  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    """The tenant."""
    revision: int = 0
    """Grows with each change of anything here that decides about tickets."""
    changed_at: datetime | None = None
    corrected: int = 0
    """Grows with each correction, and with each one that is taken back."""
    corrected_at: datetime | None = None

    class Settings:
        """The collection."""

        name = "tenant_classifiers"
