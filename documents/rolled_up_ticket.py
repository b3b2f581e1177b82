"""What the rollups hold of each ticket, so that exactly this can be taken back."""

from typing import Any

from beanie import Document


class RolledUpTicket(Document):
    """The receipt for one ticket in the rollups."""

    id: dict[str, Any]  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    """`counting`: `COUNTING` of the version that wrote it, to other versions it is no receipt; `ticket`: the ticket's
    own, which another program may have chosen."""
    tenant_id: str
    counted: dict[str, Any]
    """As what the ticket was counted, which later edits of it do not change: a value for each counted field, and

    `quarter`: of creation, in quarters of an hour since 1970-01-01 UTC; None for an undated ticket;
    `keywords`: a list;
    `customer`: who wrote it; None where nobody knows.
    """

    class Settings:
        """Collection."""

        name = "rolled_up_tickets"
