"""A tenant is erased: nothing of it is left, another one is untouched, and it stays away until it is reopened."""

import asyncio
from datetime import UTC, datetime

import pytest

from documents.circuit_breaker import Circuit
from documents.connection import Connection
from documents.database import Database, Row
from documents.destination import Destination
from documents.quarantined_record import QuarantinedRecord
from documents.spike import Spike
from documents.staged_detail import StagedDetail
from documents.tenant_classifier import TenantClassifier
from documents.ticket import Ticket
from services.ingestion.schedule import Schedule
from services.kit.clock import SystemClock
from services.protection.erasures import Erasures, NotErasedError
from services.protection.shields import TenantErasedError
from services.protection.whereabouts import TENANT_ROWS
from services.rollups.write import Rollups
from tests.erasing import an_eraser, carried_out, done, everything, places_of
from tests.fakes import running
from tests.integration.services.conftest import TENANT, Stage, ids, ticket
from tests.waiting import until

WORD = "zyxmarkerword"
OTHER = "umbrella"
KEPT_OF_IT = {"erasures", "tenant_protections"}
"""What names the tenant still: the certificate, and what keeps it away."""


async def lived_in(stage: Stage) -> None:
    """Two tenants with everything that tenants have."""
    for tenant_id, front in ((TENANT, "T"), (OTHER, "O")):
        await stage.add(
            *[f"{front}-{number}" for number in range(12)],
            tenant_id=tenant_id,
            subject=WORD if tenant_id == TENANT else "Help",
            message="All is down!",
        )
        await stage.run(tenant_id)
    await stage.delete("T-3", "O-3")
    await stage.run()
    await stage.run(OTHER)
    await stage.db.collection(Ticket).delete_many({"external_id": {"$in": ["T-3", "O-3"]}})
    for tenant_id in (TENANT, OTHER):
        await store_settings(stage.db, tenant_id)
        await Rollups(stage.db).roll_up(tenant_id)


async def store_settings(database: Database, tenant_id: str) -> None:
    now = datetime.now(UTC)
    of_tenant: Row = {"tenant_id": tenant_id, "created_at": now}
    await database.collection(Destination).insert_one({"_id": f"dst_{tenant_id}", **of_tenant, "sealed_url": WORD})
    await database.collection(Circuit).insert_one({"_id": f"dst_{tenant_id}", "state": "closed"})
    connection = {"_id": f"con_{tenant_id}", **of_tenant, "source": "standard", "sealed_secrets": {"token": WORD}}
    await database.collection(Connection).insert_one(connection | {"account": "", "prefix": ""})
    await database.collection(Spike).insert_one({"_id": f"spike_{tenant_id}", **of_tenant, "started_at": now})
    await database.collection(StagedDetail).insert_one({"_id": f"staged_{tenant_id}", **of_tenant, "staged_at": now})
    record = {"_id": f"record_{tenant_id}", **of_tenant, "raw": WORD, "recorded_at": now}
    await database.collection(QuarantinedRecord).insert_one(record)
    spike = {"_id": f"spk_{tenant_id}", "tenant_id": tenant_id, "keywords": [{"keyword": "outage"}], "started_at": now}
    await database.collection(Spike).insert_one(spike)
    await database.collection(TenantClassifier).insert_one({"_id": tenant_id, "layers": {"urgency": {WORD: [1.0]}}})


async def of_other(database: Database) -> dict[str, list[str]]:
    """All rows that name the other tenant."""
    rows = await everything(database)
    theirs = {name: sorted(repr(row) for row in found if OTHER in repr(row)) for name, found in rows.items()}
    return {name: found for name, found in theirs.items() if found}


async def test_nothing_of_a_tenant_is_left_and_it_stays_away_until_it_is_reopened(stage: Stage) -> None:
    await lived_in(stage)
    there = {name for name, rows in (await everything(stage.db)).items() if any(TENANT in repr(row) for row in rows)}
    known = {str(document.get_settings().name) for document in TENANT_ROWS}
    assert there >= known - {"corrections", "reclassifications"}
    before, erasures = await of_other(stage.db), Erasures(stage.db, SystemClock())
    certificate = await carried_out(stage.db, await erasures.request_tenant(TENANT, by="ann"))
    assert (certificate.counts["tickets"], certificate.counts["connections"]) == (11, 1)
    assert {name for name, _ in await places_of(stage.db, TENANT)} == KEPT_OF_IT
    words = [name for name, _ in await places_of(stage.db, WORD)]
    assert sorted(words) == sorted({"connections", "destinations", "quarantined_records", "tenant_classifiers"})
    assert await of_other(stage.db) == before  # those words are the other one's

    with pytest.raises(TenantErasedError):
        await stage.store_file(ticket("T-1"))
    assert await stage.tickets(tenant_id=TENANT) == []
    assert (await erasures.request_tenant(TENANT, by="bob")).id == certificate.id
    lifted = await erasures.reopen(TENANT, by="ann")
    assert (lifted.id, lifted.lifted_by) == (certificate.id, "ann")
    with pytest.raises(NotErasedError):
        await erasures.reopen(TENANT, by="ann")
    await stage.run()
    assert len(await stage.tickets(tenant_id=TENANT)) == 11


async def test_a_run_that_is_on_its_way_ends_and_leaves_nothing(stage: Stage) -> None:
    await stage.add(*ids(100), subject=WORD)
    job = await stage.jobs.start(TENANT)
    stage.worker.wake()
    await stage.reaches(job, pages=5)
    erasures = Erasures(stage.db, SystemClock())
    async with running(an_eraser(stage.db)):
        await done(stage.db, await erasures.request_tenant(TENANT, by=None))
    assert {name for name, _ in await places_of(stage.db, TENANT, WORD)} == KEPT_OF_IT


async def test_an_erasure_that_was_left_in_the_middle_is_finished(stage: Stage) -> None:
    await lived_in(stage)
    erasures = Erasures(stage.db, SystemClock())
    certificate = await erasures.request_tenant(TENANT, by=None)
    unsettled = asyncio.create_task(an_eraser(stage.db, settled_after_seconds=3600).work())

    async def is_nearly_done() -> bool:
        return (await erasures.get(certificate.id)).stage == 4

    await until(is_nearly_done, "the last stage")
    unsettled.cancel()
    await asyncio.wait([unsettled])
    await (
        stage.db.collection(Ticket)
        .database["distributed_locks"]
        .update_many({"resource_id": {"$in": ["erasure", f"ingest:{TENANT}"]}}, [{"$set": {"expires_at": "$$NOW"}}])
    )
    late = {"_id": "late", "tenant_id": TENANT, "raw": WORD}  # of a request that was under way
    await stage.db.collection(QuarantinedRecord).insert_one(late)
    await carried_out(stage.db, certificate)
    assert {name for name, _ in await places_of(stage.db, TENANT)} == KEPT_OF_IT


async def test_a_schedule_leaves_an_erased_tenant_alone(stage: Stage) -> None:
    await store_settings(stage.db, TENANT)
    due = {"schedule_minutes": 5, "next_run_at": datetime(2026, 1, 1, tzinfo=UTC)}
    await Erasures(stage.db, SystemClock()).request_tenant(TENANT, by=None)
    await stage.db.collection(Connection).update_one({"tenant_id": TENANT}, {"$set": due})
    async with running(Schedule(stage.db, stage.jobs, SystemClock())):

        async def is_moved() -> bool:
            row = await stage.db.collection(Connection).find_one({"tenant_id": TENANT})
            return row is not None and row["next_run_at"] != due["next_run_at"]

        await until(is_moved, "the schedule's look")
    assert await stage.jobs.active(TENANT) is None
