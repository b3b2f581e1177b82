"""Periods and moments that clients ask for, and what is wrong with them.

Periods that end now are ISO 8601 durations, as far as their length is the same at any time.
"""

import re
from datetime import datetime, timedelta

from services.errors import InvalidInputError
from services.tickets.filter import created_in_period, require_moment

LONGEST_PERIOD = timedelta(days=3_660)
_DURATION = re.compile(
    r"P(?=[0-9T])(?:(?P<weeks>[0-9]{1,4})W)?(?:(?P<days>[0-9]{1,5})D)?"
    r"(?:T(?=[0-9])(?:(?P<hours>[0-9]{1,6})H)?(?:(?P<minutes>[0-9]{1,7})M)?)?"
)


def require_period(start: datetime | None, end: datetime | None) -> None:
    """Refuse a period that makes no sense.

    Raises:
        InvalidInputError: an end of it is naive or absurd, or the two are reversed.
    """
    created_in_period(start, end)


def require_past(argument: str, moment: datetime, now: datetime) -> None:
    """Refuse a moment that makes no sense or is still to come.

    Raises:
        InvalidInputError: it is naive or absurd, or lies in the future.
    """
    require_moment(argument, moment)
    if moment > now:
        raise InvalidInputError("must not lie in the future.", argument=argument)


def parse_period(text: str) -> timedelta:
    """Read a duration of weeks, days, hours and minutes, for instance `P7D` or `PT24H`.

    Raises:
        InvalidInputError: it is none, is shorter than a minute, or longer than 3,660 days; or it has months or years,
            whose length varies.
    """
    found = _DURATION.fullmatch(text)
    length = timedelta() if found is None else timedelta(**{unit: int(n or 0) for unit, n in found.groupdict().items()})
    if not timedelta(minutes=1) <= length <= LONGEST_PERIOD:
        raise InvalidInputError(
            "must be an ISO 8601 duration of weeks, days, hours and minutes, at most 3,660 days: for instance P7D or "
            "PT24H.",
            argument="period",
        )
    return length


def period_until(now: datetime, length: timedelta) -> datetime:
    """When a period of this length began that ends now: at a full minute, so that figures stay for so long."""
    return (now - length).replace(second=0, microsecond=0)
