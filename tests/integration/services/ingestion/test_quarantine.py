"""Records that cannot be stored: kept once, shown to nobody whose they may not be, and mended by upstream."""

from datetime import timedelta

from documents.database import Database
from documents.indexes import PURGE_QUARANTINED_INDEX, keep_quarantined_for
from documents.quarantined_record import QuarantinedRecord, QuarantineState
from services.ingestion.reading import Runs
from tests.integration.services.conftest import TENANT, Stage, counts, ids, ticket


async def test_the_same_records_in_three_runs_are_as_many_rows(stage: Stage) -> None:
    broken = [ticket(external_id, created_at="never") for external_id in ids(12)]
    nameless = [{"tenant_id": TENANT, "message": text, "updated_at": None} for text in ("one", "two")]
    await stage.control("tickets/add?tenant_id=acme", broken + nameless)
    jobs = [await stage.run() for _ in range(3)]
    assert [counts(job) for job in jobs] == [{"errors": 14}] * 3
    rows = await QuarantinedRecord.find({}).to_list()
    assert len(rows) == 14
    for row in rows:
        assert (row.times_seen, row.job_id, row.job_ids) == (3, jobs[-1].id, [job.id for job in jobs])
        assert row.first_seen_at is not None
        assert row.recorded_at is not None
        assert row.first_seen_at < row.recorded_at


async def test_a_record_that_upstream_mends_is_stored_and_its_row_says_so(stage: Stage) -> None:
    await stage.add(*ids(3))
    await stage.edit("T-001", created_at="never")
    await stage.run()
    await stage.edit("T-001", created_at="2026-02-01T10:00:00Z")
    assert counts(await stage.run()) == {"new_ingested": 1, "unchanged": 2}
    [row] = await QuarantinedRecord.find({}).to_list()
    assert (row.state, row.stored_at is not None, row.times_seen) == (QuarantineState.STORED, True, 1)
    await stage.edit("T-001", created_at="never")
    assert counts(await stage.run()) == {"unchanged": 2, "errors": 1}
    [row] = await QuarantinedRecord.find({}).to_list()
    assert (row.state, row.times_seen) == (QuarantineState.WAITING, 2)


async def test_what_may_be_anothers_never_takes_the_place_of_the_tenants_own(stage: Stage) -> None:
    await stage.control("tickets/add?tenant_id=acme", ticket("T-1", created_at="never"))
    await stage.control("tickets/add?tenant_id=acme", ticket("T-1", tenant_id={"id": "globex"}, message="a secret"))
    await stage.run()
    rows = {row.is_attributed: row.raw for row in await QuarantinedRecord.find({}).to_list()}
    assert rows.keys() == {True, False}
    assert "a secret" in rows[False]
    assert "a secret" not in rows[True]


async def test_a_run_that_has_met_other_tenants_takes_no_nameless_record_for_its_own(stage: Stage) -> None:
    await stage.control("settings", {"honour_tenant_id": False})
    await stage.add("X-1", tenant_id="globex")
    await stage.add(*ids(8))
    nameless = {name: value for name, value in ticket("whose").items() if name != "tenant_id"}
    await stage.control("tickets/add?tenant_id=globex", nameless)  # on the second page, with tickets of our own
    assert counts(await stage.run()) == {"new_ingested": 8, "skipped": 1, "errors": 1}
    [row] = await QuarantinedRecord.find({}).to_list()
    assert row.is_attributed is False


async def test_a_source_that_names_no_tenants_is_the_tenants(stage: Stage) -> None:
    nameless = [{"id": number, "created_at": "2026-02-01T10:00:00Z"} for number in range(12)]
    await stage.control("tickets/add?tenant_id=acme", nameless)
    assert counts(await stage.run()) == {"new_ingested": 12}
    assert await stage.live() == {str(number) for number in range(12)}


async def test_rows_are_purged_some_time_after_they_were_met_last(db: Database) -> None:
    rows = db.collection(QuarantinedRecord)
    for days in (30, 7):
        await keep_quarantined_for(rows, days)
        index = (await rows.index_information())[PURGE_QUARANTINED_INDEX]
        assert index["key"] == [("recorded_at", 1)]
        assert index["expireAfterSeconds"] == timedelta(days=days).total_seconds()
    await rows.drop_index(PURGE_QUARANTINED_INDEX)


async def test_rows_of_earlier_versions_are_read_and_are_nobodys(stage: Stage) -> None:
    old = {"_id": "job:1:0", "tenant_id": TENANT, "job_id": "job", "page": 1, "position": 0, "reason": "r", "raw": "{}"}
    await stage.db.collection(QuarantinedRecord).insert_one({**old, "attributed": True})
    page = await Runs(stage.db, stage.jobs).page(QuarantinedRecord, TENANT, page=1, page_size=10)
    assert [(row.id, row.is_attributed, row.state) for row in page.items] == [("job:1:0", False, "waiting")]
