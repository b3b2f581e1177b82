"""How tickets come and go, against what really happened."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from documents.database import Database, Row
from documents.ticket import Ticket
from documents.ticket_history import NEW_STATUS_INDEX, TicketHistory
from services.analytics.history.flow import BacklogPoint, FlowStep
from services.errors import InvalidInputError
from services.kit.civil_time import TrendUnit, boundaries, zone
from services.rollups import joins
from tests.integration.services.analytics.history.worlds import (
    HOUR,
    NOW,
    START,
    World,
    busy_or_not,
    minutes,
    periods,
    roll_ups,
    thorough,
)

zones = st.sampled_from(["UTC", "Europe/Paris", "Asia/Kolkata", "America/Santiago", "Australia/Lord_Howe"])


def happened(world: World) -> list[tuple[datetime, str]]:
    """Everything that flows, by what really happened."""
    events: list[tuple[datetime, str]] = []
    for moments in world.truth.values():
        if moments:
            events.append((moments[0].at, "created"))
            events += [(moments[0].at, "created_closed")] * moments[0].is_closed
        for before, after in pairwise(moments):
            if before.live != after.live:
                name = "restored_not_closed" if after.live else "deleted_not_closed"
                events += [(after.at, name)] * (not after.is_closed)
            elif before.is_closed != after.is_closed:
                events.append((after.at, "closed" if after.is_closed else "reopened"))
    return events


@given(
    taken=busy_or_not,
    is_dated=st.booleans(),
    is_purged=st.booleans(),
    unit=st.sampled_from(TrendUnit),
    time_zone=zones,
    period=periods,
    every=roll_ups,
    is_checked=st.booleans(),
)
@example(  # a life that was rolled up as over, goes on, and ends again before the next time
    taken=[(0, {"status": "open"}), (0, None), (0, None), (1, {"status": "open"}), (0, {"status": "open"}), (0, None)],
    is_dated=False,
    is_purged=False,
    unit=TrendUnit.HOUR,
    time_zone="UTC",
    period=[-2880, 2400],
    every=3,
    is_checked=False,
)
@thorough
async def test_flow_and_backlog_are_what_happened(
    database: Database,
    taken: list[tuple[int, Row | None]],
    is_dated: bool,
    is_purged: bool,
    unit: TrendUnit,
    time_zone: str,
    period: list[int],
    every: int,
    is_checked: bool,
) -> None:
    world = World(database, is_dated, rolled_up_every=every)
    await world.go_through(taken)
    if is_purged:
        await world.purge()
    if is_checked:
        await world.check()
    start, end = (START + timedelta(minutes=minute) for minute in period)
    asked = {"unit": unit, "start": start, "end": end, "time_zone": time_zone}
    flow = await world.figures().flow(world.tenant, **asked)
    backlog = await world.figures().backlog(world.tenant, **asked)

    inner = [begin for begin in boundaries(start, end, unit, zone(time_zone)) if start < begin < end]
    edges = [start, *inner, *[end] * (start < end)]
    assert [step.start for step in flow] == edges[:-1]
    for step, (begin, stop) in zip(flow, pairwise(edges), strict=True):
        expected = Counter(name for at, name in happened(world) if begin <= at < stop)
        assert step == FlowStep(begin, **{name: expected[name] for name in FlowStep.__slots__ if name != "start"})

    last = min(end, NOW)
    assert [point.at for point in backlog] == [edge for edge in edges if edge < last] + [last] * (start <= NOW)
    for point in backlog:
        assert point.count == len(world.not_closed(point.at))
    if end <= NOW:
        growth = [after.count - before.count for before, after in pairwise(backlog)]
        assert growth == [
            step.created - step.created_closed + step.reopened + step.restored_not_closed
            - step.closed - step.deleted_not_closed
            for step in flow
        ]  # fmt: skip


@given(taken=busy_or_not, is_dated=st.booleans(), is_purged=st.booleans(), minute=minutes, every=roll_ups)
@thorough
async def test_ageing_is_exact(
    database: Database, taken: list[tuple[int, Row | None]], is_dated: bool, is_purged: bool, minute: int, every: int
) -> None:
    world = World(database, is_dated, rolled_up_every=every)
    await world.go_through(taken)
    if is_purged:
        await world.purge()
    at = min(START + timedelta(minutes=minute), NOW)
    found = await world.figures().ageing(world.tenant, at)
    births = {name: world.truth[name][0].at for name in world.not_closed(at)}
    assert found.count == len(births)
    for bucket in found.buckets:
        ages = [(at - born) / timedelta(days=1) for born in births.values()]
        assert bucket.count == sum(bucket.from_days <= age < (bucket.to_days or 10**6) for age in ages)
    oldest = min(((born, name) for name, born in births.items()), default=(None, None))
    assert (found.oldest_created_at, found.oldest_ticket_id) == oldest


@pytest.fixture
async def _unseen_new_statuses(database: Database) -> AsyncIterator[None]:
    """MongoDB chooses another index than the one that has nothing but new statuses."""
    rows = database.collection(TicketHistory)

    async def hide(hidden: bool) -> None:
        await rows.database.command("collMod", rows.name, index={"name": NEW_STATUS_INDEX, "hidden": hidden})

    await hide(True)
    yield
    await hide(False)


@pytest.mark.usefixtures("_unseen_new_statuses")
async def test_a_change_of_other_fields_tells_of_no_status_whatever_the_index(database: Database) -> None:
    world = World(database, is_dated=False)
    await world.go_through([(0, {"status": "Solved", "message": text}) for text in ("It is broken", "Thanks")])
    flow = await world.figures().flow(world.tenant, unit=TrendUnit.DAY, start=START, end=NOW, time_zone="UTC")
    assert sum(step.created_closed for step in flow) == 1
    assert sum(step.closed + step.reopened for step in flow) == 0


def stored_change(world: World, hours: float, status: tuple[str, str], **fields: Any) -> Row:
    at = START + hours * HOUR
    row = {"_id": f"{world.tenant}:{hours}", "tenant_id": world.tenant, "ticket_id": "t0", "action": "updated"}
    changes = {"status": {"old": status[0], "new": status[1]}}
    return {**row, "changes": changes, "occurred_at": at, "recorded_at": at, **fields}


async def test_a_change_has_happened_when_it_was_recorded_at_the_latest(database: Database) -> None:
    world = World(database, is_dated=True)
    await database.collection(Ticket).insert_one(
        {"tenant_id": world.tenant, "external_id": "t0", "created_at": START, "status": "closed"}
    )
    ahead = stored_change(world, 2, ("open", "closed"), occurred_at=START + 30 * HOUR)
    await database.collection(TicketHistory).insert_one(ahead)
    points = await backlog_by_hour(world, START + 4 * HOUR)
    assert [point.count for point in points] == [0, 1, 1, 0, 0, 0]


async def test_a_change_has_not_happened_before_the_one_recorded_before_it(database: Database) -> None:
    world = World(database, is_dated=True)
    await database.collection(Ticket).insert_one(
        {"tenant_id": world.tenant, "external_id": "t0", "created_at": START, "status": "open"}
    )
    closing = stored_change(world, 2, ("open", "closed"))
    reopening = stored_change(world, 4, ("closed", "open"), occurred_at=START + HOUR)
    await database.collection(TicketHistory).insert_many([closing, reopening])
    assert [point.count for point in await backlog_by_hour(world, START + 4 * HOUR)] == [0, 1, 1, 1, 1, 1]
    flow = await world.figures().flow(
        world.tenant, unit=TrendUnit.HOUR, start=START + 1.5 * HOUR, end=START + 2.5 * HOUR, time_zone="UTC"
    )
    assert [(sum(step.closed for step in flow)), (sum(step.reopened for step in flow))] == [1, 1]


async def backlog_by_hour(world: World, end: datetime) -> list[BacklogPoint]:
    """At START (10 minutes past the hour), at each full hour after it, and at the end."""
    return await world.figures().backlog(world.tenant, unit=TrendUnit.HOUR, start=START, end=end, time_zone="UTC")


@pytest.mark.parametrize("unit", TrendUnit)
async def test_many_units_are_placed_rightly(
    database: Database, unit: TrendUnit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Months and the days on which clocks change are not of one length."""
    monkeypatch.setattr(joins, "BATCH", 1_000)  # there are many tickets
    world = World(database, is_dated=True)
    length = {TrendUnit.HOUR: 30, TrendUnit.DAY: 700, TrendUnit.WEEK: 3000, TrendUnit.MONTH: 9000}[unit]
    end = datetime(2026, 11, 3, 7, 41, tzinfo=UTC)
    start = end - timedelta(days=length)
    edges = [start, *boundaries(start, end, unit, zone("America/New_York"))[1:-1], end]
    moments = edges[:-1] + [edge - timedelta(milliseconds=1) for edge in edges[1:]]
    rows = [{"tenant_id": world.tenant, "external_id": f"t{n}", "created_at": at} for n, at in enumerate(moments)]
    await database.collection(Ticket).insert_many(rows)
    flow = await world.figures(end).flow(world.tenant, unit=unit, start=start, end=end, time_zone="America/New_York")
    assert [(step.start, step.created) for step in flow] == [(edge, 2) for edge in edges[:-1]]


@pytest.mark.parametrize("name", ["flow", "backlog"])
@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"end": START - HOUR}, "to_date"),
        ({"start": START - timedelta(days=2000)}, "from_date"),
        ({"start": datetime(1, 1, 1, tzinfo=UTC)}, "from_date"),
        ({"end": datetime(2026, 4, 1)}, "to_date"),  # noqa: DTZ001
        ({"time_zone": "Mars/Base"}, "time_zone"),
    ],
)
async def test_what_makes_no_sense_is_refused_by_its_name(
    database: Database, name: str, change: Row, argument: str
) -> None:
    figures = World(database, is_dated=True).figures()
    asked = {"unit": TrendUnit.DAY, "start": START, "end": NOW, "time_zone": "UTC"} | change
    with pytest.raises(InvalidInputError, match=argument):
        await getattr(figures, name)("acme", **asked)
