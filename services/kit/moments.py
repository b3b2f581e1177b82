"""Moments as clients write them: read here for REST, GraphQL and the command line alike."""

import re
from datetime import UTC, datetime, timedelta

from services.kit.clock import truncate

FORM = "ISO 8601, for instance 2026-02-05T13:00:00Z or 2026-02-05"
_LONGEST = 40
_DAY_AND_TIME = re.compile(r"(\d{4}-\d\d-\d\d)|(\d{4}-?\d\d-?\d\d)[Tt ](\d\d:?\d\d.*)")
"""A bare number is no moment: it could be a year, a day or seconds, and no guess is right for all."""
_ZONE_AFTER_BLANK = re.compile(r" (?=\d\d:\d\d$)")
"""The `+` of a zone, as it arrives from a URL in which it was not percent-encoded."""
_END_OF_DAY = re.compile(r"([T ])24(:?00(?::?00(?:[.,]0+)?)?)(?=$|[Z+-])")
_LEAP_SECOND = re.compile(r"([T ]\d\d(:?)59\2)60(?:[.,]\d+)?(?=$|[Z+-])")


def read_moment(text: object) -> datetime:
    """A moment in UTC, to the millisecond. A day alone is its midnight; without a zone it is UTC.

    Raises:
        ValueError: it is no such text, or lies outside the years 1 to 9999.
    """
    parts = _DAY_AND_TIME.fullmatch(text) if isinstance(text, str) and len(text) <= _LONGEST else None
    if parts is None:
        raise ValueError(f"must be {FORM}")
    day, time = parts[1] or parts[2], _ZONE_AFTER_BLANK.sub("+", parts[3] or "00:00").upper()
    try:
        return truncate(from_iso(f"{day}T{time}"))
    except ValueError as error:
        raise ValueError(f"must be {FORM}") from error
    except OverflowError as error:
        raise ValueError("is too far away") from error


def from_iso(text: str) -> datetime:
    """As `datetime.fromisoformat`, of texts with `T` and `Z` as capitals; without a zone it is UTC.

    Python 3.11 knows neither the end of a day as 24:00, nor leap seconds, which are read as the second that follows.

    Raises:
        ValueError: it is no ISO 8601.
        OverflowError: it lies after the year 9999.
    """
    usual, ends = _END_OF_DAY.subn(r"\g<1>00\g<2>", text)
    usual, leaps = _LEAP_SECOND.subn(r"\g<1>59", usual)
    moment = datetime.fromisoformat(usual)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment + timedelta(days=ends, seconds=leaps) if ends or leaps else moment
