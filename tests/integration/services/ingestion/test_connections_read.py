"""Runs over a tenant's connections: in turn, each with ids, deletions, announcements and failures of its own."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from documents.connection import Connection
from documents.database import Database, Row
from documents.ingestion_job import IngestionJob, JobStatus
from documents.ingestion_log import IngestionLog, RunOutcome
from documents.notification import Notification
from documents.ticket import Ticket
from documents.vocabulary import ConnectionState, SourceKind, SourceProblem
from mock_external_api.app import create_app
from mock_external_api.settings import MockSettings
from resolvers.context import Services
from services.connections.changes import ConnectionChange, NewConnection
from tests.fakes import running
from tests.served import served
from tests.waiting import PATIENCE_SECONDS, until

TENANT = "acme"
THEN = datetime(2026, 2, 1, 10, tzinfo=UTC)


def record(external_id: str, **fields: Any) -> Row:
    """A record as the contract's API shows it."""
    return {
        "id": external_id,
        "tenant_id": TENANT,
        "source": "email",
        "customer_id": "C-1",
        "subject": "Question",
        "message": "Where is the manual?",
        "created_at": THEN.isoformat(),
        "updated_at": THEN.isoformat(),
        "status": "open",
    } | fields


@dataclass(frozen=True, slots=True)
class Desk:
    """A help desk that speaks the contract's API, on a port of its own."""

    url: str

    async def control(self, call: str, payload: Any) -> None:
        async with httpx.AsyncClient(base_url=self.url) as http:
            (await http.post(f"/_control/{call}", json=payload)).raise_for_status()

    async def add(self, *records: Row) -> None:
        await self.control("tickets/add", list(records))


@dataclass(frozen=True, slots=True)
class Office:
    """A tenant with two help desks, and a worker."""

    db: Database
    services: Services
    desks: tuple[Desk, Desk]

    async def connect(self, desk: int, **more: Any) -> Connection:
        settings = {"base_url": self.desks[desk].url, "requests_per_minute": "0"}
        return await self.services.connections.create(NewConnection(TENANT, SourceKind.STANDARD, settings, **more))

    async def run(self, *connections: Connection) -> IngestionJob:
        job = await self.services.jobs.start(TENANT, connections=[each.id for each in connections])
        assert self.services.worker is not None
        self.services.worker.wake()
        return await self.services.jobs.wait(job.id, seconds=PATIENCE_SECONDS)

    async def log(self, job: IngestionJob) -> IngestionLog:
        log = await IngestionLog.get(job.id)
        assert log is not None
        return log

    async def tickets(self) -> dict[str, Row]:
        rows = await self.db.collection(Ticket).find({"deleted_at": None}).to_list(None)
        return {row["external_id"]: row for row in rows}

    async def state(self, connection: Connection) -> Connection:
        return await self.services.connections.get(connection.id)


@pytest.fixture
async def office(db: Database, at_work: Services) -> AsyncIterator[Office]:
    async with opened(db, at_work) as office:
        yield office


@asynccontextmanager
async def opened(db: Database, services: Services) -> AsyncIterator[Office]:
    settings = MockSettings(ticket_count=0, rate_limit_per_minute=0, control=True, drifting_updated_at_share=0)
    async with AsyncExitStack() as stack:
        first, second = [Desk(await stack.enter_async_context(served(create_app(settings)))) for _ in range(2)]
        yield Office(db, services, (first, second))


async def test_connections_are_read_in_turn_and_their_ids_never_meet(office: Office) -> None:
    first, second = await office.connect(0), await office.connect(1)
    await office.desks[0].add(record("1", subject="one"), record("2"))
    await office.desks[1].add(record("1", subject="another"), record("3"))
    job = await office.run(first, second)
    assert (job.status, job.new_ingested, (await office.log(job)).status) == (
        JobStatus.COMPLETED,
        4,
        RunOutcome.SUCCESS,
    )
    tickets = await office.tickets()
    assert {key: row["connection_id"] for key, row in tickets.items()} == {
        "1": first.id,
        "2": first.id,
        "standard2:1": second.id,
        "standard2:3": second.id,
    }
    assert tickets["standard2:1"]["subject"] == "another"
    for connection in (first, second):
        state = await office.state(connection)
        assert (state.state, state.problem, state.failures) == (ConnectionState.CONNECTED, None, 0)
        assert state.last_success_at is not None


async def test_what_one_connection_does_not_show_is_not_missing_from_another(office: Office) -> None:
    first, second = await office.connect(0), await office.connect(1)
    await office.desks[0].add(record("1"), record("2"))
    await office.desks[1].add(record("1"), record("2"))
    await office.run(first, second)
    await office.desks[1].control("tickets/delete", {"ids": ["2"]})
    assert (await office.run(second)).deleted == 1
    assert set(await office.tickets()) == {"1", "2", "standard2:1"}
    await office.desks[0].control("tickets/delete", {"ids": ["1"]})
    assert (await office.run(first, second)).deleted == 1
    assert set(await office.tickets()) == {"2", "standard2:1"}


async def test_tickets_of_the_contracts_api_are_not_missing_from_a_connection(office: Office) -> None:
    await office.db.collection(Ticket).insert_one(record("old") | {"external_id": "old", "created_at": THEN})
    connection = await office.connect(0)
    await office.desks[0].add(record("1"))
    job = await office.run(connection)
    assert (job.deleted, (await office.log(job)).status) == (0, RunOutcome.SUCCESS)
    assert set(await office.tickets()) == {"old", "1"}


async def test_a_connection_that_fails_does_not_keep_others_from_being_read(office: Office) -> None:
    first, second = await office.connect(0), await office.connect(1)
    await office.desks[1].add(record("1"))
    await office.desks[0].control("script", {"status": 401, "times": 1})
    job = await office.run(first, second)
    log = await office.log(job)
    assert (job.status, job.new_ingested, log.status) == (JobStatus.COMPLETED, 1, RunOutcome.PARTIAL_SUCCESS)
    assert first.account in (log.error or "")
    failed = await office.state(first)
    assert (failed.state, failed.problem, failed.failures) == (
        ConnectionState.FAILING,
        SourceProblem.CREDENTIAL_REFUSED,
        1,
    )
    assert (await office.state(second)).state is ConnectionState.CONNECTED
    await office.desks[0].add(record("1"))
    assert (await office.run(first)).status is JobStatus.COMPLETED
    assert (await office.state(first)).state is ConnectionState.CONNECTED


async def test_a_run_of_which_nothing_could_be_read_has_failed(office: Office) -> None:
    connection = await office.connect(0)
    await office.desks[0].control("script", {"status": 403, "times": 1})
    job = await office.run(connection)
    assert (job.status, (await office.log(job)).status) == (JobStatus.FAILED, RunOutcome.FAILED)
    assert "refused" in (job.error or "")


async def test_a_removed_connection_is_said_to_be_gone(office: Office) -> None:
    first, second = await office.connect(0), await office.connect(1)
    await office.desks[1].add(record("1"))
    await office.services.connections.remove(first.id)
    job = await office.run(first, second)
    assert (job.status, job.new_ingested, (await office.log(job)).status) == (
        JobStatus.COMPLETED,
        1,
        RunOutcome.PARTIAL_SUCCESS,
    )


async def test_what_is_older_than_the_connection_or_closed_is_stored_and_not_announced(office: Office) -> None:
    connection = await office.connect(0, announce_from=THEN)
    urgent = {"message": "We will sue you."}
    await office.desks[0].add(
        record("old", created_at=(THEN - timedelta(days=1)).isoformat(), **urgent),
        record("closed", status="solved", **urgent),
        record("new", **urgent),
    )
    await office.run(connection)
    assert len(await office.tickets()) == 3
    assert await office.db.collection(Notification).distinct("ticket_id") == ["new"]


async def test_a_connection_that_is_due_is_read_once_and_not_beside_a_run(office: Office) -> None:
    connection = await office.connect(0, schedule_minutes=60)
    await office.desks[0].add(record("1"))
    schedule = office.services.schedule
    assert schedule is not None
    async with running(schedule):

        async def is_read() -> bool:
            has_ended = await office.services.jobs.active(TENANT) is None
            return has_ended and (await office.state(connection)).last_success_at is not None

        await until(is_read, "the connection to be read")
    state = await office.state(connection)
    assert state.next_run_at is not None
    assert timedelta(minutes=50) < state.next_run_at - datetime.now(UTC) < timedelta(minutes=70)
    assert await IngestionJob.find(IngestionJob.tenant_id == TENANT).count() == 1

    # Due again, while somebody's run goes on: left out until the next time.
    await office.db.collection(Connection).update_one({}, {"$set": {"next_run_at": THEN}})
    await office.db.collection(IngestionJob).insert_one(
        {"_id": "j", "tenant_id": TENANT, "status": "queued", "active": True, "queued_at": THEN, "is_batch": True}
    )
    async with running(schedule_of(office)):

        async def is_moved() -> bool:
            moved = (await office.state(connection)).next_run_at
            return moved is not None and moved > datetime.now(UTC)

        await until(is_moved, "the connection to be put off")
    assert await IngestionJob.find(IngestionJob.tenant_id == TENANT).count() == 2


def schedule_of(office: Office) -> Any:
    """Another process's, so to say: one that was told to stop does not begin again."""
    return type(office.services.schedule)(office.db, office.services.jobs, office.services.schedule._clock)  # type: ignore[union-attr]


async def test_a_changed_credential_ends_the_rest_after_failures(office: Office) -> None:
    connection = await office.connect(0, schedule_minutes=5)
    for _ in range(3):
        await office.desks[0].control("script", {"status": 401, "times": 1})
        await office.run(connection)
    state = await office.state(connection)
    assert state.failures == 3
    assert state.next_run_at is not None
    assert state.next_run_at - datetime.now(UTC) > timedelta(minutes=30)
    change = ConnectionChange(secrets={"bearer_token": "another"})
    changed = await office.services.connections.change(connection.id, change)
    assert (changed.failures, changed.next_run_at is not None and changed.next_run_at <= datetime.now(UTC)) == (0, True)
