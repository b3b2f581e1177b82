"""How many tickets were created in each hour, day, week or month, by the clock of a time zone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from documents.database import Row
from documents.ticket import CountedField
from services.analytics.civil_time import TrendUnit, boundaries, zone
from services.errors import InvalidInputError
from services.rollups.rows import UNKNOWN
from services.statuses import category_expression
from services.tenancy import live
from services.tickets.filter import created_between

MAX_BUCKETS = 1_000
_QUARTER = 15 * 60
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
    """By the value of the field that was asked for, most tickets first; only values that occur."""


@dataclass(frozen=True, slots=True)
class Trend:
    """Which trend is asked for; its first and last unit count only what lies in the period."""

    tenant_id: str
    start: datetime
    end: datetime
    unit: TrendUnit
    time_zone: str
    breakdown: CountedField | None

    def boundaries(self) -> list[datetime]:
        """When its units begin, and when the last one ends.

        Raises:
            InvalidInputError: the period makes no sense or has too many units, or there is no such time zone.
        """
        created_between(self.start, self.end)
        if (self.end - self.start) / _MEAN_LENGTHS[self.unit] > MAX_BUCKETS:
            raise InvalidInputError(f"A trend has at most {MAX_BUCKETS} units; take a shorter period or a longer unit.")
        return boundaries(self.start, self.end, self.unit, zone(self.time_zone))

    def pipeline(self, begins: list[datetime]) -> list[Row]:
        """Ends in one document a unit that has tickets: `{_id: its number, count, counts: [{value, count}]}`."""
        stored, shown = self.breakdown, {"$ifNull": ["$_id.value", UNKNOWN]}
        if stored is CountedField.STATUS_CATEGORY:
            stored, shown = CountedField.STATUS, category_expression("$_id.value")
        value = {} if stored is None else {"value": f"${stored}"}
        same_value = {} if stored is None else {"value": shown}
        counted = {"value": "$_id.value", "count": "$count"}
        number = _number_of_unit(begins)
        # Zones differ by quarters of an hour: those come first, by arithmetic alone, so that few are left to place.
        seconds = (
            1 if any(begin.timestamp() % _QUARTER for begin in begins) else _QUARTER
        )  # (some did not, before 1972)
        piece = {"$dateTrunc": {"date": "$created_at", "unit": "second", "binSize": seconds}}
        return [
            {"$match": live(self.tenant_id, **created_between(self.start, self.end))},
            {"$group": {"_id": {"start": piece, **value}, "count": {"$sum": 1}}},
            {"$group": {"_id": {"number": number, **same_value}, "count": {"$sum": "$count"}}},
            {"$group": {"_id": "$_id.number", "count": {"$sum": "$count"}, "counts": {"$push": counted}}},
        ]

    def buckets(self, begins: list[datetime], found: list[Row]) -> list[TrendBucket]:
        """All units, oldest first, with what the pipeline found of each."""
        by_number = {row["_id"]: row for row in found}
        return [
            TrendBucket(
                start,
                max(start, self.start),
                min(end, self.end),
                row["count"],
                [] if self.breakdown is None else _ranked(row["counts"]),
            )
            for number, (start, end) in enumerate(pairwise(begins))
            for row in [by_number.get(number, {"count": 0, "counts": []})]
        ]


def usual_start(end: datetime, unit: TrendUnit) -> datetime:
    """Where a trend begins unless told otherwise: 24 hours, 30 days, 12 weeks or a year before its end."""
    return end - _USUAL_PERIODS[unit]


def _number_of_unit(begins: list[datetime]) -> Row:
    """The expression for the number of the unit that holds a moment, counted from 0.

    Units are nearly equally long. So the number is guessed by division, and put right by looking at the beginnings of
    the units around, which takes as long however many there are.
    """
    length = (begins[-1] - begins[0]).total_seconds() * 1000 / (len(begins) - 1) if len(begins) > 1 else 1
    guess = {"$toInt": {"$floor": {"$divide": [{"$subtract": ["$_id.start", begins[0]]}, length]}}}
    last = max(0, len(begins) - 2)
    near = {"$range": [{"$max": [0, {"$subtract": ["$$guess", 2]}]}, {"$min": [{"$add": ["$$guess", 3]}, last + 1]}]}
    begun = {"$filter": {"input": near, "cond": {"$lte": [{"$arrayElemAt": [begins, "$$this"]}, "$_id.start"]}}}
    return {"$let": {"vars": {"guess": guess}, "in": {"$ifNull": [{"$last": begun}, 0]}}}


def _ranked(counts: list[Row]) -> list[tuple[str, int]]:
    pairs = [(str(one["value"]), one["count"]) for one in counts]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))
