"""Runs over a connection to Zendesk: what is stored is what there is to know, with the source's own moments."""

from collections.abc import AsyncIterator
from random import Random

import pytest

from documents.database import Database
from documents.ingestion_job import JobStatus
from documents.notification import Notification
from documents.staged_detail import StagedDetail
from mock_external_api.zendesk.steps import random_step
from resolvers.context import Services
from tests.help_desks import ReadDesk, zendesk_desk
from tests.properties import some_of


@pytest.fixture
async def desk(db: Database, at_work: Services) -> AsyncIterator[ReadDesk]:
    async with zendesk_desk(db, at_work) as desk:
        yield desk


async def test_the_first_run_stores_the_whole_history(desk: ReadDesk) -> None:
    number = desk.desk.create("Broken mug", "It came in two.", priority="high", tags=["mug"])
    desk.advance(3_600)
    desk.desk.solve(number)
    desk.advance(3_600)
    desk.desk.customer_comment(number, "Still broken. We will sue you.")
    desk.advance(120)
    job = await desk.run()
    assert (job.status, job.new_ingested, job.irregularities) == (JobStatus.COMPLETED, 1, [])
    stored, truth = await desk.stored(), desk.truth()
    assert stored == truth
    assert [(old, new) for _, field, old, new in stored[f"zendesk:{number}"].changes if field == "status"] == [
        ("new", "solved"),
        ("solved", "open"),
    ]
    assert await desk.db.collection(StagedDetail).count_documents({}) == 0
    assert await desk.db.collection(Notification).count_documents({}) == 0  # it is older than the connection


async def test_deletions_merges_and_returns_are_seen_with_their_moments(desk: ReadDesk) -> None:
    gone, merged, kept = (desk.desk.create(f"Ticket {number}", "Hello there.") for number in range(3))
    desk.advance(120)
    await desk.run()
    desk.desk.delete(gone)
    desk.advance(60)
    desk.desk.merge(merged, kept)
    desk.advance(120)
    job = await desk.run()
    assert job.deleted == 1
    stored, truth = await desk.stored(), desk.truth()
    for name, each in stored.items():
        assert (each.is_deleted, each.changes, each.ends) == (
            truth[name].is_deleted,
            truth[name].changes,
            truth[name].ends,
        )
    desk.desk.restore(gone)
    desk.advance(120)
    await desk.run()
    assert await desk.stored() == desk.truth()


async def test_nothing_new_costs_no_more_than_two_requests(desk: ReadDesk) -> None:
    desk.desk.many_in_one_second(30)
    desk.advance(120)
    await desk.run()
    desk.desk.requests.clear()
    job = await desk.run()
    assert len(desk.desk.requests) <= 2
    assert (job.new_ingested, job.updated, job.deleted) == (0, 0, 0)


@pytest.mark.parametrize(("page_cap", "count"), [(1_000, 1_100), (100, 250)])
async def test_more_of_one_second_than_a_page_holds_are_stored_once(
    db: Database, at_work: Services, page_cap: int, count: int
) -> None:
    async with zendesk_desk(db, at_work, page_cap=page_cap) as desk:
        numbers = desk.desk.many_in_one_second(count)
        desk.advance(120)
        job = await desk.run()
        assert (job.status, job.new_ingested, job.updated) == (JobStatus.COMPLETED, count, 0)
        assert set(await desk.stored()) == {f"zendesk:{number}" for number in numbers}


@pytest.mark.thorough
@pytest.mark.parametrize("seed", some_of(range(12), one_in=6))
async def test_any_history_in_any_runs_is_stored_as_it_was(db: Database, at_work: Services, seed: int) -> None:
    dice = Random(seed)
    async with zendesk_desk(db, at_work, page_cap=dice.choice([3, 10, 1_000])) as desk:
        seen: set[str] = set()
        for _ in range(dice.randint(1, 5)):
            for _ in range(dice.randint(1, 25)):
                if random_step(desk.desk, dice) == "redact":
                    continue
                desk.advance(dice.choice([0, 0, 1, 30, 600, 86_400]))
            desk.advance(120)
            job = await desk.run()
            assert (job.status, job.irregularities) == (JobStatus.COMPLETED, [])
            truth, stored = desk.truth(), await desk.stored()
            seen |= {name for name, each in truth.items() if not each.is_deleted}
            assert set(stored) == seen
            for name in seen:
                assert stored[name].values == truth[name].values or truth[name].is_deleted, name
                assert stored[name].is_deleted == truth[name].is_deleted
                assert stored[name].changes == truth[name].changes, name
                assert stored[name].ends == truth[name].ends, name
