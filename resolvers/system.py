"""Answers about the service itself."""

from collections.abc import Collection

from resolvers.context import Context, RequestBudget
from services.access import Scope
from services.health import HealthReport
from services.notifications.backlog import Backlog
from services.sources.budget import RateLimitState
from services.survey import Survey


def admit(context: Context) -> None:
    """Let the caller ask for anything at all; what is asked for, is checked when it is answered.

    Raises:
        ForbiddenError: nothing could be answered.
    """
    context.caller.require_anything()


async def get_health(context: Context, only: Collection[str] | None = None) -> HealthReport:
    """Whether what the service depends on (or `only` some of it) can be reached; asked without a credential."""
    return await context.services.health.check(only)


async def get_backlog(context: Context) -> Backlog:
    """How many notifications wait; numbers only, asked for without a credential."""
    return await context.services.backlogs.now()


async def get_survey(context: Context) -> Survey:
    """The state of the whole service, for its operators; it has tenants' names, which not everybody may see."""
    return await context.services.surveys.now()


async def get_rate_limit(context: Context) -> RateLimitState:
    """The outbound request budget, which all tenants share."""
    return await context.services.rate_limiter.state()


async def list_tenants(context: Context) -> list[str]:
    """The tenants that the caller may see: those of their credential, or all that have any data."""
    context.caller.require(Scope.TICKETS_READ)
    if context.caller.tenants is not None:
        return sorted(context.caller.tenants)
    return await context.services.tenants.names()


async def list_own_tenants(context: Context) -> list[str] | None:
    """The tenants that the caller may see; None: all, whose names they may not read."""
    tenants, may_read = context.caller.tenants, Scope.TICKETS_READ in context.caller.all_scopes
    return sorted(tenants) if tenants is not None else await list_tenants(context) if may_read else None


def get_own_budget(context: Context) -> RequestBudget | None:
    """How many requests the caller may still make; None: there is no limit."""
    return context.budget_of(context.client)


async def load_ticket_count(context: Context, tenant_id: str) -> int:
    """How many live tickets the tenant has; counted together with those of other tenants."""
    context.caller.require_tenant(tenant_id)
    return await context.tenant_loaders.ticket_counts.load(None, tenant_id)


async def load_search_backlog(context: Context, tenant_id: str) -> int:
    """How many of the tenant's tickets no search can find yet; counted together with those of other tenants."""
    context.caller.require_tenant(tenant_id)
    return await context.tenant_loaders.search_backlogs.load(None, tenant_id)


async def has_tenant(context: Context, tenant_id: str) -> bool:
    """Whether the tenant has any data that the caller may see."""
    context.caller.require_tenant(tenant_id)
    return await context.services.tenants.exists(tenant_id)
