"""Answers about statistics."""

from collections.abc import AsyncGenerator
from datetime import datetime

from documents.ticket import CountedField
from resolvers.context import Context
from services.analytics.closing_times import TimeToClose
from services.analytics.customers import CustomerCount, CustomerOrder
from services.analytics.forecasts.forecasts import Forecast
from services.analytics.history.ageing import Ageing
from services.analytics.history.flow import BacklogPoint, FlowStep
from services.analytics.history.status_times import StatusTime
from services.analytics.patterns.heat_map import HeatMapCell
from services.analytics.patterns.repeat_contacts import RepeatContacts
from services.analytics.periods import parse_period
from services.analytics.pipeline import ALL_PARTS, StatsPart
from services.analytics.several import TrendQuestion
from services.analytics.stats import StatsQuestion, TenantStats
from services.analytics.trends import TrendBucket
from services.errors import InvalidInputError
from services.kit.civil_time import TrendUnit
from services.tickets.filter import EVERY_TICKET, TicketFilter, split_period

MIN_INTERVAL_SECONDS = 1.0
"""Statistics that are followed are computed at most so often, however many tickets change."""

MAX_AGE_SECONDS = 60.0
"""Statistics that are followed are computed at least so often: the last hours, and periods that end now, move."""


async def get_stats(
    context: Context,
    tenant_id: str,
    *,
    created_from: datetime | None = None,
    created_to: datetime | None = None,
    wanted: TicketFilter = EVERY_TICKET,
    parts: frozenset[StatsPart] = ALL_PARTS,
) -> TenantStats:
    """The statistics of the tenant's tickets, or of those that are wanted, as far as they are asked for."""
    context.caller.require_tenant(tenant_id)
    rest, start, end = split_period(wanted, created_from, created_to)
    return await context.services.stats.compute(tenant_id, created_from=start, created_to=end, wanted=rest, parts=parts)


async def get_past_stats(
    context: Context, tenant_id: str, as_of: datetime, *, created_from: datetime | None, created_to: datetime | None
) -> TenantStats:
    """The counts and ratios of the tenant's statistics at a past moment."""
    context.caller.require_tenant(tenant_id)
    return await context.services.history.stats_as_of(
        tenant_id, as_of, created_from=created_from, created_to=created_to
    )


async def load_stats(
    context: Context,
    tenant_id: str,
    *,
    created_from: datetime | None,
    created_to: datetime | None,
    parts: frozenset[StatsPart],
) -> TenantStats | None:
    """The tenant's statistics; computed together with those of other tenants, some at a time."""
    context.caller.require_tenant(tenant_id)
    return await context.tenant_loaders.stats.load(StatsQuestion(created_from, created_to, frozenset(parts)), tenant_id)


async def get_preceding_stats(
    context: Context, tenant_id: str, created_from: datetime, created_to: datetime | None, wanted: TicketFilter
) -> tuple[datetime, datetime, TenantStats]:
    """The period before this one, of the same length: its start, its end and its counts."""
    context.caller.require_tenant(tenant_id)
    start, end = context.services.stats.preceding_period(created_from, created_to)
    counts = frozenset([StatsPart.COUNTS])
    stats = await get_stats(context, tenant_id, created_from=start, created_to=end, wanted=wanted, parts=counts)
    return start, end, stats


async def get_trend(
    context: Context,
    tenant_id: str,
    *,
    unit: TrendUnit,
    created_from: datetime | None,
    created_to: datetime | None,
    time_zone: str,
    breakdown: CountedField | None,
    wanted: TicketFilter,
) -> list[TrendBucket]:
    """Tickets created per unit, oldest first; computed together with those that differ in the breakdown alone."""
    context.caller.require_tenant(tenant_id)
    question = TrendQuestion(tenant_id, unit, created_from, created_to, time_zone, wanted)
    return await context.loaders.trends.load(question, breakdown)


async def get_forecast(context: Context, tenant_id: str, *, hours: int, time_zone: str) -> Forecast:
    """How many tickets the coming hours will have, or why nobody knows."""
    context.caller.require_tenant(tenant_id)
    return await context.services.forecasts.forecast(tenant_id, hours=hours, time_zone=time_zone)


async def get_customers(
    context: Context,
    tenant_id: str,
    *,
    order: CustomerOrder,
    first: int,
    created_from: datetime | None,
    created_to: datetime | None,
    wanted: TicketFilter,
) -> list[CustomerCount]:
    """The `first` customers by one of their counts, highest first."""
    context.caller.require_tenant(tenant_id)
    return await context.services.analytics.customers(
        tenant_id, order=order, first=first, created_from=created_from, created_to=created_to, wanted=wanted
    )


async def get_time_to_close(
    context: Context,
    tenant_id: str,
    *,
    created_from: datetime | None,
    created_to: datetime | None,
    wanted: TicketFilter,
) -> TimeToClose:
    """How long the tickets created in the period took to be closed."""
    context.caller.require_tenant(tenant_id)
    return await context.services.analytics.time_to_close(
        tenant_id, created_from=created_from, created_to=created_to, wanted=wanted
    )


async def get_heat_map(
    context: Context,
    tenant_id: str,
    *,
    created_from: datetime | None,
    created_to: datetime | None,
    wanted: TicketFilter,
    time_zone: str,
) -> list[HeatMapCell]:
    """Tickets created in the period by weekday and hour."""
    context.caller.require_tenant(tenant_id)
    return await context.services.analytics.heat_map(
        tenant_id, created_from=created_from, created_to=created_to, time_zone=time_zone, wanted=wanted
    )


async def get_repeat_contacts(
    context: Context, tenant_id: str, *, days: int, created_from: datetime | None, created_to: datetime | None
) -> RepeatContacts:
    """The tickets created in the period by customers who had written shortly before."""
    context.caller.require_tenant(tenant_id)
    return await context.services.analytics.repeat_contacts(
        tenant_id, days=days, created_from=created_from, created_to=created_to
    )


async def get_flow(
    context: Context, tenant_id: str, *, unit: TrendUnit, start: datetime | None, end: datetime | None, time_zone: str
) -> list[FlowStep]:
    """How tickets came and went, unit by unit."""
    context.caller.require_tenant(tenant_id)
    return await context.services.history.flow(tenant_id, unit=unit, start=start, end=end, time_zone=time_zone)


async def get_ticket_backlog(
    context: Context, tenant_id: str, *, unit: TrendUnit, start: datetime | None, end: datetime | None, time_zone: str
) -> list[BacklogPoint]:
    """How many tickets were not closed, unit by unit."""
    context.caller.require_tenant(tenant_id)
    return await context.services.history.backlog(tenant_id, unit=unit, start=start, end=end, time_zone=time_zone)


async def get_ageing(context: Context, tenant_id: str, at: datetime | None) -> Ageing:
    """The tickets that were not closed at a moment, or are not closed now, by age."""
    context.caller.require_tenant(tenant_id)
    return await context.services.history.ageing(tenant_id, at)


async def get_time_in_status(
    context: Context, tenant_id: str, *, created_from: datetime | None, created_to: datetime | None, by_category: bool
) -> list[StatusTime]:
    """How long the tickets created in the period were in each status, or category."""
    context.caller.require_tenant(tenant_id)
    return await context.services.history.time_in_status(
        tenant_id, created_from=created_from, created_to=created_to, by_category=by_category
    )


async def follow_stats(
    context: Context,
    tenant_id: str,
    *,
    created_from: datetime | None = None,
    created_to: datetime | None = None,
    wanted: TicketFilter = EVERY_TICKET,
    period: str | None = None,
    parts: frozenset[StatsPart] = ALL_PARTS,
) -> AsyncGenerator[TenantStats, None]:
    """The tenant's statistics as they are now and after changes of its tickets, whichever process makes them.

    Time alone changes them, too: each computation has a `period` (`parse_period`) end at its own moment.

    Raises:
        InvalidInputError: the period makes no sense, or there are two.
        UnavailableError: changes cannot be followed at the moment.
    """
    context.caller.require_tenant(tenant_id)
    length = None if period is None else parse_period(period)
    if length is not None and (created_from is not None or created_to is not None):
        raise InvalidInputError("excludes dates.", argument="period")
    async with context.services.changes.tickets.follow(tenant_id) as changed:
        while True:
            async with context.services.changes.turns.turn(context.client):
                changed.clear()
                start = created_from if length is None else context.services.stats.beginning(length)
                # The turn lasts until all that is asked for below is read.
                yield await get_stats(
                    context, tenant_id, created_from=start, created_to=created_to, wanted=wanted, parts=parts
                )
            await changed.wait(at_least=MIN_INTERVAL_SECONDS, at_most=MAX_AGE_SECONDS)
