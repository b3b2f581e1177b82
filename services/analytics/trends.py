"""How many tickets were created in each hour, day or week, by the clock of a time zone."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from documents.database import Row
from documents.described import DescribedEnum
from documents.ticket import CountedField
from services.errors import InvalidInputError
from services.rollups.rows import UNKNOWN
from services.statuses import category_expression
from services.tenancy import Filter, live
from services.tickets.filter import created_between

MAX_BUCKETS = 1_000
UNKNOWN_TIME_ZONE = 40485
"""MongoDB's code for it."""
_TIME_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]{0,63}|[+-](0[0-9]|1[0-4]):[0-5][0-9]")


class TrendUnit(DescribedEnum):
    """The length of a trend's steps."""

    HOUR = "hour", "Hours."
    DAY = "day", "Days."
    WEEK = "week", "Weeks, from Monday."


_LENGTHS = {TrendUnit.HOUR: timedelta(hours=1), TrendUnit.DAY: timedelta(days=1), TrendUnit.WEEK: timedelta(weeks=1)}
_USUAL_BUCKETS = {TrendUnit.HOUR: 24, TrendUnit.DAY: 30, TrendUnit.WEEK: 12}


@dataclass(frozen=True, slots=True)
class TrendBucket:
    """The tickets created in one hour, day or week."""

    start: datetime
    count: int
    counts: list[tuple[str, int]]
    """By the value of the field that was asked for, most tickets first; only values that occur."""

    @classmethod
    def of(cls, row: Row) -> "TrendBucket":
        """The bucket that a document of `Trend.pipeline` tells of."""
        counts = sorted(
            ((str(one["value"]), one["count"]) for one in row["counts"]), key=lambda pair: (-pair[1], pair[0])
        )
        return cls(row["start"], row["count"], counts)


@dataclass(frozen=True, slots=True)
class Trend:
    """Which trend is asked for; its first and last unit count only what lies in the period."""

    tenant_id: str
    start: datetime
    end: datetime
    unit: TrendUnit
    time_zone: str
    breakdown: CountedField | None

    def pipeline(self) -> list[Row]:
        """Ends in one document a unit, `{start, count, counts: [{value, count}]}`, oldest first, empty ones too.

        Raises:
            InvalidInputError: the period makes no sense or has too many units, or this cannot be a time zone.
        """
        where = live(self.tenant_id, **created_between(self.start, self.end))
        if (self.end - self.start) / _LENGTHS[self.unit] > MAX_BUCKETS:
            raise InvalidInputError(f"A trend has at most {MAX_BUCKETS} units; take a shorter period or a longer unit.")
        if not _TIME_ZONE.fullmatch(self.time_zone):
            raise InvalidInputError("The time zone must be a name such as Europe/Paris, or an offset such as +02:00.")
        counts = {"$literal": []} if self.breakdown is None else {"$ifNull": ["$counts", []]}
        return [
            *self._by_unit(where),
            *self._and_empty_units(),
            {"$sort": {"_id": 1}},
            {"$project": {"_id": 0, "start": "$_id", "count": 1, "counts": counts}},
        ]

    def _by_unit(self, where: Filter) -> list[Row]:
        """From tickets to `{_id: start of the unit, count, counts: [{value, count}]}`.

        Truncating in a time zone is slow. Zones differ by quarters of an hour: those come first, by arithmetic.
        """
        quarter = {"$dateTrunc": {"date": "$created_at", "unit": "minute", "binSize": 15}}
        stored, shown = self.breakdown, {"$ifNull": ["$_id.value", UNKNOWN]}
        if stored is CountedField.STATUS_CATEGORY:
            stored, shown = CountedField.STATUS, category_expression("$_id.value")
        value = {} if stored is None else {"value": f"${stored}"}
        same_value = {} if stored is None else {"value": shown}
        counted = {"value": "$_id.value", "count": "$count"}
        return [
            {"$match": where},
            {"$group": {"_id": {"start": quarter, **value}, "count": {"$sum": 1}}},
            {"$group": {"_id": {"start": self._truncated("$_id.start"), **same_value}, "count": {"$sum": "$count"}}},
            {"$group": {"_id": "$_id.start", "count": {"$sum": "$count"}, "counts": {"$push": counted}}},
        ]

    def _and_empty_units(self) -> list[Row]:
        """Every unit of the period joins as `{_id: start, count: 0}`."""
        first = self._truncated(self.start)
        last = self._truncated(self.end - timedelta(milliseconds=1))  # a period of no length has no unit
        distance = {
            "$dateDiff": {
                "startDate": first,
                "endDate": last,
                "unit": self.unit.value,
                "timezone": self.time_zone,
                "startOfWeek": "monday",
            }
        }
        nth = {
            "$dateAdd": {"startDate": first, "unit": self.unit.value, "amount": "$$this", "timezone": self.time_zone}
        }
        empty = {"$map": {"input": {"$range": [0, {"$add": [distance, 1]}]}, "in": {"_id": nth, "count": 0}}}
        return [
            {"$unionWith": {"pipeline": [{"$documents": empty}]}},
            {"$group": {"_id": "$_id", "count": {"$sum": "$count"}, "counts": {"$max": "$counts"}}},
        ]

    def _truncated(self, date: object) -> Row:
        """The start of the unit that holds a date."""
        return {
            "$dateTrunc": {
                "date": date,
                "unit": self.unit.value,
                "timezone": self.time_zone,
                "startOfWeek": "monday",
            }
        }


def usual_start(end: datetime, unit: TrendUnit) -> datetime:
    """Where a trend begins unless told otherwise: 24 hours, 30 days or 12 weeks before its end."""
    return end - _USUAL_BUCKETS[unit] * _LENGTHS[unit]
