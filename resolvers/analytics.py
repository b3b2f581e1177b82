"""Answers about statistics."""

from collections.abc import AsyncGenerator, Collection
from datetime import datetime

from documents.ticket import CountedField
from resolvers.context import Context
from services.analytics.civil_time import TrendUnit
from services.analytics.closing_times import TimeToClose
from services.analytics.customers import CustomerCount, CustomerOrder
from services.analytics.pipeline import ALL_PARTS, StatsPart
from services.analytics.stats import TenantStats
from services.analytics.trends import TrendBucket

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


async def get_preceding_stats(
    context: Context, tenant_id: str, created_from: datetime, created_to: datetime | None
) -> tuple[datetime, datetime, TenantStats]:
    """The period before this one, of the same length: its start, its end and its counts."""
    context.caller.require_tenant(tenant_id)
    start, end = context.services.stats.preceding_period(created_from, created_to)
    counts = frozenset([StatsPart.COUNTS])
    return start, end, await get_stats(context, tenant_id, created_from=start, created_to=end, parts=counts)


async def get_trend(
    context: Context,
    tenant_id: str,
    *,
    unit: TrendUnit,
    created_from: datetime | None,
    created_to: datetime | None,
    time_zone: str,
    breakdown: CountedField | None,
) -> list[TrendBucket]:
    """Tickets created per unit, oldest first."""
    context.caller.require_tenant(tenant_id)
    return await context.services.analytics.trend(
        tenant_id,
        unit=unit,
        created_from=created_from,
        created_to=created_to,
        time_zone=time_zone,
        breakdown=breakdown,
    )


async def get_customers(
    context: Context,
    tenant_id: str,
    *,
    order: CustomerOrder,
    first: int,
    created_from: datetime | None,
    created_to: datetime | None,
) -> list[CustomerCount]:
    """The `first` customers by one of their counts, highest first."""
    context.caller.require_tenant(tenant_id)
    return await context.services.analytics.customers(
        tenant_id, order=order, first=first, created_from=created_from, created_to=created_to
    )


async def get_time_to_close(
    context: Context, tenant_id: str, *, created_from: datetime | None, created_to: datetime | None
) -> TimeToClose:
    """How long the tickets created in the period took to be closed."""
    context.caller.require_tenant(tenant_id)
    return await context.services.analytics.time_to_close(tenant_id, created_from=created_from, created_to=created_to)


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
            async with context.services.changes.turns.turn(context.client):
                changed.clear()
                yield await get_stats(context, tenant_id, parts=parts)  # until all that is asked for below is read
            await changed.wait(at_least=MIN_INTERVAL_SECONDS)
