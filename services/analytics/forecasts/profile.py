"""How many tickets an hour has as a rule: by the hour of the week, and at the level of the last days.

The mean of the same hour of earlier weeks, of which the recent ones count more; drawn towards what the weekday and the
hour of the day have by themselves, since an hour of the week alone is seen only once a week; and scaled to what the
last seven days had more or less than that.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from services.kit.hours_of_week import HOURS_A_DAY, HOURS_A_WEEK

HALF_LIFE_WEEKS = 4.0
"""A week counts half as much as the one so many weeks later."""
PRIOR_WEEKS = 1.5
"""What the weekday and the hour of the day have by themselves counts as much as so many weeks."""
LEVEL_HOURS = HOURS_A_WEEK
"""The level is that of so many last hours."""
LEVEL_TICKETS = 30.0
"""So many tickets in them move the level half of the way."""
LARGEST_LEVEL = 4.0
SILENCE_TICKETS = 30.0
"""A stretch without a single ticket in which so many are expected is no slow day: nothing was brought to us."""
_CAP_DEVIATIONS = 5.0
"""What exceeds the median of its hour of the week by more standard deviations counts as if it exceeded it by so many:
a flood is not the rule."""
_CAP_SPREAD = 0.1
"""The variance is that of a Poisson distribution, with so much of the square of the median: weeks differ as a whole."""
_CAP_LEAST = 3.0


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of a clock, one after the other, and what was counted in them."""

    slots: Sequence[int]
    """The hour of the week of each, 0 to 167, from Monday 0:00."""
    lengths: Sequence[float]
    """How long each lasted, in hours: one that a change of the clock cuts is shorter."""
    counts: Sequence[int]

    def until(self, end: int) -> "Hours":
        """The first `end` of them."""
        return Hours(self.slots[:end], self.lengths[:end], self.counts[:end])

    def __len__(self) -> int:
        return len(self.counts)


@dataclass(frozen=True, slots=True)
class Profile:
    """What an hour of each kind has as a rule."""

    rates: list[float]
    """Tickets in a whole hour, by the hour of the week."""

    def expected(self, slot: int, length: float) -> float:
        """The expected number of tickets in an hour of that kind and length."""
        return self.rates[slot] * length


def profile_of(hours: Hours) -> Profile:
    """The profile that the hours show, for what comes after them."""
    ages = range(len(hours) - 1, -1, -1)
    weights = [0.5 ** (age / (HALF_LIFE_WEEKS * HOURS_A_WEEK)) for age in ages]
    rough = _rates(hours, weights, hours.counts)
    for start, end in _silences(hours, rough):
        weights[start:end] = [0.0] * (end - start)
    caps = [_cap(median) for median in _medians(hours, weights)]
    capped = [
        min(count, caps[slot] * length)
        for slot, length, count in zip(hours.slots, hours.lengths, hours.counts, strict=True)
    ]
    rates = _rates(hours, weights, capped)
    level = _level(hours, weights, capped, rates)
    return Profile([rate * level for rate in rates])


def _rates(hours: Hours, weights: Sequence[float], counts: Sequence[float]) -> list[float]:
    """The weighted mean of each hour of the week, drawn towards its weekday's and its hour of the day's."""
    tickets, time = [0.0] * HOURS_A_WEEK, [0.0] * HOURS_A_WEEK
    for slot, length, weight, count in zip(hours.slots, hours.lengths, weights, counts, strict=True):
        tickets[slot] += weight * count
        time[slot] += weight * length
    mean = _ratio(sum(tickets), sum(time))
    of_day = [_ratio(sum(tickets[hour::HOURS_A_DAY]), sum(time[hour::HOURS_A_DAY])) for hour in range(HOURS_A_DAY)]
    weekdays = [slice(start, start + HOURS_A_DAY) for start in range(0, HOURS_A_WEEK, HOURS_A_DAY)]
    of_weekday = [_ratio(sum(tickets[day]), sum(time[day])) for day in weekdays]
    rates = []
    for slot in range(HOURS_A_WEEK):
        prior = _ratio(of_day[slot % HOURS_A_DAY] * of_weekday[slot // HOURS_A_DAY], mean)
        rates.append((tickets[slot] + PRIOR_WEEKS * prior) / (time[slot] + PRIOR_WEEKS))
    return rates


def _silences(hours: Hours, rates: Sequence[float]) -> list[tuple[int, int]]:
    """Stretches without a ticket in which there ought to be many: from where to before where."""
    found, place = [], 0
    for is_silent, run in groupby(hours.counts, key=lambda count: count == 0):
        start, place = place, place + sum(1 for _ in run)
        if is_silent:
            expected = sum(rates[hours.slots[each]] * hours.lengths[each] for each in range(start, place))
            if expected >= SILENCE_TICKETS:
                found.append((start, place))
    return found


def _medians(hours: Hours, weights: Sequence[float]) -> list[float]:
    """The median of each hour of the week."""
    of_slot: list[list[float]] = [[] for _ in range(HOURS_A_WEEK)]
    for slot, length, weight, count in zip(hours.slots, hours.lengths, weights, hours.counts, strict=True):
        if weight > 0:
            of_slot[slot].append(count / length)
    return [sorted(values)[len(values) // 2] if values else 0.0 for values in of_slot]


def _level(hours: Hours, weights: Sequence[float], counts: Sequence[float], rates: Sequence[float]) -> float:
    """How much more or less than the profile the last days had."""
    recent = [each for each in range(max(0, len(hours) - LEVEL_HOURS), len(hours)) if weights[each] > 0]
    had = sum(counts[each] for each in recent)
    expected = sum(rates[hours.slots[each]] * hours.lengths[each] for each in recent)
    level = (had + LEVEL_TICKETS) / (expected + LEVEL_TICKETS)
    return min(max(level, 1 / LARGEST_LEVEL), LARGEST_LEVEL)


def _cap(median: float) -> float:
    return median + _CAP_LEAST + _CAP_DEVIATIONS * math.sqrt(median + _CAP_SPREAD * median**2)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0
