"""Delivery of notifications: finds out what is due where, and keeps a sender at work for each such destination.

A sender has its own circuit breaker, its own share of the requests in flight and, to tenants' own destinations, its
own connections: trouble with one destination holds up no other.
"""

import structlog
from pymongo.errors import PyMongoError

from documents.destination import Destination
from documents.notification import DEFAULT_DESTINATION
from services.errors import SecretsKeyError
from services.kit.background import FAULT_PAUSE_SECONDS, Background
from services.kit.clock import Clock
from services.notifications.circuits import Circuits, circuit_name
from services.notifications.judging import RetryRules
from services.notifications.lanes import Lanes
from services.notifications.queue import NotificationQueue
from services.notifications.receivers.destinations import Destinations
from services.notifications.receivers.targets import Target, Targets
from services.notifications.sender import Sender
from services.notifications.slots import Slots
from services.observing import UNOBSERVED, Observer

_POLL_SECONDS = 0.5
_SHORTEST_POLL_SECONDS = 0.25
"""Every page with urgent tickets wakes this loop, which then asks the database three times: so often at most, since a
fast run stores a page in 50 ms and ought not to notice."""
_MAINTENANCE_SECONDS = 60.0

log = structlog.get_logger("services.notification_delivery")


class Delivery(Background):
    """Delivers until it is shut down; one for each process that has a worker."""

    def __init__(
        self,
        lanes: Lanes,
        queue: NotificationQueue,
        circuits: Circuits,
        targets: Targets,
        destinations: Destinations,
        clock: Clock,
        *,
        concurrency: int,
        patience: RetryRules,
        observer: Observer = UNOBSERVED,
    ) -> None:
        """`concurrency`: requests in flight to one destination; its circuit limits them for all processes together."""
        super().__init__(log)
        self._lanes = lanes
        self._queue = queue
        self._circuits = circuits
        self._targets = targets
        self._destinations = destinations
        self._clock = clock
        self._patience = patience
        self._slots = Slots(concurrency)
        self._observer = observer
        self._senders: dict[str, Sender] = {}
        self._maintained_at = self._complained_at = -_MAINTENANCE_SECONDS

    async def _round(self) -> None:
        try:
            await self._maintain()
            due = await self._lanes.due_destinations()
            if DEFAULT_DESTINATION in due:
                await self._serve_default()
            await self._serve([each for each in due if each != DEFAULT_DESTINATION])
        except PyMongoError as error:
            log.warning("delivery_round_failed", error=str(error)[:200])
            await self.pause(FAULT_PAUSE_SECONDS)
            return
        await self.pause(_SHORTEST_POLL_SECONDS)
        await self.rest(_POLL_SECONDS - _SHORTEST_POLL_SECONDS)

    async def _finish(self) -> None:
        """Have every sender finish what it has in flight."""
        for sender in self._senders.values():
            sender.shut_down()

    async def _serve_default(self) -> None:
        """Send what goes to the default destination; what belongs to tenants' own ones is addressed to them."""
        tenants = await self._lanes.due_tenants()
        own = await self._destinations.of_tenants(tenants)
        for tenant_id, destinations in own.items():
            await self._lanes.address(tenant_id, destinations)
        if own:
            self.wake()  # what was addressed is due, too
        if rest := [tenant_id for tenant_id in tenants if tenant_id not in own]:
            self._tell(self._targets.default, rest)

    async def _serve(self, ids: list[str]) -> None:
        """Send what is due at tenants' own destinations."""
        known = await self._destinations.by_ids(ids) if ids else {}
        for destination_id in ids:
            destination = known.get(destination_id)
            if destination is None:
                count = await self._destinations.abandon(destination_id)
                log.warning("notifications_abandoned", destination_id=destination_id, count=count)
            elif not destination.is_paused:
                self._open(destination)
            elif destination_id in self._senders:
                self._senders[destination_id].shut_down()

    def _open(self, destination: Destination) -> None:
        try:
            target = self._targets.open(destination)
        except SecretsKeyError as error:
            now = self._clock.monotonic()
            if now - self._complained_at >= _MAINTENANCE_SECONDS:
                self._complained_at = now
                log.error("destination_unreadable", destination_id=destination.id, error=str(error))  # noqa: TRY400
            return
        self._tell(target, [destination.tenant_id])

    def _tell(self, target: Target, tenants: list[str]) -> None:
        """Have the destination's sender look at what is due; it is started if there is none."""
        sender = self._senders.get(target.destination_id)
        if sender is None:
            circuit = self._circuits[circuit_name(target.destination_id)]
            sender = Sender(
                target,
                self._queue,
                circuit,
                self._slots,
                self._clock,
                patience=self._patience,
                observer=self._observer,
            )
            self._senders[target.destination_id] = sender
            self._start(self._keep(sender))
        sender.serve(target, tenants)

    async def _keep(self, sender: Sender) -> None:
        destination_id = sender.target.destination_id
        try:
            await sender.work()
        finally:
            del self._senders[destination_id]
            await self._targets.close(destination_id)

    async def _maintain(self) -> None:
        """Once a minute: give up what is too old, take in what an earlier version of the service has written."""
        now = self._clock.monotonic()
        if now - self._maintained_at < _MAINTENANCE_SECONDS:
            return
        self._maintained_at = now
        if count := await self._queue.adopt():
            log.info("notifications_adopted", count=count)
        if count := await self._queue.expire():
            log.warning("notifications_expired", count=count)
