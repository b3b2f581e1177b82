"""The rate limit, cancelling, memory and health, on real processes."""

import random
import signal
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import httpx

from soak.cluster import PATIENCE_SECONDS, Cluster, wait_for
from soak.process import Process
from soak.verdict import Verdict

LIMIT = 60
"""The reference upstream's requests in any 60 s."""
TENANTS = ("tenant_a", "tenant_b", "tenant_c", "tenant_d")
CANCEL_SECONDS = 2.0
HEALTH_SECONDS = 3.0
STOP_SECONDS = 5.0
MEMORY_BYTES_PER_RUN = 1_000_000
WARM_UP_RUNS = 5


def rate_limit(seconds: int | None, *, processes: int = 4) -> Verdict:
    """Several workers and more pages than the limit admits: upstream's own log says what arrived when.

    `seconds`: how long to watch; None: until one window's budget is used up, every tenant has had a turn and every run
    waits, however long that takes.
    """
    page_size = 10 if seconds else 2
    mock = {"rate_limit_per_minute": LIMIT, "ticket_count": 100_000 if seconds else 800}
    with Cluster(mock=mock, page_size=page_size, rate_limit_per_minute=LIMIT, lock_ttl_seconds=30) as cluster:
        for _ in range(processes):
            cluster.worker(worker_concurrency=1)
        for tenant in TENANTS:
            cluster.queue(tenant)
        wait_for(lambda: len(cluster.upstream_state()["pages"]) > 0, what="the first request")
        if seconds:
            time.sleep(seconds)
        else:
            wait_for(lambda: _sent(cluster.upstream_state()) >= LIMIT, what="one window's requests")
            wait_for(lambda: _served(cluster.upstream_state()) == set(TENANTS), what="every tenant's turn")
            wait_for(lambda: _waiting(cluster) == len(TENANTS), what="every run to wait")
        state, waiting = cluster.upstream_state(), _waiting(cluster)
    requests, refused = state["requests"], state["requests"]["rate_limited"]
    used = _sent(state) / (LIMIT * (seconds or 60) / 60)
    tenants = _served(state)
    watched = f"{seconds} s" if seconds else "one window"
    measured = (
        f"{processes} processes, {watched}: {refused} answers 429, at most {requests['max_in_window']} in a window, "
        f"{used:.0%} of the budget used, {len(tenants)} tenants served, {waiting} jobs say that they wait"
    )
    held = refused == 0 and requests["max_in_window"] <= LIMIT and used >= 0.95 and len(tenants) == len(TENANTS)
    return Verdict("the outbound limit, over all processes", measured, held)


def _sent(state: Any) -> int:
    """Requests that count against the limit."""
    return sum(count for path, count in state["requests"]["by_path"].items() if path.startswith("/external/"))


def _served(state: Any) -> set[str]:
    """The tenants of which a page was asked for."""
    return {entry["query"]["tenant_id"] for entry in state["pages"]}


def _waiting(cluster: Cluster) -> int:
    """Runs that say that they wait for the limit."""
    return cluster.db["ingestion_jobs"].count_documents({"waiting_until": {"$gt": datetime.now(UTC)}})


def cancelling(times: int, *, slack: float = 1.0, seed: int = 4) -> Verdict:
    """Cancel runs at random moments.

    `slack`: by how much the promised seconds are stretched, for a machine that is busy with other things.
    """
    chance = random.Random(seed)
    took: list[float] = []
    wrong = 0
    mock = {"ticket_count": 4_000, "rate_limit_per_minute": 0, "latency_ms": 30}
    with Cluster(mock=mock, page_size=10) as cluster:
        process, service = cluster.service()
        for _ in range(times):
            started = service.post(
                "/ingest/run", params={"tenant_id": "tenant_a"}, headers={"prefer": "respond-async"}
            ).json()
            time.sleep(chance.uniform(0.0, 0.6))
            begin = time.monotonic()
            answer = service.delete(f"/ingest/{started['job_id']}")
            wait_for(lambda job_id=started["job_id"]: "active" not in cluster.job(job_id), what="the cancel")  # type: ignore[misc]
            took.append(time.monotonic() - begin)
            wrong += cluster.job(started["job_id"])["status"] not in ("cancelled", "completed")
            wrong += answer.status_code not in (200, 202, 409)
        assert process.is_alive
    slowest = statistics.quantiles(took, n=100)[98] if times > 1 else took[0]
    measured = (
        f"{times} cancels: median {statistics.median(took):.2f} s, 99th percentile {slowest:.2f} s, {wrong} wrong"
    )
    return Verdict("cancel: terminal within 2 s", measured, slowest <= CANCEL_SECONDS * slack and wrong == 0)


def cancelling_while_waiting(times: int, *, slack: float = 1.0) -> Verdict:
    """Cancel runs that wait for a budget that is used up.

    `slack`: by how much the promised seconds are stretched, for a machine that is busy with other things.
    """
    took: list[float] = []
    with Cluster(mock={"rate_limit_per_minute": 1, "ticket_count": 1_000}, rate_limit_per_minute=1) as cluster:
        _, service = cluster.service()
        for _ in range(times):
            query = {"tenant_id": "tenant_a"}
            job_id = service.post("/ingest/run", params=query, headers={"prefer": "respond-async"}).json()["job_id"]
            wait_for(lambda job_id=job_id: bool(cluster.job(job_id)["waiting_until"]), what="the wait")  # type: ignore[misc]
            shown = service.get(f"/ingest/progress/{job_id}").json()
            begin = time.monotonic()
            service.delete(f"/ingest/{job_id}")
            cluster.wait_for_end(job_id)
            took.append(time.monotonic() - begin)
            assert shown["waiting_until"], shown
    measured = f"{times} cancels during a rate-limit wait: slowest {max(took):.2f} s"
    return Verdict("cancel: terminal within 2 s, also while waiting", measured, max(took) <= CANCEL_SECONDS * slack)


def memory(runs: int, *, tickets: int = 10_000) -> Verdict:
    """Run after run in one process: its resident size must not follow the number of runs."""
    sizes: list[int] = []
    mock = {"ticket_count": tickets, "rate_limit_per_minute": 0}
    with Cluster(mock=mock) as cluster:
        process, service = cluster.service()
        for _ in range(runs):
            for tenant in TENANTS:
                service.post("/ingest/run", params={"tenant_id": tenant}).raise_for_status()
            sizes.append(process.resident_bytes())
    settled = sizes[WARM_UP_RUNS:]
    growth = (settled[-1] - settled[0]) / max(1, len(settled) - 1)
    measured = f"{runs} runs of {tickets} tickets: {sizes[-1] / 1e6:.0f} MB at the end, {growth / 1e6:+.2f} MB a run"
    return Verdict("memory does not grow with runs", measured, growth < MEMORY_BYTES_PER_RUN)


def health(*, slack: float = 1.0) -> Verdict:
    """Stop the database, see the service say so, start it, see the service recover by itself.

    `slack`: by how much the promised seconds are stretched, for a machine that is busy with other things.
    """
    with Cluster(mock={"ticket_count": 0}, disturbs_mongod=True) as cluster:
        _, service = cluster.service()
        wait_for(lambda: service.get("/health").status_code == 200, what="a healthy service")
        begin = time.monotonic()
        cluster.signal_mongod(signal.SIGSTOP)
        wait_for(lambda: service.get("/health").status_code == 503, what="the service to notice")
        noticed = time.monotonic() - begin
        with ThreadPoolExecutor(4) as many:
            answers = list(many.map(lambda _: service.get("/health/live").status_code, range(4)))
        cluster.signal_mongod(signal.SIGCONT)
        recovered = wait_for(lambda: _is_healthy(service), what="the service to recover")
    measured = f"503 after {noticed:.1f} s, 200 again {recovered:.1f} s after MongoDB returned"
    return Verdict("health tells the truth", measured, noticed <= HEALTH_SECONDS * slack and answers == [200] * 4)


def _is_healthy(service: httpx.Client) -> bool:
    return service.get("/health").status_code == 200


def graceful_stop(times: int, *, slack: float = 1.0) -> Verdict:
    """SIGTERM during a run: the page is finished, the lease handed back, exit code 0, and another worker goes on.

    `slack`: by how much the promised seconds are stretched, for a machine that is busy with other things.
    """
    mock = {"ticket_count": 4_000, "rate_limit_per_minute": 0, "latency_ms": 20}
    slowest, wrong = 0.0, 0
    with Cluster(mock=mock, page_size=10) as cluster:
        job_id = cluster.queue("tenant_a")
        for _ in range(times):
            worker = cluster.worker()
            at_start = cluster.job(job_id)["processed_pages"]
            wait_for(lambda seen=at_start: cluster.job(job_id)["processed_pages"] > seen + 3, what="progress")  # type: ignore[misc]
            slowest, code = _stop(worker, slowest)
            job = cluster.job(job_id)
            locks = cluster.db["distributed_locks"].find_one({"resource_id": "ingest:tenant_a"}) or {}
            wrong += code != 0 or job["status"] != "queued" or locks["expires_at"] > datetime.now(UTC)
    measured = f"{times} SIGTERMs during a run: slowest {slowest:.1f} s, {wrong} left the job or the lease behind"
    return Verdict("SIGTERM hands the job back within 5 s", measured, slowest <= STOP_SECONDS * slack and wrong == 0)


def _stop(worker: Process, slowest: float) -> tuple[float, int]:
    begin = time.monotonic()
    code = worker.stop(PATIENCE_SECONDS)
    return max(slowest, time.monotonic() - begin), code
