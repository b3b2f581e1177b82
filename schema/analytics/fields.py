"""GraphQL fields about statistics."""

import strawberry

from resolvers.analytics import get_stats
from schema.analytics.types import TenantStats, selected_parts, to_stats
from schema.base.arguments import FromDate, TenantId, ToDate
from schema.base.cost import Cost
from schema.base.info import Info


@strawberry.type
class StatsQueries:
    """The root fields about statistics."""

    @strawberry.field(
        description="Statistics of a tenant's live tickets; zeros for a tenant without tickets.",
        directives=[Cost(weight=50)],
    )
    async def tenant_stats(
        self, info: Info, tenant_id: TenantId, from_date: FromDate = None, to_date: ToDate = None
    ) -> TenantStats | None:
        """The statistics, as far as they are selected."""
        computed = await get_stats(
            info.context, tenant_id, created_from=from_date, created_to=to_date, parts=selected_parts(info)
        )
        return to_stats(computed)
