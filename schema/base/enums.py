"""The closed sets of values, as GraphQL enums. What comes from outside (`status`, `source`) stays a text."""

from typing import Any

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from documents.audit_entry import AuditAction, AuditOutcome
from documents.circuit_breaker import CircuitState
from documents.described import DescribedEnum
from documents.destination import DestinationFormat
from documents.erasure import ErasureScope, ErasureState
from documents.ingestion_job import JobStatus
from documents.ingestion_log import RunOutcome
from documents.notification import NotificationState
from documents.quarantined_record import QuarantineState
from documents.reclassification import ReclassificationState
from documents.ticket import CountedField, JudgedBy, Language, Sentiment, StatusCategory, Urgency
from documents.ticket_history import HistoryAction
from documents.vocabulary import ConnectionState, SourceKind, SourceProblem
from services.access import Scope
from services.analytics.customers import CustomerOrder
from services.analytics.forecasts.forecasts import NoForecast
from services.classification.own.faults import OwnWordsFault
from services.kit.civil_time import TrendUnit
from services.tickets.following import TicketUpdateKind
from services.tickets.ordering import TicketOrder


class IngestionActivity(DescribedEnum):
    """What a tenant's ingestion does at this moment."""

    IDLE = "idle", "Nothing."
    QUEUED = "queued", "A run waits for a worker."
    RUNNING = "running", "A run is on its way."


class HealthStatus(DescribedEnum):
    """The verdict on the service as a whole."""

    OK = "ok", "Every dependency can be reached."
    DEGRADED = "degraded", "At least one dependency cannot be reached."


EXPOSED: tuple[type[DescribedEnum], ...] = (
    AuditAction,
    AuditOutcome,
    CircuitState,
    ConnectionState,
    CountedField,
    CustomerOrder,
    DestinationFormat,
    ErasureScope,
    ErasureState,
    HealthStatus,
    HistoryAction,
    IngestionActivity,
    JobStatus,
    JudgedBy,
    Language,
    NoForecast,
    NotificationState,
    OwnWordsFault,
    QuarantineState,
    ReclassificationState,
    RunOutcome,
    Scope,
    Sentiment,
    SourceKind,
    SourceProblem,
    StatusCategory,
    TicketOrder,
    TicketUpdateKind,
    TrendUnit,
    Urgency,
)
"""What clients can name by its members; they are told what the enums themselves say of them."""


TICKET_ENUMS: dict[str, type[DescribedEnum]] = {
    "urgency": Urgency,
    "sentiment": Sentiment,
    "status_category": StatusCategory,
    "language": Language,
    "judged_by": JudgedBy,
}
"""The fields of a ticket that are enums, by the names that are stored."""


def spelled(field: str, value: Any) -> Any:
    """A ticket's stored value, as GraphQL spells it: `HIGH` for the urgency `high`, wherever it stands.

    A value that is none of the enum's stays as it is stored: another program wrote it.
    """
    enum = TICKET_ENUMS.get(field)
    return enum(value).name if enum is not None and value in list(enum) else value


def _expose(enum: type[DescribedEnum]) -> None:
    exposed = strawberry.enum(enum, description=enum.__doc__)
    definition: StrawberryEnumDefinition = exposed.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = enum[value.name].description


for each in EXPOSED:
    _expose(each)
