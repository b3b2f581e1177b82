"""When hours, days, weeks and months begin by the clock of a place.

The rules come from the `tzdata` package, whose version is locked: MongoDB's date operators carry rules of their own,
which are years old, and start some days wrongly. A day has 23, 24 or 25 hours, its midnight may not exist or exist
twice, and an hour may be cut by a change of the clock; so boundaries are worked out here, one by one.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from zoneinfo import ZoneInfo

from documents.described import DescribedEnum
from services.errors import InvalidInputError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z][A-Za-z0-9_+-]*){0,2}")
_OFFSET = re.compile(r"([+-])(0[0-9]|1[0-4]):([0-5][0-9])")
_SHORTEST_CHANGE = timedelta(seconds=1)
_SEARCHED = timedelta(hours=26)
"""No clock was ever changed by more: two places have once left out, or had twice, a whole day."""


class TrendUnit(DescribedEnum):
    """The length of a trend's steps."""

    HOUR = "hour", "Hours."
    DAY = "day", "Days."
    WEEK = "week", "Weeks, from Monday."
    MONTH = "month", "Months."


@lru_cache(maxsize=1024)
def zone(name: str) -> tzinfo:
    """The time zone of a name such as `Europe/Paris`, or of an offset such as `+02:00`.

    Raises:
        InvalidInputError: there is none.
    """
    if offset := _OFFSET.fullmatch(name):
        sign = -1 if offset[1] == "-" else 1
        return timezone(sign * timedelta(hours=int(offset[2]), minutes=int(offset[3])))
    try:
        if _NAME.fullmatch(name):
            with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as rules:
                return ZoneInfo.from_file(rules, key=name)
    except (OSError, ValueError):  # no such file, or one of another kind
        pass
    raise InvalidInputError(
        f"there is no {name[:64]!r}; give a name such as Europe/Paris, or an offset such as +02:00.",
        argument="time_zone",
    )


def boundaries(start: datetime, end: datetime, unit: TrendUnit, place: tzinfo) -> list[datetime]:
    """When the units begin that hold a moment from `start` to before `end`, and when the last of them ends, in UTC.

    Of n units there are n + 1 boundaries; a period of no length has none. Units that do not exist (a day that was left
    out) have no place among them.
    """
    if start >= end:
        return []
    begin = _hours(start, place) if unit is TrendUnit.HOUR else _dates(start, unit, place)
    found: list[datetime] = []
    for moment in begin:
        if moment <= start:
            found = [moment]
        elif not found or moment > found[-1]:
            found.append(moment)
        if moment >= end:
            break
    return found


def offset_changes(start: datetime, end: datetime, place: tzinfo) -> list[tuple[datetime, timedelta]]:
    """The offsets from UTC that the clock has from `start` to `end`, each with when it begins, oldest first.

    The first one begins at `start`; a period of no length has it alone.
    """
    years = range(start.astimezone(UTC).year, end.astimezone(UTC).year + 1)
    changes = [change for year in years for change in _changes_in(year, place) if start < change < end]
    return [(moment, _offset(moment, place) or timedelta()) for moment in (start.astimezone(UTC), *changes)]


@lru_cache(maxsize=4096)
def _changes_in(year: int, place: tzinfo) -> list[datetime]:
    """When the clock is changed in a year: it is looked at every day."""
    days = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(367)]
    return [
        _change_between(before, after, place)
        for before, after in pairwise(days)
        if before.year == year and _offset(before, place) != _offset(after, place)
    ]


def _hours(start: datetime, place: tzinfo) -> Iterator[datetime]:
    """Every moment at which the clock shows a full hour, or is changed, from the last one before `start` on."""
    moment = start.astimezone(UTC).replace(microsecond=0) - timedelta(hours=2)
    local = moment.astimezone(place)
    while True:
        following = moment - timedelta(minutes=local.minute, seconds=local.second) + timedelta(hours=1)
        then = following.astimezone(place)
        if then.utcoffset() != local.utcoffset():
            following = _change_between(moment, following, place)
            then = following.astimezone(place)
        moment, local = following, then
        yield moment


def _change_between(before: datetime, after: datetime, place: tzinfo) -> datetime:
    """When the clock was changed between two moments of different offsets."""
    offset = _offset(before, place)
    return _first(before, after, lambda moment: _offset(moment, place) != offset)


def _dates(start: datetime, unit: TrendUnit, place: tzinfo) -> Iterator[datetime]:
    """The first moment of each day, week or month, from two of them before `start` on."""
    day = start.astimezone(place).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    day -= timedelta(days=1)
    if unit is TrendUnit.WEEK:
        day -= timedelta(days=day.weekday())
    elif unit is TrendUnit.MONTH:
        day = day.replace(day=1)
    while True:
        yield _start_of(day, place)
        day = _following(day, unit)


def _start_of(day: datetime, place: tzinfo) -> datetime:
    """The first moment at which the clock shows midnight of that day, or more."""
    moment = day.replace(tzinfo=place).astimezone(UTC)
    if _clock(moment, place) == day and _clock(moment - _SHORTEST_CHANGE, place) < day:
        return moment
    around = day.replace(tzinfo=UTC)
    return _first(around - _SEARCHED, around + _SEARCHED, lambda at: _clock(at, place) >= day)


def _following(day: datetime, unit: TrendUnit) -> datetime:
    if unit is TrendUnit.MONTH:
        return (day + timedelta(days=32)).replace(day=1)
    return day + timedelta(days=7 if unit is TrendUnit.WEEK else 1)


def _first(before: datetime, after: datetime, holds: Callable[[datetime], bool]) -> datetime:
    """The first moment, to the second, at which a condition holds that holds at `after` and not at `before`."""
    while after - before > _SHORTEST_CHANGE:
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle <= before:
            break
        before, after = (before, middle) if holds(middle) else (middle, after)
    return after


def _clock(moment: datetime, place: tzinfo) -> datetime:
    return moment.astimezone(place).replace(tzinfo=None)


def _offset(moment: datetime, place: tzinfo) -> timedelta | None:
    return moment.astimezone(place).utcoffset()
