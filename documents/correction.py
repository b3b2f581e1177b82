"""What people say of tickets that were classified otherwise."""

from dataclasses import dataclass
from datetime import datetime

from beanie import Document
from pymongo import ASCENDING, DESCENDING, IndexModel


@dataclass(frozen=True, slots=True)
class MachineAnswer:
    """What a ticket was classified as, without the person's word; null where that is not known."""

    urgency: str | None = None
    sentiment: str | None = None
    requires_action: bool | None = None


@dataclass(frozen=True, slots=True)
class TicketCorrection:
    """A person's word on a ticket; of what is null, nothing was said."""

    urgency: str | None
    sentiment: str | None
    requires_action: bool | None
    by: str | None
    """The subject of their credential; null where access is open."""
    at: datetime | None
    note: str | None
    machine: MachineAnswer
    """What it had been classified as."""


class Correction(Document):
    """One row for each text that a person has judged: what can be learned from.

    The text itself stays in the ticket alone, so that it is gone when the ticket is.
    """

    id: str  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    """Made of tenant, ticket and text."""
    tenant_id: str
    ticket_id: str
    """The ticket's external id."""
    text_key: str
    """Of the text that was judged; another one of the ticket is another matter."""
    replies_length: int = 0
    """How much of the replies was there, in characters: more may have come since."""
    urgency: str | None = None
    sentiment: str | None = None
    requires_action: bool | None = None
    by: str | None = None
    at: datetime

    class Settings:
        """Collection and indexes."""

        name = "corrections"
        indexes = [
            IndexModel([("tenant_id", ASCENDING), ("at", DESCENDING)], name="tenant_at"),
            IndexModel([("tenant_id", ASCENDING), ("ticket_id", ASCENDING)], name="tenant_ticket"),
        ]
