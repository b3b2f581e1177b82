"""Neighbours: what one client does with subscriptions and hostile documents, another tenant hardly feels."""

import asyncio
import json
import statistics
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from services.coordination.turns import PER_SECOND
from soak.cluster import PATIENCE_SECONDS, Cluster, client_of, wait_for
from soak.verdict import Verdict

NOISY, QUIET = "noisy", "quiet"
SECRET = "s" * 32
SETTINGS: dict[str, Any] = {
    "auth_mode": "jwt",
    "jwt_secret": SECRET,
    "jwt_issuer": "https://soak",
    "jwt_audience": "soak",
}
P95_SECONDS = 0.5
PER_SOCKET = 20
"""Operations on one WebSocket, the setting's default."""
FOLLOWED = 100
"""Operations of one client, the setting's default."""
CHANGES_PER_SECOND = 50
HOSTILE = "{" + "__schema{types{fields{name type{name} args{name}}}} " * 99 + "}"
AT_ONCE = 5
"""Hostile documents."""


def neighbours(seconds: float, *, tickets: int = 10_000, subscriptions: int = 300, judges_time: bool = True) -> Verdict:
    """One client follows and asks what it can, while its tickets change; another tenant lists its own.

    `judges_time`: whether the other tenant's waiting decides; else only what was computed does, which does not depend
    on the machine.
    """
    with Cluster(mock={"ticket_count": 0}, run_worker=False, requests_per_minute=0, **SETTINGS) as cluster:
        _record_computations(cluster)
        _fill(cluster, NOISY, tickets)
        _fill(cluster, QUIET, 100)
        _, service = cluster.service()
        attack = _Attack(cluster, service.base_url, subscriptions)
        with attack.followed():
            followed = attack.phase(seconds, lambda: None)
        hostile = attack.phase(seconds, lambda: _ask_hostile(service.base_url))
    allowed = FOLLOWED + PER_SECOND * followed.seconds
    measured = (
        f"{subscriptions} subscriptions ({attack.refused} refused), {CHANGES_PER_SECOND} changes a second: "
        f"p95 {followed.p95:.3f} s, {followed.computed} computations in {followed.seconds:.0f} s; "
        f"{AT_ONCE} hostile documents at once: p95 {hostile.p95:.3f} s"
    )
    held = followed.computed <= allowed and attack.refused == subscriptions - FOLLOWED and attack.told > 0
    if judges_time:
        held &= max(followed.p95, hostile.p95) <= P95_SECONDS
    return Verdict("one client's subscriptions and documents leave the others alone", measured, held)


class _Phase:
    """What was measured in one part of the attack."""

    def __init__(self, waits: list[float], computed: int, seconds: float) -> None:
        self.p95 = statistics.quantiles(waits, n=20)[-1]
        self.computed = computed
        self.seconds = seconds


class _Attack:
    """The client that follows and asks, and the one who only wants a list."""

    def __init__(self, cluster: Cluster, url: httpx.URL, subscriptions: int) -> None:
        self._cluster, self._url, self._subscriptions = cluster, url, subscriptions
        self._stop = threading.Event()
        self.refused = self.told = self._answered = 0

    @contextmanager
    def followed(self) -> Iterator[None]:
        """The subscriptions, while the block runs; it begins when each is told something or refused."""
        thread = threading.Thread(target=lambda: asyncio.run(self._follow()))
        thread.start()
        try:
            wait_for(lambda: self._answered >= self._subscriptions, what="every subscription to be answered")
            yield
        finally:
            self._stop.set()
            thread.join(PATIENCE_SECONDS)

    def phase(self, seconds: float, more: Callable[[], object]) -> _Phase:
        """Change tickets and do `more` in the background, and list the quiet tenant's tickets meanwhile."""
        stop, begin, before = threading.Event(), time.monotonic(), self._computed()

        def repeat(work: Callable[[], object], pause: float) -> None:
            while not stop.wait(pause):
                work()

        threads = [threading.Thread(target=repeat, args=(self._change, 1 / CHANGES_PER_SECOND))]
        threads += [threading.Thread(target=repeat, args=(more, 0.001)) for _ in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        try:
            waits = self._list(begin + seconds)
        finally:
            stop.set()
            for thread in threads:
                thread.join(PATIENCE_SECONDS)
        return _Phase(waits, self._computed() - before, time.monotonic() - begin)

    def _list(self, until: float) -> list[float]:
        waits: list[float] = []
        with client_of(str(self._url), headers=_bearer(QUIET)) as client:
            while time.monotonic() < until or len(waits) < 20:
                begin = time.monotonic()
                client.get("/tickets", params={"tenant_id": QUIET}).raise_for_status()
                waits.append(time.monotonic() - begin)
                time.sleep(0.01)
        return waits

    def _change(self) -> None:
        number = time.monotonic_ns()
        ticket = {"tenant_id": NOISY, "external_id": f"t{number % 100}"}
        self._cluster.db["tickets"].update_one(ticket, {"$set": {"status": f"s{number % 7}"}})

    def _computed(self) -> int:
        """How many statistics of the noisy tenant's the database has computed so far."""
        return sum(NOISY in str(row["command"]) for row in self._cluster.db["system.profile"].find())

    async def _follow(self) -> None:
        async with AsyncExitStack() as stack:
            sockets = [
                await stack.enter_async_context(_socket(self._url)) for _ in range(0, self._subscriptions, PER_SOCKET)
            ]
            readers = [asyncio.create_task(self._read(socket)) for socket in sockets]
            for number in range(self._subscriptions):
                await sockets[number // PER_SOCKET].send(_subscribe(number))
            await asyncio.to_thread(self._stop.wait)
            for reader in readers:
                reader.cancel()
            await asyncio.wait(readers)

    async def _read(self, socket: ClientConnection) -> None:
        seen: set[str] = set()
        async for raw in socket:
            message = json.loads(raw)
            self.refused += message["type"] == "error"
            self.told += message["type"] == "next" and message["id"] in seen
            self._answered += message.get("id") not in {None, *seen}
            seen.add(message.get("id", ""))


@asynccontextmanager
async def _socket(url: httpx.URL) -> AsyncIterator[ClientConnection]:
    """A connection that has said who asks."""
    protocols = [Subprotocol("graphql-transport-ws")]
    async with connect(f"ws://{url.host}:{url.port}/graphql", subprotocols=protocols, ping_interval=None) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": _bearer(NOISY)}))
        await socket.recv()
        yield socket


def _subscribe(number: int) -> str:
    """A subscription; every second one is like no other, the rest are all alike."""
    name = f"n{number}" if number % 2 else "same"
    selected = f"{name}: totalTickets byStatus {{ value count }} hourlyTrend {{ count }}"
    query = f'subscription {{ tenantStatsChanged(tenantId: "{NOISY}") {{ {selected} }} }}'
    return json.dumps({"type": "subscribe", "id": str(number), "payload": {"query": query}})


def _ask_hostile(url: httpx.URL) -> None:
    query = f"query A{time.monotonic_ns()} {HOSTILE}"  # none is known from before
    httpx.post(url.join("/graphql"), json={"query": query}, headers=_bearer(NOISY), timeout=PATIENCE_SECONDS)


def _bearer(tenant_id: str) -> dict[str, str]:
    claims = {"sub": tenant_id, "tenants": [tenant_id], "scope": "tickets:read", "iss": "https://soak", "aud": "soak"}
    return {"authorization": f"Bearer {jwt.encode({**claims, 'exp': time.time() + 3600}, SECRET)}"}


def _record_computations(cluster: Cluster) -> None:
    """Have the database keep every aggregation over the tickets."""
    cluster.db.create_collection("system.profile", capped=True, size=256_000_000)
    cluster.db.command("profile", 1, filter={"command.aggregate": "tickets"})


def _fill(cluster: Cluster, tenant_id: str, tickets: int) -> None:
    now = datetime.now(UTC)
    rows = [
        {
            "tenant_id": tenant_id,
            "external_id": f"t{number}",
            "status": "open",
            "urgency": "low",
            "sentiment": "neutral",
        }
        | {"created_at": now - timedelta(minutes=number), "subject": "", "message": ""}
        for number in range(tickets)
    ]
    cluster.db["tickets"].insert_many(rows)
