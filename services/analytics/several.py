"""Figures that one request asks for together: statistics of several tenants, and one trend by several fields."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from documents.ticket import CountedField
from services.analytics.figures import Analytics
from services.analytics.pipeline import StatsPart
from services.analytics.stats import Stats, TenantStats
from services.analytics.trends import TrendBucket
from services.kit.civil_time import TrendUnit
from services.tickets.filter import EVERY_TICKET, TicketFilter

CONCURRENCY = 8
"""Tenants whose statistics one request has computed at a time: each is a command of its own, with 2 s to finish."""


@dataclass(frozen=True, slots=True)
class StatsQuestion:
    """Which statistics are asked for."""

    created_from: datetime | None
    created_to: datetime | None
    parts: frozenset[StatsPart]


@dataclass(frozen=True, slots=True)
class TrendQuestion:
    """Which trends are asked for, whatever they are broken down by; as for `Analytics.trends`."""

    tenant_id: str
    unit: TrendUnit
    created_from: datetime | None
    created_to: datetime | None
    time_zone: str
    wanted: TicketFilter


async def stats_of_each(stats: Stats, question: StatsQuestion, tenant_ids: Sequence[str]) -> dict[str, TenantStats]:
    """The statistics of each tenant.

    Raises:
        InvalidInputError: the period makes no sense.
        QueryTimeoutError: MongoDB did not finish those of a tenant within 2 s.
    """
    places = asyncio.Semaphore(CONCURRENCY)

    async def compute(tenant_id: str) -> TenantStats:
        async with places:
            return await stats.compute(
                tenant_id, created_from=question.created_from, created_to=question.created_to, parts=question.parts
            )

    return dict(zip(tenant_ids, await asyncio.gather(*map(compute, tenant_ids)), strict=True))


async def trends_of_each(
    analytics: Analytics, question: TrendQuestion, breakdowns: Sequence[CountedField | None]
) -> dict[CountedField | None, list[TrendBucket]]:
    """The trend with each breakdown. Of a part of the tickets, each is a question of its own: they take long together.

    Raises:
        InvalidInputError, QueryTimeoutError: as `Analytics.trends`.
    """

    async def ask(*some: CountedField | None) -> dict[CountedField | None, list[TrendBucket]]:
        return await analytics.trends(
            question.tenant_id,
            frozenset(some),
            unit=question.unit,
            created_from=question.created_from,
            created_to=question.created_to,
            time_zone=question.time_zone,
            wanted=question.wanted,
        )

    if question.wanted == EVERY_TICKET:
        return await ask(*breakdowns)
    each = await asyncio.gather(*map(ask, breakdowns))
    return {breakdown: trend for found in each for breakdown, trend in found.items()}
