"""Sending to one destination: claims what is due, sends it as the circuit breaker allows, and settles the results.

Each round of the loop settles what has come in and claims as much as may be sent, both in batches, so that a
notification costs a fraction of a round trip to the database under load, and at the worst five. A sender ends by
itself when it has had nothing to do for a while; `services/notifications/delivery.py` starts another when there is.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog
from pymongo.errors import PyMongoError

from documents.notification import NotificationState
from services.kit.background import FAULT_PAUSE_SECONDS, Background
from services.kit.clock import Clock
from services.notifications.breaker import CircuitBreaker, Permit, RequestResult
from services.notifications.breaker_updates import AT_FIRST
from services.notifications.claims import ClaimedNotification, Settlement
from services.notifications.judging import RetryRules, result_of
from services.notifications.queue import LANES_AT_ONCE, NotificationQueue
from services.notifications.receivers.answers import Verdict
from services.notifications.receivers.formats import compose
from services.notifications.receivers.targets import Target
from services.notifications.slots import Slots
from services.observing import Attribute, NotificationAttempted, Observer

_GATHER_SECONDS = 0.01
"""How long a round waits for more results to settle them together."""
_FULL_SECONDS = 0.5
"""How long a sender rests that may not send, and does not know until when."""
_IDLE_SECONDS = 5.0
_LAST_REQUESTS_SECONDS = 3.0
"""How long requests in flight may go on after the order to stop."""
_DIGEST_GATHERS_SECONDS = 10.0
"""How long alerts are gathered for a digest, counted from the oldest."""
_DIGEST_AT_MOST = 500

log = structlog.get_logger("services.notification_delivery")


Outcome = Settlement | ClaimedNotification
"""What became of a notification; itself: it was not sent."""


class Sender(Background):
    """Sends to one destination until it is shut down, or idle for 5 s."""

    def __init__(
        self,
        target: Target,
        queue: NotificationQueue,
        circuit: CircuitBreaker,
        slots: Slots,
        clock: Clock,
        *,
        patience: RetryRules,
        observer: Observer,
    ) -> None:
        super().__init__(log)
        self.target = target
        self._tenants: list[str] = []
        """Who has something due there; the first has its turn first."""
        self._queue = queue
        self._circuit = circuit
        self._slots = slots
        self._clock = clock
        self._patience = patience
        self._observer = observer
        self._sending: set[asyncio.Task[None]] = set()
        self._done: list[tuple[RequestResult, list[Outcome]]] = []
        self._room = AT_FIRST
        """How many more requests the circuit is believed to admit; 0: not known."""
        self._no_room_until = 0.0
        """Until then the circuit admits nothing more, as far as is known; in the event loop's time."""
        self._look_again = _IDLE_SECONDS
        self._active_at = asyncio.get_running_loop().time()

    def serve(self, target: Target, tenants: Sequence[str]) -> None:
        """Tell it what is due, and what has become of the destination."""
        self.target = target
        waiting = [tenant for tenant in self._tenants if tenant in tenants]
        self._tenants = waiting + [tenant for tenant in tenants if tenant not in waiting]
        self.wake()

    async def _round(self) -> None:
        try:
            self._look_again = _IDLE_SECONDS
            await self._settle()
            sent = await self._dispatch()
        except PyMongoError as error:
            log.warning("delivery_round_failed", error=str(error)[:200])
            await self.pause(FAULT_PAUSE_SECONDS)
            return
        now = asyncio.get_running_loop().time()
        if sent or self._sending or self._done:
            self._active_at = now
        elif now - self._active_at >= _IDLE_SECONDS:
            self.shut_down()
        # Until a request ends, or there is something due; then gather a moment.
        await self.rest(0.0 if sent and self._done else self._look_again)
        if self._sending and not self.is_shut_down:
            await asyncio.sleep(_GATHER_SECONDS)

    async def _finish(self) -> None:
        """Let the requests in flight end, or give them up; what was not sent is free for others."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=_LAST_REQUESTS_SECONDS)
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        with suppress(PyMongoError):
            await self._settle()

    async def _dispatch(self) -> int:
        """Start as many requests as are due and admitted; returns how many."""
        free = self._slots.free(len(self._sending))
        if free <= 0 or not self._tenants or not await self._has_room():
            return 0
        most = min(free, self._room)
        batches = await self._claim(most)
        if not batches:
            return 0
        # The permits come last: between this answer and the requests there is no further wait.
        permits = await self._circuit.admit(min(most, len(batches)))  # a digest can bring many spikes along
        for batch, permit in zip(batches, permits, strict=False):
            self._slots.take()
            task = self._start(self._send(batch, permit))
            self._sending.add(task)
            task.add_done_callback(self._ended)
        self._room -= len(permits)
        if len(permits) < len(batches):
            self._room = 0
            await self._queue.release([each for batch in batches[len(permits) :] for each in batch])
        return len(permits)

    async def _has_room(self) -> bool:
        """Ask the circuit before claiming, so that rows do not go back and forth."""
        if self._room > 0:
            return True
        now = asyncio.get_running_loop().time()
        if now < self._no_room_until:  # every page with urgent tickets wakes this loop: it need not ask each time
            self._look_again = self._no_room_until - now
            return False
        capacity = await self._circuit.capacity()
        self._room = capacity.requests
        if self._room == 0:
            self._look_again = min(_FULL_SECONDS, capacity.retry_after or _FULL_SECONDS)
            self._no_room_until = now + self._look_again
        return self._room > 0

    async def _claim(self, limit: int) -> list[list[ClaimedNotification]]:
        """What goes into the next requests, one list for each."""
        above, tenants = self.target.digest_above, self._tenants
        if above is not None:
            [tenant_id] = tenants
            flood = await self._queue.flood(self.target.destination_id, tenant_id, above)
            if flood.recent > above:
                wait = _DIGEST_GATHERS_SECONDS - flood.oldest_seconds
                if not flood.due or (wait > 0 and flood.due < _DIGEST_AT_MOST):
                    self._look_again = max(_GATHER_SECONDS, min(_FULL_SECONDS, wait))
                    return []
                digest = await self._queue.claim(self.target.destination_id, tenants, _DIGEST_AT_MOST)
                return _apart(digest)
        claimed = await self._queue.claim(self.target.destination_id, tenants, limit)
        passed = 1 if len(tenants) <= LANES_AT_ONCE else LANES_AT_ONCE
        self._tenants = [*tenants[passed:], *tenants[:passed]]
        return [[each] for each in claimed]

    async def _send(self, batch: list[ClaimedNotification], permit: Permit) -> None:
        target, began = self.target, self._clock.monotonic()
        try:
            message = compose(target.format, batch, target.secrets, self._clock.now())
            with self._observer.span("deliver notification", parent=batch[0].trace, **_named(target, batch)) as step:
                attempt = await target.notifier.send(message)
                step.add(result=attempt.verdict.value)
            outcomes: list[Outcome] = [self._patience.settle(each, attempt) for each in batch]
            self._done.append((result_of(permit, attempt), outcomes))
            self._tell(batch, attempt.verdict, outcomes, self._clock.monotonic() - began)
        except asyncio.CancelledError:
            self._done.append((RequestResult(permit, None), [*batch]))
            raise
        except Exception:
            log.exception("notification_crashed")  # its permit and its claim end by themselves

    def _tell(
        self, batch: list[ClaimedNotification], verdict: Verdict, outcomes: list[Outcome], seconds: float
    ) -> None:
        for outcome in outcomes:
            if isinstance(outcome, Settlement) and outcome.state is NotificationState.DEAD:
                log.warning("notification_dead", notification_id=outcome.notification.id, error=outcome.error)
        now = self._clock.now()
        took = max(0.0, (now - batch[0].created_at).total_seconds()) if verdict is Verdict.DELIVERED else None
        self._observer.note(NotificationAttempted(self.target.kind, verdict.value, seconds, took))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._slots.give_back()
        self.wake()

    async def _settle(self) -> None:
        """Report and record what has come in; if the database fails, the next round does it again."""
        done = self._done[:]
        if not done:
            return
        await self._circuit.report([result for result, _ in done])
        outcomes = [outcome for _, batch in done for outcome in batch]
        await self._queue.settle([outcome for outcome in outcomes if isinstance(outcome, Settlement)])
        await self._queue.release([outcome for outcome in outcomes if isinstance(outcome, ClaimedNotification)])
        del self._done[: len(done)]
        self._no_room_until = 0.0
        for result, _ in done:
            # A success gives its place back and adds two.
            self._room = min(self._slots.most, self._room + 3) if result.is_success else 0


def _named(target: Target, batch: Sequence[ClaimedNotification]) -> dict[str, Attribute]:
    """What a trace tells of a request: the first notification's ids, and how many there are."""
    first = batch[0]
    ids = {"notification_id": first.id, "tenant_id": first.tenant_id, "ticket_id": first.ticket_id}
    return {**ids, "destination_kind": target.kind, "notifications": len(batch), "attempt": first.attempts + 1}


def _apart(claimed: list[ClaimedNotification]) -> list[list[ClaimedNotification]]:
    """What was claimed for a digest: the tickets together, and each spike by itself."""
    tickets = [each for each in claimed if each.spike is None]
    return [*([tickets] if tickets else []), *([each] for each in claimed if each.spike is not None)]
