"""What works beside the requests, round after round, until it is told to stop: one loop for all of it."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from typing import Any

from structlog.typing import FilteringBoundLogger

from documents.database import patiently

FAULT_PAUSE_SECONDS = 1.0
"""After a fault, as a rule the database's: long enough to spare it, short enough that nobody waits for us."""
DATABASE_SECONDS = 60.0
"""How long each call of the database may take while its server lives: here is nobody who waits for an answer."""


class Background(ABC):
    """Does one round after the other. What a round may find to do is safe elsewhere, so none has to succeed."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        """`log`: that of whoever works, so that a fault shows whose it is."""
        self._log = log
        self._news = asyncio.Event()
        self._shut_down = asyncio.Event()
        self._beside: asyncio.TaskGroup

    @property
    def is_shut_down(self) -> bool:
        """Whether the order to stop has come."""
        return self._shut_down.is_set()

    def wake(self) -> None:
        """There may be something to do: look now rather than after the rest."""
        self._news.set()

    def shut_down(self) -> None:
        """Finish what is at hand, and return from `work`."""
        self._shut_down.set()
        self.wake()

    async def work(self) -> None:
        """Work until `shut_down`; after an unexpected fault, go on after a pause.

        When cancelled, everything that was started beside the rounds is cancelled too.
        """
        with patiently(DATABASE_SECONDS):
            await self._work()

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as self._beside:
            while not self.is_shut_down:
                try:
                    await self._round()
                except Exception:  # noqa: BLE001  (it is logged)
                    self._log.exception("worker_crashed")
                    await self.pause(FAULT_PAUSE_SECONDS)
            await self._finish()

    async def rest(self, seconds: float) -> None:
        """Wait, but no longer than until woken (also if that was during the round) or shut down."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
        if not self.is_shut_down:
            self._news.clear()

    async def pause(self, seconds: float) -> None:
        """Wait, however often woken, but no longer than until shut down."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._shut_down.wait()

    @abstractmethod
    async def _round(self) -> None:
        """Do what there is to do, or rest."""

    async def _finish(self) -> None:  # noqa: B027  (most have nothing left to do)
        """What remains to be done after the order to stop; then whatever goes on beside the rounds is waited for."""

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let something go on beside the rounds; a fault of its own disturbs nothing else."""
        return self._beside.create_task(self._guarded(work))

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:  # noqa: BLE001  (it is logged)
            self._log.exception("worker_crashed")


def shut_down(workers: Iterable[Background]) -> None:
    """Tell all of them to stop."""
    for worker in workers:
        worker.shut_down()
