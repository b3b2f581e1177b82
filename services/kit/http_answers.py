"""What the header of an HTTP answer asks of whoever sent the request."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

DEFAULT_RETRY_AFTER_SECONDS = 60.0
"""The wait after a 429 that does not say how long: one whole window."""
LONGEST_RETRY_AFTER_SECONDS = 3600.0
_SECONDS = re.compile(r"[0-9]{1,18}(\.[0-9]{0,18})?")


def retry_after_seconds(headers: Mapping[str, str], *, default: float = DEFAULT_RETRY_AFTER_SECONDS) -> float:
    """The wait that an answer asks for, from its `Retry-After` as seconds, whole or not, or as an HTTP date.

    A date is measured from the answer's own `Date`, so that the two clocks need not agree; without one, from our own
    clock. A value that is missing or garbage counts as `default`, an absurd one as an hour.
    """
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return min(float(value), LONGEST_RETRY_AFTER_SECONDS)
    until, sent_at = http_moment(value), http_moment(headers.get("date", ""))
    if until is None:
        return default
    wait = (until - (sent_at or datetime.now(UTC))).total_seconds()
    if sent_at is None and wait < 0:
        return default  # nobody's clock says what was meant
    return min(max(wait, 0.0), LONGEST_RETRY_AFTER_SECONDS)


def http_moment(http_date: str) -> datetime | None:
    """An HTTP date as a moment; None if it is none."""
    try:
        moment = parsedate_to_datetime(http_date)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
