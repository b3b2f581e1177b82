"""When significantly more customers write than the same hours of earlier weeks let expect.

What is counted are different customers in an hour, which begins anew every quarter of an hour: one customer who floods
a help desk is no spike. The number is compared with that of the same hour in up to eight weeks before, by the tail of
a negative binomial distribution, which is a Poisson distribution whose mean is not quite known; how far it is not, the
hours around show (its dispersion, by the method of moments).

An hour with a number that comes by chance in one of 10,000 raises a spike. It lasts for as long as hours follow of
which there is one in 100 by chance: so it neither ends nor begins anew whenever a quarter of an hour is calmer.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

QUARTERS_AN_HOUR = 4
QUARTERS_A_WEEK = 7 * 24 * QUARTERS_AN_HOUR
COMPARED_WEEKS = 8
LEAST_WEEKS = 3
"""With fewer weeks to compare with, nothing is a spike."""
LEAST_CUSTOMERS = 5
RAISED_BY = 1e-4
LASTS_BY = 1e-2
AROUND_HOURS = 3
"""So many hours before and after tell of the dispersion."""
USUAL_DISPERSION = 0.05
"""Hours differ by a fifth for reasons of their own, as far as their numbers are too small to show how far they do:"""
_DISPERSION_SHOWS = 20.0
"""from so many squared customers on, they tell more than this."""
HALF_LIFE_WEEKS_BACK = 4.0
"""A week counts half as much as the one so many weeks later."""
LEAST_DISPERSION = 0.03
_LEAST_EXPECTED = 0.2
"""Customers in an hour: nobody knows rarer ones from so few weeks."""
_QUIET_SHARE = 0.2
"""A week with less than this share of what the median one has was a holiday, or not brought to us."""
_TEMPERED_AWAY = 1.76
"""Of the variance of n values, so much divided by n is lost where the highest counts as the second: of 4 to 8 values
that are normally distributed, found by drawing 40,000 of each."""
_NEGLIGIBLE = 1e-12

CustomersOf = Callable[[int], int]
"""How many different customers wrote in the hour that begins with a quarter of an hour, counted since 1970."""


@dataclass(frozen=True, slots=True)
class JudgedHour:
    """An hour, and whether what it had is too much."""

    quarter: int
    """The quarter of an hour that it begins with, counted since 1970."""
    customers: int
    expected: float
    chance: float
    """How often an hour has as many or more by chance: 0 to 1."""

    @property
    def raises(self) -> bool:
        """Whether it makes a spike."""
        return self.customers >= LEAST_CUSTOMERS and self.chance <= RAISED_BY

    @property
    def lasts(self) -> bool:
        """Whether a spike that there is goes on."""
        return self.customers >= LEAST_CUSTOMERS and self.chance <= LASTS_BY


@dataclass(frozen=True, slots=True)
class FoundSpike:
    """Hours that belong together: from the first that has too many, to the last that is not back at its usual."""

    begin: int
    """The first quarter of an hour, counted since 1970."""
    end: int
    """The first one that no longer belongs to it."""
    peak: JudgedHour


def judge_hour(quarter: int, customers_of: CustomersOf, weeks: int) -> JudgedHour | None:
    """The hour, compared with so many weeks before; None: they are too few."""
    around = range(-AROUND_HOURS, AROUND_HOURS + 1)
    past = [
        [customers_of(quarter + QUARTERS_AN_HOUR * hour - QUARTERS_A_WEEK * week) for hour in around]
        for week in range(1, min(weeks, COMPARED_WEEKS) + 1)
    ]
    kept = _usual_weeks(past)
    if len(kept) < LEAST_WEEKS:
        return None
    weights = [0.5 ** (week / HALF_LIFE_WEEKS_BACK) for week, _ in kept]
    columns = [[hours[place] for _, hours in kept] for place in range(len(around))]
    # A clock that is changed moves the day by an hour.
    near = columns[AROUND_HOURS - 1 : AROUND_HOURS + 2]
    expected = max(_LEAST_EXPECTED, *(_mean(_tempered(column), weights) for column in near))
    known = sum(weights) ** 2 / sum(weight * weight for weight in weights)
    variance = (expected + dispersion(columns) * expected**2) * (1 + 1 / known)
    customers = customers_of(quarter)
    return JudgedHour(quarter, customers, expected, chance_of(customers, expected, variance))


def found_spikes(hours: Iterable[JudgedHour]) -> list[FoundSpike]:
    """The spikes that hours show which follow one another by a quarter of an hour each; oldest first."""
    found: list[FoundSpike] = []
    for hour in hours:
        end = hour.quarter + QUARTERS_AN_HOUR
        last = found[-1] if found else None
        if last is not None and hour.quarter <= last.end and hour.lasts:
            found[-1] = FoundSpike(last.begin, end, max(last.peak, hour, key=_by_excess))
        elif hour.raises:
            found.append(FoundSpike(hour.quarter, end, hour))
    return found


def dispersion(columns: Sequence[Sequence[int]]) -> float:
    """By how much hours vary beyond chance: the variance of their rate, as a share of its square.

    `columns`: what the same hour of several weeks had, for some hours.
    """
    excess = squares = 0.0
    for raw in columns:
        column = _tempered(raw)
        mean = sum(column) / len(column)
        kept = 1 - _TEMPERED_AWAY / len(column) if len(column) > LEAST_WEEKS else 1.0
        variance = sum((value - mean) ** 2 for value in column) / (len(column) - 1) / kept
        excess += variance - mean
        squares += mean**2
    shown = (excess + _DISPERSION_SHOWS * USUAL_DISPERSION) / (squares + _DISPERSION_SHOWS)
    return max(LEAST_DISPERSION, shown)


def chance_of(count: int, mean: float, variance: float) -> float:
    """How often so many or more come, of a negative binomial distribution; its variance is larger than its mean."""
    if count <= mean:
        return 1.0
    size = mean**2 / (variance - mean)
    odds = mean / (size + mean)
    log = math.lgamma(count + size) - math.lgamma(size) - math.lgamma(count + 1)
    term = math.exp(log + size * math.log1p(-odds) + count * math.log(odds))
    total, number = term, count
    while term > total * _NEGLIGIBLE:
        term *= odds * (number + size) / (number + 1)
        total += term
        number += 1
    return min(1.0, total)


def _usual_weeks(past: Sequence[Sequence[int]]) -> list[tuple[int, Sequence[int]]]:
    """The weeks that say something of the usual, each with how long ago it is."""
    totals = [sum(hours) for hours in past]
    median = sorted(totals)[len(totals) // 2] if totals else 0
    return [(week, past[week - 1]) for week in range(1, len(past) + 1) if totals[week - 1] >= _QUIET_SHARE * median]


def _tempered(column: Sequence[int]) -> list[int]:
    """The same hour of several weeks; where there are enough, the highest counts as the second: it may be a spike."""
    if len(column) <= LEAST_WEEKS:
        return list(column)
    second = sorted(column)[-2]
    return [min(value, second) for value in column]


def _mean(values: Sequence[int], weights: Sequence[float]) -> float:
    return sum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights)


def _by_excess(hour: JudgedHour) -> float:
    return hour.customers - hour.expected
