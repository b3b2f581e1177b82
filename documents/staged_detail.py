"""What a source has told of a ticket beside its present state, until a page shows that ticket."""

from datetime import datetime

from beanie import Document
from pydantic import BaseModel
from pymongo import ASCENDING, IndexModel

from documents.ticket_history import FieldChange

KEPT_SECONDS = 90 * 24 * 3600
"""What no page has claimed by then is about something that is no ticket of ours."""


class ToldDetail(BaseModel):
    """One event or comment. What is empty is not stored."""

    kind: str
    serial: int
    """Its number among those of its kind."""
    at: datetime
    changes: dict[str, FieldChange] = {}
    turn: str | None = None
    """A turn in the ticket's life: `gone` or `back`."""
    said: str = ""
    author: str = ""
    """Who said it, as a ticket's `customer_id` is stored; empty: the customer."""


class StagedDetail(Document):
    """What one page has told of one ticket: a row for all of it, as rows are what costs.

    Its id is made of job, page and ticket, so that a replay of the page writes the same rows. What several pages tell,
    or several runs, is staged several times; it counts once all the same, by what the ticket has `told`.
    """

    id: str  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    tenant_id: str
    connection_id: str
    ticket_id: str
    """The ticket's external id."""
    told: list[ToldDetail]
    staged_at: datetime

    class Settings:
        """Collection and indexes."""

        name = "staged_details"
        indexes = [
            IndexModel([("tenant_id", ASCENDING), ("ticket_id", ASCENDING)], name="tenant_ticket"),
            IndexModel([("staged_at", ASCENDING)], name="staged_at", expireAfterSeconds=KEPT_SECONDS),
        ]
