"""Answers about the service itself."""

from collections.abc import Collection

from schema.context import Context
from services.health import HealthReport
from services.rate_limiter import RateLimitState


async def get_health(context: Context, only: Collection[str] | None = None) -> HealthReport:
    """Whether what the service depends on (or `only` some of it) can be reached; asked without a credential."""
    return await context.services.health.check(only)


async def get_rate_limit(context: Context) -> RateLimitState:
    """The outbound request budget, which all tenants share."""
    return await context.services.rate_limiter.state()
