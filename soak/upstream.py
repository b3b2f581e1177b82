"""Upstreams as they are met in the wild: lists that move while they are read, providers that are down for a while."""

import asyncio
import json
import random
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from documents.ingestion_job import JobStatus
from soak.bad_data import PAGE_SIZE, open_services, run_of
from soak.cluster import Cluster, Row, wait_for
from soak.verdict import Verdict

WALKED_TICKETS = 40
LIVELINESS = (0.02, 0.1, 0.3)
"""Chances that the list changes before a request; a run has some ten requests."""
FLOOR_SECONDS = 0.2
"""No two attempts follow each other more closely; the shortest pause is 0.25 s."""
TENANT = "tenant_a"


def moving_list(walks: int, *, seed: int = 8) -> Verdict:
    """Runs over a list that changes between any two requests: nobody who was there throughout is missed in silence."""
    mock = {"ticket_count": 0, "rate_limit_per_minute": 0, "deleted_share": 0}
    with Cluster(mock=mock, page_size=PAGE_SIZE) as cluster:
        found = asyncio.run(_walk(cluster, walks, random.Random(seed)))
    measured = (
        f"{walks} runs over a list that changes between the requests: {found['success']} say SUCCESS, "
        f"{found['missed']} of them missed a ticket; {found['requests'] / max(1, found['pages']):.1f} requests a page"
    )
    held = found["missed"] == 0 and found["ended"] == walks and found["success"] > walks / 2
    return Verdict("a moving list: no ticket is missed in silence", measured, held)


async def _walk(cluster: Cluster, walks: int, chance: random.Random) -> Counter[str]:
    found = Counter[str]()
    async with open_services(cluster) as services:
        for number in range(walks):
            tenant = f"walk-{number}"
            tickets = {"ticket_count": WALKED_TICKETS, "tenants": {tenant: 1}, "seed": number}
            cluster.control("settings", tickets | {"churn": 0})
            before = cluster.upstream_ids(tenant)
            cluster.control("settings", {"churn": chance.choice(LIVELINESS)})
            requests = _list_requests(cluster)
            job = await run_of(services, tenant)
            found["requests"] += _list_requests(cluster) - requests
            cluster.control("settings", {"churn": 0})
            lived = before & cluster.upstream_ids(tenant)
            missed = lived - set(cluster.db["tickets"].distinct("external_id", {"tenant_id": tenant}))
            log = cluster.db["ingestion_logs"].find_one({"job_id": job.id}) or {}
            found["ended"] += job.status is JobStatus.COMPLETED
            found["success"] += log.get("status") == "SUCCESS"
            found["missed"] += bool(missed) and log.get("status") == "SUCCESS"
            found["pages"] += WALKED_TICKETS // PAGE_SIZE
    return found


def _list_requests(cluster: Cluster) -> int:
    by_path: dict[str, int] = cluster.upstream_state()["requests"]["by_path"]
    return by_path.get("/external/support-tickets", 0)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A time in which upstream fails."""

    seconds: float
    status: int
    retry_after: str | None = None

    @property
    def asked(self) -> float:
        """The pause that it asks for, in seconds, if it is the same each time."""
        return float(self.retry_after) if self.retry_after and self.retry_after != "date" else 0.0

    @property
    def most_requests(self) -> float:
        """Attempts that are no burst: some while pauses double, then one in 15 s at most."""
        return 9 + self.seconds / 15


def troubles(scale: float) -> list[Trouble]:
    """Every 520 to 529 for a moment, and 503 with each form of `Retry-After`, `scale` times as long as in tests."""
    moments = [Trouble(0.3, status) for status in range(520, 530)]
    orders = [Trouble(3 * scale, 503, retry_after) for retry_after in (None, "0", "0.5", "date")]
    return [*moments, *orders, Trouble(2 * scale, 503, f"{2 * scale:.0f}"), Trouble(2 * scale, 429, "0")]


def patience(cases: list[Trouble], *, tickets: int = 200) -> Verdict:
    """Runs in the middle of which upstream fails for a while: they complete, and nobody is pestered."""
    faults = Counter[str]()
    mock = {"ticket_count": tickets, "rate_limit_per_minute": 0, "latency_ms": 40, "tenants": json.dumps({TENANT: 1})}
    with Cluster(mock=mock, page_size=PAGE_SIZE) as cluster:
        cluster.worker()
        for case in cases:
            faults += _sit_out(cluster, case)
    longest = max(case.seconds for case in cases)
    measured = (
        f"{len(cases)} outages of up to {longest:.0f} s in the middle of a run (520 to 529, 429, 503; Retry-After "
        f"absent, 0, 0.5, whole, a date): {dict(faults) or 'all runs completed, page 1 read once, no burst'}"
    )
    return Verdict("patience: a run outlasts its upstream's troubles", measured, not faults)


def _sit_out(cluster: Cluster, case: Trouble) -> Counter[str]:
    cluster.control("reset", {})
    job_id = cluster.queue(TENANT)
    wait_for(lambda: cluster.job(job_id)["processed_pages"] >= 3, what="three pages")
    began = datetime.now(UTC)
    says_so = _goes_through(cluster, case, job_id)
    while not _refused(cluster, case) and "active" in cluster.job(job_id):
        says_so = _goes_through(cluster, case, job_id)  # a worker on a busy machine asked for nothing meanwhile
    job = cluster.wait_for_end(job_id)
    pages, refused = _requests(cluster), _refused(cluster, case)
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(refused)]
    found = {
        "runs that did not complete": job["status"] != "completed",
        "runs that read page 1 again": sum(entry["query"]["page"] == "1" for entry in pages) != 1,
        "bursts": len(refused) > case.most_requests or min(gaps, default=1.0) < FLOOR_SECONDS,
        "pauses shorter than asked for": min(gaps, default=case.asked) < case.asked - 0.01,
        "waits that nobody could see": not says_so,
        "outages that were missed": not any(moment >= began for moment in refused),
    }
    return Counter({name: int(broken) for name, broken in found.items() if broken})


def _goes_through(cluster: Cluster, case: Trouble, job_id: str) -> bool:
    """Let the trouble come and go; returns whether the run was seen to wait, where that can be seen for certain."""
    cluster.control("outage", {"seconds": case.seconds, "status": case.status, "retry_after": case.retry_after})
    says_so = case.seconds < 3  # too short for a pause that is shown for certain
    deadline = time.monotonic() + case.seconds
    while time.monotonic() < deadline:
        says_so = says_so or _waits(cluster.job(job_id))
        time.sleep(0.02)
    return says_so


def _requests(cluster: Cluster) -> list[Row]:
    """The requests for pages of the tenant."""
    return [entry for entry in cluster.upstream_state()["pages"] if entry["query"]["tenant_id"] == TENANT]


def _refused(cluster: Cluster, case: Trouble) -> list[datetime]:
    """When requests met the trouble."""
    return [datetime.fromisoformat(each["at"]) for each in _requests(cluster) if each["status"] == case.status]


def _waits(job: Row) -> bool:
    until: Any = job.get("waiting_until")
    return until is not None and until > datetime.now(UTC)
