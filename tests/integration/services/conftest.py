"""The services over a real MongoDB and the mock external API, in one process."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from documents.database import Database, Row
from documents.ingestion_job import IngestionJob
from documents.ingestion_log import IngestionLog
from documents.tenant_lock import TenantLock
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from gql_app.wiring import build_services
from mock_external_api.app import create_app
from mock_external_api.settings import MockSettings
from resolvers.context import Services
from services.coordination import keepers
from services.coordination.leases import Leases, ingest_resource
from services.ingestion import jobs
from services.ingestion.batches.files import FileRecord
from services.ingestion.batches.storing import Batches
from services.ingestion.jobs import Jobs
from services.ingestion.worker import Worker
from services.judging import reclassifier, training
from services.kit.clock import EPOCH as LONG_AGO
from services.protection import eraser
from services.sources.budget import RateLimiter
from tests.fakes import QUICK_RETRIES, InProcessTransport, make_settings, running
from tests.waiting import PATIENCE_SECONDS, until

TENANT = "acme"
THEN = "2026-02-01T10:00:00Z"
QUICK_SECONDS = 0.1


@pytest.fixture(scope="module", autouse=True)
def _quick_looks() -> Iterator[None]:
    """Who works beside the requests looks for something to do all the time: many tests wait for the next look."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (keepers, reclassifier, eraser):
            patch.setattr(module, "_LOOK_SECONDS", QUICK_SECONDS)
            patch.setattr(module, "_STANDBY_SECONDS", QUICK_SECONDS)
        patch.setattr(training, "_LOOK_SECONDS", QUICK_SECONDS)
        patch.setattr(jobs, "_POLL_SECONDS", QUICK_SECONDS / 4)
        yield


@dataclass
class Stage:
    """A mock upstream with tickets of our own making, and everything that ingests them."""

    db: Database
    upstream: httpx.AsyncClient
    locks: Leases
    jobs: Jobs
    batches: Batches
    limiter: RateLimiter
    worker: Worker
    another_worker: Callable[[], Worker | None]
    transport: "DoctoredTransport"

    async def control(self, path: str, body: Any) -> Any:
        """Call one of the mock's `/_control` routes."""
        response = await self.upstream.post(f"/_control/{path}", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    async def state(self) -> Any:
        """The mock's counters."""
        return (await self.upstream.get("/_control/state")).json()

    async def add(self, *ids: str, **changes: Any) -> None:
        """Add tickets upstream, at the end of its list."""
        await self.control("tickets/add", [ticket(external_id, **changes) for external_id in ids])

    async def edit(self, *ids: str, **fields: Any) -> None:
        """Change tickets upstream and move their `updated_at`."""
        await self.control("tickets/edit", {"ids": list(ids), "fields": fields})

    async def delete(self, *ids: str) -> None:
        """Delete tickets upstream."""
        await self.control("tickets/delete", {"ids": list(ids)})

    async def script(self, *answers: Row) -> None:
        """Make the next list requests answer as told."""
        for answer in answers:
            await self.control("script", answer)

    async def run(self, tenant_id: str = TENANT) -> IngestionJob:
        """Start a run and wait for its end."""
        job = await self.jobs.start(tenant_id)
        self.worker.wake()
        return await asyncio.wait_for(self.jobs.wait(job.id), PATIENCE_SECONDS)

    async def store_file(self, *records: Row) -> IngestionJob:
        """Store tickets that a client sends as a file."""
        lines = (FileRecord(line, record) for line, record in enumerate(records, start=1))
        return (await self.batches.store(TENANT, lines)).job

    async def reaches(self, job: IngestionJob, *, pages: int) -> None:
        """Wait until so many pages are stored."""

        async def are_stored() -> bool:
            return (await self.jobs.get(job.id)).processed_pages >= pages

        await until(are_stored, f"page {pages}")

    async def kill_holder(self, tenant_id: str = TENANT) -> None:
        """Make it look as if the tenant's worker had died and its lease had run out."""
        gone = [{"$set": {"expires_at": "$$NOW"}}]
        await self.db.collection(TenantLock).update_one({"resource_id": ingest_resource(tenant_id)}, gone)
        await self.db.collection(IngestionJob).update_one(
            {"tenant_id": tenant_id}, {"$set": {"heartbeat_at": LONG_AGO}}
        )

    async def tickets(self, **where: Any) -> list[Row]:
        """Stored tickets."""
        return await self.db.collection(Ticket).find(where).sort("external_id", 1).to_list(None)

    async def live(self) -> set[str]:
        """Ids of the stored tickets that are not soft-deleted."""
        return {row["external_id"] for row in await self.tickets(deleted_at=None)}

    async def history(self, external_id: str) -> list[str]:
        """A ticket's history, oldest first, as actions."""
        rows = (
            await self.db.collection(TicketHistory)
            .find({"ticket_id": external_id})
            .sort("recorded_at", 1)
            .to_list(None)
        )
        return [row["action"] for row in rows]

    async def log(self, job: IngestionJob) -> IngestionLog:
        """The log of a run."""
        log = await IngestionLog.get(job.id)
        assert log is not None
        return log


def ticket(external_id: str, **changes: Any) -> Row:
    """A record as upstream shows it."""
    return {
        "id": external_id,
        "tenant_id": TENANT,
        "source": "email",
        "customer_id": "C-1",
        "subject": "Question",
        "message": "Where is the manual?",
        "created_at": THEN,
        "updated_at": THEN,
        "status": "open",
    } | changes


Doctor = Callable[[httpx.Request], httpx.Response | None]
"""Answers a request in place of the mock; None leaves it to the mock."""


class DoctoredTransport(InProcessTransport):
    """The mock, some of whose answers a test gives itself."""

    doctor: Doctor = staticmethod(lambda request: None)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self.doctor(request) or await super().handle_async_request(request)


@pytest_asyncio.fixture(loop_scope="session")
async def stage(db: Database) -> AsyncIterator[Stage]:
    """A worker at work on an upstream that has no tickets yet; pages of 5."""
    async with at_stage(db) as stage, running(stage.worker):
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def idle_stage(db: Database) -> AsyncIterator[Stage]:
    """The same while its worker is not at work: nobody takes a job but the test."""
    async with at_stage(db) as stage:
        yield stage


@lru_cache(1)
def _mock() -> FastAPI:
    """The mock of all stages, one after the other: to build it takes longer than many a test."""
    without_chance = {"drifting_updated_at_share": 0, "deleted_share": 0}
    return create_app(MockSettings(ticket_count=0, rate_limit_per_minute=0, control=True, **without_chance))


@asynccontextmanager
async def at_stage(db: Database, **changes: Any) -> AsyncIterator[Stage]:
    """An upstream without tickets and a worker that does not work yet; `changes`: other settings."""
    mock = _mock()
    mock.state.upstream.reset()
    settings = make_settings(**{"page_size": 5, "lock_ttl_seconds": PATIENCE_SECONDS, **changes})
    transport = DoctoredTransport(mock)
    async with httpx.AsyncClient(transport=transport, base_url="http://upstream") as http:

        def services() -> Services:
            return build_services(settings, db, http, "http://upstream", retries=QUICK_RETRIES)

        built = services()
        assert built.worker is not None
        yield Stage(
            db,
            http,
            built.locks,
            built.jobs,
            built.batches,
            built.rate_limiter,
            built.worker,
            lambda: services().worker,
            transport,
        )


def counts(job: IngestionJob) -> dict[str, int]:
    """The counts of a run that are not zero."""
    names = ("new_ingested", "updated", "unchanged", "deleted", "skipped", "errors")
    return {name: getattr(job, name) for name in names if getattr(job, name)}


def ids(number: int) -> list[str]:
    """Ids of tickets, in the order of the list."""
    return [f"T-{index:03}" for index in range(number)]


def later(hours: float) -> str:
    """A moment after `THEN`."""
    moment = datetime.fromisoformat(THEN)
    return moment.replace(hour=moment.hour + int(hours)).isoformat()
