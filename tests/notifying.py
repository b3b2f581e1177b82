"""An outbox, a notifier that answers as told, and the real delivery between them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx

from documents.circuit_breaker import CircuitState
from documents.database import Database, Row
from documents.destination import Destination
from documents.notification import Notification, NotificationState
from services.kit.addresses import AddressRules
from services.kit.clock import SystemClock
from services.kit.retry import RetryPolicy
from services.kit.sealing import SecretBox
from services.notifications.breaker import CircuitBreaker
from services.notifications.circuits import Circuits
from services.notifications.claims import ClaimedNotification
from services.notifications.delivery import Delivery
from services.notifications.judging import RetryRules
from services.notifications.lanes import Lanes
from services.notifications.outbox import SpikeNotice, notification_row, spike_rows
from services.notifications.queue import NotificationQueue
from services.notifications.receivers.answers import Notifier
from services.notifications.receivers.destinations import Destinations
from services.notifications.receivers.targets import Targets
from tests.waiting import until

TENANT = "acme"
QUICK = RetryPolicy(attempts=5, base_seconds=0.001, cap_seconds=0.002)
UNTIRING = RetryPolicy(attempts=10**6, base_seconds=0.001, cap_seconds=0.05)
"""However late on a busy machine somebody begins to answer, soon after that it is known."""
SECRETS_KEY = bytes(range(32))
"""The key of the tests, which seals nothing that matters."""
MATCHED = [{"rule": "legal_threat", "keyword": "sue", "text": "sue"}]

Answer = Callable[[httpx.Request], Awaitable[httpx.Response]]


class FakeNotifier:
    """Answers with `answer` and remembers what it was sent."""

    def __init__(self) -> None:
        self.answer: Answer = accept
        self.bodies: list[Row] = []
        self.keys: list[str] = []
        self.in_flight = self.most_in_flight = 0

    async def handle(self, request: httpx.Request) -> httpx.Response:
        """Take one request."""
        self.bodies.append(Row(httpx.Response(200, content=request.content).json()))
        self.keys.append(request.headers["idempotency-key"])
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            answer = await self.answer(request)
            return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.content))
        finally:
            self.in_flight -= 1

    @property
    def tickets(self) -> list[str]:
        """The tickets of the requests, in their order."""
        return [body["ticket_id"] for body in self.bodies]

    @property
    def by_ticket(self) -> Counter[str]:
        """How often each ticket was sent."""
        return Counter(self.tickets)


class Outbox:
    """One test's database and notifier."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.rows = db.collection(Notification)
        self.notifier = FakeNotifier()

    def circuits(self, **changes: Any) -> Circuits:
        """The breakers, as another process would have them."""
        return Circuits(self.db, **{"open_seconds": 0.3, "permit_seconds": 60.0, **changes})

    def circuit(self, **changes: Any) -> CircuitBreaker:
        """The breaker of the default destination."""
        return self.circuits(**changes)["notify"]

    def destinations(self, *, allow_private: bool = True) -> Destinations:
        """Tenants' own destinations; the receivers of the tests are on this machine."""
        rules = AddressRules(allow_private=allow_private)
        return Destinations(self.db, SecretBox(lambda: [SECRETS_KEY]), rules, SystemClock())

    def queue(self, *, claim_seconds: float = 60.0) -> NotificationQueue:
        """The queue, as another process would have it."""
        return NotificationQueue(self.db, claim_seconds=claim_seconds)

    def delivery(
        self,
        *,
        retries: RetryPolicy = QUICK,
        request_seconds: float = 30.0,
        concurrency: int = 64,
        circuits: Circuits | None = None,
        queue: NotificationQueue | None = None,
        allow_private: bool = True,
    ) -> Delivery:
        """A deliverer of its own, with the same patience for every kind of failure."""
        http = httpx.AsyncClient(transport=httpx.MockTransport(self.notifier.handle), follow_redirects=False)
        notifier = Notifier(http, "http://notifier/notify", request_seconds=request_seconds)
        destinations = self.destinations()
        return Delivery(
            Lanes(self.db),
            queue or self.queue(),
            circuits or self.circuits(),
            Targets(notifier, destinations, AddressRules(allow_private), SystemClock()),
            destinations,
            SystemClock(),
            concurrency=concurrency,
            patience=RetryRules(retries, retries, retries),
        )

    async def claim(self, limit: int) -> list[ClaimedNotification]:
        """Claim, as another process would, what goes to the default destination."""
        return await self.queue().claim("", [TENANT], limit)

    async def add(self, *tickets: str, tenant: str = TENANT, version: str = "job:1", **changes: Any) -> None:
        """Write rows as a page does; each is older than the next."""
        for ticket in tickets:
            now = SystemClock().now()
            row = notification_row(tenant, ticket, version=version, matched=MATCHED, now=now)
            await self.rows.insert_one({**row, **changes})
            await asyncio.sleep(0.002)

    async def add_page(self, *tickets: str, tenant: str = TENANT, **changes: Any) -> None:
        """Write the rows of one page, which are all of the same moment."""
        now = SystemClock().now()
        rows = [notification_row(tenant, each, version="job:1", matched=MATCHED, now=now) for each in tickets]
        await self.rows.insert_many([{**row, **changes} for row in rows])

    async def add_spikes(self, *ids: str, to: Destination) -> None:
        """Write rows as whoever watches does."""
        now = SystemClock().now()
        notices = [SpikeNotice(to.tenant_id, each, "many customers", {"customers": 20}) for each in ids]
        await self.rows.insert_many([row for notice in notices for row in spike_rows(notice, [to], now)])

    async def row(self, ticket: str) -> Row:
        """The ticket's row."""
        row = await self.rows.find_one({"ticket_id": ticket})
        assert row is not None, ticket
        return row

    async def count(self, state: NotificationState) -> int:
        """How many rows are in the state."""
        return await self.rows.count_documents({"state": state.value})

    async def settled(self) -> None:
        """Wait until nothing is pending."""

        async def is_settled() -> bool:
            return await self.count(NotificationState.PENDING) == 0

        await until(is_settled, "the end of every notification")

    async def attempted(self, ticket: str) -> None:
        """Wait until the first attempt is recorded."""

        async def is_attempted() -> bool:
            return bool((await self.row(ticket))["attempts"])

        await until(is_attempted, f"an attempt for {ticket}")

    async def sent(self) -> int:
        """Wait until the notifier was asked for something; how often by then."""
        return await until(lambda: len(self.notifier.bodies), "a request")

    async def opened(self, circuit: CircuitBreaker) -> int:
        """Wait until the circuit is open and nothing is in flight; how many requests there have been by then."""

        async def is_at_rest() -> bool:
            is_open = (await circuit.status()).state is CircuitState.OPEN
            return is_open and await self.rows.count_documents({"claim": {"$ne": None}}) == 0

        await until(is_at_rest, "an open circuit")
        return len(self.notifier.bodies)


async def accept(request: httpx.Request) -> httpx.Response:
    """A healthy notifier."""
    return httpx.Response(200, json={"status": "accepted"})


def always(status: int, **more: Any) -> Answer:
    """A notifier that answers everything alike."""

    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, **more)

    return answer


@asynccontextmanager
async def at_work(*deliveries: Delivery) -> AsyncIterator[None]:
    """Let them deliver; shut them down at the end."""
    tasks = [asyncio.create_task(delivery.work()) for delivery in deliveries]
    try:
        yield
    finally:
        for delivery in deliveries:
            delivery.shut_down()
        await asyncio.gather(*tasks)
