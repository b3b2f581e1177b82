"""What the rollups hold of each ticket, so that exactly this can be taken back."""

from typing import Any

from beanie import Document


class RolledUpTicket(Document):
    """The receipt for one ticket in the rollups."""

    id: Any
    """The ticket's, which another program may have chosen."""
    tenant_id: str
    counted: dict[str, Any]
    """As what the ticket was counted, which later edits of it do not change: a value for each counted field, and

    `hour`: of creation, in hours since 1970-01-01 UTC; None for an undated ticket;
    `keywords`: a list;
    `at_risk`: the customer whom the ticket puts at risk, if it does.
    """

    class Settings:
        """Collection."""

        name = "rolled_up_tickets"
