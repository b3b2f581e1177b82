"""Shared streams: what several subscriptions ask for alike is computed once, and told to all of them.

Of how things are, a follower who is slow misses what came in between, and is told the latest; one who comes later is
told at once what the others know, if it is no older than a second; nobody is told twice in a row the same. Of what
happens, everybody is told everything, from the moment they come; who is too slow for that is told so, and no more.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
from contextlib import aclosing

from strawberry.types.execution import ExecutionResult

from gql_app.graphql.errors import failure
from services.errors import ErrorCode

FRESH_SECONDS = 1.0
"""An older result is computed anew for who comes later: figures of "the last 24 hours" change by themselves."""
KEPT_EVENTS = 8
"""Results that a follower may be behind, where it is told each of them; there is one a second at most."""
TOO_SLOW = "More happens than you read; follow anew, and read anew what you show."

Results = AsyncGenerator[ExecutionResult, None]
OpenStream = Callable[[], Awaitable[Results]]


class SharedStreams:
    """The streams of one process, by what they are asked for and by whom they may be seen."""

    def __init__(self) -> None:
        self._streams: dict[Hashable, _Stream] = {}

    def __len__(self) -> int:
        """How many streams are open."""
        return len(self._streams)

    async def follow(self, key: Hashable, open_stream: OpenStream, *, each: bool = False) -> Results:
        """The results of the stream `key`, which is opened if nobody follows it yet.

        `each`: they are events, of which everybody is told each one; the first is the same for all who come.
        """
        stream = self._streams.get(key)
        if stream is None or stream.has_ended:
            stream = self._streams[key] = (_Events if each else _State)(open_stream)
        stream.followers += 1
        try:
            async with aclosing(stream.results()) as results:
                async for result in results:
                    yield result
        finally:
            stream.followers -= 1
            if not stream.followers:
                if self._streams.get(key) is stream:
                    del self._streams[key]
                await stream.close()


class _Stream(ABC):
    """One stream, which one task reads for all followers."""

    def __init__(self, open_stream: OpenStream) -> None:
        self.followers = 0
        self.has_ended = False
        self._open = open_stream
        self._working: asyncio.Task[None] | None = None
        self._error: Exception | None = None
        self._news = asyncio.Event()

    @abstractmethod
    def results(self) -> Results:
        """What one follower is told."""

    @abstractmethod
    def _take(self, result: ExecutionResult) -> None:
        """Note a result."""

    async def close(self) -> None:
        """End the stream."""
        if self._working is not None:
            self._working.cancel()
            await asyncio.wait([self._working])

    async def _start(self) -> None:
        before, self._working = self._working, asyncio.create_task(self._work())
        if before is not None:
            before.cancel()
            await asyncio.wait([before])

    async def _goes_on(self) -> bool:
        """Wait for something new; false at the stream's end. Raises what the stream has raised."""
        if self._error is not None:
            raise self._error
        if not self.has_ended:
            await self._news.wait()
            return True
        return False

    async def _work(self) -> None:
        try:
            async with aclosing(await self._open()) as results:
                async for result in results:
                    self._take(result)
                    self._wake()
        except Exception as error:  # noqa: BLE001 (whoever follows raises it)
            self._error = error
        self.has_ended = True
        self._wake()

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()


class _State(_Stream):
    """How things are."""

    def __init__(self, open_stream: OpenStream) -> None:
        super().__init__(open_stream)
        self._latest: ExecutionResult | None = None
        self._count = 0
        """Results so far."""
        self._version = 0
        """Those of them that differ from the one before."""
        self._is_current = False
        """Whether there was a result since the stream was opened, or opened again."""
        self._read_at = 0.0

    async def results(self) -> Results:
        """The latest result, and then each that differs from the one told before."""
        if self._working is None or (self._is_current and time.monotonic() - self._read_at > FRESH_SECONDS):
            self._is_current = False
            await self._start()
        first = self._count if self._is_current else self._count + 1
        told = 0
        while True:
            if self._count >= first and self._version != told and self._latest is not None:
                told = self._version
                yield self._latest
            elif not await self._goes_on():
                return

    def _take(self, result: ExecutionResult) -> None:
        self._count += 1
        self._is_current, self._read_at = True, time.monotonic()
        if self._latest is None or result != self._latest:
            self._latest = result
            self._version += 1


class _Events(_Stream):
    """What happens."""

    def __init__(self, open_stream: OpenStream) -> None:
        super().__init__(open_stream)
        self._opening: ExecutionResult | None = None
        self._kept: deque[ExecutionResult] = deque(maxlen=KEPT_EVENTS)
        self._count = 0
        """Results after the opening."""

    async def results(self) -> Results:
        """The opening, and then each result that comes after the follower."""
        if self._working is None:
            await self._start()
        told = self._count
        while self._opening is None:
            if not await self._goes_on():
                return
        yield self._opening
        while True:
            behind = self._count - told
            if behind > len(self._kept):
                yield ExecutionResult(data=None, errors=[failure(ErrorCode.UNAVAILABLE, TOO_SLOW)])
                return
            if behind:
                told += 1
                yield self._kept[-behind]
            elif not await self._goes_on():
                return

    def _take(self, result: ExecutionResult) -> None:
        if self._opening is None:
            self._opening = result
        else:
            self._count += 1
            self._kept.append(result)
