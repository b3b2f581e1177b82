"""Statistics of several tenants at once."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from documents.database import Database, Row
from documents.ticket import Ticket
from services.analytics.pipeline import StatsPart
from services.analytics.stats import CONCURRENCY, ONLY_COUNTS, TENANTS_AT_ONCE, Stats, StatsQuestion, TenantStats
from services.analytics.values import MAX_LISTED
from services.coordination.sharing import Questions
from services.errors import InvalidInputError
from services.rollups.write import Rollups
from tests.fakes import FakeClock

NOW = datetime(2026, 2, 5, 12, 30, tzinfo=UTC)
QUARTER_AND_MORE = timedelta(minutes=17)
PERIODS = [
    (None, None),
    (NOW - timedelta(days=3), None),
    (None, NOW - QUARTER_AND_MORE),
    (NOW - timedelta(days=4) + QUARTER_AND_MORE, NOW - QUARTER_AND_MORE),
    (NOW - timedelta(hours=5), NOW - timedelta(minutes=5)),
    (NOW + timedelta(days=1), None),
]


class WatchedStats(Stats):
    """Statistics that remember how many were computed at a time."""

    at_once = 0
    most_at_once = 0
    computed = 0

    async def compute(self, *args: Any, **kwargs: Any) -> TenantStats:
        self.computed += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return await super().compute(*args, **kwargs)
        finally:
            self.at_once -= 1


class HastyStats(WatchedStats):
    """Statistics that have time for one tenant, and none for several together."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, FakeClock(NOW), Questions(), max_milliseconds=1)
        self._patient = Stats(database, FakeClock(NOW), Questions())

    async def compute(self, *args: Any, **kwargs: Any) -> TenantStats:
        self.computed += 1
        return await self._patient.compute(*args, **kwargs)


def _odd_names() -> list[str]:
    unique = uuid4().hex
    return [f"{unique}{end}" for end in ("", "$", "$a.b", " ", "\n", "'", "é", "[1]")]


def _tickets(tenant_id: str, seed: int) -> list[Row]:
    """Of all kinds: with and without values, soft-deleted, undated, with a status that is no text."""
    statuses: Sequence[object] = ("open", "closed", 5, "5", None, "on hold")
    return [
        {
            "tenant_id": tenant_id,
            "external_id": f"t{n}",
            **({"created_at": NOW - timedelta(hours=n * seed, minutes=n)} if n % 11 else {}),
            **({"status": statuses[(n + seed) % 6]} if n % 7 else {}),
            "urgency": ("high", "low")[n % seed % 2],
            "sentiment": ("negative", "neutral", None)[n % 3],
            "source": tenant_id,
            **({"assignee": f"agent {n % (MAX_LISTED + 20)}"} if seed % 2 else {}),
            **({"deleted_at": NOW} if n % 5 == 0 else {}),
        }
        for n in range(30 * seed)
    ]


@pytest.fixture(scope="module")
async def names(database: Database) -> list[str]:
    """Tenants with tickets of all kinds, and two without any."""
    names, rollups = _odd_names(), Rollups(database)
    for seed, name in enumerate(names[1:-1], 1):
        await database.collection(Ticket).insert_many(_tickets(name, seed))
        await rollups.roll_up(name, at_most=20 * seed)
        # Deleted by another program since.
        await database.collection(Ticket).update_many(
            {"tenant_id": name, "external_id": {"$in": ["t1", "t2", "t29"]}}, {"$set": {"deleted_at": NOW}}
        )
    return names


@pytest.mark.parametrize("period", PERIODS)
async def test_counts_of_several_are_those_of_each(
    database: Database, names: list[str], period: tuple[datetime | None, datetime | None]
) -> None:
    stats = WatchedStats(database, FakeClock(NOW), Questions())
    question = StatsQuestion(*period, ONLY_COUNTS)
    found = await stats.compute_each(names, question)
    assert stats.computed == 0
    assert found == {
        name: await stats.compute(name, created_from=period[0], created_to=period[1], parts=ONLY_COUNTS)
        for name in names
    }
    assert any(each.total_tickets for each in found.values()) is (period != PERIODS[-1])


async def test_more_tenants_than_one_command_counts_have_each_their_own(database: Database) -> None:
    stats = WatchedStats(database, FakeClock(NOW), Questions())
    names = [uuid4().hex for _ in range(2 * TENANTS_AT_ONCE + 1)]
    rows = [
        {"tenant_id": name, "external_id": f"t{n}", "created_at": NOW, "status": str(count)}
        for count, name in enumerate(names)
        for n in range(count % 7)
    ]
    await database.collection(Ticket).insert_many(rows)
    found = await stats.compute_each(names, StatsQuestion(None, None, ONLY_COUNTS))
    assert {name: found[name].total_tickets for name in names} == {name: count % 7 for count, name in enumerate(names)}
    assert found[names[5]].by_field["status"] == {"5": 5}
    assert stats.computed == 0


async def test_other_parts_are_computed_tenant_by_tenant_and_few_at_a_time(database: Database) -> None:
    stats = WatchedStats(database, FakeClock(NOW), Questions())
    names = [uuid4().hex for _ in range(3 * CONCURRENCY)]
    await database.collection(Ticket).insert_many(
        [{"tenant_id": name, "external_id": "t", "created_at": NOW} for name in names]
    )
    parts = frozenset([StatsPart.COUNTS, StatsPart.TREND])
    found = await stats.compute_each(names, StatsQuestion(None, None, parts))
    assert [found[name].hourly_trend[-1]["count"] for name in names] == [1] * len(names)
    assert stats.most_at_once == CONCURRENCY


async def test_what_is_too_much_for_one_command_is_computed_tenant_by_tenant(database: Database) -> None:
    names = [uuid4().hex for _ in range(3)]
    for name in names:
        rows = [{"tenant_id": name, "external_id": f"t{n}", "created_at": NOW} for n in range(300)]
        await database.collection(Ticket).insert_many(rows)
    stats = HastyStats(database)
    found = await stats.compute_each(names, StatsQuestion(None, None, ONLY_COUNTS))
    assert [found[name].total_tickets for name in names] == [300] * len(names)
    assert stats.computed == len(names)


async def test_a_period_that_makes_no_sense_is_refused(database: Database) -> None:
    question = StatsQuestion(NOW, datetime(2026, 1, 1, tzinfo=UTC), ONLY_COUNTS)
    with pytest.raises(InvalidInputError):
        await Stats(database, FakeClock(NOW), Questions()).compute_each(["a", "b"], question)
