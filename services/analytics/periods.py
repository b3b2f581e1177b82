"""Periods and moments that clients ask for, and what is wrong with them."""

from datetime import datetime

from services.errors import InvalidInputError
from services.tickets.filter import PLAUSIBLE_YEARS


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
