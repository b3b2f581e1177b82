"""The closed sets of values, as GraphQL enums. What comes from outside (`status`, `source`) stays a text."""

from enum import Enum
from typing import TypeVar

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from documents.circuit_breaker import CircuitState
from documents.ingestion_job import JobStatus
from documents.ingestion_log import RunOutcome
from documents.notification import NotificationState
from documents.ticket import Sentiment, Urgency
from documents.ticket_history import HistoryAction

E = TypeVar("E", bound=Enum)


def expose(enum: type[E], description: str, values: dict[E, str]) -> type[E]:
    """Make `enum` a GraphQL enum, every value of it described.

    Raises:
        ValueError: a value has no description.
    """
    exposed = strawberry.enum(enum, description=description)
    definition: StrawberryEnumDefinition = exposed.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        member = enum[value.name]
        if member not in values:
            raise ValueError(f"{member!r} has no description")
        value.description = values[member]
    return exposed


class TicketOrder(Enum):
    """The orders in which tickets can be listed."""

    NEWEST_FIRST = "newest_first"
    OLDEST_FIRST = "oldest_first"


class IngestionActivity(Enum):
    """What a tenant's ingestion does at a moment."""

    IDLE = "idle"
    QUEUED = "queued"
    RUNNING = "running"


class HealthStatus(Enum):
    """The verdict on the service as a whole."""

    OK = "ok"
    DEGRADED = "degraded"


expose(
    Urgency,
    "How soon somebody has to look at a ticket.",
    {
        Urgency.HIGH: "Legal threat, money dispute, privacy or security, outage or data loss, or said to be urgent.",
        Urgency.MEDIUM: "One user is blocked or annoyed, or wants to leave.",
        Urgency.LOW: "Everything else: questions, ideas, thanks.",
    },
)
expose(
    Sentiment,
    "The mood a ticket was written in.",
    {
        Sentiment.NEGATIVE: "Anger, complaint, threat, or a report that something does not work.",
        Sentiment.NEUTRAL: "Neither.",
        Sentiment.POSITIVE: "Praise or thanks, with nothing negative beside it.",
    },
)
expose(
    HistoryAction,
    "What happened to a ticket.",
    {
        HistoryAction.CREATED: "It was ingested for the first time.",
        HistoryAction.UPDATED: "At least one field changed upstream.",
        HistoryAction.DELETED: "Upstream no longer has it; it was soft-deleted here.",
        HistoryAction.RESTORED: "It was soft-deleted and came back upstream.",
    },
)
expose(
    JobStatus,
    "Where an ingestion job is in its life.",
    {
        JobStatus.QUEUED: "Waits for a worker, for the first time or after one handed it back.",
        JobStatus.RUNNING: "A worker runs it.",
        JobStatus.COMPLETED: "Every page was walked and stored.",
        JobStatus.FAILED: "Given up; `error` says why. What was stored stays.",
        JobStatus.CANCELLED: "Stopped on request. What was stored stays.",
    },
)
expose(
    RunOutcome,
    "How a run ended.",
    {
        RunOutcome.SUCCESS: "Everything upstream has is stored.",
        RunOutcome.PARTIAL_SUCCESS: "It reached its end, but records were quarantined or the walk was irregular.",
        RunOutcome.FAILED: "It was given up.",
        RunOutcome.CANCELLED: "It was stopped on request.",
    },
)
expose(
    NotificationState,
    "Where a notification is in its life.",
    {
        NotificationState.PENDING: "Waits for its next attempt, or is being sent at this moment.",
        NotificationState.DELIVERED: "The notifier has taken it.",
        NotificationState.DEAD: "Given up or refused; `lastError` says why. It can be redriven.",
    },
)
expose(
    CircuitState,
    "Whether requests to a destination are sent.",
    {
        CircuitState.CLOSED: "They are sent.",
        CircuitState.OPEN: "Nothing is sent: too many of the last requests failed.",
        CircuitState.HALF_OPEN: "One request is sent, to find out.",
    },
)
expose(
    TicketOrder,
    "The orders in which tickets can be listed. Tickets without a creation time count as the oldest.",
    {
        TicketOrder.NEWEST_FIRST: "By creation time, newest first.",
        TicketOrder.OLDEST_FIRST: "By creation time, oldest first.",
    },
)
expose(
    IngestionActivity,
    "What a tenant's ingestion does at this moment.",
    {
        IngestionActivity.IDLE: "Nothing.",
        IngestionActivity.QUEUED: "A run waits for a worker.",
        IngestionActivity.RUNNING: "A run is on its way.",
    },
)
expose(
    HealthStatus,
    "The verdict on the service as a whole.",
    {
        HealthStatus.OK: "Every dependency can be reached.",
        HealthStatus.DEGRADED: "At least one dependency cannot be reached.",
    },
)
