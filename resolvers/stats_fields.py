"""GraphQL fields about statistics."""

import strawberry

from resolvers.arguments import FromDate, Tenant, ToDate
from resolvers.stats import get_stats
from schema.context import Info
from schema.cost import Cost
from schema.stats import TenantStats, selected_parts, to_stats


@strawberry.type
class StatsQueries:
    """The root fields about statistics."""

    @strawberry.field(
        description="Statistics of a tenant's live tickets; zeros for a tenant without tickets.",
        directives=[Cost(weight=50)],
    )
    async def tenant_stats(
        self, info: Info, tenant_id: Tenant, from_date: FromDate = None, to_date: ToDate = None
    ) -> TenantStats | None:
        """The statistics, as far as they are selected."""
        computed = await get_stats(
            info.context, tenant_id, created_from=from_date, created_to=to_date, parts=selected_parts(info)
        )
        return to_stats(computed)
