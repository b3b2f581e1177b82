"""What is needed to send to a destination: its notifier, with connections of its own, and its secrets."""

from dataclasses import dataclass
from datetime import datetime

import httpx

from documents.destination import Destination, DestinationFormat
from documents.notification import DEFAULT_DESTINATION, DEFAULT_KIND
from documents.ticket import Urgency
from services.kit.addresses import AddressRules, checked_client
from services.kit.clock import Clock
from services.notifications.claims import ClaimedNotification
from services.notifications.receivers.answers import Attempt, Notifier
from services.notifications.receivers.destinations import Destinations
from services.notifications.receivers.formats import compose


@dataclass(frozen=True, slots=True)
class Target:
    """What has to be known to send to a destination."""

    destination_id: str
    format: DestinationFormat
    kind: str
    notifier: Notifier
    secrets: tuple[str, ...] = ()
    digest_above: int | None = None


class Targets:
    """Opens destinations for sending, and closes their connections."""

    def __init__(self, default: Notifier, destinations: Destinations, rules: AddressRules, clock: Clock) -> None:
        """`default`: the operator's own, whose address nobody checks."""
        self._destinations = destinations
        self._rules = rules
        self._clock = clock
        self._request_seconds = default.request_seconds
        self._clients: dict[str, list[httpx.AsyncClient]] = {}
        self._opened: dict[str, tuple[datetime, Target]] = {}
        self.default = Target(DEFAULT_DESTINATION, DestinationFormat.SPECIFICATION, DEFAULT_KIND, default)

    def open(self, destination: Destination) -> Target:
        """The target, the same one for as long as the destination is not changed.

        Raises:
            SecretsKeyError: its secrets cannot be read.
        """
        changed_at, target = self._opened.get(destination.id, (None, None))
        if target is not None and changed_at == destination.updated_at:
            return target
        target, client = self._made(destination)
        # What is in flight to the old address goes on; its client is closed with the others.
        self._clients.setdefault(destination.id, []).append(client)
        self._opened[destination.id] = destination.updated_at, target
        return target

    async def close(self, destination_id: str) -> None:
        """Close the connections to a destination."""
        self._opened.pop(destination_id, None)
        for client in self._clients.pop(destination_id, []):
            await client.aclose()

    async def try_out(self, destination: Destination) -> Attempt:
        """Send an example, once, and past the circuit breaker.

        Raises:
            SecretsKeyError: its secrets cannot be read.
        """
        target, client = self._made(destination)
        async with client:
            example = _example(destination, self._clock.now())
            return await target.notifier.send(compose(target.format, [example], target.secrets, self._clock.now()))

    def _made(self, destination: Destination) -> tuple[Target, httpx.AsyncClient]:
        opened = self._destinations.open(destination)
        client = checked_client(self._rules, self._request_seconds)
        notifier = Notifier(client, opened.url, request_seconds=self._request_seconds)
        target = Target(
            destination.id,
            destination.format,
            destination.format.value,
            notifier,
            opened.secrets,
            destination.digest_above,
        )
        return target, client


def _example(destination: Destination, now: datetime) -> ClaimedNotification:
    return ClaimedNotification(
        id=f"test-{destination.id}-{now.timestamp():.3f}",
        claim="",
        tenant_id=destination.tenant_id,
        ticket_id="test",
        urgency=Urgency.HIGH.value,
        reason="This is a test of the destination; no ticket is urgent.",
        attempts=0,
        refusals=0,
        created_at=now,
    )
