"""Periods that end now: ISO 8601 durations, as far as their length is the same at any time."""

import re
from datetime import datetime, timedelta

from services.errors import InvalidInputError

LONGEST_PERIOD = timedelta(days=3_660)
_DURATION = re.compile(
    r"P(?=[0-9T])(?:(?P<weeks>[0-9]{1,4})W)?(?:(?P<days>[0-9]{1,5})D)?"
    r"(?:T(?=[0-9])(?:(?P<hours>[0-9]{1,6})H)?(?:(?P<minutes>[0-9]{1,7})M)?)?"
)


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
