"""What the header of an HTTP answer asks of whoever sent the request."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

DEFAULT_RETRY_AFTER_SECONDS = 60.0
"""The wait after a 429 that does not say how long: one whole window."""
LONGEST_RETRY_AFTER_SECONDS = 3600.0


def retry_after_seconds(headers: Mapping[str, str]) -> float:
    """The wait that a 429 asks for, from its `Retry-After` as seconds or as an HTTP date.

    A date is measured from the answer's own `Date`, so that the two clocks need not agree. A value that is
    missing, garbage or absurd counts as a whole window or as an hour.
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), LONGEST_RETRY_AFTER_SECONDS)
    try:
        wait = (parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", ""))).total_seconds()
    except (TypeError, ValueError):
        return DEFAULT_RETRY_AFTER_SECONDS
    return min(max(wait, 0.0), LONGEST_RETRY_AFTER_SECONDS)
