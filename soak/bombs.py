"""Answers made to hurt: they cost bounded memory, and the service answers others meanwhile."""

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from soak.bad_data import good_record
from soak.cluster import Cluster, wait_for
from soak.process import Process
from soak.verdict import Verdict

MEGABYTE = 1_000_000
MAX_GROWTH_BYTES = 150 * MEGABYTE
MAX_LIVE_SECONDS = 0.5
MAX_CANCEL_SECONDS = 2.0
WATCHED_SECONDS = 6.0
"""A run that goes on for longer is cancelled."""
PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Bomb:
    """An answer to every request for a page: its header lines, and pieces of its body."""

    headers: dict[str, str]
    body: Callable[[], Iterator[bytes]]
    header_bytes: int = 0
    """Of further header lines."""


def _flood(beginning: str, repeated: str, times: int, end: str = "") -> Bomb:
    many = max(1, PIECE // len(repeated))

    def pieces() -> Iterator[bytes]:
        yield beginning.encode()
        for start in range(0, times, many):
            yield (repeated * min(many, times - start)).encode()
        yield end.encode()

    return Bomb({}, pieces)


def _packed(body: bytes, layers: int = 1) -> Bomb:
    for _ in range(layers):
        body = gzip.compress(body)
    return Bomb({"Content-Encoding": ", ".join(["gzip"] * layers)}, lambda: iter([body]))


def bombs() -> dict[str, Callable[[], Bomb]]:
    """How to make every bomb, by its name; to pack one takes seconds."""
    record = str(good_record("T-1")).replace("'", '"')
    empty_page = b'{"tickets": [], "next_page": null}'
    return {
        "40 kB of escaped quotes": partial(_flood, '{"tickets": [{"id": "', '\\"', 20_000),
        "30 MB of escaped quotes": partial(_flood, '{"tickets": [{"id": "', '\\"', 15_000_000),
        "64 MB in gzip": lambda: _packed(b'{"tickets": [{"id": "' + b"x" * 64 * MEGABYTE + b'"}]}'),
        "400 MB in gzip": lambda: _packed(b" " * 400 * MEGABYTE),
        "gzip in gzip": lambda: _packed(b" " * 100 * MEGABYTE, layers=2),
        "300,000 records": partial(_flood, '{"tickets": [', record + ",", 299_999, record + '], "next_page": null}'),
        "300,000 small records": partial(_flood, '{"tickets": [', '{"id":"T"},', 299_999, '{}], "next_page": null}'),
        "10 million empty lists": partial(_flood, '{"tickets": [', "[],", 10_000_000, "[]]}"),
        "30 MB of brackets": partial(_flood, '{"tickets": ', "[", 30_000_000),
        "30 MB of quotes": partial(_flood, '{"tickets": [', '"', 30_000_000),
        "500 MB of anything": partial(_flood, "", " ", 500 * MEGABYTE),
        "100 MB of headers": partial(Bomb, {}, lambda: iter([empty_page]), header_bytes=100 * MEGABYTE),
        "a count of 10**20": partial(_flood, '{"tickets": [], "next_page": null, "total_count": 1', "0", 20, "}"),
    }


@dataclass
class Hostile:
    """A server that throws one bomb at whoever asks for a page, and a packed one at whoever asks how it is."""

    bomb: Bomb = field(default_factory=lambda: Bomb({}, lambda: iter([b"{}"])))
    health: Bomb = field(default_factory=lambda: _packed(b" " * 100 * MEGABYTE, layers=2))
    url: str = ""

    def throw(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request, as far as the client lets us."""
        path = handler.path.partition("?")[0]
        if path == "/external/deleted-tickets":
            bomb = Bomb({}, lambda: iter([b'{"deleted_ids": []}']))
        else:
            bomb = self.health if path == "/health" else self.bomb
        try:
            handler.send_response(200)
            for name, value in bomb.headers.items():
                handler.send_header(name, value)
            handler.send_header("Connection", "close")
            handler.flush_headers()
            for _ in range(0, bomb.header_bytes, PIECE):
                handler.wfile.write(b"X-Padding: " + b"x" * PIECE + b"\r\n")
            handler.wfile.write(b"\r\n")
            for piece in bomb.body():
                handler.wfile.write(piece)
        except OSError:
            return  # the client has had enough


@contextmanager
def serving(hostile: Hostile) -> Iterator[None]:
    """Let it serve on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hostile.throw(self)

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hostile.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Damage:
    """What the bombs did."""

    growth: int = 0
    live_seconds: float = 0.0
    cancel_seconds: float = 0.0
    worst: str = ""
    unended: list[str] = field(default_factory=list)


def harmless(names: list[str] | None = None, *, patience_seconds: float = 2.0, slack: float = 1.0) -> Verdict:
    """Throw each bomb at a service that ingests, and watch its memory and how it answers others.

    `patience_seconds`: for how long a run asks again for what it cannot read.
    `slack`: by how much the promised seconds are stretched, for a machine that is busy with other things.
    """
    thrown = {name: make for name, make in bombs().items() if names is None or name in names}
    damage, hostile = Damage(), Hostile()
    with Cluster(mock={"ticket_count": 0}, upstream_patience_seconds=patience_seconds) as cluster, serving(hostile):
        process, service = cluster.service(external_api_url=hostile.url)
        _suffer(cluster, process, service, damage, "warm-up")
        for name, make in thrown.items():
            hostile.bomb = make()
            _suffer(cluster, process, service, damage, name)
        assert process.is_alive
    measured = (
        f"{len(thrown)} bombs, and one at each probe: memory +{damage.growth / MEGABYTE:.0f} MB at most "
        f"({damage.worst}), /health/live after {damage.live_seconds:.2f} s at most, cancelled within "
        f"{damage.cancel_seconds:.1f} s, {damage.unended or 'every run ended'}"
    )
    held = (
        damage.growth <= MAX_GROWTH_BYTES
        and damage.live_seconds <= MAX_LIVE_SECONDS * slack
        and damage.cancel_seconds <= MAX_CANCEL_SECONDS * slack
        and not damage.unended
    )
    return Verdict("bombs: bounded memory, others are answered", measured, held)


def _suffer(cluster: Cluster, process: Process, service: httpx.Client, damage: Damage, name: str) -> None:
    before = process.resident_bytes()
    query, asynchronously = {"tenant_id": "tenant_a"}, {"prefer": "respond-async"}
    job_id = service.post("/ingest/run", params=query, headers=asynchronously).json()["job_id"]
    deadline, rounds = time.monotonic() + WATCHED_SECONDS, 0
    while "active" in cluster.job(job_id) and time.monotonic() < deadline:
        begin = time.monotonic()
        service.get("/health/live")
        damage.live_seconds = max(damage.live_seconds, time.monotonic() - begin)
        if rounds % 10 == 0:
            service.get("/health")
        _weigh(process, before, damage, name)
        rounds += 1
        time.sleep(0.03)
    begin = time.monotonic()
    service.delete(f"/ingest/{job_id}")
    wait_for(lambda: "active" not in cluster.job(job_id), what=f"the end of the run after {name}")
    damage.cancel_seconds = max(damage.cancel_seconds, time.monotonic() - begin)
    _weigh(process, before, damage, name)
    if cluster.job(job_id)["status"] not in ("completed", "failed", "cancelled") or "died" in str(
        cluster.job(job_id)["error"]
    ):
        damage.unended.append(name)


def _weigh(process: Process, before: int, damage: Damage, name: str) -> None:
    growth = process.resident_bytes() - before
    if growth > damage.growth:
        damage.growth, damage.worst = growth, name
