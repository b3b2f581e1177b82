"""Which hour of the week a clock showed at a moment, as MongoDB works it out from the clock's offsets."""

from datetime import datetime, timedelta

from documents.database import Row
from services.errors import InvalidInputError
from services.kit.civil_time import offset_changes, zone
from services.kit.clock import EPOCH, SystemClock

HOURS_A_DAY = 24
HOURS_A_WEEK = 7 * HOURS_A_DAY
EPOCH_HOUR = 3 * HOURS_A_DAY
"""The hour of the week, from Monday, in which 1970 began: on a Thursday."""
_HOUR_MILLISECONDS = 3_600_000
_MILLISECOND = timedelta(milliseconds=1)
_NEWEST = 6
"""So many of a clock's offsets are looked at one after the other: those of three years, as a rule."""

Offsets = list[tuple[datetime, timedelta]]
"""A clock's, from `offset_changes`, oldest first: what lies before them has the first, what lies behind the last."""


def offsets_of(time_zone: str, start: datetime | None, end: datetime | None) -> Offsets:
    """The offsets of a zone's clock in a period; without an end, until now.

    Raises:
        InvalidInputError: there is no such time zone.
    """
    place = zone(time_zone)
    start, end = start or EPOCH, end or SystemClock().now()
    return offset_changes(min(start, end), end, place)


def hour_of_week(moment: str, offsets: Offsets) -> Row:
    """The expression for the hour, 0 to 167 from Monday 0:00, at the moment of a field."""
    milliseconds = {"$add": [{"$toLong": moment}, _offset_at(moment, offsets)]}
    hours = {"$floor": {"$divide": [milliseconds, _HOUR_MILLISECONDS]}}
    of_week = {"$mod": [{"$add": [hours, EPOCH_HOUR]}, HOURS_A_WEEK]}
    return {"$mod": [{"$add": [of_week, HOURS_A_WEEK]}, HOURS_A_WEEK]}  # before 1970 it is negative


def created_at_hours(weekday: int | None, hour: int | None, offsets: Offsets) -> Row:
    """The condition on tickets that were created on a weekday (Monday is 1), in an hour of the day, or both.

    Raises:
        InvalidInputError: there is no such weekday or hour.
    """
    if weekday is not None and weekday not in range(1, 8):
        raise InvalidInputError("must be from 1, Monday, to 7, Sunday.", argument="created_weekday")
    if hour is not None and hour not in range(HOURS_A_DAY):
        raise InvalidInputError("must be from 0 to 23.", argument="created_hour")
    # Of other programs' tickets, which may have a text there, nobody knows the hour.
    is_moment = {"$eq": [{"$type": "$created_at"}, "date"]}
    shown = {"$cond": [is_moment, hour_of_week("$created_at", offsets), None]}
    if weekday is None:
        return {"$expr": {"$eq": [{"$mod": [shown, HOURS_A_DAY]}, hour]}}
    if hour is None:
        return {"$expr": {"$eq": [{"$floor": {"$divide": [shown, HOURS_A_DAY]}}, weekday - 1]}}
    return {"$expr": {"$eq": [shown, (weekday - 1) * HOURS_A_DAY + hour]}}


def _offset_at(moment: str, offsets: Offsets) -> Row | int:
    """The expression for the offset at a moment, in milliseconds.

    The newest ones, which most need, come first; those before are a list, as long expressions take long to be read.
    """
    older, newer = offsets[:-_NEWEST], offsets[-_NEWEST:]
    if older:
        begun = {
            "$filter": {"input": {"$literal": [start for start, _ in older[1:]]}, "cond": {"$lte": ["$$this", moment]}}
        }
        default: Row | int = {
            "$arrayElemAt": [{"$literal": [offset // _MILLISECOND for _, offset in older]}, {"$size": begun}]
        }
    else:
        (_, first), *newer = newer
        default = first // _MILLISECOND
    branches = [
        {"case": {"$gte": [moment, start]}, "then": offset // _MILLISECOND} for start, offset in reversed(newer)
    ]
    return {"$switch": {"branches": branches, "default": default}} if branches else default
