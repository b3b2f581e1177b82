"""How many tickets a tenant can expect in the coming hours, told only where the past says that it is worth telling."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise

from documents.described import DescribedEnum
from documents.ticket_indexes import COUNTED_INDEX
from services.analytics.answering import AnswersQuestions
from services.analytics.forecasts.profile import Hours, profile_of
from services.analytics.forecasts.trial import LEAST_HOURS, BackTest, try_out
from services.analytics.partition import partition_of
from services.analytics.quarter_hours import QuarterHours
from services.coordination.sharing import shared
from services.errors import InvalidInputError
from services.kit.civil_time import TrendUnit, boundaries, zone
from services.kit.hours_of_week import HOURS_A_DAY, HOURS_A_WEEK

HISTORY = timedelta(weeks=12)
"""What a forecast is made of."""
MAX_FORECAST_HOURS = HOURS_A_WEEK
"""As far ahead as it is tried."""
LEAST_TICKETS_A_WEEK = 50
_SILENT_FOR = HOURS_A_WEEK
_HOUR = timedelta(hours=1)


class NoForecast(DescribedEnum):
    """Why there is no forecast."""

    TOO_LITTLE_HISTORY = "too_little_history", "The tenant's tickets do not go back seven weeks."
    NO_RECENT_TICKETS = "no_recent_tickets", "The last ticket came more than a week ago, if there is any."
    TOO_FEW_TICKETS = "too_few_tickets", "There are fewer than 50 tickets a week: no hour can be told from another."
    NO_BETTER_THAN_LAST_WEEK = (
        "no_better_than_last_week",
        "In the weeks that are over it would not have been better than taking last week's number for the same hour.",
    )


@dataclass(frozen=True, slots=True)
class ForecastPoint:
    """One hour to come; shorter where a change of the clock cuts it."""

    start: datetime
    end: datetime
    expected: float
    """How many tickets, on average; two decimals, as those below."""
    low: float
    """As many at least, in nine hours of ten,"""
    high: float
    """and as many at most, likewise."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The coming hours, or why nothing is said of them."""

    tenant_id: str
    time_zone: str
    made_at: datetime
    points: list[ForecastPoint] | None
    """None: `reason` says why."""
    reason: NoForecast | None = None
    history_from: datetime | None = None
    """It was made of the tickets created at or after this moment,"""
    history_to: datetime | None = None
    """and before this one."""
    trial: BackTest | None = None
    """How it did in weeks that are over; None: there are too few to try it."""


@dataclass(frozen=True, slots=True)
class _Known:
    """The hours that are known, with when they begin, and when the last one ends."""

    hours: Hours
    begins: Sequence[datetime]


class Forecasts(AnswersQuestions):
    """Foretells how many tickets will come, from the rollups of one database."""

    @shared
    async def forecast(self, tenant_id: str, *, hours: int = HOURS_A_DAY, time_zone: str = "UTC") -> Forecast:
        """The expected number of tickets in each of the hours that begin from now on, with a band that 80 % of the
        hours ought to lie in; hours and weekdays are those of the zone's clock.

        Raises:
            InvalidInputError: `hours` is not from 1 to 168, or there is no such time zone.
            QueryTimeoutError: MongoDB did not finish within 5 s.
        """
        place = zone(time_zone)
        if not 1 <= hours <= MAX_FORECAST_HOURS:
            raise InvalidInputError(f"must be 1 to {MAX_FORECAST_HOURS}.", argument="hours")
        now = self._clock.now()
        known = await self._known(tenant_id, now, place)
        # Some 15 ms of computing: others have their turns meanwhile.
        return await asyncio.to_thread(_answer, known, Forecast(tenant_id, time_zone, now, None), place, hours)

    async def _known(self, tenant_id: str, now: datetime, place: tzinfo) -> _Known:
        """The hours from the first ticket to the last one, of the last twelve weeks.

        The hour of the last ticket is left out, and what comes after it: it may not be there yet.
        """
        begins = boundaries(now - HISTORY, now, TrendUnit.HOUR, place)
        of = partition_of(tenant_id, begins[0], begins[-2], rolled_up=self._has_rollups)
        tickets = QuarterHours(of)
        [(_, pipeline)] = tickets.pipelines()
        found = await self._run(pipeline, index=COUNTED_INDEX)
        counts = [unit.total for unit in tickets.by_unit(found, begins[:-1])]
        filled = [number for number, count in enumerate(counts) if count]
        first, last = (filled[0], filled[-1]) if filled else (0, 0)
        return _Known(_hours(begins[first : last + 1], counts[first:last], place), begins[first : last + 1])


def _answer(known: _Known, empty: Forecast, place: tzinfo, count: int) -> Forecast:
    """The forecast; `empty` says whose and when."""
    hours, begins = known.hours, known.begins
    said = (empty.tenant_id, empty.time_zone, empty.made_at)
    if empty.made_at - begins[-1] > _SILENT_FOR * _HOUR:
        return Forecast(*said, None, NoForecast.NO_RECENT_TICKETS)
    period = (begins[0], begins[-1])
    if len(hours) < LEAST_HOURS:
        return Forecast(*said, None, NoForecast.TOO_LITTLE_HISTORY, *period)
    if sum(hours.counts) * HOURS_A_WEEK < LEAST_TICKETS_A_WEEK * len(hours):
        return Forecast(*said, None, NoForecast.TOO_FEW_TICKETS, *period)
    trial = try_out(hours)
    if not trial.is_won:
        return Forecast(*said, None, NoForecast.NO_BETTER_THAN_LAST_WEEK, *period, trial)
    profile, coming = profile_of(hours), _coming(empty.made_at, count, place)
    points = []
    for (start, end), slot, length in zip(pairwise(coming), *_clock_hours(coming, place), strict=True):
        expected = profile.expected(slot, length)
        low, high = trial.band.around(expected)
        points.append(ForecastPoint(start, end, round(expected, 2), round(low, 2), round(high, 2)))
    return Forecast(*said, points, None, *period, trial)


def _coming(now: datetime, count: int, place: tzinfo) -> list[datetime]:
    """When the next hours begin, and when the last of them ends."""
    # Hours that a change of the clock cuts are more than there is time; the present hour has begun already.
    begins = boundaries(now, now + (count + 2) * _HOUR, TrendUnit.HOUR, place)
    return [begin for begin in begins if begin >= now][: count + 1]


def _hours(begins: Sequence[datetime], counts: Sequence[int], place: tzinfo) -> Hours:
    return Hours(*_clock_hours(begins, place), counts)


def _clock_hours(begins: Sequence[datetime], place: tzinfo) -> tuple[list[int], list[float]]:
    """The hour of the week of each, and how many hours it lasts."""
    shown = [begin.astimezone(place) for begin in begins[:-1]]
    slots = [local.weekday() * HOURS_A_DAY + local.hour for local in shown]
    return slots, [(end - start) / _HOUR for start, end in pairwise(begins)]
