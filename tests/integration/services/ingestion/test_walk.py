"""Runs over an API of another make than the mock."""

import json
import logging
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import structlog

from documents.database import Collection, Database
from documents.ingestion_job import IngestionJob, JobStatus
from documents.ingestion_log import IngestionLog, RunOutcome
from documents.notification import Notification
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from gql_app.wiring import build_services
from resolvers.context import Services
from services.ingestion.courses.course import KEPT_MOVING
from services.kit.retry import Patience
from services.sources.records.records import PageRecords
from services.tenancy import owned
from tests.fakes import make_settings, running
from tests.moving_list import ORDERS, MovingList
from tests.properties import some_of
from tests.standin import StandIn, once, times
from tests.waiting import PATIENCE_SECONDS, until

TENANT = "acme"
EAGER = Patience(seconds=PATIENCE_SECONDS, base_seconds=0.01, cap_seconds=0.02)
Opening = Callable[..., AbstractAsyncContextManager[Services]]


@pytest.fixture
def opened(db: Database) -> Opening:
    """Services over an API of another make, with their worker at work."""

    @asynccontextmanager
    async def open_over(api: StandIn, *, patience: Patience = EAGER, **changes: Any) -> AsyncIterator[Services]:
        settings = make_settings(page_size=100, lock_ttl_seconds=PATIENCE_SECONDS, **changes)
        async with httpx.AsyncClient(transport=api) as http:
            services = build_services(settings, db, http, "http://elsewhere", retries=patience)
            assert services.worker is not None
            async with running(services.worker):
                yield services

    return open_over


async def run(services: Services) -> IngestionJob:
    job = await services.jobs.start(TENANT)
    assert services.worker is not None
    services.worker.wake()
    return await services.jobs.wait(job.id, seconds=PATIENCE_SECONDS)


async def stored(db: Database) -> set[str]:
    return set(await db.collection(Ticket).distinct("external_id", owned(TENANT)))


async def log_of(job: IngestionJob) -> IngestionLog:
    log = await IngestionLog.get(job.id)
    assert log is not None
    return log


def names(numbers: Sequence[int]) -> set[str]:
    return set(map(str, numbers))


async def test_pages_are_as_large_as_upstream_makes_them(db: Database, opened: Opening) -> None:
    api = StandIn(list(range(1, 61)), deleted=[])
    async with opened(api) as services:
        job = await run(services)
        assert (job.status, job.new_ingested, job.error) == (JobStatus.COMPLETED, 60, None)
        assert (job.processed_pages, job.total_pages, job.records_seen) == (12, 12, 60)
        assert api.pages == list(range(1, 13))
        assert (await run(services)).unchanged == 60
    assert (await log_of(job)).status is RunOutcome.SUCCESS


async def test_a_run_that_dies_at_any_moment_has_fetched_two_pages_at_most_for_nothing(
    db: Database, opened: Opening
) -> None:
    api = Watched(list(range(1, 51)), deleted=[])
    api.jobs, api.unstored = db.collection(IngestionJob), []
    async with opened(api) as services:
        assert (await run(services)).new_ingested == 50
    assert len(api.unstored) == 10
    assert max(api.unstored) == 2  # the one that is asked for, and the one that is classified or stored meanwhile


class Watched(StandIn):
    """Notes at each request for a page how many were asked for, this one among them, that are not stored."""

    jobs: Collection
    unstored: list[int]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        if request.url.path == "/external/support-tickets":
            job = await self.jobs.find_one(owned(TENANT, active=True))
            self.unstored.append(len(self.pages) - (job or {}).get("processed_pages", 0))
        return answer


async def test_what_changes_before_a_page_is_read_again_is_in_the_history(db: Database, opened: Opening) -> None:
    api = Edited(list(range(1, 13)))
    api.deleted = api.meddle
    async with opened(api) as services:
        job = await run(services)
    assert (job.status, job.new_ingested, job.updated) == (JobStatus.COMPLETED, 12, 1)
    assert api.pages == [1, 2, 3, 1, 2, 3]  # the whole list, and once from its beginning again
    history = await db.collection(TicketHistory).find(owned(TENANT, ticket_id="1")).sort("recorded_at", 1).to_list(None)
    assert [row["action"] for row in history] == ["created", "updated"]
    assert history[1]["changes"]["status"] == {"old": "open", "new": "solved"}


class Edited(StandIn):
    """At the end of the first walk, ticket 2 goes, and ticket 1 of the same page is solved."""

    status = "open"

    def meddle(self) -> list[str]:
        self.delete(2)
        self.status = "solved"
        return ["2"]

    def record(self, number: int) -> dict[str, Any]:
        shown = super().record(number)
        return shown | {"status": self.status, "updated_at": "2026-02-03T10:00:00Z"} if number == 1 else shown


async def test_a_bad_quarter_of_an_hour_is_waited_for_and_no_page_read_twice(db: Database, opened: Opening) -> None:
    api = StandIn(list(range(1, 51)), deleted=[])
    statuses = iter([520, 521, 522, 523, 524, 525, 526, 527, 529, 503, 503, 408, 425, 429, 500])

    def fail() -> httpx.Response | None:
        status = next(statuses, None)
        return None if status is None else httpx.Response(status, headers={"retry-after": "0"})

    api.troubles = [lambda number: fail() if number == 4 else None]
    async with opened(api) as services:
        job = await run(services)
    assert (job.status, job.new_ingested, job.error) == (JobStatus.COMPLETED, 50, None)
    assert job.retries == 14  # all but the 429
    assert api.pages == [1, 2, 3, *[4] * 16, 5, 6, 7, 8, 9, 10]


@pytest.mark.parametrize(
    "answer",
    [
        lambda: httpx.Response(200, stream=Raw(b"plain"), headers={"content-encoding": "gzip"}),
        lambda: httpx.Response(200, stream=Raw(b'{"tickets": null}'), headers={"content-encoding": "br"}),
        lambda: httpx.Response(200, stream=Raw(b""), headers={"content-length": "many"}),
        lambda: httpx.Response(200, content=b'{"tickets": [\xff'),
    ],
    ids=["gzip that is none", "unasked for", "nonsense for a length", "cut short"],
)
async def test_a_broken_answer_is_asked_for_again(opened: Opening, answer: Callable[[], httpx.Response]) -> None:
    api = StandIn(list(range(1, 8)), deleted=[])
    api.troubles = [times(3, answer)]
    async with opened(api) as services:
        job = await run(services)
    assert (job.status, job.new_ingested, job.retries) == (JobStatus.COMPLETED, 7, 3)


class Raw(httpx.AsyncByteStream):
    """Bytes as they come over the network."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body


async def test_a_run_that_waits_says_so_and_can_be_cancelled(opened: Opening) -> None:
    api = StandIn(list(range(1, 21)), deleted=[])
    api.troubles = [lambda number: httpx.Response(503, headers={"retry-after": "500"}) if number == 3 else None]
    async with opened(api, patience=Patience()) as services:
        job = await services.jobs.start(TENANT)
        assert services.worker is not None
        services.worker.wake()

        async def waits() -> datetime | None:
            return (await services.jobs.get(job.id)).waiting_until

        waiting_until = await until(waits, "the wait")
        assert (waiting_until - datetime.now(UTC)).total_seconds() > 300
        assert (await services.locks.state(TENANT)).locked
        ended = await services.jobs.cancel(job.id, wait_seconds=PATIENCE_SECONDS)
    assert (ended.status, ended.new_ingested) == (JobStatus.CANCELLED, 10)
    assert api.pages == [1, 2, 3]


async def test_a_permanent_refusal_fails_at_once_with_the_reason(opened: Opening) -> None:
    api = StandIn(list(range(1, 21)), deleted=[])
    api.troubles = [lambda number: httpx.Response(401, text="who are you?") if number == 2 else None]
    async with opened(api) as services:
        job = await run(services)
    assert (job.status, job.error) == (JobStatus.FAILED, "upstream refused: status 401, 12 bytes")
    assert api.pages == [1, 2]


async def test_a_ticket_that_slips_to_a_page_already_read_is_stored_and_announced(
    db: Database, opened: Opening
) -> None:
    api = StandIn(list(range(5, 24)), deleted=[5])  # the tenth stands first on page 2, and is urgent
    api.troubles = [once(2, lambda: api.delete(5))]
    async with opened(api) as services:
        job = await run(services)
    assert (job.status, job.error) == (JobStatus.COMPLETED, None)
    assert names(api.numbers) <= await stored(db)
    assert await db.collection(Notification).count_documents(owned(TENANT, ticket_id="10")) == 1
    assert (job.new_ingested, job.unchanged, job.records_seen) == (19, 0, 19)
    assert api.pages == [1, 2, 1, 2, 3, 4]


async def test_tickets_read_twice_have_a_history_and_counts_as_if_read_once(db: Database, opened: Opening) -> None:
    api = StandIn(list(range(1, 24)), deleted=[])
    async with opened(api) as services:
        await run(services)
        record = api.record
        api.record = lambda number: record(number) | {"status": "closed"}  # type: ignore[method-assign]
        api.troubles = [once(3, lambda: api.delete(1))]
        api.deleted = [1]
        job = await run(services)
    assert (job.updated, job.unchanged, job.new_ingested) == (23, 0, 0)
    actions = await db.collection(TicketHistory).find(owned(TENANT)).to_list(None)
    assert sorted(row["action"] for row in actions if row["ticket_id"] != "1") == ["created"] * 22 + ["updated"] * 22


async def test_what_came_in_during_the_run_is_stored_too(db: Database, opened: Opening) -> None:
    api = StandIn(list(range(11, 31)), deleted=[])
    api.troubles = [once(3, lambda: api.numbers.insert(0, 1))]
    async with opened(api) as services:
        job = await run(services)
    assert (job.status, job.error, job.new_ingested) == (JobStatus.COMPLETED, None, 21)
    assert await stored(db) == names(api.numbers)


async def test_one_page_of_everything_is_stored_piece_by_piece(db: Database, opened: Opening) -> None:
    api = StandIn(list(range(1, 1_301)), page_size=10_000, deleted=[])
    async with opened(api) as services:
        job = await run(services)
    assert (job.status, job.new_ingested, job.processed_pages) == (JobStatus.COMPLETED, 1_300, 1)
    assert (job.next_page, job.error, api.pages) == (None, None, [1])


async def test_pages_without_end_end_with_a_remark(opened: Opening) -> None:
    api = StandIn(list(range(1, 10_000)), deleted=[])
    async with opened(api, upstream_max_pages=7) as services:
        job = await run(services)
    assert (job.status, job.new_ingested) == (JobStatus.COMPLETED, 35)
    assert "stopped after 7 pages, and there were more" in (job.error or "")
    assert (await log_of(job)).status is RunOutcome.PARTIAL_SUCCESS


@pytest.mark.parametrize("body", ['{"tickets": null, "next_page": null}', '{"tickets": [], "total_count": 0}'])
async def test_an_upstream_without_tickets_is_a_run_without_tickets(opened: Opening, body: str) -> None:
    api = StandIn([], deleted=[])
    api.troubles = [lambda number: httpx.Response(200, text=body)]
    async with opened(api) as services:
        job = await run(services)
    assert (job.status, job.error, api.pages) == (JobStatus.COMPLETED, None, [1])


async def test_a_job_of_an_earlier_version_goes_on_where_it_was(db: Database, opened: Opening) -> None:
    api = StandIn(list(range(1, 21)), deleted=[])
    old = {
        "_id": "old",
        "tenant_id": TENANT,
        "status": "queued",
        "active": True,
        "queued_at": datetime.now(UTC),
        "next_page": 3,
        "processed_pages": 2,
        "records_seen": 10,
        "upstream_total": 20,
        "new_ingested": 10,
        "updated": 0,
        "unchanged": 0,
        "deleted": 0,
        "skipped": 0,
        "errors": 0,
        "retries": 0,
        "irregularities": [],
        "started_at": None,
        "error": None,
        "attempts": 0,
        "total_pages": 4,
    }
    await db.collection(IngestionJob).insert_one(old)
    async with opened(api) as services:
        job = await services.jobs.wait("old", seconds=PATIENCE_SECONDS)
    assert (job.status, job.new_ingested, job.processed_pages) == (JobStatus.COMPLETED, 20, 4)
    assert api.pages == [3, 4]


@pytest.mark.thorough
@pytest.mark.parametrize("seed", some_of(range(12)))
async def test_whoever_lived_throughout_a_run_is_stored_or_its_log_does_not_say_success(
    db: Database, opened: Opening, seed: int
) -> None:
    chance = random.Random(seed)
    listed = MovingList(chance, 5, ORDERS[seed % len(ORDERS)], liveliness=chance.choice([0.1, 0.3]))
    listed.fill(40)
    before = set(listed.ids)
    api = StandIn()

    def show(number: int) -> httpx.Response:
        page = listed.page(number)
        records = [api.record(1) | {"id": name} for name in page.records]
        return httpx.Response(200, json={"tickets": records, "next_page": page.next, "total_count": page.total})

    api.troubles = [show]
    api.deleted = lambda: sorted(listed.deleted_now() or ())
    async with opened(api) as services:
        job = await run(services)
    assert job.status is JobStatus.COMPLETED
    missed = before & set(listed.ids) - await stored(db)
    if missed or KEPT_MOVING in (job.error or ""):
        assert (await log_of(job)).status is RunOutcome.PARTIAL_SUCCESS


SECRET = "the-text-of-somebody-else's-ticket"


async def test_no_log_line_and_no_error_quotes_a_record(
    opened: Opening, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def explode(records: Any, tenant_id: str, *, mixes_tenants: bool) -> PageRecords:
        raise RuntimeError(f"cannot make sense of {records}")

    monkeypatch.setattr("services.sources.standard.client.sort_records", explode)
    api = StandIn([1], deleted=[])
    api.troubles = [
        lambda number: httpx.Response(200, json={"tickets": [{"id": SECRET, "message": SECRET}], "next_page": None})
    ]
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as lines:
        async with opened(api) as services:
            job = await run(services)
    assert job.status is JobStatus.FAILED
    assert (job.error or "").startswith("its worker died 3 times at page 1; RuntimeError at ")
    assert "run_crashed" in {line["event"] for line in lines}
    assert SECRET not in json.dumps([lines, job.error, job.irregularities], default=str) + caplog.text
