"""How tickets come and go, against what really happened."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.database import Database, Row
from documents.ticket import Ticket
from services.analytics.civil_time import TrendUnit, boundaries, zone
from services.analytics.history.flow import FlowStep
from services.errors import InvalidInputError
from tests.integration.services.analytics.history.worlds import HOUR, NOW, START, World, steps, thorough

zones = st.sampled_from(["UTC", "Europe/Paris", "Asia/Kolkata", "America/Santiago", "Australia/Lord_Howe"])
minutes = st.integers(-60 * 48, 60 * 41)


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
    taken=steps,
    is_dated=st.booleans(),
    is_purged=st.booleans(),
    unit=st.sampled_from(TrendUnit),
    time_zone=zones,
    period=st.tuples(minutes, minutes).map(sorted),
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
) -> None:
    world = World(database, is_dated)
    await world.go_through(taken)
    if is_purged:
        await world.purge()
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


@given(taken=steps, is_dated=st.booleans(), is_purged=st.booleans(), minute=minutes)
@thorough
async def test_ageing_is_exact(
    database: Database, taken: list[tuple[int, Row | None]], is_dated: bool, is_purged: bool, minute: int
) -> None:
    world = World(database, is_dated)
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


@pytest.mark.parametrize("unit", TrendUnit)
async def test_many_units_are_placed_rightly(database: Database, unit: TrendUnit) -> None:
    """Months and the days on which clocks change are not of one length."""
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
        ({"end": START - HOUR}, "toDate"),
        ({"start": START - timedelta(days=2000)}, "fromDate"),
        ({"start": datetime(1, 1, 1, tzinfo=UTC)}, "fromDate"),
        ({"end": datetime(2026, 4, 1)}, "toDate"),  # noqa: DTZ001
        ({"time_zone": "Mars/Base"}, "timeZone"),
    ],
)
async def test_what_makes_no_sense_is_refused_by_its_name(
    database: Database, name: str, change: Row, argument: str
) -> None:
    figures = World(database, is_dated=True).figures()
    asked = {"unit": TrendUnit.DAY, "start": START, "end": NOW, "time_zone": "UTC"} | change
    with pytest.raises(InvalidInputError, match=argument):
        await getattr(figures, name)("acme", **asked)
