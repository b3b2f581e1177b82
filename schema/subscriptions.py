"""GraphQL subscriptions: what is now, and what becomes of it."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import strawberry

from resolvers.analytics import follow_stats
from resolvers.ingestion import follow_job
from schema.analytics.types import TenantStats, selected_parts, to_stats
from schema.base.arguments import JobId, TenantId
from schema.base.cost import Cost
from schema.base.info import Info
from schema.ingestion.types import IngestionJob, to_job


@strawberry.type(description="Following. Served over WebSocket with the protocol `graphql-transport-ws`.")
class Subscription:
    """Every root field that goes on."""

    @strawberry.subscription(
        description="A job as it is now, and again whenever it changes; completes when the job has ended.",
        directives=[Cost(weight=10)],
    )
    async def ingestion_progress(self, info: Info, job_id: JobId) -> AsyncGenerator[IngestionJob, None]:
        """The job, time and again."""
        async with aclosing(follow_job(info.context, job_id)) as jobs:
            async for job in jobs:
                yield to_job(job)

    @strawberry.subscription(
        description="A tenant's statistics as they are now, and again when its tickets have changed, at most once a "
        "second.",
        directives=[Cost(weight=50)],
    )
    async def tenant_stats_changed(self, info: Info, tenant_id: TenantId) -> AsyncGenerator[TenantStats, None]:
        """The statistics, time and again."""
        async with aclosing(follow_stats(info.context, tenant_id, parts=selected_parts(info))) as found:
            async for stats in found:
                yield to_stats(stats)
