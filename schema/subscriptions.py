"""GraphQL subscriptions: what is now, and what becomes of it."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from resolvers.analytics import follow_stats
from resolvers.ingestion import follow_job, follow_starts
from resolvers.tickets import follow_tickets
from schema.analytics.fields import StatsFilter
from schema.analytics.types import TenantStats, selected_parts, to_stats
from schema.base.arguments import FromDate, JobId, TenantId, ToDate
from schema.base.cost import Cost
from schema.base.info import Info
from schema.base.telling import TELLING, Telling
from schema.ingestion.types import IngestionJob, to_job
from schema.tickets.fields import Wanted
from schema.tickets.filter import TicketFilterInput
from schema.tickets.types import unselected_bulk
from schema.tickets.updates import TicketsChanged, to_tickets_changed

Period = Annotated[
    str | None,
    strawberry.argument(
        description="Only tickets created within so long before each computation: an ISO 8601 duration of weeks, days, "
        "hours and minutes, for instance `P7D` or `PT24H`. In the place of the dates."
    ),
]


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
        description="The tenant's job that is queued or running, if there is one, and then each new one, once, when it "
        "is queued. Follow it with `ingestionProgress`.",
        directives=[Cost(weight=10)],
        metadata={TELLING: Telling.APART},
    )
    async def ingestion_started(self, info: Info, tenant_id: TenantId) -> AsyncGenerator[IngestionJob, None]:
        """Job after job."""
        async with aclosing(follow_starts(info.context, tenant_id)) as jobs:
            async for job in jobs:
                yield to_job(job)

    @strawberry.subscription(
        description="A tenant's statistics as they are now, and again when its tickets have changed, at most once a "
        "second; once a minute in any case, as far as time has changed them.",
        directives=[Cost(weight=50)],
    )
    async def tenant_stats_changed(
        self,
        info: Info,
        tenant_id: TenantId,
        from_date: FromDate = None,
        to_date: ToDate = None,
        period: Period = None,
        filter: StatsFilter = None,
    ) -> AsyncGenerator[TenantStats, None]:
        """The statistics, time and again."""
        following = follow_stats(
            info.context,
            tenant_id,
            created_from=from_date,
            created_to=to_date,
            wanted=(filter or TicketFilterInput()).to_filter(),
            period=period,
            parts=selected_parts(info),
        )
        async with aclosing(following) as found:
            async for stats in found:
                yield to_stats(stats)

    @strawberry.subscription(
        description="What becomes of a tenant's tickets that match a filter, at most once a second. The first event is "
        "empty: read your lists when it comes, and nothing will be missed in between; what was changed just before may "
        "be told, too, so look whether a ticket is in your list already.",
        directives=[Cost(weight=20)],
        metadata={TELLING: Telling.EACH},
    )
    async def tickets_changed(
        self, info: Info, tenant_id: TenantId, filter: Wanted = None
    ) -> AsyncGenerator[TicketsChanged, None]:
        """What has happened, time and again."""
        wanted = (filter or TicketFilterInput()).to_filter()
        following = follow_tickets(info.context, tenant_id, wanted, omit=unselected_bulk(info))
        async with aclosing(following) as found:
            async for updates in found:
                yield to_tickets_changed(tenant_id, updates)
