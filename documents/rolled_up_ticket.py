"""What the rollups hold of each ticket, so that exactly this can be taken back."""

from typing import Any

from beanie import Document
from pydantic import BaseModel


class CountedAs(BaseModel):
    """What of a ticket was counted; later edits of the ticket do not change it."""

    hour: int | None
    """Of creation, in hours since 1970-01-01 UTC; None for an undated ticket."""
    status: str
    urgency: str
    sentiment: str
    source: str
    keywords: list[str]
    at_risk: str | None
    """The customer whom the ticket puts at risk, if it does."""


class RolledUpTicket(Document):
    """The receipt for one ticket in the rollups."""

    id: Any
    """The ticket's, which another program may have chosen."""
    tenant_id: str
    counted: CountedAs

    class Settings:
        """Collection."""

        name = "rolled_up_tickets"
