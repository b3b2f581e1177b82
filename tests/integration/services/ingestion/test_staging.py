"""What a source tells of tickets before it shows them: kept in few rows, and not for longer than it is of use."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from documents.database import Database
from documents.ingestion_job import JobStatus
from documents.staged_detail import StagedDetail
from documents.ticket import Ticket
from resolvers.context import Services
from services.ingestion.pages import staging
from services.ingestion.pages.staging import Staging, used
from services.ingestion.run import Origin, Run
from services.kit.clock import SystemClock
from services.sources.pages import Detail, Turn
from tests.fakes import ScriptedTransport, make_settings, open_services, running
from tests.help_desks import TENANT, ReadDesk, zendesk_desk

NOW = datetime(2026, 2, 5, tzinfo=UTC)
ORIGIN = Origin(connection_id="con_1", tells_moments=True)


@pytest.fixture
async def services(db: Database) -> AsyncIterator[Services]:
    settings = make_settings(upstream_patience_seconds=0.1)
    async with open_services(db, ScriptedTransport(), settings) as services:
        yield services


@pytest.fixture
async def desk(db: Database, services: Services) -> AsyncIterator[ReadDesk]:
    assert services.worker is not None
    async with running(services.worker), zendesk_desk(db, services) as desk:
        yield desk


@pytest.fixture
async def run(services: Services) -> Run:
    job = await services.jobs.start(TENANT)
    claimed = await services.jobs.take(TENANT, job.id)
    assert claimed is not None
    return Run(*claimed, ORIGIN)


async def test_a_page_tells_of_a_ticket_in_one_row(db: Database, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Staging(db, SystemClock())
    details = [Detail("zendesk:1", "comment", number, NOW, said="x" * 40) for number in range(3)]
    details += [Detail("zendesk:2", "event", 9, NOW, turn=Turn.BORN), Detail("zendesk:2", "event", 10, NOW)]
    rows = await told.fresh(run, 1, details)
    assert [(row["ticket_id"], len(row["told"])) for row in rows] == [("zendesk:1", 3), ("zendesk:2", 1)]
    monkeypatch.setattr(staging, "MOST_CHARACTERS", 100)
    cut = await told.fresh(run, 2, details)
    assert [len(row["told"]) for row in cut] == [2, 1, 1]
    assert len({row["_id"] for row in (*rows, *cut)}) == 5


async def test_what_waits_for_a_ticket_comes_from_all_pages_and_goes_with_its_rows(db: Database, run: Run) -> None:
    told, kept = Staging(db, SystemClock()), db.collection(StagedDetail)
    for portion in (1, 2):
        details = [Detail(f"zendesk:{portion + more}", "event", portion, NOW) for more in (0, 1)]
        await kept.insert_many(await told.fresh(run, portion, details))
    waiting = await told.of(run, ["zendesk:2"])
    assert [(each["kind"], each["serial"], each["changes"], each["said"]) for each in waiting["zendesk:2"]] == [
        ("event", 1, {}, ""),
        ("event", 2, {}, ""),
    ]
    await kept.bulk_write(used(TENANT, waiting["zendesk:2"]))
    assert sorted([row["ticket_id"] async for row in kept.find({})]) == ["zendesk:1", "zendesk:3"]


async def test_what_a_ticket_has_heard_is_not_kept_again(db: Database, run: Run) -> None:
    await db.collection(Ticket).insert_one({"tenant_id": TENANT, "external_id": "zendesk:1", "told": {"event": 5}})
    details = [Detail("zendesk:1", kind, number, NOW) for kind in ("event", "comment") for number in (5, 6)]
    (row,) = await Staging(db, SystemClock()).fresh(run, 1, details)
    assert [(each["kind"], each["serial"]) for each in row["told"]] == [("event", 6), ("comment", 5), ("comment", 6)]


async def test_a_first_run_that_comes_to_no_ticket_leaves_nothing_to_the_next(desk: ReadDesk) -> None:
    number = desk.desk.create("Broken mug", "It came in two.")
    desk.desk.solve(number)
    desk.advance(120)
    desk.desk.change_settings(forbidden_paths=("/api/v2/incremental/tickets",))
    staged = desk.db.collection(StagedDetail)
    for _ in range(2):
        assert (await desk.run()).status is JobStatus.FAILED
        assert await staged.count_documents({}) == 1
    desk.desk.change_settings(forbidden_paths=())
    assert (await desk.run()).status is JobStatus.COMPLETED
    assert await staged.count_documents({}) == 0
    assert await desk.stored() == desk.truth()
