"""Periods and moments that clients ask for, and what is wrong with them.

Periods that end now are ISO 8601 durations, as far as their length is the same at any time.
"""

import re
from datetime import datetime, timedelta

from services.errors import InvalidInputError
from services.tickets.filter import PLAUSIBLE_YEARS

LONGEST_PERIOD = timedelta(days=3_660)
_DURATION = re.compile(
    r"P(?=[0-9T])(?:(?P<weeks>[0-9]{1,4})W)?(?:(?P<days>[0-9]{1,5})D)?"
    r"(?:T(?=[0-9])(?:(?P<hours>[0-9]{1,6})H)?(?:(?P<minutes>[0-9]{1,7})M)?)?"
)


def require_period(start: datetime | None, end: datetime | None) -> None:
    """Refuse a period that makes no sense.

    Raises:
        InvalidInputError: an end of it is naive or absurd, or the two are reversed; the text names the argument.
    """
    for name, moment in (("fromDate", start), ("toDate", end)):
        if moment is not None:
            require_moment(name, moment)
    if start is not None and end is not None and start > end:
        raise InvalidInputError("toDate lies before fromDate.")


def require_moment(name: str, moment: datetime) -> None:
    """Refuse a moment that makes no sense.

    Raises:
        InvalidInputError: it is naive, or of no year from 1970 to 2199; the text names the argument.
    """
    if moment.tzinfo is None:
        raise InvalidInputError(f"{name} needs a time zone, for instance 2026-02-05T13:00:00Z.")
    if moment.year not in PLAUSIBLE_YEARS:
        raise InvalidInputError(f"{name} must lie between the years 1970 and 2199.")


def require_past(name: str, moment: datetime, now: datetime) -> None:
    """Refuse a moment that makes no sense or is still to come.

    Raises:
        InvalidInputError: the text names the argument.
    """
    require_moment(name, moment)
    if moment > now:
        raise InvalidInputError(f"{name} must not lie in the future.")


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
            "A period is an ISO 8601 duration of weeks, days, hours and minutes, at most 3,660 days: for instance "
            "P7D or PT24H."
        )
    return length


def period_until(now: datetime, length: timedelta) -> datetime:
    """When a period of this length began that ends now: at a full minute, so that figures stay for so long."""
    return (now - length).replace(second=0, microsecond=0)
