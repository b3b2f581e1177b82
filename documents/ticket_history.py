"""What happened to a ticket, one row a change."""

from datetime import datetime
from typing import Any

from beanie import Document
from pydantic import BaseModel
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.described import DescribedEnum


class HistoryAction(DescribedEnum):
    """What happened to a ticket."""

    CREATED = "created", "It was ingested for the first time; the changes hold its first values."
    UPDATED = (
        "updated",
        "At least one field changed upstream, a person corrected its classification, or it was judged anew.",
    )
    DELETED = "deleted", "Upstream no longer has it; it was soft-deleted here. The changes hold its last values."
    RESTORED = "restored", "It was soft-deleted and came back upstream."


CHANGES_OF_KNOWN = (HistoryAction.UPDATED.value, HistoryAction.RESTORED.value)
"""The actions whose rows tell what a ticket was before, too."""


TICKET_INDEX = "tenant_ticket_recorded"
"""For the rows of a ticket."""
NEW_STATUS_INDEX = "tenant_new_status"
"""For when tickets were closed; only the few rows that tell of a new status are in it."""


class FieldChange(BaseModel):
    """One field's value before and after."""

    old: Any = None
    new: Any = None


class TicketHistory(Document):
    """One change of one ticket; the id of a run's is derived from the run and the page, so a replay adds nothing.

    The rows of a ticket, in the order of `recorded_at`, rebuild it as it was at any moment, but for its long text.
    Corrections of people have ids of their own. Rows of other programs may lack any field.
    """

    id: str  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    ticket_id: str
    """The ticket's external id."""
    tenant_id: str
    action: HistoryAction
    changes: dict[str, FieldChange] = {}
    occurred_at: datetime | None = None
    """When it happened, by the source's clock where the source says; absent in rows of earlier versions.

    Of `created` it is the ticket's own `created_at`; of `updated` its `updated_at`, if that has moved; of all else the
    moment when we learned it.
    """
    recorded_at: datetime
    """When it was stored here."""
    job_id: str | None = None
    """The run that has found it; None where a person, or other rules, changed its classification."""
    actor: str | None = None
    """The subject of the credential of the person who has done it, where it was one who is known."""
    rules_version: str | None = None
    """The rules by which it was judged anew, if that is what happened."""

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
                name=TICKET_INDEX,
            ),
            # Which tickets were deleted since some moment: some of them are purged.
            IndexModel(
                [("tenant_id", ASCENDING), ("action", ASCENDING), ("recorded_at", ASCENDING), ("ticket_id", ASCENDING)],
                name="tenant_action_recorded",
            ),
            IndexModel(
                [
                    ("tenant_id", ASCENDING),
                    ("changes.status.new", ASCENDING),
                    ("changes.status.old", ASCENDING),
                    ("action", ASCENDING),
                    ("ticket_id", ASCENDING),
                    ("occurred_at", ASCENDING),
                    ("recorded_at", ASCENDING),
                ],
                name=NEW_STATUS_INDEX,
                partialFilterExpression={
                    "changes.status.new": {"$exists": True},
                    "action": {"$in": list(CHANGES_OF_KNOWN)},
                },
            ),
        ]
