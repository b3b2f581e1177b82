"""Notifications through failures, kills and an outage: each one arrives, and a half-open circuit sends one probe."""

import asyncio
import multiprocessing
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.queues import Queue, SimpleQueue
from multiprocessing.synchronize import Barrier

from documents.circuit_breaker import CircuitState
from documents.database import connect
from services.notifications.breaker import CircuitBreaker, RequestResult
from services.notifications.breaker_updates import FAILURES_TO_OPEN
from services.notifications.outbox import notification_row
from soak.cluster import PATIENCE_SECONDS, Cluster, free_port, wait_for
from soak.process import Process
from soak.races import Place
from soak.verdict import Verdict

MATCHED = [{"rule": "outage", "keyword": "down", "text": "down"}]
PROCESSES = 3
OPEN_SECONDS = 0.25
"""So short because at 30 % failures a circuit opens every few dozen requests, and 30 s each would make days."""
KILL_EVERY_SECONDS = 2.0
PROGRESS = 5
"""So many deliveries at least lie between two kills."""
PROBERS = 25
"""Racers in each of the processes."""


class Notifier(ThreadingHTTPServer):
    """Fails a share of the requests, and all of them during an outage; remembers what it took."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, share: float, seed: int) -> None:
        super().__init__(("127.0.0.1", free_port()), _Handler)
        self.chance, self.share = random.Random(seed), share
        self.is_out = False
        self.guard = threading.Lock()
        self.taken: Counter[str] = Counter()
        self.requests = self.during_outage = 0
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: a process was killed while it was talking."""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}/notify"

    def decide(self, key: str) -> int:
        """The status of one request."""
        with self.guard:
            self.requests += 1
            self.during_outage += self.is_out
            if self.is_out or self.chance.random() < self.share:
                return 503
            self.taken[key] += 1
            return 200


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Notifier

    def do_POST(self) -> None:
        """Take one notification."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.server.decide(self.headers["Idempotency-Key"]))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: there are thousands."""


def delivery(tickets: int, *, outage_seconds: float = 10.0, seed: int = 7) -> Verdict:
    """Deliver to a notifier that fails 30 % of the requests, killing a process every 2 s, with an outage on top."""
    notifier = Notifier(0.3, seed)
    begin = time.monotonic()
    with Cluster(
        mock={"ticket_count": 0},
        notify_url=notifier.url,
        notify_timeout_seconds=2,
        circuit_open_seconds=OPEN_SECONDS,
    ) as cluster:
        keys = _fill_outbox(cluster, tickets)
        workers = [cluster.worker() for _ in range(PROCESSES)]
        rows, kills = cluster.db["notifications"], 0
        wait_for(lambda: len(notifier.taken) > tickets // 10, what="the first deliveries")
        probes = _suffer_outage(notifier, outage_seconds)
        while len(notifier.taken) < tickets:
            victim = notifier.chance.randrange(PROCESSES)
            workers[victim] = _replace(cluster, workers[victim])
            kills += 1
            _await_progress(lambda: len(notifier.taken), tickets)
        wait_for(lambda: rows.count_documents({"state": "pending"}) == 0, what="the records of the last deliveries")
        lost = keys - notifier.taken.keys()
        wrong = rows.count_documents({"state": {"$ne": "delivered"}})
    notifier.shutdown()
    repeated = sum(count - 1 for count in notifier.taken.values())
    measured = (
        f"{tickets} urgent tickets, {PROCESSES} processes, {kills} kills, an outage of {outage_seconds:.0f} s "
        f"({probes} requests in it), {notifier.requests} requests in {time.monotonic() - begin:.0f} s: "
        f"{len(lost)} lost, {repeated} delivered more than once"
    )
    return Verdict("every urgent ticket is announced at least once", measured, not lost and wrong == 0)


def _fill_outbox(cluster: Cluster, tickets: int) -> set[str]:
    now = datetime.now(UTC)
    rows = [
        notification_row("soak", f"T-{number}", version="v", matched=MATCHED, now=now + timedelta(milliseconds=number))
        for number in range(tickets)
    ]
    cluster.db["notifications"].insert_many(rows)
    return {row["_id"] for row in rows}


def _suffer_outage(notifier: Notifier, seconds: float) -> int:
    notifier.is_out = True
    time.sleep(seconds)
    notifier.is_out = False
    return notifier.during_outage


def _replace(cluster: Cluster, worker: Process) -> Process:
    worker.kill()
    return cluster.worker()


def _await_progress(taken: Callable[[], int], all_of_them: int) -> None:
    """Until the next kill: on a busy machine, a process that is killed as soon as it has started delivers nothing."""
    time.sleep(KILL_EVERY_SECONDS)
    enough = min(taken() + PROGRESS, all_of_them)
    wait_for(lambda: taken() >= enough, what="deliveries between two kills")


def one_probe(races: int) -> Verdict:
    """Let 100 racers in 4 processes ask a half-open circuit for a permit; count the permits of each race."""
    context = multiprocessing.get_context("fork")
    processes = 4
    barrier = context.Barrier(processes)
    results: Queue[tuple[int, int]] = context.Queue()
    places: SimpleQueue[Place] = context.SimpleQueue()
    arguments = (places, races, barrier, results)
    racers = [context.Process(target=_race, args=(number, *arguments), daemon=True) for number in range(processes)]
    for racer in racers:
        racer.start()  # before there is a cluster, whose client has threads: they are not forked
    with Cluster(mock={"ticket_count": 0}) as cluster:
        for _ in racers:
            places.put((cluster.mongo_url, cluster.database_name))
        permits = Counter[int]()
        for _ in range(races * processes):
            race, granted = results.get(timeout=PATIENCE_SECONDS)
            permits[race] += granted
        for racer in racers:
            racer.join(PATIENCE_SECONDS)
    wrong = sum(permits[race] != 1 for race in range(races))
    measured = f"{races} races of {processes * PROBERS} racers in {processes} processes: {wrong} without exactly one"
    return Verdict("a half-open circuit sends one probe", measured, wrong == 0)


def _race(
    number: int, places: "SimpleQueue[Place]", races: int, barrier: Barrier, results: "Queue[tuple[int, int]]"
) -> None:
    asyncio.run(_take_part(number, *places.get(), races, barrier, results))


async def _take_part(
    number: int, url: str, name: str, races: int, barrier: Barrier, results: "Queue[tuple[int, int]]"
) -> None:
    await asyncio.to_thread(
        barrier.wait, PATIENCE_SECONDS
    )  # before connecting: indexes are created once, not in a crowd
    database = await connect(url, name)
    for race in range(races):
        circuit = CircuitBreaker(database, f"race-{race}", open_seconds=0.05, permit_seconds=PATIENCE_SECONDS)
        if number == 0:
            await _open(circuit)
        await asyncio.to_thread(barrier.wait, PATIENCE_SECONDS)
        granted = await asyncio.gather(*(circuit.admit(1) for _ in range(PROBERS)))
        results.put((race, sum(map(len, granted))))
    database.close()


async def _open(circuit: CircuitBreaker) -> None:
    permits = await circuit.admit(FAILURES_TO_OPEN)
    await circuit.report([RequestResult(permit, False) for permit in permits])
    await asyncio.sleep(0.2)
    assert (await circuit.status()).state is CircuitState.HALF_OPEN
