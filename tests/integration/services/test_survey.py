"""How the whole service stands, over all tenants."""

from datetime import datetime, timedelta
from typing import Any

from documents.connection import Connection
from documents.database import Database
from documents.ingestion_job import IngestionJob, JobStatus
from documents.ingestion_log import IngestionLog
from documents.ticket import Ticket
from documents.vocabulary import ConnectionState, SourceKind
from resolvers.context import Services
from services.kit.clock import SystemClock
from services.rollups.write import ROLLED_UP
from services.search.terms import SEARCH_VERSION

NOW = SystemClock().now()


def logged(tenant_id: str, status: str, ago: timedelta) -> dict[str, Any]:
    moment = NOW - ago
    return {"_id": f"{tenant_id}{ago}", "tenant_id": tenant_id, "status": status, "started_at": moment}


async def test_of_each_tenant_it_is_told_since_when_it_has_had_no_success(db: Database, services: Services) -> None:
    hour, day = timedelta(hours=1), timedelta(days=1)
    await db.collection(IngestionLog).insert_many(
        [
            logged("well", "SUCCESS", hour),
            logged("well", "SUCCESS", day),
            logged("failing", "FAILED", hour),
            logged("failing", "CANCELLED", 2 * hour),
            logged("failing", "PARTIAL_SUCCESS", 3 * hour),
            logged("never", "FAILED", hour),
            logged("never", "FAILED", 2 * day),
            logged("gone", "SUCCESS", 40 * day),
            {"_id": "of another program", "tenant_id": "foreign"},
        ]
    )
    since = (await services.surveys.now()).no_success_since
    assert since == {"well": NOW - hour, "failing": NOW - 3 * hour, "never": NOW - 2 * day}


async def test_an_outage_of_all_tenants_does_not_make_the_survey_read_every_run_that_failed(
    db: Database, services: Services
) -> None:
    minute = timedelta(minutes=1)
    tenants, failed = [f"t{number}" for number in range(20)], 200
    runs = [logged(name, "FAILED", minute * number) for name in tenants for number in range(1, failed)]
    await db.collection(IngestionLog).insert_many(
        [*runs, *(logged(name, "SUCCESS", minute * failed) for name in tenants)]
    )
    logs = db.collection(IngestionLog)
    await services.surveys.now()  # the database tries its plans the first time
    await logs.database.command("profile", 2)
    try:
        since = (await services.surveys.now()).no_success_since
    finally:
        await logs.database.command("profile", 0)
    ours = {"ns": f"{logs.database.name}.ingestion_logs"}
    reads = await logs.database["system.profile"].find(ours).to_list(None)
    await logs.database["system.profile"].drop()
    assert since == dict.fromkeys(tenants, NOW - minute * failed)
    assert sum(read["docsExamined"] for read in reads) < failed


async def test_what_waits_is_counted(db: Database, services: Services) -> None:
    def job(name: str, status: JobStatus, queued_at: datetime, **more: Any) -> dict[str, Any]:
        return {"_id": name, "tenant_id": name, "status": status.value, "queued_at": queued_at, **more}

    earlier, first = NOW - timedelta(minutes=1), NOW - timedelta(minutes=9)
    await db.collection(IngestionJob).insert_many(
        [
            job("a", JobStatus.QUEUED, earlier, active=True),
            job("b", JobStatus.QUEUED, first, active=True),
            job("c", JobStatus.RUNNING, first - timedelta(days=1), active=True),
            job("d", JobStatus.COMPLETED, first - timedelta(days=2)),
        ]
    )
    done = {"rolled_up": ROLLED_UP, "search_version": SEARCH_VERSION}
    await db.collection(Ticket).insert_many(
        [
            {"tenant_id": "a", "external_id": "1", "created_at": NOW},
            {"tenant_id": "b", "external_id": "1", "created_at": NOW, **done},
            {"tenant_id": "b", "external_id": "2", "created_at": NOW, "rolled_up": ROLLED_UP},
            {"tenant_id": "b", "external_id": "3", "created_at": NOW, **done, "deleted_at": NOW},
            {"tenant_id": 5, "external_id": "1", "created_at": NOW},
        ]
    )
    failing = {"source": SourceKind.GITHUB.value, "state": ConnectionState.FAILING.value}
    await db.collection(Connection).insert_many(
        [{"_id": "1", "tenant_id": "a", **failing}, {"_id": "2", "tenant_id": "b", "removed_at": NOW, **failing}]
    )
    survey = await services.surveys.now()
    assert (survey.jobs, survey.queued_since) == ({JobStatus.QUEUED: 2, JobStatus.RUNNING: 1}, first)
    assert survey.connections == {(SourceKind.GITHUB, ConnectionState.FAILING): 1}
    assert survey.not_searchable == 2
    assert survey.not_rolled_up == 2
