"""Crashes, pauses and takeovers: what is left when a worker or the database dies at any moment."""

import hashlib
import random
import signal
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from bson import json_util

from services.ingestion.pages.commit import FINAL_EVERY
from soak.cluster import Cluster, Row, wait_for
from soak.process import Process
from soak.replica_set import ReplicaSet
from soak.verdict import Verdict

TENANT = "tenant_a"
LEASE_SECONDS = 2.0
"""Short, so that many takeovers fit into a test; the promise is measured as the lease plus what comes on top."""
TAKEOVER_MARGIN_SECONDS = 15.0
LATENCY_MS = 20
"""What upstream takes for a page: a run of many tickets takes long enough to be hit."""
KILL_COSTS = 2
"""Pages to fetch again at most: the one that is being stored, and the one that is being fetched meanwhile."""
DATABASE_KILL_COSTS = KILL_COSTS + FINAL_EVERY
"""As many where the database dies: with it go the pages that it had not made durable."""
STORED = ("tickets", "ticket_history", "ingestion_jobs", "ingestion_logs", "quarantined_records", "notifications")


def unchanging(tickets: int, latency_ms: int) -> dict[str, object]:
    """An upstream without a limit whose tickets stay as they are; `latency_ms`: what it takes for a page."""
    return {
        "ticket_count": tickets,
        "rate_limit_per_minute": 0,
        "latency_ms": latency_ms,
        "drifting_updated_at_share": 0,
    }


def resume(
    kills: int,
    *,
    tickets: int = 4_000,
    latency_ms: int = LATENCY_MS,
    lease_seconds: float = LEASE_SECONDS,
    slack: float = 1.0,
    seed: int = 1,
) -> Verdict:
    """SIGKILL the one worker at random moments, over as many runs as it takes, and compare what is stored.

    `slack`: by how much the time allowed for a takeover is stretched, for a machine that is busy with other things.
    """
    chance = random.Random(seed)
    killed, runs, longest_takeover, faults = 0, 0, 0.0, Counter[str]()
    with Cluster(mock=unchanging(tickets, latency_ms), page_size=10, lock_ttl_seconds=lease_seconds) as cluster:
        expected = cluster.upstream_ids(TENANT)
        worker = cluster.worker()
        while killed < kills:
            runs += 1
            forget_everything(cluster)
            job_id = cluster.queue(TENANT)
            while killed < kills and comes_to_run(cluster, job_id):
                time.sleep(chance.uniform(0.0, 1.2))
                before = cluster.job(job_id)
                if "active" not in before:
                    break
                worker.kill()
                killed += 1
                died = time.monotonic()
                worker = cluster.worker()
                wait_for_progress(cluster, job_id, before)
                longest_takeover = max(longest_takeover, time.monotonic() - died)
            faults += differences(cluster, cluster.wait_for_end(job_id), expected, KILL_COSTS * killed)
    measured = (
        f"{killed} SIGKILLs in {runs} runs of {len(expected)} tickets: {dict(faults) or 'no difference'}; "
        f"longest takeover {longest_takeover:.1f} s with a lease of {lease_seconds:.0f} s"
    )
    held = not faults and longest_takeover <= lease_seconds + TAKEOVER_MARGIN_SECONDS * slack
    return Verdict("resume: nothing lost, nothing twice, counts right", measured, held)


def fencing(
    pauses: int,
    *,
    tickets: int = 2_000,
    latency_ms: int = LATENCY_MS,
    lease_seconds: float = LEASE_SECONDS,
    seed: int = 2,
) -> Verdict:
    """SIGSTOP the holder at random moments, let another worker finish its job, wake it: it must write nothing."""
    chance = random.Random(seed)
    written = Counter[str]()
    with Cluster(mock=unchanging(tickets, latency_ms), page_size=10, lock_ttl_seconds=lease_seconds) as cluster:
        for _ in range(pauses):
            forget_everything(cluster)
            first = cluster.worker()
            job_id = cluster.queue(TENANT)
            comes_to_run(cluster, job_id)
            time.sleep(chance.uniform(0.0, 0.8))
            first.send(signal.SIGSTOP)
            second = cluster.worker()
            cluster.wait_for_end(job_id)
            before = _digests(cluster)
            first.send(signal.SIGCONT)
            wait_for(lambda stale=first: _has_noticed(stale), what=f"the stale holder to notice: {first.tail()}")  # type: ignore[misc]
            time.sleep(0.5)
            written += Counter(name for name, digest in _digests(cluster).items() if digest != before[name])
            first.kill()
            second.kill()
    measured = f"{pauses} holders paused past their lease: {dict(written) or 'nothing'} written after they woke"
    return Verdict("fencing: a stale holder writes nothing", measured, not written)


def database_outages(outages: int, *, tickets: int = 4_000, latency_ms: int = LATENCY_MS, seed: int = 3) -> Verdict:
    """SIGKILL mongod at random moments of a run; the supervisor restarts it."""
    chance = random.Random(seed)
    faults = Counter[str]()
    with Cluster(
        mock=unchanging(tickets, latency_ms), disturbs_mongod=True, page_size=10, lock_ttl_seconds=5
    ) as cluster:
        expected = cluster.upstream_ids(TENANT)
        cluster.worker()
        for _ in range(outages):
            forget_everything(cluster)
            job_id = cluster.queue(TENANT)
            comes_to_run(cluster, job_id)
            time.sleep(chance.uniform(0.2, 1.5))
            cluster.signal_mongod(signal.SIGKILL)
            refetched = DATABASE_KILL_COSTS * outages
            faults += differences(cluster, cluster.wait_for_end(job_id), expected, refetched)
    measured = f"mongod killed {outages} times during a run: {dict(faults) or 'no difference'}"
    return Verdict("a database that dies and returns", measured, not faults)


def failovers(times: int, *, tickets: int = 4_000, latency_ms: int = LATENCY_MS, seed: int = 7) -> Verdict:
    """SIGKILL the primary of a replica set of three during a run; the majority elects another one."""
    chance = random.Random(seed)
    faults = Counter[str]()
    with (
        TemporaryDirectory(prefix="soak-set-") as home,
        ReplicaSet(Path(home)) as replica_set,
        Cluster(
            mock=unchanging(tickets, latency_ms), mongo_url=replica_set.url, page_size=10, lock_ttl_seconds=20
        ) as cluster,
    ):
        expected = cluster.upstream_ids(TENANT)
        cluster.worker()
        for number in range(times):
            forget_everything(cluster)
            job_id = cluster.queue(TENANT)
            comes_to_run(cluster, job_id)
            time.sleep(chance.uniform(0.2, 1.5))
            killed = replica_set.kill_primary()
            refetched = DATABASE_KILL_COSTS * times
            faults += differences(cluster, cluster.wait_for_end(job_id), expected, refetched)
            if number < times - 1:
                replica_set.restart(killed)
    measured = f"the primary of three killed {times} times during a run: {dict(faults) or 'no difference'}"
    return Verdict("a failover during a run", measured, not faults)


def _has_noticed(stale: Process) -> bool:
    """Whether it says that its lease is lost, or too old to go on, or that the new holder has ended its session."""
    printed = stale.log.read_text(errors="replace")  # the end alone may be a traceback of something else
    return any(event in printed for event in ("lease_lost", "run_stopped", "database_failed"))


def forget_everything(cluster: Cluster) -> None:
    """Empty what runs write, and the mock upstream's counters."""
    for name in (*STORED, "distributed_locks"):
        cluster.db[name].delete_many({})
    cluster.control("reset", {})


def comes_to_run(cluster: Cluster, job_id: str) -> bool:
    """Wait until the job runs; False if it has ended."""
    wait_for(lambda: cluster.job(job_id)["status"] != "queued", what="a worker to claim the job")
    return "active" in cluster.job(job_id)


def wait_for_progress(cluster: Cluster, job_id: str, before: Row) -> None:
    """Wait until a run is two pages further than it was, or has ended."""

    def has_moved() -> bool:
        job = cluster.job(job_id)
        return "active" not in job or job["processed_pages"] > before["processed_pages"] + 1

    wait_for(has_moved, what="the takeover")


def differences(cluster: Cluster, job: Row, expected: set[str], refetched: int) -> Counter[str]:
    """Every way in which what is stored differs from what upstream has.

    `refetched`: how many pages may have been fetched once more."""
    rows = list(cluster.db["tickets"].find({}, {"external_id": 1, "tenant_id": 1}))
    stored = Counter(row["external_id"] for row in rows)
    history = Counter(row["ticket_id"] for row in cluster.db["ticket_history"].find())
    pages = Counter(int(entry["query"]["page"]) for entry in cluster.upstream_state()["pages"])
    logs = cluster.db["ingestion_logs"].count_documents({"job_id": job["_id"]})
    found = {
        "lost": len(expected - stored.keys()),
        "invented": len(stored.keys() - expected),
        "duplicated": sum(count - 1 for count in stored.values()),
        "history rows missing or repeated": sum(history[ticket] != 1 for ticket in expected),
        "wrong count": abs(job["new_ingested"] - len(expected)) + job["updated"] + job["unchanged"] + job["deleted"],
        "wrong page count": abs(job["processed_pages"] - -(-len(expected) // 10)),
        "pages fetched more often than kills allow": max(0, pages.total() - len(pages) - refetched),
        "not completed": job["status"] != "completed",
        "not logged once": logs != 1,
    }
    return Counter({name: int(count) for name, count in found.items() if count})


def _digests(cluster: Cluster) -> dict[str, str]:
    """Fingerprints of what a run writes; notifications are delivered meanwhile, so only their ids count."""
    found = {}
    for name in STORED:
        digest = hashlib.sha256()
        for row in cluster.db[name].find({}, {"_id": 1} if name == "notifications" else None).sort("_id", 1):
            digest.update(json_util.dumps(row, sort_keys=True).encode())
        found[name] = digest.hexdigest()
    return found
