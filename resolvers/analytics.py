"""Answers about statistics."""

from collections.abc import AsyncGenerator, Collection
from datetime import datetime

from resolvers.context import Context
from services.analytics.stats import ALL_PARTS, StatsPart, TenantStats

MIN_INTERVAL_SECONDS = 1.0
"""Statistics that are followed are computed at most so often, however many tickets change."""


async def get_stats(
    context: Context,
    tenant_id: str,
    *,
    created_from: datetime | None = None,
    created_to: datetime | None = None,
    parts: Collection[StatsPart] = ALL_PARTS,
) -> TenantStats:
    """The tenant's statistics, as far as they are asked for."""
    context.caller.require_tenant(tenant_id)
    return await context.services.stats.compute(
        tenant_id, created_from=created_from, created_to=created_to, parts=parts
    )


async def follow_stats(
    context: Context, tenant_id: str, *, parts: Collection[StatsPart] = ALL_PARTS
) -> AsyncGenerator[TenantStats, None]:
    """The tenant's statistics as they are now and after changes of its tickets, whichever process makes them.

    Raises:
        UnavailableError: changes cannot be followed at the moment.
    """
    context.caller.require_tenant(tenant_id)
    async with context.services.changes.tickets.follow(tenant_id) as changed:
        while True:
            yield await get_stats(context, tenant_id, parts=parts)
            await changed.wait(at_least=MIN_INTERVAL_SECONDS)
