"""Following one collection: its change stream, shared by all who follow something in it.

A signal says only that something *may* have changed; whoever follows reads anew. So nothing is lost when many
changes come at once, or when the stream breaks: after it has been opened again, everybody gets a signal.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Generic, TypeVar

import structlog
from pymongo.errors import PyMongoError

from documents.database import Collection, Row
from services.errors import UnavailableError
from services.kit.clock import Clock

AWAIT_MILLISECONDS = 500
"""How long the server waits for the next change before it answers that there is none; also how long an unused
stream lives on."""
OPEN_SECONDS = 5.0
REOPEN_SECONDS = 1.0

KeyOf = Callable[[Row], str | None]
log = structlog.get_logger("services.changes")


class ChangeSignal:
    """Set whenever what is followed may have changed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._event = asyncio.Event()
        self._last = clock.monotonic()

    def set(self) -> None:
        """Wake the follower, now or when it next waits."""
        self._event.set()

    def note(self, change: Row | None) -> None:
        """A change, as the stream's pipeline shows it; None: anything may have changed. Wakes the follower."""
        self.set()

    def clear(self) -> None:
        """Forget changes so far."""
        self._event.clear()

    async def wait(self, *, at_least: float = 0.0, at_most: float | None = None) -> None:
        """Wait for a change, and until `at_least` so many seconds have passed since the last one was met.

        `at_most`: wait so many seconds for it, and no longer.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(at_most):
                await self._event.wait()
        await self._clock.sleep(max(0.0, self._last + at_least - self._clock.monotonic()))
        self._event.clear()
        self._last = self._clock.monotonic()


S = TypeVar("S", bound=ChangeSignal)


class Feed(Generic[S]):
    """The changes of one collection, by key. Its stream is open while anybody follows."""

    def __init__(
        self,
        rows: Collection,
        pipeline: list[Row],
        key_of: KeyOf,
        make_signal: Callable[[Clock], S],
        clock: Clock,
        *,
        full_document: str = "default",
    ) -> None:
        """`key_of` names what a change is about; None: it may be about anything."""
        self._make_signal = make_signal
        self._rows = rows
        self._pipeline = pipeline
        self._full_document = full_document
        self._key_of = key_of
        self._clock = clock
        self._followers: defaultdict[str, set[S]] = defaultdict(set)
        self._is_open = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None

    @property
    def follower_count(self) -> int:
        """How many follow at this moment."""
        return sum(map(len, self._followers.values()))

    @property
    def is_open(self) -> bool:
        """Whether there is a stream at this moment."""
        return self._watching is not None

    @asynccontextmanager
    async def follow(self, key: str) -> AsyncIterator[S]:
        """Follow what `key` names. Whatever changes after the block was entered gives a signal.

        Raises:
            UnavailableError: the stream cannot be opened.
        """
        signal = self._make_signal(self._clock)
        self._followers[key].add(signal)
        try:
            await self._opened()
            signal.clear()  # what was before the block, its user reads anyhow
            yield signal
        finally:
            self._followers[key].discard(signal)
            if not self._followers[key]:
                del self._followers[key]

    async def close(self) -> None:
        """End the stream; followers get no more signals."""
        if self._watching is not None:
            self._followers.clear()
            await self._watching

    async def _opened(self) -> None:
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch())
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                await self._is_open.wait()
        except TimeoutError as error:
            raise UnavailableError("Changes cannot be followed at the moment; try again later.") from error

    async def _watch(self) -> None:
        try:
            while self._followers:
                try:
                    await self._pass_on_changes()
                except PyMongoError as error:
                    self._is_open.clear()
                    log.warning("change_stream_failed", collection=self._rows.name, error=str(error)[:200])
                    await self._clock.sleep(REOPEN_SECONDS)
        finally:
            self._is_open.clear()
            self._watching = None

    async def _pass_on_changes(self) -> None:
        async with self._rows.watch(
            self._pipeline, full_document=self._full_document, max_await_time_ms=AWAIT_MILLISECONDS
        ) as stream:
            self._is_open.set()
            self._signal(None, None)  # something may have changed while nobody watched
            while self._followers and stream.alive:
                change = await stream.try_next()
                if change is not None:
                    self._signal(self._key_of(change), change)
            self._is_open.clear()

    def _signal(self, key: str | None, change: Row | None) -> None:
        keys = list(self._followers) if key is None else [key]
        for each in keys:
            for signal in self._followers.get(each, ()):
                signal.note(None if key is None else change)
