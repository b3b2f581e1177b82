"""The outbox: urgent tickets that have to be announced, written with the page that made them urgent; and spikes."""

from datetime import UTC, datetime
from typing import Any

from beanie import Document
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.vocabulary import NotificationState

__all__ = [
    "DEFAULT_DESTINATION",
    "DEFAULT_KIND",
    "NO_TICKET",
    "UNSEEN",
    "Notification",
    "NotificationState",
    "due_from",
]

DEFAULT_DESTINATION = ""
"""The destination of a tenant that has none of its own: the operator's `NOTIFY_URL`."""
DEFAULT_KIND = "default"
NO_TICKET = ""
"""The ticket of what announces a spike."""
UNSEEN = datetime(9999, 1, 1, tzinfo=UTC)
"""The `due_at` of what programs before spikes do not know: they claim, give up and abandon only what is due, and would
send it as a ticket. When it is due, `ready_at` says."""


class Notification(Document):
    """One announcement of one urgent ticket, or of a spike; its id is derived from what it announces, so a replay adds
    nothing."""

    id: str  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    tenant_id: str
    ticket_id: str
    """The ticket's external id."""
    version: str
    """The change that made the ticket urgent: the run and page that stored it. Of a spike, its id."""
    spike: dict[str, Any] | None = None
    """What is told of a spike, as it was when it was found: `spike_id` and figures."""
    destination_id: str = DEFAULT_DESTINATION
    """Where it goes. What a page writes is not addressed yet: `services/notifications/lanes.py` does that."""
    kind: str = DEFAULT_KIND
    """The format of its destination, for figures."""
    urgency: str
    reason: str
    """The rules that matched, in words."""
    state: NotificationState
    created_at: datetime
    due_at: datetime
    """When it may be tried next; while it is being sent, when its claim runs out. Of a spike, `UNSEEN`."""
    ready_at: datetime | None = None
    """Of a spike, what `due_at` is of a ticket."""
    give_up_at: datetime
    """When it becomes a dead letter if it has not been delivered."""
    claim: str | None = None
    """The claim under which it is being sent."""
    attempts: int = 0
    """Requests that were answered or failed since it was created or redriven."""
    refusals: int = 0
    """How many of them were refused."""
    rank: int = 0
    """Its place in the queue, smaller first: begun, then untried, then what was tried in vain too often."""
    redrives: int = 0
    trace: str | None = None
    """The step of a trace that found the ticket urgent (W3C `traceparent`); its delivery goes on from there."""
    attempted_at: datetime | None = None
    delivered_at: datetime | None = None
    last_status: int | None = None
    """The status of the last answer; null where there was none."""
    last_error: str | None = None
    """What the last failed attempt met, with the beginning of the answer."""

    class Settings:
        """Collection and indexes."""

        name = "notifications"
        indexes = [
            IndexModel(
                [
                    ("tenant_id", ASCENDING),
                    ("ticket_id", ASCENDING),
                    ("version", ASCENDING),
                    ("destination_id", ASCENDING),
                ],
                name="tenant_ticket_version",
                unique=True,
            ),
            # Figures for operators, without reading a row.
            IndexModel([("state", ASCENDING), ("kind", ASCENDING), ("created_at", ASCENDING)], name="state_created"),
            # Which destinations and tenants have something due; the next claim of each. Only of what is pending.
            IndexModel(
                [("state", ASCENDING), ("destination_id", ASCENDING), ("tenant_id", ASCENDING), ("due_at", ASCENDING)],
                name="lanes",
                partialFilterExpression={"state": "pending"},
            ),
            # The same of what earlier programs do not see: spikes, few of them.
            IndexModel(
                [("state", ASCENDING), ("destination_id", ASCENDING), ("ready_at", ASCENDING)],
                name="unseen",
                partialFilterExpression={"state": "pending", "ready_at": {"$exists": True}},
            ),
            IndexModel(
                [
                    ("state", ASCENDING),
                    ("destination_id", ASCENDING),
                    ("tenant_id", ASCENDING),
                    ("rank", ASCENDING),
                    ("created_at", ASCENDING),
                    ("_id", ASCENDING),
                    ("due_at", ASCENDING),
                ],
                name="queue",
                partialFilterExpression={"state": "pending"},
            ),
            IndexModel(
                [
                    ("tenant_id", ASCENDING),
                    ("state", ASCENDING),
                    ("created_at", DESCENDING),
                    ("_id", DESCENDING),
                ],
                name="tenant_state_created",
            ),
            IndexModel(
                [("tenant_id", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)],
                name="tenant_created",
            ),
        ]


_IS_SPIKE: dict[str, Any] = {"$eq": [{"$type": "$spike"}, "object"]}


def due_from(moment: object) -> dict[str, Any]:
    """What sets when a row is due to what an expression says; a spike stays unseen by programs that know none."""
    return {
        "due_at": {"$cond": [_IS_SPIKE, UNSEEN, moment]},
        "ready_at": {"$cond": [_IS_SPIKE, moment, "$$REMOVE"]},
    }
