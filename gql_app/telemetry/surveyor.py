"""Keeps the figures of the whole service read, for as long as somebody asks for them: no answer waits for the database.

The first one who asks waits for the first reading. From then on it is read every few seconds in the background, until
nobody has asked for some minutes. A reading that fails, or takes too long, leaves the last one as it is.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import Context
from datetime import datetime

import structlog

from documents.failures import DatabaseError, translating
from gql_app.telemetry.gauges import LastReading
from services.errors import ServiceError
from services.kit.tasks import abandon
from services.survey import Survey

EVERY_SECONDS = 10.0
"""A reading of 500 tenants, 200,000 tickets and 300,000 runs takes a third of a second on a busy machine."""
READING_SECONDS = 2.0
"""The longest that a reading may take, and so the first one who asks may wait."""
IDLE_SECONDS = 600.0
"""Ten times what is usual between two scrapes."""

Ask = Callable[[], Awaitable[Survey]]

log = structlog.get_logger("gql_app.observability")


class Surveyor:
    """Reads what `ask` answers, once it is given that."""

    def __init__(self, now: Callable[[], datetime], *, is_always_asked: bool = False) -> None:
        """`is_always_asked`: the figures are sent somewhere, whoever asks."""
        self._now = now
        self._is_always_asked = is_always_asked
        self._ask: Ask | None = None
        self._task: asyncio.Task[None] | None = None
        self._asked_at = 0.0
        self._has_tried = asyncio.Event()
        self.last = LastReading(None, None, False)

    def begin(self, ask: Ask) -> None:
        """From now on it can be read."""
        self._ask = ask
        if self._is_always_asked:
            self._keep_reading()

    async def asked(self) -> None:
        """Somebody wants the figures: see to it that there are some that are not too old."""
        self._asked_at = time.monotonic()
        if self._ask is not None:
            self._keep_reading()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._has_tried.wait(), 2 * READING_SECONDS)

    async def end(self) -> None:
        """Read no more."""
        self._ask = None
        if self._task is not None:
            await abandon(self._task)

    def _keep_reading(self) -> None:
        if self._task is None or self._task.done():
            self._has_tried.clear()
            # It outlives the request that asked first, so its log lines and spans are none of that.
            self._task = asyncio.create_task(self._read_again_and_again(), context=Context())

    async def _read_again_and_again(self) -> None:
        while self._ask is not None:
            await self._read(self._ask)
            self._has_tried.set()
            await asyncio.sleep(EVERY_SECONDS)
            if not self._is_always_asked and time.monotonic() - self._asked_at > IDLE_SECONDS:
                return

    async def _read(self, ask: Ask) -> None:
        try:
            with translating():
                async with asyncio.timeout(READING_SECONDS):
                    self.last = LastReading(await ask(), self._now(), True)
        except (DatabaseError, ServiceError, TimeoutError) as error:
            if self.last.is_current or not self._has_tried.is_set():
                log.warning("figures_unknown", error=f"{type(error).__name__} {error}"[:200])
            self.last = self.last._replace(is_current=False)
        except Exception:
            log.exception("figures_failed")
            self.last = self.last._replace(is_current=False)
