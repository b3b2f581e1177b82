from typing import Any

import pytest

from documents.ingestion_job import JobStatus
from documents.ingestion_log import RunOutcome
from documents.ticket import Ticket
from tests.integration.services.conftest import TENANT, Stage, counts, ids, ticket


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
    await stage.edit("T-002", status="exploded")
    assert counts(await stage.run()) == {"unchanged": 5, "errors": 1}
    assert await stage.live() == set(ids(6))


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
    assert job.error == "1 tickets were not listed by upstream but are not known to be deleted"


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
    await stage.db.collection(Ticket).insert_one({"tenant_id": TENANT, "external_id": "ours"})
    if "total_count" in patch:
        await stage.script({"patch": patch, "times": 1_000})
    else:
        await stage.script({"page": 2, "patch": patch})
    job = await stage.run()
    assert (job.status, job.unchanged) == (JobStatus.COMPLETED, unchanged)
    assert "ours" in await stage.live()
    assert (await stage.log(job)).status is RunOutcome.PARTIAL_SUCCESS
