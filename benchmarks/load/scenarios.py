"""Fifty dashboards beside four runs, the cost of one more dashboard, and the cost of one more tenant."""

import asyncio
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from benchmarks.load.crowd import Crowd, look
from benchmarks.load.watching import Watch
from benchmarks.report import Chapter, Finding
from benchmarks.stage import Stage, sample
from soak.cluster import Cluster, wait_for
from soak.process import Process

TENANTS = ("tenant_a", "tenant_b", "tenant_c", "tenant_d")
DASHBOARDS = 50
UPSTREAM_LIMIT = 60
STEPS = (1, 10, 25, 50, 100)
TENANT_STEPS = (1, 10, 100, 1_000)
TICKETS_A_TENANT = 100
FIGURES = "{ totalTickets byUrgency { urgency count } }"
LOAD_SECONDS, STEP_SECONDS, IDLE_SECONDS = 300.0, 30.0, 20.0
QUICK = 0.1
"""With `--quick`, everything takes a tenth."""
HEAD_SHARE = 0.2
"""How much of a series is its beginning, and how much its end."""
FLAT_SHARE, FLAT_MEGABYTES = 1.1, 20.0
"""Memory is flat if its end is no higher than its beginning by more than this."""

METHOD = f"""Locust plays dashboards in a process of its own: each asks what the page asks, with the page's own
operations, when somebody opens a view and again when its WebSocket tells that tickets have changed, in steps of two
seconds. One process serves the API, another one works; four tenants with {DASHBOARDS // len(TENANTS)} dashboards
each, more or less, are read all the while, within the limit of {UPSTREAM_LIMIT} requests a minute that all share.
Times are those of the client, in milliseconds. *Flat*: the median of the last fifth is at most {FLAT_SHARE - 1:.0%}
or {FLAT_MEGABYTES:.0f} MB above that of the first fifth. The costs of one more dashboard are measured while nothing
is read; tenants have {TICKETS_A_TENANT} tickets each, and *idle* is what the processes take when nobody asks
anything. Everything, the players too, shares two cores."""


async def measure(stage: Stage) -> Chapter:
    """Measure all three, on a database and processes of their own."""
    return await asyncio.to_thread(_measure, quick=stage.quick)


def _measure(*, quick: bool) -> Chapter:
    pace = QUICK if quick else 1.0
    findings = [*_under_load(LOAD_SECONDS * pace), *_by_dashboards(STEP_SECONDS * max(pace, 0.2))]
    steps = TENANT_STEPS[:-1] if quick else TENANT_STEPS
    findings += [finding for number in steps for finding in _of_tenants(number, IDLE_SECONDS * max(pace, 0.2))]
    return Chapter("Load", METHOD, findings)


@contextmanager
def _processes(cluster: Cluster, *, limit: int = 0) -> Iterator[tuple[dict[str, int], httpx.Client]]:
    """An API process, a worker and the database; by name, their ids. `limit`: requests to upstream a minute."""
    worker = cluster.worker(rate_limit_per_minute=limit)
    process, service = cluster.service(run_worker="false", rate_limit_per_minute=limit)
    yield {"API": process.pid, "worker": worker.pid, "database": cluster.mongod_pid()}, service
    _stop(process, worker)


def _stop(*processes: Process) -> None:
    for process in processes:
        process.stop(30)


def _under_load(seconds: float) -> list[Finding]:
    mock = {"ticket_count": 200_000, "rate_limit_per_minute": 0}
    with Cluster(mock=mock) as cluster, _processes(cluster, limit=UPSTREAM_LIMIT) as (pids, service), _runs(service):
        wait_for(lambda: cluster.db["tickets"].estimated_document_count() > 2_000, what="the first tickets")
        with Watch(cluster, pids) as watch:
            crowd = look(str(service.base_url), dashboards=DASHBOARDS, seconds=seconds)
        stored = cluster.db["tickets"].estimated_document_count()
    return [*_told(crowd, f"{DASHBOARDS} dashboards, {seconds:.0f} s, {stored:,} tickets at the end"), *_flat(watch)]


@contextmanager
def _runs(service: httpx.Client) -> Iterator[None]:
    """Runs of the four tenants, begun anew as soon as they have ended."""
    ended = threading.Event()

    def keep_going() -> None:
        with httpx.Client(base_url=service.base_url, timeout=30) as client:
            while not ended.wait(1.0):
                for tenant in TENANTS:
                    # 409: one goes on already.
                    client.post("/ingest/run", params={"tenant_id": tenant}, headers={"Prefer": "respond-async"})

    thread = threading.Thread(target=keep_going)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _told(crowd: Crowd, what: str) -> list[Finding]:
    kinds = [(f"- {name}", each) for name, each in crowd.by_kind.items() if each.requests]
    findings = [
        Finding(
            name,
            f"{each.requests:,} requests: {each.p50:.0f}, {each.p95:.0f}, {each.p99:.0f} ms (p50, p95, p99)",
        )
        for name, each in [(what, crowd.all), *kinds]
    ]
    failures = crowd.all.failures
    said = f"{failures} of {crowd.all.requests:,}" + "".join(f"; {error}" for error in crowd.errors[:3])
    return [*findings, Finding("failed requests", said, "none", failures == 0)]


def _flat(watch: Watch) -> list[Finding]:
    findings = []
    for name, series in watch.of.items():
        begin, end = _ends(series.megabytes)
        held = end <= max(begin * FLAT_SHARE, begin + FLAT_MEGABYTES)
        told = f"{begin:.0f} MB, {end:.0f} MB at the end; {series.busy:.0%} of a core"
        # The database fills its cache, which is bounded by a setting of its own.
        findings.append(Finding(f"memory of the {name}", told, *(("flat", held) if name != "database" else ())))
    begin, end = _ends(watch.connections)
    return [
        *findings,
        Finding("connections to the database", f"{begin:.0f}, {end:.0f} at the end", "flat", end <= begin * FLAT_SHARE),
    ]


def _ends(values: list[float] | list[int]) -> tuple[float, float]:
    """The medians of the beginning and of the end of a series."""
    number = max(1, round(len(values) * HEAD_SHARE))
    return statistics.median(values[:number]), statistics.median(values[-number:])


def _by_dashboards(seconds: float) -> Iterator[Finding]:
    mock = {"ticket_count": 10_000, "rate_limit_per_minute": 0}
    with Cluster(mock=mock) as cluster, _processes(cluster) as (pids, service):
        for tenant in TENANTS:
            service.post("/ingest/run", params={"tenant_id": tenant}).raise_for_status()
        for number in STEPS:
            with Watch(cluster, pids) as watch:
                crowd = look(str(service.base_url), dashboards=number, seconds=seconds)
            busy = ", ".join(f"{name} {series.busy:.1%}" for name, series in watch.of.items())
            memory = watch.of["API"].megabytes[-1]
            yield Finding(
                f"{number} dashboards, nothing read",
                f"{crowd.all.p50:.0f}, {crowd.all.p95:.0f} ms (p50, p95); of a core: {busy}; API {memory:.0f} MB, "
                f"{watch.connections[-1]} connections to the database",
            )


def _of_tenants(number: int, seconds: float) -> list[Finding]:
    with Cluster(mock={"ticket_count": 0}) as cluster, _processes(cluster) as (pids, service):
        rows = sample("tenant", TICKETS_A_TENANT)
        for tenant in range(number):
            cluster.db["tickets"].insert_many([{**row, "tenant_id": f"tenant-{tenant:04d}"} for row in rows])
        time.sleep(seconds)  # the keepers look at what has come
        with Watch(cluster, pids) as watch:
            time.sleep(seconds)
        home = [_seconds_of(service, f"{{ tenants {{ tenantId stats {FIGURES} }} }}") for _ in range(5)]
        one = [_seconds_of(service, f'{{ tenantStats(tenantId: "tenant-0000") {FIGURES} }}') for _ in range(20)]
    idle = ", ".join(f"{name} {series.busy:.1%}" for name, series in watch.of.items())
    return [
        Finding(
            f"{number:,} tenants",
            f"idle, of a core: {idle}; one tenant's figures {statistics.median(one) * 1000:.1f} ms, "
            f"all tenants' {statistics.median(home) * 1000:.0f} ms; worker {watch.of['worker'].megabytes[-1]:.0f} MB",
        )
    ]


def _seconds_of(service: httpx.Client, query: str) -> float:
    begin = time.perf_counter()
    answer = service.post("/graphql", json={"query": query}).raise_for_status().json()
    if "errors" in answer:
        raise AssertionError(answer["errors"])
    return time.perf_counter() - begin
