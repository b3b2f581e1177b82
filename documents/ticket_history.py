"""What happened to a ticket, one row a change."""

from datetime import datetime
from typing import Any

from beanie import Document
from pydantic import BaseModel
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.described import DescribedEnum


class HistoryAction(DescribedEnum):
    """What happened to a ticket."""

    CREATED = "created", "It was ingested for the first time."
    UPDATED = "updated", "At least one field changed upstream."
    DELETED = "deleted", "Upstream no longer has it; it was soft-deleted here."
    RESTORED = "restored", "It was soft-deleted and came back upstream."


class FieldChange(BaseModel):
    """One field's value before and after."""

    old: Any = None
    new: Any = None


class TicketHistory(Document):
    """One change of one ticket; its id is derived from the run and page that wrote it, so a replay adds nothing."""

    id: str  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    ticket_id: str
    """The ticket's external id."""
    tenant_id: str
    action: HistoryAction
    changes: dict[str, FieldChange] = {}
    recorded_at: datetime
    job_id: str

    class Settings:
        """Collection and indexes."""

        name = "ticket_history"
        indexes = [
            IndexModel(
                [
                    ("tenant_id", ASCENDING),
                    ("ticket_id", ASCENDING),
                    ("recorded_at", DESCENDING),
                    ("_id", DESCENDING),
                ],
                name="tenant_ticket_recorded",
            ),
            # When tickets were closed; only the few rows that tell of a new status are in it.
            IndexModel(
                [
                    ("tenant_id", ASCENDING),
                    ("changes.status.new", ASCENDING),
                    ("ticket_id", ASCENDING),
                    ("recorded_at", ASCENDING),
                ],
                name="tenant_new_status",
                partialFilterExpression={"changes.status.new": {"$exists": True}},
            ),
        ]
