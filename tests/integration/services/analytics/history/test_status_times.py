"""How long tickets are in each status, against what really happened."""

from collections import Counter, defaultdict
from datetime import timedelta
from itertools import pairwise
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.database import Database, Row
from services.errors import InvalidInputError
from services.statuses import category_of
from tests.integration.services.analytics.history.worlds import (
    HOUR,
    NOW,
    START,
    Moment,
    World,
    busy_or_not,
    roll_ups,
    thorough,
)


def times(world: World, from_minute: int | None, *, by_category: bool) -> dict[str, list[float]]:
    """Seconds in each status, of each live ticket of the period."""
    start = None if from_minute is None else START + timedelta(minutes=from_minute)
    found: defaultdict[str, list[float]] = defaultdict(list)
    for moments in world.truth.values():
        if not moments or not moments[-1].live or (start is not None and moments[0].at < start):
            continue
        spent: Counter[str] = Counter()
        for moment, following in pairwise([*moments, Moment(NOW, None)]):
            status = str(category_of(moment.status)) if by_category else moment.status or "unknown"
            spent[status] += round((following.at - moment.at).total_seconds()) * moment.live
        for status, seconds in spent.items():
            found[status] += [seconds] * (seconds > 0)
    return {status: sorted(each) for status, each in found.items() if each}


@given(
    taken=busy_or_not,
    is_dated=st.booleans(),
    by_category=st.booleans(),
    from_minute=st.one_of(st.none(), st.integers(-60 * 48, 0)),
    every=roll_ups,
)
@thorough
async def test_times_in_status_are_exact(
    database: Database,
    taken: list[tuple[int, Row | None]],
    is_dated: bool,
    by_category: bool,
    from_minute: int | None,
    every: int,
) -> None:
    world = World(database, is_dated, rolled_up_every=every)
    await world.go_through([(number, edit and _stored(edit)) for number, edit in taken])
    start = None if from_minute is None else START + timedelta(minutes=from_minute)
    found = await world.figures().time_in_status(
        world.tenant, created_from=start, created_to=NOW, by_category=by_category
    )
    expected = times(world, from_minute, by_category=by_category)
    assert [row.status for row in found] == sorted(expected, key=lambda name: (-len(expected[name]), name))
    for row in found:
        seconds = expected[row.status]
        assert row.ticket_count == len(seconds)
        assert row.total_seconds == sum(seconds)
        assert row.median_seconds == seconds[ceil(len(seconds) * 0.5) - 1]
        assert row.p90_seconds == seconds[ceil(len(seconds) * 0.9) - 1]
        assert row.status_category == (row.status if by_category else category_of(row.status))


def _stored(edit: Row) -> Row:
    """The status as it is stored, which is what the figures show."""
    return edit | {"status": edit["status"] and edit["status"].lower()}


async def test_a_status_that_was_never_told_is_unknown(database: Database) -> None:
    world = World(database, is_dated=True)
    await world.take(0, "t0", {"status": None})
    (found,) = await world.figures().time_in_status(world.tenant, created_from=None, created_to=None, by_category=False)
    assert (found.status, found.total_seconds) == ("unknown", (NOW - START).total_seconds())


async def test_a_period_that_makes_no_sense_is_refused(database: Database) -> None:
    with pytest.raises(InvalidInputError, match="to_date"):
        await (
            World(database, is_dated=True)
            .figures()
            .time_in_status("acme", created_from=NOW, created_to=NOW - HOUR, by_category=False)
        )
