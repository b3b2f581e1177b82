"""Forecasts of stored tickets."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from documents.database import Database
from documents.ticket import Ticket
from services.analytics.forecasts.forecasts import Forecast, Forecasts, NoForecast
from services.coordination.sharing import Questions
from services.errors import InvalidInputError
from services.rollups.write import Rollups
from tests.fakes import FakeClock

HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")
SPRING = datetime(2026, 3, 27, 12, 20, tzinfo=UTC)
"""Two days before Berlin's clock is put forward."""
AUTUMN = datetime(2026, 10, 23, 12, 20, tzinfo=UTC)


async def store_weeks(db: Database, now: datetime, weeks: float, *, busy: int = 3, tenant: str = "acme") -> None:
    """Tickets of the hours of work in Berlin, some more or fewer each."""
    luck, tickets = random.Random(1), []
    moment = (now - timedelta(weeks=weeks)).replace(minute=0)
    while moment < now:
        local = moment.astimezone(BERLIN)
        count = luck.randrange(2 * busy + 1) if 9 <= local.hour < 17 and local.weekday() < 5 else 0
        tickets += [_ticket(tenant, moment + luck.random() * HOUR) for _ in range(count)]
        moment += HOUR
    if tickets:
        await db.collection(Ticket).insert_many([one for one in tickets if one["created_at"] < now])


def _ticket(tenant: str, created: datetime) -> dict[str, Any]:
    name = f"{created.timestamp():.6f}-{random.random()}"
    return {"tenant_id": tenant, "external_id": name, "created_at": created, "urgency": "low", "status": "open"}


async def forecast_of(db: Database, now: datetime, **asked: Any) -> Forecast:
    return await Forecasts(db, FakeClock(now), Questions()).forecast("acme", **asked)


@pytest.mark.parametrize(("now", "hours_of_sunday"), [(SPRING, 23), (AUTUMN, 25)])
async def test_hours_are_those_of_the_clock_also_where_it_is_changed(
    db: Database, now: datetime, hours_of_sunday: int
) -> None:
    await store_weeks(db, now, 8.5)
    forecast = await forecast_of(db, now, hours=168, time_zone="Europe/Berlin")
    points = forecast.points
    assert points is not None
    assert (len(points), points[0].start) == (168, now + timedelta(minutes=40))
    assert all(point.end - point.start == HOUR for point in points)
    assert all(one.end == other.start for one, other in pairwise(points))
    local = [point.start.astimezone(BERLIN) for point in points]
    assert sum(moment.weekday() == 6 for moment in local) == hours_of_sunday
    for point, moment in zip(points, local, strict=True):
        assert 0 <= point.low <= point.expected <= point.high
        is_busy = 9 <= moment.hour < 17 and moment.weekday() < 5
        assert (point.expected > 1) == is_busy, moment


async def test_what_is_rolled_up_counts_as_what_is_not(db: Database) -> None:
    await store_weeks(db, SPRING, 8.5)
    before = await forecast_of(db, SPRING)
    rolled = await Rollups(db).roll_up("acme", at_most=100)
    assert rolled == 100
    assert await forecast_of(db, SPRING) == before
    assert before.trial is not None
    assert before.trial.is_won


async def test_without_a_forecast_there_is_a_reason(db: Database) -> None:
    await store_weeks(db, SPRING, 9, tenant="another")
    assert (await forecast_of(db, SPRING)).reason is NoForecast.NO_RECENT_TICKETS
    await store_weeks(db, SPRING, 6.5)
    young = await forecast_of(db, SPRING)
    assert (young.points, young.reason, young.trial) == (None, NoForecast.TOO_LITTLE_HISTORY, None)
    silent = await forecast_of(db, SPRING + timedelta(days=9))
    assert (silent.points, silent.reason) == (None, NoForecast.NO_RECENT_TICKETS)
    few = Forecasts(db, FakeClock(SPRING), Questions())
    await db.collection(Ticket).insert_many(
        [_ticket("small", SPRING - timedelta(days=day, hours=1)) for day in range(80)]
    )
    assert (await few.forecast("small")).reason is NoForecast.TOO_FEW_TICKETS


async def test_a_forecast_is_withheld_where_last_week_tells_as_much(db: Database) -> None:
    moment, tickets = SPRING - timedelta(weeks=9), []
    while moment < SPRING:  # every week is as the one before
        tickets.append(_ticket("acme", moment))
        moment += 3 * HOUR
    await db.collection(Ticket).insert_many(tickets)
    forecast = await forecast_of(db, SPRING)
    assert (forecast.points, forecast.reason) == (None, NoForecast.NO_BETTER_THAN_LAST_WEEK)
    assert forecast.trial is not None
    assert forecast.trial.rival_error == 0


async def test_what_makes_no_sense_is_refused(db: Database) -> None:
    for asked in ({"hours": 0}, {"hours": 169}, {"time_zone": "Mars/Olympus"}):
        with pytest.raises(InvalidInputError):
            await forecast_of(db, SPRING, **asked)
