from typing import Any

import httpx
import pytest

from documents.database import Database
from documents.ingestion_job import JobStatus
from documents.ingestion_log import RunOutcome
from documents.ticket import Ticket
from services.ingestion import sweep
from tests.fakes import running
from tests.integration.services.conftest import TENANT, Stage, at_stage, counts, ids, ticket

DELETED_LIST = "/external/deleted-tickets"
BY_ID = "/external/support-tickets"


async def test_deleted_and_restored_tickets_follow_upstream(stage: Stage) -> None:
    await stage.add(*ids(10))
    await stage.run()
    await stage.delete("T-004", "T-007")
    assert counts(await stage.run()) == {"unchanged": 8, "deleted": 2}
    assert await stage.live() == set(ids(10)) - {"T-004", "T-007"}
    await stage.control("tickets/restore", {"ids": ["T-004"]})
    assert counts(await stage.run()) == {"unchanged": 8, "updated": 1}
    assert await stage.history("T-004") == ["created", "deleted", "restored"]
    [row] = await stage.tickets(external_id="T-004")
    assert "deleted_at" not in row


async def test_a_ticket_that_turned_unreadable_is_not_taken_for_deleted(stage: Stage) -> None:
    await stage.add(*ids(6))
    await stage.run()
    await stage.edit("T-002", created_at="exploded")
    await stage.delete("T-004")
    job = await stage.run()
    # The record that cannot be stored takes its own id out of the sweep, and no other.
    assert (counts(job), job.remarks) == ({"unchanged": 4, "errors": 1, "deleted": 1}, [])
    assert await stage.live() == set(ids(6)) - {"T-004"}


async def test_an_empty_upstream_deletes_nothing_and_says_so(stage: Stage) -> None:
    await stage.add(*ids(3))
    await stage.run()
    await stage.script({"body": '{"tickets": [], "next_page": null, "total_count": 0}'})
    job = await stage.run()
    assert (counts(job), job.error) == ({}, "upstream is empty: nothing was deleted")
    assert len(await stage.live()) == 3


async def test_an_upstream_that_lost_many_tickets_deletes_none_of_them(stage: Stage) -> None:
    await stage.add(*ids(20))
    await stage.run()
    kept = [ticket(external_id) for external_id in ids(5)]
    await stage.script({"patch": {"tickets": kept, "next_page": None, "total_count": 5}})
    job = await stage.run()
    assert counts(job) == {"unchanged": 5}
    assert job.error == "15 of 20 tickets are missing upstream, too many to believe: none was deleted"


async def test_a_ticket_missing_from_the_list_is_deleted_only_when_upstream_denies_it(stage: Stage) -> None:
    await stage.add(*ids(10))
    await stage.run()
    kept = [ticket(external_id) for external_id in ids(4)]
    await stage.delete("T-004")
    await stage.script(
        {"page": 1, "patch": {"tickets": kept, "total_count": 8}},
        {"page": 2, "patch": {"tickets": [ticket(external_id) for external_id in ids(10)[6:]], "total_count": 8}},
    )
    job = await stage.run()
    assert counts(job) == {"unchanged": 8, "deleted": 1}
    assert await stage.live() == set(ids(10)) - {"T-004"}  # T-005 was not listed, but is there
    assert job.error == "1 tickets are not listed by upstream, of which 1 are there when asked for by id"
    assert (await stage.log(job)).status is RunOutcome.SUCCESS


@pytest.mark.parametrize(
    ("patch", "unchanged"),
    [({"next_page": None}, 10), ({"next_page": 1}, 12), ({"total_count": 999}, 12), ({"total_count": -1}, 12)],
    ids=["ends early", "loops", "counts too many", "counts nonsense"],
)
async def test_a_walk_that_does_not_fit_deletes_nothing_by_absence(
    stage: Stage, patch: dict[str, Any], unchanged: int
) -> None:
    await stage.add(*ids(12))
    await stage.run()
    archive(stage, "T-old")
    await stage.db.collection(Ticket).insert_one({"tenant_id": TENANT, "external_id": "T-old"})
    if "total_count" in patch:
        await stage.script({"patch": patch, "times": 1_000})
    else:
        await stage.script({"page": 2, "patch": patch})
    job = await stage.run()
    assert (job.status, job.unchanged, job.deleted) == (JobStatus.COMPLETED, unchanged, 0)
    assert "T-old" in await stage.live()
    assert (await stage.log(job)).status is RunOutcome.PARTIAL_SUCCESS


async def test_a_ticket_that_upstream_denies_is_gone_whatever_became_of_the_walk(stage: Stage) -> None:
    await stage.add(*ids(12))
    await stage.run()
    await stage.delete("T-004")
    answer(stage, DELETED_LIST, 403)
    await stage.script({"page": 3, "patch": {"total_count": 999}})
    job = await stage.run()
    assert (job.deleted, await stage.live()) == (1, set(ids(12)) - {"T-004"})


@pytest.mark.parametrize(
    ("status", "text"),
    [(403, "no"), (404, ""), (200, "<html>"), (200, '{"deleted_ids": {}}'), (200, '{"deleted_ids": 5}')],
)
async def test_a_deleted_list_that_fails_is_a_remark(stage: Stage, status: int, text: str) -> None:
    await stage.add(*ids(4))
    answer(stage, DELETED_LIST, status, text)
    job = await stage.run()
    assert (job.status, counts(job)) == (JobStatus.COMPLETED, {"new_ingested": 4})
    log = await stage.log(job)
    assert log.status is RunOutcome.SUCCESS  # all that upstream has is stored
    assert (log.error or "").startswith("upstream's list of deleted tickets could not be read: ")


async def test_a_ticket_that_cannot_be_asked_for_is_a_remark_and_waits_its_turn(stage: Stage) -> None:
    await stage.add(*ids(20))
    await stage.run()
    answer(stage, DELETED_LIST, 403)
    for external_id in ("T-001", "T-002", "T-003"):
        answer(stage, f"{BY_ID}/{external_id}", 403)
    await stage.delete("T-001", "T-002", "T-003", "T-004")
    first, second = await stage.run(), await stage.run()
    assert (first.status, first.deleted) == (JobStatus.COMPLETED, 0)
    assert "4 tickets are not listed by upstream, of which 3 could not be asked for: " in first.remarks[1]
    assert "1 will be asked for in the next runs" in first.remarks[1]
    assert second.deleted == 1
    assert await stage.live() == set(ids(20)) - {"T-004"}
    assert (await stage.log(first)).status is RunOutcome.SUCCESS


async def test_archived_tickets_never_keep_a_deleted_one_from_being_found(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "_MAX_QUESTIONS", 20)  # a run, fewer than are missing
    async with at_stage(db, page_size=100) as stage, running(stage.worker):
        everything = ids(140)
        await stage.add(*everything)
        await stage.run()
        archived = everything[20:44]
        archive(stage, *archived)
        await stage.delete(*archived)
        await stage.run()
        await stage.delete("T-130")
        answer(stage, DELETED_LIST, 403)
        for _ in range(3):
            await stage.run()
        assert await stage.live() == set(everything) - {"T-130"}
        # Nobody starves: by then each of them has been asked for.
        asked = await stage.tickets(asked_at={"$exists": True})
        assert {row["external_id"] for row in asked} == {*archived, "T-130"}


async def test_archived_tickets_do_not_make_upstream_look_broken_for_ever(stage: Stage) -> None:
    await stage.add(*ids(20))
    await stage.run()
    archived = ids(20)[:10]
    archive(stage, *archived)
    await stage.delete(*archived)
    job = await stage.run()
    assert job.error == "10 of 20 tickets are missing upstream, too many to believe: none was deleted"
    await stage.delete("T-015")
    assert (await stage.run()).deleted == 1
    assert await stage.live() == set(ids(20)) - {"T-015"}


def archive(stage: Stage, *archived: str) -> None:
    """Upstream lists these tickets no longer, neither as live nor as deleted, and has them when asked by id."""
    hidden = {f"{BY_ID}/{external_id}" for external_id in archived}
    before = stage.transport.doctor

    def doctor(request: httpx.Request) -> httpx.Response | None:
        if request.url.path == DELETED_LIST:
            return before(request) or httpx.Response(200, json={"deleted_ids": []})
        return httpx.Response(200, json={}) if request.url.path in hidden else before(request)

    stage.transport.doctor = doctor


def answer(stage: Stage, path: str, status: int, text: str = "no") -> None:
    """Give every request for this path the same answer."""
    before = stage.transport.doctor
    stage.transport.doctor = lambda request: (
        httpx.Response(status, text=text) if request.url.path == path else before(request)
    )


async def test_upstream_is_not_asked_for_what_only_a_file_has_shown(stage: Stage) -> None:
    await stage.add("T-000", "T-001")
    await stage.store_file(ticket("T-001"), ticket("F-1"), ticket("F-2"))
    assert counts(await stage.run()) == {"new_ingested": 1, "unchanged": 1}
    assert await stage.live() == {"T-000", "T-001", "F-1", "F-2"}
    await stage.delete("T-001")  # shown by both: upstream knows it
    await stage.add("F-1")
    assert counts(await stage.run()) == {"unchanged": 2, "deleted": 1}
    await stage.delete("F-1")  # known upstream since the last run
    assert counts(await stage.run()) == {"unchanged": 1, "deleted": 1}
    assert await stage.live() == {"T-000", "F-2"}


async def test_a_file_brings_back_what_upstream_has_deleted_until_upstream_has_it_again(stage: Stage) -> None:
    await stage.add(*ids(3))
    await stage.run()
    await stage.delete("T-001")
    await stage.run()
    answer(stage, DELETED_LIST, 404)
    assert (await stage.store_file(ticket("T-001"))).updated == 1
    await stage.run()
    assert await stage.live() == set(ids(3))
    await stage.control("tickets/restore", {"ids": ["T-001"]})
    await stage.run()
    await stage.delete("T-001")
    assert counts(await stage.run()) == {"unchanged": 2, "deleted": 1}


async def test_what_only_files_have_shown_does_not_make_a_loss_upstream_believable(stage: Stage) -> None:
    await stage.add(*ids(20))
    await stage.run()
    await stage.store_file(*(ticket(f"F-{number}") for number in range(80)))
    kept = [ticket(external_id) for external_id in ids(5)]
    await stage.script({"patch": {"tickets": kept, "next_page": None, "total_count": 5}})
    job = await stage.run()
    assert job.error == "15 of 20 tickets are missing upstream, too many to believe: none was deleted"
