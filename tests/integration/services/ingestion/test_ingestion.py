import asyncio
import json

import pytest

from documents.ingestion_job import IngestionJob, JobStatus
from documents.ingestion_log import RunOutcome
from documents.quarantined_record import QuarantinedRecord
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from services.coordination.leases import LeaseLostError, ingest_resource
from services.errors import AlreadyRunningError, JobFinishedError, JobNotFoundError
from services.ingestion.courses.course import Step
from services.ingestion.pages.commit import PageStore
from services.ingestion.run import Run, StoppedError
from services.rollups.write import Rollups
from tests.fakes import FakeClock, running
from tests.integration.services.conftest import TENANT, Stage, counts, ids, later, ticket
from tests.waiting import PATIENCE_SECONDS, until


async def test_every_page_is_walked_and_every_ticket_stored(stage: Stage) -> None:
    await stage.add(*ids(23))
    job = await stage.run()
    assert job.status is JobStatus.COMPLETED
    assert counts(job) == {"new_ingested": 23}
    assert (job.processed_pages, job.total_pages, job.next_page) == (5, 5, None)
    assert await stage.live() == set(ids(23))
    [row] = await stage.tickets(external_id="T-000")
    assert (row["tenant_id"], row["urgency"], row["requires_action"]) == (TENANT, "low", True)
    assert await stage.history("T-000") == ["created"]


async def test_a_second_run_finds_everything_unchanged_and_writes_no_history(stage: Stage) -> None:
    await stage.add(*ids(12))
    await stage.run()
    assert counts(await stage.run()) == {"unchanged": 12}
    assert await stage.history("T-003") == ["created"]


async def test_an_upstream_that_ignores_the_tenant_is_walked_whole_and_others_tickets_are_skipped(stage: Stage) -> None:
    await stage.add(*ids(9))
    await stage.add("X-1", "X-2", "X-3", tenant_id="globex")
    await stage.control("settings", {"honour_tenant_id": False})
    job = await stage.run()
    assert counts(job) == {"new_ingested": 9, "skipped": 3}
    assert job.processed_pages == 3
    assert {row["tenant_id"] for row in await stage.tickets()} == {TENANT}
    assert counts(await stage.run("globex")) == {"new_ingested": 3, "skipped": 9}
    assert counts(await stage.run()) == {"unchanged": 9, "skipped": 3}


async def test_an_edit_upstream_is_an_update_with_history(stage: Stage) -> None:
    await stage.add(*ids(3))
    await stage.run()
    await stage.edit("T-001", status="closed")
    assert counts(await stage.run()) == {"updated": 1, "unchanged": 2}
    assert await stage.history("T-001") == ["created", "updated"]
    [row] = await stage.tickets(external_id="T-001")
    assert row["status"] == "closed"


async def test_an_updated_at_that_drifts_is_stored_when_newer_and_ignored_when_older(stage: Stage) -> None:
    await stage.add("T-1", updated_at=later(2))
    await stage.run()
    for shown, stored in ((later(5), 15), (later(1), 15)):
        await stage.edit("T-1", updated_at=shown)
        assert counts(await stage.run()) == {"unchanged": 1}
        [row] = await stage.tickets()
        assert row["updated_at"].hour == stored
    assert await stage.history("T-1") == ["created"]


async def test_a_broken_record_is_quarantined_and_the_run_goes_on(stage: Stage) -> None:
    await stage.add(*ids(4))
    await stage.control("tickets/add?tenant_id=acme", ticket("T-bad", created_at="never"))
    await stage.control("tickets/add?tenant_id=acme", {"tenant_id": TENANT, "$where": "1", "a.b": 2})
    await stage.add("T-after")
    job = await stage.run()
    assert counts(job) == {"new_ingested": 5, "errors": 2}
    log = await stage.log(job)
    assert (log.status, log.error) == (RunOutcome.PARTIAL_SUCCESS, "2 records were quarantined")
    rows = await QuarantinedRecord.find({"job_id": job.id}).sort("page").to_list()
    assert [(row.external_id, row.page, row.is_attributed) for row in rows] == [("T-bad", 1, True), (None, 2, True)]
    assert '"$where": "1"' in rows[1].raw


async def test_a_nameless_record_on_a_page_that_mixes_tenants_is_attributed_to_nobody(stage: Stage) -> None:
    await stage.control("settings", {"honour_tenant_id": False})
    await stage.add("T-1")
    await stage.add("X-1", tenant_id="globex")
    await stage.control("tickets/add?tenant_id=globex", {"id": "X-2", "message": "secret"})
    job = await stage.run()
    [row] = await QuarantinedRecord.find({"job_id": job.id}).to_list()
    assert row.is_attributed is False


async def test_tickets_shown_on_two_pages_are_counted_once_and_what_they_pushed_away_is_found(stage: Stage) -> None:
    await stage.add(*ids(10))
    twice = [ticket(t) for t in ("T-005", "T-002", "T-006", "T-007", "T-008")]
    await stage.script({"page": 2, "patch": {"tickets": twice}})
    job = await stage.run()
    assert counts(job) == {"new_ingested": 10}
    assert (job.error, job.records_seen) == (None, 10)
    assert len(await stage.tickets()) == 10


async def test_an_upstream_that_shows_the_same_page_for_ever_ends_the_walk(stage: Stage) -> None:
    same = [ticket(external_id) for external_id in ids(5)]
    await stage.add(*ids(5))
    await stage.script(
        *[{"page": page, "patch": {"tickets": same, "next_page": page + 1, "total_count": None}} for page in (1, 2)]
    )
    job = await stage.run()
    assert job.status is JobStatus.COMPLETED
    assert "page 2 repeats page 1" in (job.error or "")


async def test_a_page_that_fails_for_good_fails_the_run_and_keeps_what_was_stored(stage: Stage) -> None:
    await stage.add(*ids(15))
    await stage.script({"page": 2, "body": "<html>Bad gateway</html>", "times": 1_000})
    job = await stage.run()
    assert job.status is JobStatus.FAILED
    assert "last: not the expected JSON (Expecting value at position 0): status 200, 24 bytes" in (job.error or "")
    assert "gateway" not in (job.error or "")
    assert await stage.live() == set(ids(5))
    log = await stage.log(job)
    assert (log.status, log.pages, log.new_ingested) == (RunOutcome.FAILED, 1, 5)
    assert not (await stage.locks.state(TENANT)).locked
    await stage.upstream.delete("/_control/script")
    assert counts(await stage.run()) == {"new_ingested": 10, "unchanged": 5}


async def test_a_page_that_stays_unreadable_is_taken_apart_record_by_record(stage: Stage) -> None:
    await stage.add(*ids(7))
    records = [json.dumps(ticket("T-000")), '{"id": ' + "[" * 5_000 + "]" * 5_000 + "}", json.dumps(ticket("T-001"))]
    body = f'{{"tickets": [{",".join(records)}], "next_page": 2, "total_count": 7}}'
    await stage.script({"page": 1, "body": body, "times": 4})
    job = await stage.run()
    assert counts(job) == {"new_ingested": 4, "errors": 1}
    [row] = await QuarantinedRecord.find({"job_id": job.id}).to_list()
    assert row.reason.startswith("not readable as JSON")
    assert row.raw == records[1]


async def test_a_page_that_fails_twice_is_asked_for_again_and_the_retries_are_logged(stage: Stage) -> None:
    await stage.add(*ids(7))
    await stage.script({"page": 1, "truncate": True}, {"page": 1, "status": 503})
    job = await stage.run()
    assert counts(job) == {"new_ingested": 7}
    assert (await stage.log(job)).retries == 2


async def test_one_active_run_a_tenant_however_many_race(stage: Stage) -> None:
    await stage.add(*ids(3))
    answers = await asyncio.gather(*(stage.jobs.start(TENANT) for _ in range(24)), return_exceptions=True)
    [won] = [answer for answer in answers if isinstance(answer, IngestionJob)]
    lost = [answer for answer in answers if isinstance(answer, AlreadyRunningError)]
    assert len(lost) == 23
    assert {error.job_id for error in lost} == {won.id}
    await stage.jobs.wait(won.id)


async def test_a_lease_held_by_something_else_refuses_a_start(stage: Stage) -> None:
    await stage.locks.acquire(ingest_resource(TENANT), "their-job")
    with pytest.raises(AlreadyRunningError) as refused:
        await stage.jobs.start(TENANT)
    assert refused.value.job_id == "their-job"


async def test_cancelling_keeps_what_was_ingested_and_goes_to_the_log(stage: Stage) -> None:
    await stage.add(*ids(30))
    await stage.script({"page": 3, "delay_ms": 60_000})
    job = await stage.jobs.start(TENANT)
    stage.worker.wake()
    await stage.reaches(job, pages=2)
    cancelled = await stage.jobs.cancel(job.id, wait_seconds=PATIENCE_SECONDS)
    assert cancelled.status is JobStatus.CANCELLED
    assert await stage.live() == set(ids(10))
    log = await stage.log(cancelled)
    assert (log.status, log.new_ingested, log.deleted) == (RunOutcome.CANCELLED, 10, 0)
    assert not (await stage.locks.state(TENANT)).locked


async def test_cancelling_a_queued_job_that_no_worker_has_taken_ends_it_at_once(idle_stage: Stage) -> None:
    job = await idle_stage.jobs.start(TENANT)
    assert (await idle_stage.jobs.cancel(job.id)).status is JobStatus.CANCELLED
    assert (await idle_stage.log(job)).status is RunOutcome.CANCELLED


async def test_an_ended_job_cannot_be_cancelled(stage: Stage) -> None:
    await stage.add("T-1")
    job = await stage.run()
    with pytest.raises(JobFinishedError) as refused:
        await stage.jobs.cancel(job.id)
    assert refused.value.status == "completed"
    with pytest.raises(JobNotFoundError):
        await stage.jobs.cancel("nonsense")


async def test_a_job_that_is_handed_back_goes_on_at_its_checkpoint(stage: Stage) -> None:
    await stage.add(*ids(30))
    await stage.script({"page": 4, "delay_ms": 60_000})
    job = await stage.jobs.start(TENANT)
    stage.worker.wake()
    await stage.reaches(job, pages=3)
    stage.worker.shut_down()

    async def is_queued() -> bool:
        return (await stage.jobs.get(job.id)).status is JobStatus.QUEUED

    await until(is_queued, "the job in the queue")
    assert not (await stage.locks.state(TENANT)).locked
    await stage.upstream.delete("/_control/script")

    heir = stage.another_worker()
    assert heir is not None
    async with running(heir):
        done = await stage.jobs.wait(job.id, seconds=PATIENCE_SECONDS)
    assert counts(done) == {"new_ingested": 30}
    assert done.processed_pages == 6
    pages = [int(entry["query"]["page"]) for entry in (await stage.state())["pages"]]
    assert pages == [1, 2, 3, 4, 4, 5, 6]


async def undo_page(stage: Stage, job: IngestionJob, page: int) -> None:
    """What a failover does to a page that had not reached the other servers."""
    rows = await stage.db.collection(TicketHistory).find({"job_id": job.id}).to_list(None)
    lost = {row["_id"]: row["ticket_id"] for row in rows if row["_id"].startswith(f"{job.id}:{page}:")}
    await stage.db.collection(TicketHistory).delete_many({"_id": {"$in": list(lost)}})
    await stage.db.collection(Ticket).delete_many({"external_id": {"$in": list(lost.values())}})
    before = {"portions": page - 1, "processed_pages": page - 1, "next_page": page, "last_page": page - 1}
    before |= {"new_ingested": 5 * (page - 1), "records_seen": 5 * (page - 1)}
    await stage.db.collection(IngestionJob).update_one({"_id": job.id}, {"$set": before})


async def test_a_run_goes_on_where_a_failover_has_left_it(stage: Stage) -> None:
    await stage.add(*ids(30))
    await stage.script({"page": 3, "delay_ms": 3_000, "times": 1})
    job = await stage.jobs.start(TENANT)
    stage.worker.wake()
    await stage.reaches(job, pages=2)
    await undo_page(stage, job, 2)
    done = await stage.jobs.wait(job.id, seconds=PATIENCE_SECONDS)
    assert (done.status, done.error) == (JobStatus.COMPLETED, None)
    assert counts(done) == {"new_ingested": 30}
    assert await stage.live() == set(ids(30))
    assert [await stage.history(name) for name in ids(30)] == [["created"]] * 30
    pages = [int(entry["query"]["page"]) for entry in (await stage.state())["pages"]]
    assert (pages.count(1), pages.count(2)) == (1, 2)


async def test_a_walk_whose_last_page_is_lost_does_not_end(idle_stage: Stage) -> None:
    await idle_stage.jobs.start(TENANT)
    claimed = await idle_stage.jobs.claim([])
    assert claimed is not None
    run = Run(*claimed)
    run.stored_portions = 1
    store = PageStore(idle_stage.db, idle_stage.locks, Rollups(idle_stage.db), FakeClock())
    with pytest.raises(StoppedError):
        await store.note_end(run, Step(None), moved=False)
    assert (await idle_stage.jobs.get(run.job.id)).next_page == 1


async def test_a_job_whose_worker_keeps_dying_fails_with_the_reason(idle_stage: Stage) -> None:
    job = await idle_stage.jobs.start(TENANT)
    for _ in range(3):
        claimed = await idle_stage.jobs.claim([])
        assert claimed is not None
        await idle_stage.kill_holder()
    assert await idle_stage.jobs.claim([]) is None
    done = await idle_stage.jobs.get(job.id)
    assert (done.status, done.error) == (JobStatus.FAILED, "its worker died 3 times at page 1")
    assert (await idle_stage.log(done)).status is RunOutcome.FAILED


async def test_a_holder_that_slept_over_a_takeover_does_not_touch_the_job(idle_stage: Stage) -> None:
    job = await idle_stage.jobs.start(TENANT)
    claimed = await idle_stage.jobs.claim([])
    assert claimed is not None
    await idle_stage.kill_holder()
    assert await idle_stage.jobs.claim([]) is not None
    before = await idle_stage.jobs.get(job.id)
    with pytest.raises(LeaseLostError):
        await idle_stage.jobs.note_waiting(claimed[1], before.queued_at)
    with pytest.raises(LeaseLostError):
        await idle_stage.jobs.heartbeat(claimed[1])
    assert await idle_stage.jobs.get(job.id) == before


async def test_the_log_has_everything_about_a_good_run(stage: Stage) -> None:
    await stage.add(*ids(6))
    job = await stage.run()
    log = await stage.log(job)
    assert (log.status, log.error, log.pages, log.retries) == (RunOutcome.SUCCESS, None, 2, 0)
    assert (log.job_id, log.tenant_id, log.new_ingested) == (job.id, TENANT, 6)
    assert log.duration_ms == pytest.approx((log.ended_at - log.started_at).total_seconds() * 1000, abs=1)


async def test_texts_of_megabytes_break_no_page(stage: Stage) -> None:
    words = [f"word{number % 5_000}" for number in range(90_000)]
    long = " ".join(words)  # 0.8 MB
    await stage.control("tickets/add", [ticket(external_id, message=long) for external_id in ids(3)])
    await stage.control("tickets/add", [ticket("T-short"), ticket("T-huge", message="x" * 10_000_000)])
    job = await stage.run()
    stored = {row["external_id"]: len(row["message"]) for row in await stage.tickets()}
    assert (job.status, len(stored) + job.errors) == (JobStatus.COMPLETED, 5)
    assert {stored[external_id] for external_id in ids(3)} == {len(long)}
    await stage.edit(*ids(3), message=f"{long} and more")
    assert (await stage.run()).updated == 3
