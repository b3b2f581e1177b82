"""The mock's view of time, injectable so that tests can turn it by hand."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Clock:
    """Two clocks: `now` answers the time of day in UTC, `monotonic` seconds that never jump."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]

    def now_ms(self) -> int:
        """Return the time of day in whole milliseconds since 1970."""
        return epoch_ms(self.now())


SYSTEM_CLOCK = Clock(now=lambda: datetime.now(UTC), monotonic=time.monotonic)


def epoch_ms(moment: datetime) -> int:
    """Return whole milliseconds since 1970, rounded down; `moment` must carry a time zone."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def iso(milliseconds: int) -> str:
    """Write milliseconds since 1970 as ISO 8601 with `Z`, for example `2026-02-05T13:00:00.250Z`."""
    hours, rest = divmod(milliseconds, _HOUR_MS)
    minutes, rest = divmod(rest, 60_000)
    return f"{_date_and_hour(hours)}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}Z"


@lru_cache(maxsize=4096)
def _date_and_hour(hours: int) -> str:
    """Return for example `2026-02-05T13`; kept, because 20,000 times at start share 1,440 hours."""
    return (_EPOCH + timedelta(hours=hours)).isoformat()[:13]


def parse_iso_ms(text: object) -> int | None:
    """Read ISO 8601 text as milliseconds since 1970 (UTC unless it says otherwise), None when it is not that."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return epoch_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
