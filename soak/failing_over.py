"""A whole installation under load, two APIs and two workers, whose database fails over again and again."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import httpx

from soak.cluster import Cluster, client_of, wait_for
from soak.replica_set import ReplicaSet
from soak.verdict import Verdict

TENANTS = ("tenant_a", "tenant_b", "tenant_c", "tenant_d")
LIMIT = 120
"""Upstream's requests in any 60 s: few enough that runs use them up, and wait for more while the primary dies."""
ASKERS = 4
REQUEST_SECONDS = 7.0
"""6 s are promised; this is what a client on the same machine sees."""
BACK_SECONDS = 15.0
"""An election takes the members some 4 s (`soak/replica_set.py`), finding its result another 3 s."""
ADMITTED = frozenset([200, 503, 504])


@dataclass
class Load:
    """What the askers were answered."""

    statuses: Counter[int] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)
    """Requests without an answer, by what happened instead."""
    slowest: float = 0.0


def failing_over(kills: int, *, tickets: int = 2_000, slack: float = 1.0, seed: int = 8) -> Verdict:
    """SIGKILL the primary of three while runs of four tenants are under way and both APIs are asked without a pause.

    `slack`: by how much the promised seconds are stretched, for a machine that is busy with other things.
    """
    chance, back, runs = random.Random(seed), list[float](), list[str]()
    mock = {"ticket_count": tickets, "rate_limit_per_minute": LIMIT, "drifting_updated_at_share": 0}
    with ExitStack() as stack:
        home = stack.enter_context(TemporaryDirectory(prefix="soak-set-"))
        members = stack.enter_context(ReplicaSet(Path(home)))
        cluster = stack.enter_context(
            Cluster(mock=mock, mongo_url=members.url, page_size=10, lock_ttl_seconds=20, rate_limit_per_minute=LIMIT)
        )
        expected = {tenant: cluster.upstream_ids(tenant) for tenant in TENANTS}
        cluster.control("reset", {})
        apis = [cluster.service(run_worker="false") for _ in range(2)]
        workers = [cluster.worker() for _ in range(2)]
        load = stack.enter_context(asked([client for _, client in apis]))
        for _ in range(kills):
            runs += queue_idle(cluster)
            time.sleep(chance.uniform(2.0, 5.0))
            killed = members.kill_primary()
            back.append(max(wait_for(lambda api=api: is_ready(api), what="an API to be ready") for _, api in apis))  # type: ignore[misc]
            members.restart(killed)
        for job_id in runs:
            cluster.wait_for_end(job_id)
        assert all(process.is_alive for process, _ in [*apis, *((worker, None) for worker in workers)])
        faults = differences(cluster, expected, runs)
        requests = cluster.upstream_state()["requests"]
    return _verdict(kills, load, max(back), faults, requests, slack)


def _verdict(
    kills: int, load: Load, back: float, faults: Counter[str], requests: dict[str, int], slack: float
) -> Verdict:
    answers = ", ".join(f"{number} of {status}" for status, number in sorted(load.statuses.items()))
    measured = (
        f"the primary of three killed {kills} times under 2 APIs and 2 workers: {dict(faults) or 'no difference'}; "
        f"{answers}, {dict(load.unanswered) or 'none'} unanswered, the slowest after {load.slowest:.1f} s; both APIs "
        f"ready again within {back:.1f} s; {requests['rate_limited']} answers 429 of upstream, at most "
        f"{requests['max_in_window']} requests of {LIMIT} in a window"
    )
    held = (
        not faults
        and load.statuses.keys() <= ADMITTED
        and not load.unanswered
        and load.slowest <= REQUEST_SECONDS * slack
        and back <= BACK_SECONDS * slack
        and requests["rate_limited"] == 0
        and requests["max_in_window"] <= LIMIT
    )
    return Verdict("failovers under load: nothing lost, every API answers again by itself", measured, held)


def queue_idle(cluster: Cluster) -> list[str]:
    """Queue a run of each tenant that has none under way; the ids."""
    busy = {row["tenant_id"] for row in cluster.db["ingestion_jobs"].find({"active": True})}
    return [cluster.queue(tenant) for tenant in TENANTS if tenant not in busy]


def differences(cluster: Cluster, expected: dict[str, set[str]], runs: list[str]) -> Counter[str]:
    """What is not as if nothing had happened."""
    found: Counter[str] = Counter()
    jobs = [cluster.job(job_id) for job_id in runs]
    found["runs that did not complete"] = sum(job["status"] != "completed" for job in jobs)
    for tenant, ids in expected.items():
        mine = {"tenant_id": tenant}
        stored = Counter(row["external_id"] for row in cluster.db["tickets"].find(mine, {"external_id": 1}))
        created = Counter(row["ticket_id"] for row in cluster.db["ticket_history"].find({**mine, "action": "created"}))
        found["tickets lost"] += len(ids - stored.keys())
        found["tickets stored twice"] += stored.total() - len(stored)
        found["tickets without one row of their coming"] += sum(created[each] != 1 for each in ids)
        new = sum(job["new_ingested"] for job in jobs if job["tenant_id"] == tenant)
        found["tickets counted wrongly"] += abs(new - len(ids))
    logged = {row["_id"] for row in cluster.db["ingestion_logs"].find({}, {"_id": 1})}
    found["runs without a log"] = len(set(runs) - logged)
    return +found


def is_ready(api: httpx.Client) -> bool:
    """Whether it says that it can be sent requests."""
    return api.get("/health/ready").status_code == 200


@contextmanager
def asked(apis: list[httpx.Client]) -> Iterator[Load]:
    """Both APIs are asked without a pause meanwhile."""
    load, end = Load(), Event()

    def ask(number: int) -> None:
        with client_of(str(apis[number % len(apis)].base_url)) as client:
            for turn in count(number):
                if end.is_set():
                    return
                tenant, begin = TENANTS[turn % len(TENANTS)], time.monotonic()
                path = ("/tickets", f"/tenants/{tenant}/stats", "/ingest/logs")[turn % 3]
                try:
                    answer = client.get(path, params={} if "stats" in path else {"tenant_id": tenant})
                    load.statuses[answer.status_code] += 1
                except httpx.TransportError as error:
                    load.unanswered[type(error).__name__] += 1
                load.slowest = max(load.slowest, time.monotonic() - begin)

    with ThreadPoolExecutor(ASKERS) as askers:
        asking = [askers.submit(ask, number) for number in range(ASKERS)]
        try:
            yield load
        finally:
            end.set()
    for each in asking:
        each.result()
