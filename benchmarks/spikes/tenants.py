"""Made-up tenants, whose tickets come as those of real ones do: by the hour and the weekday, more on some days than on
others, in growing numbers, fewer on holidays, none while a help desk is down, and now and then many of one customer."""

import math
import random
from dataclasses import dataclass, field

from services.kit.hours_of_week import HOURS_A_DAY, HOURS_A_WEEK

QUARTERS_AN_HOUR = 4
QUARTERS_A_WEEK = HOURS_A_WEEK * QUARTERS_AN_HOUR
_NIGHT, _WEEKEND = 0.12, 0.3
"""Of the busiest hour of a working day."""
_GROWTH_A_WEEK = 1.02
_DAY_SPREAD, _HOUR_SPREAD = 0.15, 0.15
"""Standard deviations of the logarithms by which whole days, and hours, are above or below their rate."""
_HOLIDAYS_A_WEEK = 0.1
_HOLIDAY = 0.3
_OUTAGES_A_WEEK = 0.1
_LONGEST_OUTAGE_HOURS = 12
_FLOODS_A_WEEK = 0.3
_FLOOD = 40
"""Tickets of one customer within a quarter of an hour."""
_REGULARS = 0.4
"""The share of the tickets that come from the few who write often."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant's tickets, from a Monday's midnight on."""

    quarters: list[list[int]] = field(repr=False)
    """Of each quarter of an hour, who wrote: a customer's number for each ticket."""

    def hourly(self) -> list[int]:
        """How many tickets each hour had."""
        starts = range(0, len(self.quarters), QUARTERS_AN_HOUR)
        return [sum(map(len, self.quarters[start : start + QUARTERS_AN_HOUR])) for start in starts]

    def with_spike(self, quarter: int, length: int, extra: float, luck: random.Random) -> "Tenant":
        """The same with so many more tickets of different customers, spread over `length` quarters of an hour."""
        quarters = list(self.quarters)
        for each in range(quarter, min(quarter + length, len(quarters))):
            more = poisson(extra / length, luck)
            quarters[each] = [*quarters[each], *(luck.randrange(10**9, 10**10) for _ in range(more))]
        return Tenant(quarters)


def made_up(tickets_an_hour: float, weeks: int, luck: random.Random) -> Tenant:
    """A tenant with so many tickets an hour on average of its first week, if nothing happens."""
    shape = [_share(slot) for slot in range(HOURS_A_WEEK)]
    scale = tickets_an_hour * HOURS_A_WEEK / sum(shape)
    regulars, others = max(3, round(tickets_an_hour * 20)), max(50, round(tickets_an_hour * 2_000))
    quarters: list[list[int]] = []
    for day in range(weeks * 7):
        rate = scale * _GROWTH_A_WEEK ** (day / 7) * math.exp(luck.gauss(0, _DAY_SPREAD))
        rate *= _HOLIDAY if luck.random() < _HOLIDAYS_A_WEEK / 7 else 1
        for hour in range(HOURS_A_DAY):
            mean = rate * shape[day % 7 * HOURS_A_DAY + hour] * math.exp(luck.gauss(0, _HOUR_SPREAD))
            for _ in range(QUARTERS_AN_HOUR):
                count = poisson(mean / QUARTERS_AN_HOUR, luck)
                quarters.append([_who(regulars, others, luck) for _ in range(count)])
    _disturb(quarters, weeks, luck)
    return Tenant(quarters)


def poisson(mean: float, luck: random.Random) -> int:
    """How many events there are where so many are expected: gaps between them are counted (Knuth, TAOCP 2, 3.4.1)."""
    if mean > 500:
        return max(0, round(luck.gauss(mean, math.sqrt(mean))))
    count, time = 0, luck.expovariate(1)
    while time < mean:
        count += 1
        time += luck.expovariate(1)
    return count


def _share(slot: int) -> float:
    """How busy an hour of the week is, of 1: mornings and afternoons of working days most."""
    day, hour = divmod(slot, HOURS_A_DAY)
    bump = math.exp(-(((hour - 10) / 2.5) ** 2)) + 0.8 * math.exp(-(((hour - 15) / 3) ** 2))
    return (_NIGHT + bump) * (_WEEKEND if day >= 5 else 1)


def _who(regulars: int, others: int, luck: random.Random) -> int:
    return luck.randrange(regulars) if luck.random() < _REGULARS else regulars + luck.randrange(others)


def _disturb(quarters: list[list[int]], weeks: int, luck: random.Random) -> None:
    """Let the help desk be down now and then, and some customers send the same again and again."""
    for _ in range(poisson(weeks * _OUTAGES_A_WEEK, luck)):
        start = luck.randrange(len(quarters))
        for each in range(start, min(len(quarters), start + luck.randrange(4, _LONGEST_OUTAGE_HOURS * 4))):
            quarters[each] = []
    for _ in range(poisson(weeks * _FLOODS_A_WEEK, luck)):
        each = luck.randrange(len(quarters))
        quarters[each] = quarters[each] + [luck.randrange(100)] * _FLOOD
