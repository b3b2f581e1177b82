"""Statistics of a past moment, against what the statistics told at that moment."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.database import Database, Row
from documents.ticket import CountedField, Ticket
from services.analytics.stats import Stats, TenantStats
from services.coordination.sharing import Questions
from services.errors import InvalidInputError
from services.tenancy import owned
from tests.fakes import FakeClock
from tests.integration.services.analytics.history.worlds import (
    HALF,
    HOUR,
    NOW,
    START,
    World,
    busy_or_not,
    roll_ups,
    thorough,
)

QUARTER = HALF / 2
others = st.lists(st.sampled_from(["insert", "soft-delete", "nothing"]), min_size=39, max_size=39)
"""What another program does after each run."""


async def told(world: World, start: datetime | None) -> TenantStats:
    return await Stats(world.database, FakeClock(NOW), Questions()).compute(world.tenant, created_from=start)


def counts(stats: TenantStats) -> object:
    told_of = [field for field in CountedField if field is not CountedField.TAG]
    by_field = {field: {v: n for v, n in stats.by_field[field].items() if n} for field in told_of}
    return stats.total_tickets, by_field, stats.urgency_high_ratio, stats.negative_sentiment_ratio


@given(
    taken=busy_or_not,
    is_dated=st.booleans(),
    is_purged=st.booleans(),
    foreign=others,
    every=roll_ups,
    is_checked=st.booleans(),
    start=st.one_of(st.none(), st.integers(-60 * 48, 600).map(lambda minutes: START + timedelta(minutes=minutes))),
)
@thorough
async def test_the_past_is_what_was_told_then(
    database: Database,
    taken: list[tuple[int, Row | None]],
    is_dated: bool,
    is_purged: bool,
    foreign: list[str],
    every: int,
    is_checked: bool,
    start: datetime | None,
) -> None:
    world = World(database, is_dated, rolled_up_every=every)
    recorded = [(START, await told(world, start))]
    for hour, (number, edit) in enumerate(taken):
        await world.take(hour, f"t{number}", edit)
        now = START + hour * HOUR + HALF + QUARTER
        await write_as_another_program(world, foreign[hour], now)
        recorded.append((now + QUARTER / 2, await told(world, start)))
    if is_checked or is_purged:
        await world.check()
    if is_purged:
        # Those that runs have deleted: of others, nothing is left when they are purged.
        ours = {name for name, moments in world.truth.items() if moments and not moments[-1].live}
        await database.collection(Ticket).delete_many(
            owned(world.tenant, external_id={"$in": list(ours)}, deleted_at={"$ne": None})
        )
    for moment, then in recorded:
        found = await world.figures().stats_as_of(world.tenant, moment, created_from=start, created_to=None)
        assert counts(found) == counts(then)


async def write_as_another_program(world: World, what: str, now: datetime) -> None:
    tickets = world.database.collection(Ticket)
    if what == "insert":
        row = {
            "tenant_id": world.tenant,
            "external_id": f"other {now}",
            "created_at": now,
            "status": "Open",
            "urgency": 5,
        }
        await tickets.insert_one(row)
    elif what == "soft-delete":
        mine = owned(world.tenant, external_id={"$regex": "^other"}, deleted_at=None)
        await tickets.update_one(mine, {"$set": {"deleted_at": now}})


async def test_the_future_is_not_known(database: Database) -> None:
    figures = World(database, is_dated=True).figures()
    assert (await figures.stats_as_of("nobody", NOW, created_from=None, created_to=None)).total_tickets == 0
    with pytest.raises(InvalidInputError, match="as_of: must not lie in the future"):
        await figures.stats_as_of("acme", NOW + timedelta(milliseconds=1), created_from=None, created_to=None)
    with pytest.raises(InvalidInputError, match="to_date"):
        await figures.stats_as_of("acme", NOW, created_from=NOW, created_to=START)
