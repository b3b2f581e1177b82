"""The roots of the GraphQL schema: composition only."""

import strawberry

from resolvers.ingestion_fields import IngestionQueries
from resolvers.ingestion_mutations import IngestionMutations
from resolvers.node_fields import NodeQueries
from resolvers.notification_fields import NotificationMutations, NotificationQueries
from resolvers.stats_fields import StatsQueries
from resolvers.subscriptions import Subscription
from resolvers.system_fields import SystemQueries
from resolvers.ticket_fields import TicketQueries


@strawberry.type(
    description="Reading. A field that fails is null, with an error that names it; the others are answered."
)
class Query(NodeQueries, TicketQueries, StatsQueries, IngestionQueries, NotificationQueries, SystemQueries):
    """Every root field that reads."""


@strawberry.type(description="Changing. Expected failures are members of each field's result.")
class Mutation(IngestionMutations, NotificationMutations):
    """Every root field that changes something."""


__all__ = ["Mutation", "Query", "Subscription"]
