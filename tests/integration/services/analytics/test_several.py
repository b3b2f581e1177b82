"""Statistics of several tenants at once."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from documents.database import Database
from documents.ticket import Ticket
from services.analytics.pipeline import StatsPart
from services.analytics.stats import TENANTS_AT_ONCE, Stats, StatsQuestion, TenantStats, stats_of_each
from services.coordination.sharing import Questions
from services.errors import InvalidInputError
from tests.fakes import FakeClock

NOW = datetime(2026, 2, 5, 12, 30, tzinfo=UTC)


class WatchedStats(Stats):
    """Statistics that remember how many were computed at a time."""

    at_once = 0
    most_at_once = 0

    async def compute(self, *args: Any, **kwargs: Any) -> TenantStats:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return await super().compute(*args, **kwargs)
        finally:
            self.at_once -= 1


async def test_each_tenant_has_its_own_and_few_are_computed_at_a_time(database: Database) -> None:
    stats = WatchedStats(database, FakeClock(NOW), Questions())
    names = [uuid4().hex for _ in range(3 * TENANTS_AT_ONCE)]
    rows = [
        {"tenant_id": name, "external_id": f"t{n}", "created_at": NOW, "status": str(count)}
        for count, name in enumerate(names)
        for n in range(count)
    ]
    await database.collection(Ticket).insert_many(rows)
    question = StatsQuestion(None, None, frozenset([StatsPart.COUNTS]))
    found = await stats_of_each(stats, question, names)
    assert {name: found[name].total_tickets for name in names} == {name: count for count, name in enumerate(names)}
    assert found[names[5]].by_field["status"] == {"5": 5}
    assert stats.most_at_once == TENANTS_AT_ONCE


async def test_a_period_that_makes_no_sense_is_refused(database: Database) -> None:
    question = StatsQuestion(NOW, datetime(2026, 1, 1, tzinfo=UTC), frozenset([StatsPart.COUNTS]))
    with pytest.raises(InvalidInputError):
        await stats_of_each(Stats(database, FakeClock(NOW), Questions()), question, ["a", "b"])
