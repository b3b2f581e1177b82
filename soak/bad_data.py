"""Hostile and broken upstreams: every record is stored or quarantined, no run dies, nothing is deleted by mistake."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx

from documents.database import connect
from documents.ingestion_job import IngestionJob, JobStatus
from gql_app.settings import Settings
from gql_app.wiring import build_services
from resolvers.context import Services
from services.kit.retry import Patience
from soak.cluster import PATIENCE_SECONDS, Cluster, Row
from soak.verdict import Verdict

PAGE_SIZE = 5
TENANT = "fuzzed"
QUICK = Patience(seconds=2.0, base_seconds=0.005, cap_seconds=0.05)
THEN = "2026-02-01T10:00:00Z"
NESTED = '{"a":' * 3_000 + "1" + "}" * 3_000


def fuzzed_records(records: int, *, seed: int = 5) -> Verdict:
    """Runs over pages of good and broken records, served by an upstream that misbehaves as well."""
    with Cluster(mock={"ticket_count": 0, "rate_limit_per_minute": 0}, page_size=PAGE_SIZE) as cluster:
        faults = asyncio.run(_fuzz(cluster, records, random.Random(seed)))
    measured = f"{records} fuzzed records, each run with page faults: {dict(faults) or 'all stored or quarantined'}"
    return Verdict("bad data: no run dies, no record is lost", measured, not faults)


def partial_runs(runs: int, *, seed: int = 6) -> Verdict:
    """Runs that are cancelled, fail, or see a part of the tickets: none of them may delete a ticket."""
    with Cluster(mock={"ticket_count": 0, "rate_limit_per_minute": 0}, page_size=PAGE_SIZE) as cluster:
        ends, deleted = asyncio.run(_disturb(cluster, runs, random.Random(seed)))
    measured = f"{runs} disturbed runs ({dict(ends)}): {deleted} false deletes"
    return Verdict("deletes only by evidence", measured, deleted == 0)


async def _fuzz(cluster: Cluster, records: int, chance: random.Random) -> Counter[str]:
    faults = Counter[str]()
    async with open_services(cluster) as services:
        for number in range(0, records, PAGE_SIZE):
            cluster.control("reset", {})
            good = [good_record(f"G-{number}-{index}") for index in range(chance.randint(1, 12))]
            bad = [chance.choice(BROKEN)(good_record(f"B-{number}-{index}"), chance) for index in range(PAGE_SIZE)]
            distinct = {json.dumps(record): record for record in bad}  # the same record twice is quarantined once
            listed = good + list(distinct.values())
            chance.shuffle(listed)
            cluster.upstream.post(f"/_control/tickets/add?tenant_id={TENANT}", content=json.dumps(listed))
            scripted = [chance.choice(PAGE_FAULTS) for _ in range(1, chance.randint(1, 4))]
            for page, fault in enumerate(scripted, start=1):
                cluster.control("script", {"page": page, **fault})
            job = await run_of(services)
            if not (LEADS_ASTRAY in scripted and job.irregularities):
                faults += _unaccounted(cluster, job, good, listed)
    return faults


def _unaccounted(cluster: Cluster, job: IngestionJob, good: list[Row], listed: list[Any]) -> Counter[str]:
    """Records that are neither stored, nor quarantined with a reason, nor another tenant's."""
    stored = set(cluster.db["tickets"].distinct("external_id", {"tenant_id": TENANT, "seen_by_job": job.id}))
    # A record that names no tenant is stored as long as the run has met nobody else's, and rejected where it is read
    # again after that.
    rejected = {"job_id": job.id, "reason": {"$gt": ""}, "external_id": {"$nin": list(stored)}}
    quarantined = cluster.db["quarantined_records"].count_documents(rejected)
    found = {
        "runs that died": job.status is not JobStatus.COMPLETED,
        "good records lost": len({record["id"] for record in good} - stored),
        "records unaccounted for": abs(len(listed) - len(stored) - quarantined - job.skipped),
        "wrong count": job.errors != quarantined,
    }
    return Counter({name: int(count) for name, count in found.items() if count})


async def _disturb(cluster: Cluster, runs: int, chance: random.Random) -> tuple[Counter[str], int]:
    ends = Counter[str]()
    ids = [f"T-{index:03}" for index in range(40)]
    cluster.upstream.post("/_control/tickets/add", content=json.dumps([good_record(ticket) for ticket in ids]))
    async with open_services(cluster) as services:
        await run_of(services)
        for _ in range(runs):
            page = chance.randint(1, 8)
            disturbance = chance.choice(["cancel", "fail", "short", "empty", "repeat", "total"])
            scripts: dict[str, Row] = {
                "cancel": {"delay_ms": 20_000},
                "fail": {"status": chance.choice([403, 500]), "times": 10_000},
                "short": {"patch": {"next_page": None}},
                "empty": {"patch": {"tickets": [], "next_page": None}},
                "repeat": {"patch": {"next_page": max(1, page - 1)}},
                "total": {"patch": {"total_count": chance.choice([0, 1, 39, 10**12])}},
            }
            cluster.control("script", {"page": page, **scripts[disturbance]})
            if disturbance == "cancel":
                job = await services.jobs.start(TENANT)
                _worker_of(services).wake()
                await asyncio.sleep(chance.uniform(0, 0.2))
                job = await services.jobs.cancel(job.id, wait_seconds=PATIENCE_SECONDS)
            else:
                job = await run_of(services)
            ends[job.status.value] += 1
            cluster.upstream.delete("/_control/script")
    deleted = cluster.db["tickets"].count_documents({"deleted_at": {"$exists": True}})
    return ends, deleted + len(ids) - cluster.db["tickets"].count_documents({})


@asynccontextmanager
async def open_services(cluster: Cluster) -> AsyncIterator[Services]:
    """Services with a worker at work, in this process."""
    database = await connect(cluster.mongo_url, cluster.database_name)
    settings = Settings(_env_file=None, rate_limit_per_minute=0, page_size=PAGE_SIZE)
    async with httpx.AsyncClient(timeout=30) as http:
        services = build_services(settings, database, http, str(cluster.upstream.base_url), retries=QUICK)
        worker = _worker_of(services)
        working = asyncio.create_task(worker.work())
        try:
            yield services
        finally:
            worker.shut_down()
            await working
            database.close()


def _worker_of(services: Services) -> Any:
    assert services.worker is not None
    return services.worker


async def run_of(services: Services, tenant: str = TENANT) -> IngestionJob:
    """A run from its start to its end."""
    job = await services.jobs.start(tenant)
    _worker_of(services).wake()
    return await services.jobs.wait(job.id, seconds=PATIENCE_SECONDS)


def good_record(external_id: str) -> Row:
    """A record that has nothing wrong with it."""
    return {
        "id": external_id,
        "tenant_id": TENANT,
        "source": "email",
        "customer_id": "C-1",
        "subject": "Invoice",
        "message": "Where do I find my invoice?",
        "created_at": THEN,
        "updated_at": THEN,
        "status": "open",
    }


def _with(**changes: Any) -> Callable[[Row, random.Random], Any]:
    return lambda record, chance: record | changes


def _without(name: str) -> Callable[[Row, random.Random], Any]:
    return lambda record, chance: {key: value for key, value in record.items() if key != name}


def _garbage(record: Row, chance: random.Random) -> Any:
    """One field with a value of a random type."""
    values = [None, 0, -1, 1e308, True, [], {}, "", " ", "\x00", "\ud800", ["$gt"], {"$gt": ""}, "9" * 300]
    return record | {chance.choice([name for name in record if name != "tenant_id"]): chance.choice(values)}


BROKEN: list[Callable[[Row, random.Random], Any]] = [
    *[_without(name) for name in ("id", "created_at", "updated_at", "status", "tenant_id", "message")],
    *[
        _with(created_at=when)
        for when in ("never", "0000-00-00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", 17)
    ],
    _with(updated_at="2026-13-45T99:99:99Z"),
    _with(message="a\x00b\u202e\u2066c\ufeff"),
    _with(message="x" * 10_000_000),
    _with(subject={"$where": "sleep(1000)"}),
    _with(extra=json.loads("[" * 500 + "]" * 500)),
    _with(**{"$set": {"tenant_id": "victim"}, "a.b": 1, "": 2}),
    _with(tenant_id="victim"),
    _with(status="exploded"),
    lambda record, chance: chance.choice([None, 1, "text", [record], True, 1.5]),
    _garbage,
]
LEADS_ASTRAY: Row = {"patch": {"next_page": 99}}
"""Where upstream says that its list goes on, a run goes; that it has missed something it has to say."""
PAGE_FAULTS: list[Row] = [
    {"truncate": True},
    {"truncate": True, "close": True},
    {"close": True},
    {"body": "<html><body>Service temporarily unavailable</body></html>"},
    {"body": f'{{"tickets": {NESTED}}}'},
    {"body": ""},
    {"body": "null"},
    {"status": 503},
    {"status": 429, "headers": {"Retry-After": "0"}},
    {"patch": {"next_page": 1}},
    LEADS_ASTRAY,
    {"patch": {"total_count": "many"}},
]
