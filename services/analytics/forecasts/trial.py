"""Whether a forecast is worth showing: what it would have said of weeks that are over, and what last week would have.

Rolling origin: for each of the last weeks, a profile is made of what lay before it and asked for the whole week, so
every hour is foretold once, up to seven days ahead. The rival says that an hour will have what the same hour of the
week had last (the seasonal naive forecast; Hyndman and Koehler, "Another look at measures of forecast accuracy", 2006,
whose scaled error is `error / rival_error` here).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from services.analytics.forecasts.profile import Hours, profile_of
from services.kit.hours_of_week import HOURS_A_WEEK

BAND = 0.8
"""The share of the hours that ought to lie in the band."""
LEARNED_WEEKS = 4
"""A profile is made of so many weeks at least."""
TRIED_WEEKS = 6
"""So many weeks are foretold at most,"""
LEAST_TRIED_WEEKS = 3
"""and so many at least: without them nobody knows whether the forecast is worth anything."""
LEAST_HOURS = (LEARNED_WEEKS + LEAST_TRIED_WEEKS) * HOURS_A_WEEK
LEAST_SKILL = 0.05
"""By so much smaller has the mean absolute error to be than the rival's: less is chance."""
LEAST_WON = 5 / 6
"""In so many of the weeks it has to be smaller: where tickets are few, one week alone can make up such a difference."""
_LEAST_VARIANCE = 0.05


@dataclass(frozen=True, slots=True)
class Band:
    """How far hours lie from what is expected of them, in standard deviations of a Poisson distribution."""

    low: float
    """Never above 0."""
    high: float
    """Never below 0."""

    def around(self, expected: float) -> tuple[float, float]:
        """Its bounds around an expected number."""
        deviation = _deviation(expected)
        return max(0.0, expected + self.low * deviation), expected + self.high * deviation


@dataclass(frozen=True, slots=True)
class BackTest:
    """How the forecast did in weeks that are over."""

    weeks: int
    """How many were foretold,"""
    weeks_won: int
    """and of how many the forecast knew more than its rival: its mean absolute error was smaller."""
    error: float
    """The mean absolute error, in tickets an hour,"""
    rival_error: float
    """and that of the rival."""
    squared_error: float
    """The mean squared error,"""
    rival_squared_error: float
    """and that of the rival."""
    coverage: float
    """The share of the hours that lay in the band that was known before; of all weeks but the first."""
    band: Band
    """The band that all of the weeks together show."""

    @property
    def skill(self) -> float:
        """By which share the mean absolute error is smaller than the rival's; negative: it is larger."""
        return 1 - self.error / self.rival_error if self.rival_error > 0 else 0.0

    @property
    def is_won(self) -> bool:
        """Whether the forecast is better than its rival: on the whole by both errors, and in nearly every week."""
        is_steady = self.weeks_won >= LEAST_WON * self.weeks
        return is_steady and self.skill >= LEAST_SKILL and self.squared_error < self.rival_squared_error


@dataclass(frozen=True, slots=True)
class _Week:
    """The hours of a week that was foretold: what was expected, what the rival said, and what came."""

    expected: list[float]
    said: list[float]
    came: Sequence[int]

    def errors(self) -> tuple[list[float], list[float]]:
        """By how much each was wrong, and the rival."""
        return _differences(self.came, self.expected), _differences(self.came, self.said)

    def deviations(self) -> list[float]:
        """The errors in standard deviations of a Poisson distribution."""
        return [error / _deviation(expected) for error, expected in zip(self.errors()[0], self.expected, strict=True)]

    def inside(self, band: Band) -> int:
        """How many lay in the band."""
        bounds = (band.around(expected) for expected in self.expected)
        return sum(low <= count <= high for (low, high), count in zip(bounds, self.came, strict=True))


def try_out(hours: Hours) -> BackTest:
    """Foretell the last weeks of these hours, which must be `LEAST_HOURS` or more."""
    weeks = min(TRIED_WEEKS, len(hours) // HOURS_A_WEEK - LEARNED_WEEKS)
    foretold = [_foretold(hours, len(hours) - number * HOURS_A_WEEK) for number in range(weeks, 0, -1)]
    both = [week.errors() for week in foretold]
    absolute = [(_absolute(mine), _absolute(rivals)) for mine, rivals in both]
    squared = [(_squared(mine), _squared(rivals)) for mine, rivals in both]
    deviations = foretold[0].deviations()
    inside = 0
    for week in foretold[1:]:
        inside += week.inside(_band_of(deviations))
        deviations += week.deviations()
    return BackTest(
        weeks=weeks,
        weeks_won=sum(mine < rivals for mine, rivals in absolute),
        error=sum(mine for mine, _ in absolute) / weeks,
        rival_error=sum(rivals for _, rivals in absolute) / weeks,
        squared_error=sum(mine for mine, _ in squared) / weeks,
        rival_squared_error=sum(rivals for _, rivals in squared) / weeks,
        coverage=inside / ((weeks - 1) * HOURS_A_WEEK),
        band=_band_of(deviations),
    )


def _foretold(hours: Hours, origin: int) -> _Week:
    """The week that begins at a place among the hours, foretold from what lies before it."""
    known = hours.until(origin)
    profile, last = profile_of(known), _last_rates(known)
    week = range(origin, origin + HOURS_A_WEEK)
    return _Week(
        [profile.expected(hours.slots[each], hours.lengths[each]) for each in week],
        [last[hours.slots[each]] * hours.lengths[each] for each in week],
        hours.counts[origin : origin + HOURS_A_WEEK],
    )


def _last_rates(hours: Hours) -> list[float]:
    """What the last hour of each kind had."""
    rates = [0.0] * HOURS_A_WEEK
    first = max(0, len(hours) - 2 * HOURS_A_WEEK)  # a change of the clock may have left one out last week
    for each in range(first, len(hours)):
        rates[hours.slots[each]] = hours.counts[each] / hours.lengths[each]
    return rates


def _band_of(deviations: Sequence[float]) -> Band:
    ordered = sorted(deviations)
    tail = (1 - BAND) / 2
    low, high = ordered[int(tail * len(ordered))], ordered[-1 - int(tail * len(ordered))]
    return Band(min(low, 0.0), max(high, 0.0))


def _deviation(expected: float) -> float:
    return math.sqrt(max(expected, _LEAST_VARIANCE))


def _differences(came: Sequence[int], said: Sequence[float]) -> list[float]:
    return [count - number for count, number in zip(came, said, strict=True)]


def _absolute(errors: Sequence[float]) -> float:
    return sum(map(abs, errors)) / len(errors)


def _squared(errors: Sequence[float]) -> float:
    return sum(error * error for error in errors) / len(errors)
