"""Delivery of notifications: claims what is due, sends it as the circuit breaker allows, and settles the results.

Each round of the loop settles what has come in and claims as much as may be sent, both in batches, so that a
notification costs a fraction of a round trip to the database under load, and at the worst five.

The oldest notification goes first, also as the probe of a half-open circuit. In which order a notifier that
fails at first is tried hardly matters: docs/notifications.md has the figures.
"""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress

import structlog
from pymongo.errors import PyMongoError

from documents.notification import NotificationState
from services.kit.background import FAULT_PAUSE_SECONDS, Background
from services.kit.clock import Clock
from services.kit.retry import RetryPolicy
from services.notifications.breaker import CircuitBreaker, Permit, RequestResult
from services.notifications.breaker_updates import FAILURES_TO_OPEN
from services.notifications.queue import ClaimedNotification, NotificationQueue, Settlement
from services.notifications.receivers import Attempt, Notifier, Verdict

_POLL_SECONDS = 0.5
_GATHER_SECONDS = 0.01
"""How long a round waits for more results to settle them together."""
_EXPIRY_SECONDS = 60.0
_LAST_REQUESTS_SECONDS = 3.0
"""How long requests in flight may go on after the order to stop."""
RETRIES = RetryPolicy(attempts=60, base_seconds=0.5, cap_seconds=1800.0)
"""About 12 h of failures of one notification; an open circuit uses no attempt up."""

OnDelivered = Callable[[float], None]
"""Told the seconds from the ticket's becoming urgent to the delivery."""

log = structlog.get_logger("services.notification_delivery")


class Delivery(Background):
    """Delivers until it is shut down; one for each process that has a worker."""

    def __init__(
        self,
        queue: NotificationQueue,
        circuit: CircuitBreaker,
        notifier: Notifier,
        clock: Clock,
        *,
        concurrency: int = 64,
        retries: RetryPolicy = RETRIES,
    ) -> None:
        """`concurrency`: requests in flight in this process at most; the circuit limits them for all together."""
        super().__init__(log)
        self._queue = queue
        self._circuit = circuit
        self._notifier = notifier
        self._clock = clock
        self._concurrency = concurrency
        self._retries = retries
        self._on_delivered: OnDelivered = lambda seconds: None
        self._sending: set[asyncio.Task[None]] = set()
        self._done: list[tuple[RequestResult, Settlement | ClaimedNotification]] = []
        self._room = FAILURES_TO_OPEN
        """How many more requests the circuit is believed to admit; 0: not known."""
        self._no_room_until = 0.0
        """Until then the circuit admits nothing more, as far as is known; in the event loop's time."""
        self._look_again = _POLL_SECONDS
        self._expired_at = -_EXPIRY_SECONDS

    def observe(self, on_delivered: OnDelivered) -> None:
        """Have every delivery of this process told to somebody."""
        self._on_delivered = on_delivered

    async def _round(self) -> None:
        try:
            self._look_again = _POLL_SECONDS
            await self._settle()
            await self._expire()
            sent = await self._dispatch()
        except PyMongoError as error:
            log.warning("delivery_round_failed", error=str(error)[:200])
            await self.pause(FAULT_PAUSE_SECONDS)
            return
        # Until a request ends, something is woken up for, or the next poll; then gather a moment.
        await self.rest(0.0 if sent and self._done else self._look_again)
        if self._sending and not self.is_shut_down:
            await asyncio.sleep(_GATHER_SECONDS)

    async def _finish(self) -> None:
        """Let the requests in flight end, or give them up; what was not sent is free for others."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=_LAST_REQUESTS_SECONDS)
        unsent = list(self._sending)
        for task in unsent:
            task.cancel()
        await asyncio.gather(*unsent, return_exceptions=True)
        with suppress(PyMongoError):
            await self._settle()

    async def _dispatch(self) -> int:
        """Start as many requests as are due and admitted; returns how many."""
        free = self._concurrency - len(self._sending)
        if free <= 0:
            return 0
        if self._room == 0:  # ask before claiming, so that rows do not go back and forth
            now = asyncio.get_running_loop().time()
            if now < self._no_room_until:  # every page with urgent tickets wakes this loop: it need not ask each time
                self._look_again = self._no_room_until - now
                return 0
            capacity = await self._circuit.capacity()
            self._room = capacity.requests
            if self._room == 0:
                self._look_again = min(_POLL_SECONDS, capacity.retry_after or _POLL_SECONDS)
                self._no_room_until = now + self._look_again
                return 0
        claimed = await self._queue.claim(min(free, self._room))
        if not claimed:
            return 0
        # The permits come last: between this answer and the requests there is no further wait.
        permits = await self._circuit.admit(len(claimed))
        for notification, permit in zip(claimed, permits, strict=False):
            task = self._start(self._send(notification, permit))
            self._sending.add(task)
            task.add_done_callback(self._ended)
        self._room -= len(permits)
        if len(permits) < len(claimed):
            self._room = 0
            await self._queue.release(claimed[len(permits) :])
        return len(permits)

    async def _send(self, notification: ClaimedNotification, permit: Permit) -> None:
        try:
            attempt = await self._notifier.send(notification)
            is_success = attempt.verdict is not Verdict.FAILED
            self._done.append((RequestResult(permit, is_success), self._judge(notification, attempt)))
        except asyncio.CancelledError:
            self._done.append((RequestResult(permit, None), notification))
            raise
        except Exception:
            log.exception("notification_crashed")  # its permit and its claim end by themselves

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self.wake()

    def _judge(self, notification: ClaimedNotification, attempt: Attempt) -> Settlement:
        """What becomes of a notification after an attempt."""
        if attempt.verdict is Verdict.DELIVERED:
            self._on_delivered(max(0.0, (self._clock.now() - notification.created_at).total_seconds()))
            return Settlement(notification, NotificationState.DELIVERED, attempt.status)
        delay = self._retries.delay(notification.attempts + 1, random.random())  # noqa: S311  (jitter is no secret)
        if attempt.verdict is Verdict.REFUSED or delay is None:
            log.warning("notification_dead", notification_id=notification.id, error=attempt.detail)
            return Settlement(notification, NotificationState.DEAD, attempt.status, attempt.detail)
        wait = max(delay, attempt.retry_after)
        return Settlement(notification, NotificationState.PENDING, attempt.status, attempt.detail, wait)

    async def _settle(self) -> None:
        """Report and record what has come in; if the database fails, the next round does it again."""
        done = self._done[:]
        if not done:
            return
        await self._circuit.report([result for result, _ in done])
        await self._queue.settle([outcome for _, outcome in done if isinstance(outcome, Settlement)])
        for _, outcome in done:
            if isinstance(outcome, ClaimedNotification):
                await self._queue.release([outcome])
        del self._done[: len(done)]
        self._no_room_until = 0.0
        for result, _ in done:
            # A success gives its place back and adds one.
            self._room = min(self._concurrency, self._room + 2) if result.is_success else 0

    async def _expire(self) -> None:
        now = self._clock.monotonic()
        if now - self._expired_at >= _EXPIRY_SECONDS:
            self._expired_at = now
            if count := await self._queue.expire():
                log.warning("notifications_expired", count=count)
