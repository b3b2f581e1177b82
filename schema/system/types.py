"""The service itself, and the tenants in it, as clients see them."""

from datetime import datetime

import strawberry

from resolvers.analytics import load_stats
from resolvers.ingestion import load_last_job
from resolvers.notifications import count_by_state
from resolvers.system import load_search_backlog, load_ticket_count
from schema.analytics.types import TenantStats, selected_parts, to_stats
from schema.base.arguments import FromDate, ToDate
from schema.base.cost import Cost
from schema.base.enums import HealthStatus
from schema.base.ids import Node, global_id
from schema.base.info import Info
from schema.ingestion.types import IngestionJob, to_job
from schema.notifications.types import NotificationCounts, to_counts
from services.health import HealthReport
from services.sources.budget import RateLimitState


@strawberry.type(description="A tenant that you may see.")
class Tenant(Node):
    """One tenant."""

    tenant_id: str = strawberry.field(description="The tenant's name.")

    @strawberry.field(description="How many live tickets it has.", directives=[Cost(weight=5)])
    async def ticket_count(self, info: Info) -> int:
        """The count, taken together with those of other tenants."""
        return await load_ticket_count(info.context, self.tenant_id)

    @strawberry.field(
        description="How many tickets searches cannot find yet: a worker is about to index them.",
        directives=[Cost(weight=5)],
    )
    async def search_backlog(self, info: Info) -> int:
        """The count, taken together with those of other tenants."""
        return await load_search_backlog(info.context, self.tenant_id)

    @strawberry.field(description="Its newest ingestion job, whatever its state; null if there never was one.")
    async def last_run(self, info: Info) -> IngestionJob | None:
        """The newest job, read together with those of other tenants."""
        job = await load_last_job(info.context, self.tenant_id)
        return None if job is None else to_job(job)

    @strawberry.field(description="How many notifications it has in each state.", directives=[Cost(weight=5)])
    async def notification_counts(self, info: Info) -> NotificationCounts | None:
        """The counts, taken together with those of other tenants."""
        return to_counts(await count_by_state(info.context, self.tenant_id))

    @strawberry.field(
        description="Its statistics, computed for some tenants at a time; what is not asked for is not computed.",
        directives=[Cost(weight=50)],
    )
    async def stats(self, info: Info, from_date: FromDate = None, to_date: ToDate = None) -> TenantStats | None:
        """The statistics, computed together with those of other tenants."""
        parts = selected_parts(info)
        found = await load_stats(info.context, self.tenant_id, created_from=from_date, created_to=to_date, parts=parts)
        return None if found is None else to_stats(found)


@strawberry.type(description="Whether one dependency can be reached.")
class DependencyHealth:
    """A verdict."""

    name: str = strawberry.field(description="The dependency, for instance `mongodb`.")
    healthy: bool = strawberry.field(description="Whether it answered within 2 s.")


@strawberry.type(description="Whether the service can do its work.")
class Health:
    """The verdicts together."""

    status: HealthStatus = strawberry.field(description="The verdict on the whole.")
    dependencies: list[DependencyHealth] = strawberry.field(description="The verdict on each dependency.")


@strawberry.type(description="The budget of requests to the external API, which all tenants share.")
class RateLimit:
    """The budget at a moment."""

    limit: int = strawberry.field(description="Requests in a window; 0 means that there is no limit.")
    window_seconds: float = strawberry.field(description="The length of the rolling window.")
    used: int = strawberry.field(description="Requests that count at this moment.")
    remaining: int = strawberry.field(description="Requests that could be sent now.")
    blocked_until: datetime | None = strawberry.field(description="Upstream said that nothing may be sent before.")


def to_tenant(tenant_id: str) -> Tenant:
    """A tenant by its name."""
    return Tenant(id=global_id("Tenant", tenant_id), tenant_id=tenant_id)


def to_health(report: HealthReport) -> Health:
    """A report as clients see it."""
    return Health(
        status=HealthStatus.OK if report.is_healthy else HealthStatus.DEGRADED,
        dependencies=[DependencyHealth(name=name, healthy=healthy) for name, healthy in report.dependencies.items()],
    )


def to_rate_limit(state: RateLimitState) -> RateLimit:
    """The budget as clients see it."""
    return RateLimit(
        limit=state.limit,
        window_seconds=state.window_seconds,
        used=state.used,
        remaining=state.remaining,
        blocked_until=state.blocked_until,
    )
