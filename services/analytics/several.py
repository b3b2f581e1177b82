"""Statistics of several tenants at once, for a list of tenants that shows them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.analytics.pipeline import StatsPart
from services.analytics.stats import Stats, TenantStats

CONCURRENCY = 8
"""Tenants whose statistics one request has computed at a time: each is a command of its own, with 2 s to finish."""


@dataclass(frozen=True, slots=True)
class StatsQuestion:
    """Which statistics are asked for."""

    created_from: datetime | None
    created_to: datetime | None
    parts: frozenset[StatsPart]


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
