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
from services.analytics.several_tenants.each_count import counts_of_each
from services.coordination.sharing import OF_SEVERAL, Questions, shared
from services.errors import QueryTimeoutError
from services.kit.clock import Clock
from services.lists.cursors import time_limited
from services.tickets.filter import EVERY_TICKET, TicketFilter

STATS_MILLISECONDS = 2_000
TENANTS_AT_ONCE = 20
"""Tenants whose counts one command computes, within the same time as those of one."""
CONCURRENCY = 8
"""Commands for one request at a time."""
ONLY_COUNTS = frozenset([StatsPart.COUNTS])


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

    async def compute_each(self, tenant_ids: Sequence[str], asked: StatsQuestion) -> dict[str, TenantStats]:
        """The statistics of each of several tenants, as `compute` has them.

        Counts alone take one command for many tenants; one that does not finish in time is followed by one for each.

        Raises:
            InvalidInputError: the period makes no sense.
            QueryTimeoutError: MongoDB did not finish those of a tenant within 2 s.
        """
        places = asyncio.Semaphore(CONCURRENCY)
        found: dict[str, TenantStats] = {}

        async def compute(tenant_id: str) -> None:
            async with places:
                found[tenant_id] = await self.compute(
                    tenant_id, created_from=asked.created_from, created_to=asked.created_to, parts=asked.parts
                )

        async def count(some: Sequence[str]) -> None:
            async with places:
                counted = await self._counts_of(some, asked.created_from, asked.created_to)
            if counted is None:
                await asyncio.gather(*map(compute, some))
            else:
                found.update(counted)

        if asked.parts == ONLY_COUNTS and len(tenant_ids) > 1:
            starts = range(0, len(tenant_ids), TENANTS_AT_ONCE)
            await asyncio.gather(*(count(tenant_ids[start : start + TENANTS_AT_ONCE]) for start in starts))
        else:
            await asyncio.gather(*map(compute, tenant_ids))
        return found

    async def _counts_of(
        self, tenant_ids: Sequence[str], created_from: datetime | None, created_to: datetime | None
    ) -> dict[str, TenantStats] | None:
        """None: MongoDB did not finish in time."""
        period = created_from, created_to
        pipeline = counts_of_each(partition_of(tenant_ids[0], *period, rolled_up=self._has_rollups), tenant_ids)
        index = index_for(EVERY_TICKET)

        async def aggregate() -> list[Row] | None:
            try:
                async with time_limited():
                    found = self._tickets.aggregate(pipeline, hint=index, maxTimeMS=self._max_milliseconds)
                    rows: list[Row] = await found.to_list(None)
            except QueryTimeoutError:
                return None
            return rows

        rows = await self._questions.ask(OF_SEVERAL, ("counts", *period, *tenant_ids), aggregate)
        if rows is None:
            return None
        by_tenant = {row["_id"]: row for row in rows}
        return {name: _shape(by_tenant.get(name, {}), name, *period, EVERY_TICKET) for name in tenant_ids}

    def beginning(self, period: timedelta) -> datetime:
        """When a period began that ends now."""
        return period_until(self._clock.now(), period)

    def preceding_period(self, created_from: datetime, created_to: datetime | None) -> tuple[datetime, datetime]:
        """The period of the same length that ends where this one begins; an open end is now."""
        length = (created_to or self._clock.now()) - created_from
        return created_from - length, created_from


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
