"""Runs over a connection to GitHub: issues, what has happened to them, and what is gone without a word."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from documents.connection import Connection
from documents.database import Database
from documents.ingestion_job import JobStatus
from documents.staged_detail import StagedDetail
from documents.vocabulary import ConnectionState, SourceProblem
from resolvers.context import Services
from tests.help_desks import ReadRepository, github_repository


@pytest.fixture
async def repository(db: Database, at_work: Services) -> AsyncIterator[ReadRepository]:
    async with github_repository(db, at_work) as repository:
        yield repository


async def test_an_issue_is_stored_with_what_happened_to_it(repository: ReadRepository) -> None:
    desk, clock = repository.desk, repository.clock
    issue = desk.open("Cannot log in", "Since this morning.", author="mona")
    clock.advance(60)
    desk.close(issue.number, "completed")
    closed = clock.now()
    clock.advance(60)
    desk.reopen(issue.number)
    reopened = clock.now()
    desk.comment(issue.number, "It is back. We will sue you.", "mona")
    clock.advance(120)
    job = await repository.run()
    assert (job.status, job.new_ingested, job.irregularities) == (JobStatus.COMPLETED, 1, [])
    name = f"github:{issue.number}"
    row = (await repository.stored())[name]
    assert (row["source"], row["status"], row["customer_id"]) == ("github", "open", "mona")
    assert (row["replies"], row["urgency"]) == ("It is back. We will sue you.", "high")
    assert await repository.happened(name, "status") == [
        (datetime.fromisoformat(str(row["created_at"])), "created", None, "open"),
        (closed, "updated", "open", "closed"),
        (reopened, "updated", "closed", "open"),
    ]
    assert await repository.db.collection(StagedDetail).count_documents({}) == 0
    desk.close(issue.number, "not_planned")
    closed = clock.now()
    clock.advance(120)
    assert (await repository.run()).updated == 1
    assert (await repository.happened(name, "status"))[-1] == (closed, "updated", "open", "closed")


async def test_nothing_new_costs_no_more_than_two_requests(repository: ReadRepository) -> None:
    repository.desk.many_in_one_second(120)
    repository.clock.advance(120)
    assert (await repository.run()).new_ingested == 120
    for _ in range(3):
        before = len(repository.app.state.github.log)
        repository.clock.advance(300)
        job = await repository.run()
        assert (job.status, job.new_ingested + job.updated + job.deleted) == (JobStatus.COMPLETED, 0)
        assert len(repository.app.state.github.log) - before <= 2


async def test_what_is_gone_is_found_by_a_walk_over_everything_once_a_day(repository: ReadRepository) -> None:
    desk = repository.desk
    kept, deleted, moved = (desk.open(f"Issue {number}", "Hello.") for number in range(3))
    repository.clock.advance(120)
    await repository.run()
    desk.delete(deleted.number)
    desk.transfer(moved.number)
    repository.clock.advance(120)
    assert (await repository.run()).deleted == 0  # nobody tells, and today everything was walked already
    yesterday = {"$set": {"full_at": datetime.now(UTC) - timedelta(days=2)}}
    await repository.db.collection(Connection).update_one({}, yesterday)
    assert (await repository.run()).deleted == 2
    rows = await repository.stored()
    assert {name for name, row in rows.items() if row.get("deleted_at") is None} == {f"github:{kept.number}"}
    late = desk.open("One more", "Hello.")
    repository.clock.advance(120)
    assert (await repository.run()).new_ingested == 1
    assert f"github:{late.number}" in await repository.stored()


@pytest.mark.parametrize(
    ("trouble", "problem"),
    [
        ("revoked", SourceProblem.CREDENTIAL_REFUSED),
        ("switched off", SourceProblem.SWITCHED_OFF),
        ("renamed away", None),
    ],
)
async def test_troubles_say_what_to_do_and_delete_nothing(
    repository: ReadRepository, trouble: str, problem: SourceProblem | None
) -> None:
    repository.desk.many_in_one_second(3)
    repository.clock.advance(120)
    await repository.run()
    match trouble:
        case "revoked":
            repository.app.state.github.revoke("github_pat_standin")
        case "switched off":
            repository.desk.enable_issues(on=False)
        case _:
            repository.desk.rename_repository("helpdesk")
    yesterday = {"$set": {"full_at": datetime.now(UTC) - timedelta(days=2)}}
    await repository.db.collection(Connection).update_one({}, yesterday)
    job = await repository.run()
    state = await repository.services.connections.get(repository.connection.id)
    assert state.problem is problem
    assert job.status is (JobStatus.FAILED if problem else JobStatus.COMPLETED)
    assert state.state is (ConnectionState.FAILING if problem else ConnectionState.CONNECTED)
    rows = await repository.stored()
    assert len(rows) == 3
    assert all(row.get("deleted_at") is None for row in rows.values())
