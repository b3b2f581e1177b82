"""Asking a source for something: rate-limited, and again for as long as that may help."""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import httpx

from documents.vocabulary import SourceProblem
from services.errors import UpstreamError
from services.kit.clock import Clock
from services.kit.retry import Patience
from services.sources.budget import MAX_NAP_SECONDS, RateLimiter
from services.sources.http.transport import NO_HEADERS, TransientError, Transport, UpstreamAnswer
from services.sources.pages import UpstreamCaller

SMALL_BODY_BYTES = 128 * 1024
"""An uncompressed body below this is read at once (2 ms at most); a larger one in a thread."""
SALVAGED_AFTER = 4
"""A page that was unreadable so often in a row has a record that will stay so."""

T = TypeVar("T")


class Asking:
    """Sends requests of one source, and waits where it fails."""

    def __init__(
        self, transport: Transport, clock: Clock, patience: Patience, *, throttled: Patience | None = None
    ) -> None:
        """`throttled`: for how long a source is waited for that is asked too often; unset: as for all else."""
        self._transport = transport
        self._clock = clock
        self._patience = patience
        self._throttled = throttled or patience

    @property
    def budget(self) -> RateLimiter:
        """The limit that its requests draw on."""
        return self._transport.limiter

    async def status(self, url: httpx.URL) -> int:
        """The status alone, outside the budget, asked for once.

        Raises:
            UpstreamError: there was no answer.
        """
        return await self._transport.status(url)

    async def ask(
        self,
        caller: UpstreamCaller,
        url: httpx.URL,
        read: Callable[[UpstreamAnswer], T],
        *,
        last_resort: Callable[[UpstreamAnswer], T | None] = lambda answer: None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> T:
        """Ask until `read` accepts the answer, or patience ends.

        A 200 that `read` has refused `SALVAGED_AFTER` times in a row may be read by `last_resort` instead. `headers`
        are sent besides those of the transport.

        Raises:
            UpstreamError: the source refused, or kept failing.
        """
        failing, throttled, unreadable = _Streak(), _Streak(), 0
        rests_since: float | None = None
        while True:
            answer: UpstreamAnswer | None = None
            try:
                answer = await self._transport.get(caller, url, headers)
                return await _computed(read, answer)
            except TransientError as failure:
                now = self._clock.monotonic()
                failing.began += 0 if rests_since is None else now - rests_since  # the source's wish, not its failure
                rests_since = now if failure.is_throttled else None
                streak = throttled if failure.is_throttled else failing
                streak.count(now)
                unreadable = unreadable + 1 if answer is not None and answer.status == 200 else 0
                if answer is not None and unreadable >= SALVAGED_AFTER:
                    salvaged = await asyncio.to_thread(last_resort, answer)
                    if salvaged is not None:
                        return salvaged
                await self._pause(caller, failure, streak)

    async def _pause(self, caller: UpstreamCaller, failure: TransientError, streak: "_Streak") -> None:
        chance = random.random()  # noqa: S311  (jitter is no secret)
        failures, waited = streak.failures, streak.latest - streak.began
        patience = self._throttled if failure.is_throttled else self._patience
        wait = patience.pause(failures, chance, waited=waited, asked=failure.asked)
        if wait is None:
            asked = f", which asked for {failure.asked:.0f} s of rest" if failure.asked else ""
            raise UpstreamError(
                f"upstream was given up on after {failures} attempts in {waited:.0f} s; last: {failure}{asked}",
                SourceProblem.UNREACHABLE,
            ) from failure
        if failure.is_throttled:
            await self.budget.pause(wait)  # everybody's, and this caller waits with everybody
            return
        caller.on_retry()
        if wait > MAX_NAP_SECONDS:
            await caller.on_wait(self._clock.now() + timedelta(seconds=wait))
        await self._clock.sleep(wait)


@dataclass(slots=True)
class _Streak:
    """Failures of one kind, one after the other; moments by the monotonic clock."""

    failures: int = 0
    began: float = 0.0
    latest: float = 0.0

    def count(self, now: float) -> None:
        self.failures += 1
        self.began = now if self.failures == 1 else self.began
        self.latest = now


async def _computed(read: Callable[[UpstreamAnswer], T], answer: UpstreamAnswer) -> T:
    """Read an answer, in a thread if that may take long."""
    if len(answer.body) < SMALL_BODY_BYTES and "content-encoding" not in answer.headers:
        return read(answer)
    return await asyncio.to_thread(read, answer)
