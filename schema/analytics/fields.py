"""GraphQL fields about statistics."""

from datetime import datetime
from typing import Annotated

import strawberry

from resolvers.analytics import get_past_stats, get_stats
from schema.analytics.types import TenantStats, require_told_of_the_past, selected_parts, to_stats
from schema.base.arguments import FromDate, TenantId, ToDate
from schema.base.cost import Cost
from schema.base.info import Info
from schema.tickets.filter import TicketFilterInput
from services.errors import InvalidInputError

AsOf = Annotated[
    datetime | None,
    strawberry.argument(
        description="As they were stored at this past moment: counts and ratios only. Anything else is refused, since "
        "the history does not tell it."
    ),
]


StatsFilter = Annotated[
    TicketFilterInput | None,
    strawberry.argument(
        description="Only of these tickets, in all fields. They are counted one by one, within 5 s. Flow, backlog, "
        "ageing, times in status and repeated contacts know of no filter, and are refused."
    ),
]


@strawberry.type
class StatsQueries:
    """The root fields about statistics."""

    @strawberry.field(
        description="Statistics of a tenant's live tickets; zeros for a tenant without tickets.",
        directives=[Cost(weight=50)],
    )
    async def tenant_stats(
        self,
        info: Info,
        tenant_id: TenantId,
        from_date: FromDate = None,
        to_date: ToDate = None,
        as_of: AsOf = None,
        filter: StatsFilter = None,
    ) -> TenantStats | None:
        """The statistics, as far as they are selected."""
        if as_of is not None:
            require_told_of_the_past(info)
            if filter is not None:
                raise InvalidInputError("asOf: the past is known of all tickets together only; leave out filter.")
            past = await get_past_stats(info.context, tenant_id, as_of, created_from=from_date, created_to=to_date)
            return to_stats(past)
        computed = await get_stats(
            info.context,
            tenant_id,
            created_from=from_date,
            created_to=to_date,
            wanted=(filter or TicketFilterInput()).to_filter(),
            parts=selected_parts(info),
        )
        return to_stats(computed)
