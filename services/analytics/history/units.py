"""The units of a period, and how a pipeline finds the one that holds a moment."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from documents.database import Row
from services.analytics.periods import require_period
from services.analytics.trends import MAX_BUCKETS, usual_start
from services.errors import InvalidInputError
from services.kit.civil_time import TrendUnit, boundaries, zone
from services.kit.clock import EPOCH

_LONGEST = {
    TrendUnit.HOUR: timedelta(hours=1),
    TrendUnit.DAY: timedelta(hours=26),
    TrendUnit.WEEK: timedelta(days=7, hours=2),
    TrendUnit.MONTH: timedelta(days=31, hours=2),
}
_MILLISECOND = timedelta(milliseconds=1)
_PIECES = (timedelta(hours=1), timedelta(minutes=15), timedelta(seconds=1))


@dataclass(frozen=True, slots=True)
class Units:
    """The units of a period: its first and its last one are cut where the period begins and ends."""

    edges: list[datetime]
    """The period's start, the beginnings of units inside of it, and its end: one more than there are units.

    A period of no length has no units, and one edge."""

    @property
    def start(self) -> datetime:
        """When the period begins."""
        return self.edges[0]

    @property
    def end(self) -> datetime:
        """When it ends."""
        return self.edges[-1]

    def grouped(self, counts: Row) -> list[Row]:
        """From events to one document a unit that has any: `{_id: its number, ...counts}`.

        An event is `{at, ...}`, with a date in the period, or null: those have the number -1. `counts`: the
        accumulators, by name.
        """
        sums = {name: {"$sum": f"${name}"} for name in counts}
        # Pieces of time first, which no unit cuts, so that few are left to place: {_id: their start, ...counts}.
        piece = {"$dateTrunc": {"date": "$at", "unit": "second", "binSize": int(self._piece().total_seconds())}}
        return [
            {"$group": {"_id": piece, **counts}},
            {"$group": {"_id": {"$cond": [{"$eq": ["$_id", None]}, -1, self._number()]}, **sums}},
        ]

    def _piece(self) -> timedelta:
        inner = [edge - EPOCH for edge in self.edges[1:-1]]
        return next(piece for piece in _PIECES if not any(edge % piece for edge in inner))

    def _number(self) -> Row:
        """The expression for the number of the unit that holds the moment `_id`.

        Units are nearly equally long: the number is guessed by division, and put right by looking at the units around.
        """
        inner = self.edges[1:-1]
        if not inner:
            return {"$literal": 0}
        length = (inner[-1] - inner[0]) / (len(inner) - 1) if len(inner) > 1 else self.end - self.start
        guess = {"$toInt": {"$floor": {"$divide": [{"$subtract": ["$_id", inner[0]]}, length / _MILLISECOND]}}}
        near = {
            "$range": [{"$max": [0, {"$subtract": ["$$guess", 2]}]}, {"$min": [{"$add": ["$$guess", 3]}, len(inner)]}]
        }
        begun = {"$filter": {"input": near, "cond": {"$lte": [{"$arrayElemAt": [inner, "$$this"]}, "$_id"]}}}
        return {"$let": {"vars": {"guess": guess}, "in": {"$add": [{"$ifNull": [{"$last": begun}, -1]}, 1]}}}


def units_of(start: datetime | None, end: datetime, unit: TrendUnit, time_zone: str) -> Units:
    """The units of a period, which has its usual length (24 hours, 30 days, 12 weeks, a year) unless it has a start.

    Raises:
        InvalidInputError: the period makes no sense or has more than 1,000 units, or there is no such time zone.
    """
    start = start or usual_start(end, unit)
    require_period(start, end)
    place = zone(time_zone)
    if (end - start) / _LONGEST[unit] <= MAX_BUCKETS:
        inner = [begin for begin in boundaries(start, end, unit, place) if start < begin < end]
        if len(inner) < MAX_BUCKETS:
            return Units([start, *inner, *([end] if end > start else [])])
    raise InvalidInputError(
        f"more than {MAX_BUCKETS} units begin from then on; take a later one or a longer unit.", argument="from_date"
    )
