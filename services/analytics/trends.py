"""How many tickets were created in each hour, day, week or month, by the clock of a time zone."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from documents.ticket import CountedField
from services.analytics.partition import QUARTER_HOUR, partition_of
from services.analytics.quarter_hours import QuarterHours, UnitCounts
from services.analytics.values import bounded_counts
from services.errors import InvalidInputError
from services.kit.civil_time import TrendUnit, boundaries, zone
from services.kit.clock import EPOCH
from services.rollups.rows import TOTALS
from services.statuses import category_of
from services.tenancy import Filter
from services.tickets.filter import created_in_period

MAX_BUCKETS = 1_000
_USUAL_PERIODS = {
    TrendUnit.HOUR: timedelta(hours=24),
    TrendUnit.DAY: timedelta(days=30),
    TrendUnit.WEEK: timedelta(weeks=12),
    TrendUnit.MONTH: timedelta(days=365),
}
_MEAN_LENGTHS = {
    TrendUnit.HOUR: timedelta(hours=1),
    TrendUnit.DAY: timedelta(days=1),
    TrendUnit.WEEK: timedelta(weeks=1),
    TrendUnit.MONTH: timedelta(days=365.2425 / 12),
}


@dataclass(frozen=True, slots=True)
class TrendBucket:
    """The tickets created in one hour, day, week or month."""

    start: datetime
    created_from: datetime
    """Of it, what lies in the period: tickets created at or after this moment,"""
    created_to: datetime
    """and before this one."""
    count: int
    counts: list[tuple[str, int]]
    """By the value of the field that was asked for, most tickets first; only values that occur, and of a field that may
    have very many, the most frequent ones."""


@dataclass(frozen=True, slots=True)
class Trend:
    """Which trend is asked for; its first and last unit count only what lies in the period."""

    tenant_id: str
    start: datetime
    end: datetime
    unit: TrendUnit
    time_zone: str

    def boundaries(self) -> list[datetime]:
        """When its units begin, and when the last one ends.

        Raises:
            InvalidInputError: the period makes no sense or has too many units, or there is no such time zone.
        """
        created_in_period(self.start, self.end)
        if (self.end - self.start) / _MEAN_LENGTHS[self.unit] > MAX_BUCKETS:
            raise InvalidInputError(
                f"the period has more than {MAX_BUCKETS} of them; take a shorter one or a longer unit.", argument="unit"
            )
        return boundaries(self.start, self.end, self.unit, zone(self.time_zone))

    def tickets(
        self,
        begins: list[datetime],
        breakdowns: Iterable[CountedField | None],
        *,
        rolled_up: bool,
        where: Filter | None = None,
    ) -> QuarterHours:
        """What its buckets are made of. `rolled_up` and `where`: as in `partition_of`."""
        is_exact = any((begin - EPOCH) % QUARTER_HOUR for begin in begins)  # some zones did not keep to it before 1972
        of = partition_of(self.tenant_id, self.start, self.end, rolled_up=rolled_up and not is_exact, where=where)
        return QuarterHours(of, {counted_for(each) for each in breakdowns}, is_exact=is_exact)

    def buckets(
        self, begins: list[datetime], units: list[UnitCounts], breakdown: CountedField | None
    ) -> list[TrendBucket]:
        """All units, oldest first, with what was counted in each."""
        return [
            TrendBucket(
                start,
                max(start, self.start),
                min(end, self.end),
                unit.total,
                [] if breakdown is None else bounded_counts(breakdown, _ranked(_shown(unit.by_value, breakdown))),
            )
            for (start, end), unit in zip(pairwise(begins), units, strict=True)
        ]


def counted_for(breakdown: CountedField | None) -> str:
    """The field that is counted: categories are made of statuses, and of a mere total, nothing is shown but sums."""
    stored = CountedField.STATUS if breakdown is CountedField.STATUS_CATEGORY else breakdown
    return TOTALS if stored is None else stored.value


def _shown(unit: Counter[str], breakdown: CountedField) -> Counter[str]:
    if breakdown is not CountedField.STATUS_CATEGORY:
        return unit
    categories: Counter[str] = Counter()
    for status, count in unit.items():
        categories[category_of(status).value] += count
    return categories


def usual_start(end: datetime, unit: TrendUnit) -> datetime:
    """Where a trend begins unless told otherwise: 24 hours, 30 days, 12 weeks or a year before its end."""
    return end - _USUAL_PERIODS[unit]


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    occurring = ((value, count) for value, count in counts.items() if count)
    return sorted(occurring, key=lambda pair: (-pair[1], pair[0]))
