"""Moments as clients write them: read here for REST, GraphQL and the command line alike."""

import re
from datetime import UTC, datetime

from services.kit.clock import truncate

FORM = "ISO 8601, for instance 2026-02-05T13:00:00Z or 2026-02-05"
_LONGEST = 40
_DAY_AND_TIME = re.compile(r"(\d{4}-\d\d-\d\d)|(\d{4}-?\d\d-?\d\d)[Tt ](\d\d:?\d\d.*)")
"""A bare number is no moment: it could be a year, a day or seconds, and no guess is right for all."""
_ZONE_AFTER_BLANK = re.compile(r" (?=\d\d:\d\d$)")
"""The `+` of a zone, as it arrives from a URL in which it was not percent-encoded."""


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
        moment = datetime.fromisoformat(f"{day}T{time}")
        return truncate(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except ValueError as error:
        raise ValueError(f"must be {FORM}") from error
    except OverflowError as error:
        raise ValueError("is too far away") from error
