"""A tenant's statistics, computed by MongoDB in one round trip from covering indexes."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from documents.database import Database, Row
from documents.ticket import CountedField
from services.analytics.answering import FIGURE_MILLISECONDS, AnswersQuestions
from services.analytics.filtered import TOO_MANY, chosen, index_for
from services.analytics.partition import customer_partition, partition_of
from services.analytics.periods import period_until
from services.analytics.pipeline import ALL_PARTS, HOUR_LENGTH, StatsPart, build_pipeline
from services.coordination.sharing import Questions, shared
from services.kit.clock import Clock
from services.lists.cursors import time_limited
from services.tickets.filter import EVERY_TICKET, TicketFilter

STATS_MILLISECONDS = 2_000
TENANTS_AT_ONCE = 8
"""Tenants whose statistics one request has computed at a time: each is a command of its own, with 2 s to finish."""


@dataclass(frozen=True, slots=True)
class TenantStats:
    """The statistics; a part that was not asked for is empty."""

    tenant_id: str
    created_from: datetime | None
    created_to: datetime | None
    total_tickets: int
    by_field: dict[str, dict[str, int]]
    """For each counted field how many tickets have which value, most frequent first. Also to be read one by one, as
    `by_status`."""
    urgency_high_ratio: float
    negative_sentiment_ratio: float
    hourly_trend: list[Row]
    """`hour` and `count` of the 24 clock hours that end with the present one, oldest first."""
    top_keywords: list[Row]
    """`keyword` and `count`, most frequent first."""
    at_risk_customers: list[Row]
    """`customer_id`, `high_urgency_count` and `ticket_ids` (the newest 20), most tickets first."""
    wanted: TicketFilter = EVERY_TICKET
    """Which tickets they are about, apart from their creation."""

    def __getattr__(self, name: str) -> dict[str, int]:
        """`by_status`, `by_urgency` and so on: the counts by one field."""
        if name.removeprefix("by_") not in list(CountedField):
            raise AttributeError(name)
        return self.by_field.get(name.removeprefix("by_"), {})


@dataclass(frozen=True, slots=True)
class StatsQuestion:
    """Which statistics are asked for."""

    created_from: datetime | None
    created_to: datetime | None
    parts: frozenset[StatsPart]


class Stats(AnswersQuestions):
    """Computes statistics."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        questions: Questions,
        *,
        max_milliseconds: int = STATS_MILLISECONDS,
    ) -> None:
        super().__init__(database, clock, questions)
        self._max_milliseconds = max_milliseconds

    @shared
    async def compute(
        self,
        tenant_id: str,
        *,
        created_from: datetime | None = None,
        created_to: datetime | None = None,
        wanted: TicketFilter = EVERY_TICKET,
        parts: frozenset[StatsPart] = ALL_PARTS,
    ) -> TenantStats:
        """The statistics of the tenant's live tickets created in the period; zeros where there are none.

        `wanted`: a filter without a period of creation, which chooses some of them.

        Raises:
            InvalidInputError: the period or the filter makes no sense.
            QueryTimeoutError: MongoDB did not finish within 2 s; of a part of the tickets, within 5 s.
        """
        period = tenant_id, created_from, created_to
        where = await chosen(self._tickets, tenant_id, wanted, created_from, created_to)
        partition = partition_of(*period, rolled_up=self._has_rollups, where=where)
        if not parts:
            return _shape({}, *period, wanted)
        now = self._clock.now()
        customers = customer_partition(*period, now, rolled_up=self._has_rollups, where=where)
        trend_end = now.replace(minute=0, second=0, microsecond=0) + HOUR_LENGTH
        pipeline = build_pipeline(partition, customers, trend_end, parts)
        limit, text = (self._max_milliseconds, ()) if where is None else (FIGURE_MILLISECONDS, (TOO_MANY,))
        async with time_limited(*text):
            found = await self._tickets.aggregate(pipeline, hint=index_for(wanted), maxTimeMS=limit).to_list(1)
        return _shape(found[0] if found else {}, *period, wanted)

    def beginning(self, period: timedelta) -> datetime:
        """When a period began that ends now."""
        return period_until(self._clock.now(), period)

    def preceding_period(self, created_from: datetime, created_to: datetime | None) -> tuple[datetime, datetime]:
        """The period of the same length that ends where this one begins; an open end is now."""
        length = (created_to or self._clock.now()) - created_from
        return created_from - length, created_from


async def stats_of_each(stats: Stats, question: StatsQuestion, tenant_ids: Sequence[str]) -> dict[str, TenantStats]:
    """The statistics of each tenant.

    Raises:
        InvalidInputError: the period makes no sense.
        QueryTimeoutError: MongoDB did not finish those of a tenant within 2 s.
    """
    places = asyncio.Semaphore(TENANTS_AT_ONCE)

    async def compute(tenant_id: str) -> TenantStats:
        async with places:
            return await stats.compute(
                tenant_id, created_from=question.created_from, created_to=question.created_to, parts=question.parts
            )

    return dict(zip(tenant_ids, await asyncio.gather(*map(compute, tenant_ids)), strict=True))


def _shape(
    found: Row, tenant_id: str, created_from: datetime | None, created_to: datetime | None, wanted: TicketFilter
) -> TenantStats:
    def counts(field: str) -> dict[str, int]:
        summed: Counter[str] = Counter()
        for row in found.get(f"by_{field}", []):
            summed[str(row["_id"])] += row["count"]  # other programs may have stored 5 and "5"
        occurring = ((value, count) for value, count in summed.items() if count)
        return dict(sorted(occurring, key=lambda pair: (-pair[1], pair[0])))

    at_risk = [
        row | {"ticket_ids": [str(external_id) for external_id in row["ticket_ids"] if external_id is not None]}
        for row in found.get("at_risk_customers", [])
    ]
    return TenantStats(
        tenant_id=tenant_id,
        created_from=created_from,
        created_to=created_to,
        total_tickets=found.get("total_tickets", 0),
        by_field={field.value: counts(field.value) for field in CountedField},
        urgency_high_ratio=found.get("urgency_high_ratio", 0.0),
        negative_sentiment_ratio=found.get("negative_sentiment_ratio", 0.0),
        hourly_trend=found.get("hourly_trend", []),
        top_keywords=found.get("top_keywords", []),
        at_risk_customers=at_risk,
        wanted=wanted,
    )
