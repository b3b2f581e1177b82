"""The roots of the GraphQL schema: composition only."""

import strawberry

from schema.analytics.fields import StatsQueries
from schema.analytics.forecast import ForecastQueries
from schema.analytics.spikes import SpikeQueries
from schema.classification.fields import ClassificationMutations, ClassificationQueries
from schema.connections.fields import ConnectionMutations, ConnectionQueries
from schema.ingestion.fields import IngestionQueries
from schema.ingestion.mutations import IngestionMutations
from schema.nodes import NodeQueries
from schema.notifications.destination_fields import DestinationMutations, DestinationQueries
from schema.notifications.fields import NotificationMutations, NotificationQueries
from schema.protection.fields import ProtectionMutations, ProtectionQueries
from schema.subscriptions import Subscription
from schema.system.fields import SystemQueries
from schema.tickets.correcting import CorrectionMutations
from schema.tickets.fields import TicketQueries
from schema.tickets.learning import LearningQueries


@strawberry.type(
    description="Reading. A field that fails is null, with an error that names it; the others are answered."
)
class Query(
    NodeQueries,
    TicketQueries,
    ClassificationQueries,
    LearningQueries,
    StatsQueries,
    ForecastQueries,
    SpikeQueries,
    IngestionQueries,
    ConnectionQueries,
    NotificationQueries,
    DestinationQueries,
    ProtectionQueries,
    SystemQueries,
):
    """Every root field that reads."""


@strawberry.type(description="Changing. Expected failures are members of each field's result.")
class Mutation(
    IngestionMutations,
    CorrectionMutations,
    ClassificationMutations,
    ConnectionMutations,
    NotificationMutations,
    DestinationMutations,
    ProtectionMutations,
):
    """Every root field that changes something."""


__all__ = ["Mutation", "Query", "Subscription"]
