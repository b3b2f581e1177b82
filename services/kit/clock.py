"""Time as an argument, so that tests need not wait for it."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Long ago by anybody's clock, and where days and hours are counted from."""


class Clock(Protocol):
    """What services need of time."""

    def now(self) -> datetime:
        """The present moment in UTC, truncated to milliseconds (all that BSON keeps)."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never going back."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment in UTC, truncated to milliseconds."""
        return truncate(datetime.now(UTC))

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never going back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


def truncate(moment: datetime) -> datetime:
    """`moment` in UTC without what BSON would drop: a value must not change by being stored."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
