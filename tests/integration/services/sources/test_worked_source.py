"""The source that docs/writing-a-source.md writes: a run reads a forum with it."""

from types import ModuleType
from typing import Any

import httpx

from documents.database import Database
from documents.ingestion_job import JobStatus
from documents.quarantined_record import QuarantinedRecord
from documents.ticket import Ticket
from services.connections.connections import Connections
from services.connections.opening import ReadingTerms, Sources
from services.coordination.leases import Leases
from services.ingestion.jobs import Jobs
from services.ingestion.legs import Legs
from services.ingestion.pages.commit import PageStore
from services.ingestion.sweep import Deletions
from services.ingestion.walk import Ingestion
from services.ingestion.worker import Worker
from services.kit.addresses import AddressRules
from services.kit.clock import SystemClock
from services.kit.sealing import SecretBox
from services.notifications.outbox import ANNOUNCE_ALL
from services.rollups.write import Rollups
from services.sources.budget import RateLimiter
from tests.fakes import QUICK_RETRIES, running
from tests.pages import blocks
from tests.waiting import PATIENCE_SECONDS


class ForumServer:
    """Answers as the page says; its first answer is a failure that heals."""

    def __init__(self, topics: int) -> None:
        self.topics: dict[int, Any] = {number: topic(number) for number in range(1, topics + 1)}
        self.requests = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        if self.requests == 1:
            return httpx.Response(503)
        if request.url.path != "/topics":
            number = int(request.url.path.removeprefix("/topics/"))
            return httpx.Response(200, json=self.topics[number]) if number in self.topics else httpx.Response(404)
        after = int(request.url.params["after"])
        shown = [each for number, each in self.topics.items() if number > after][:50]
        return httpx.Response(200, json={"topics": shown})


def topic(number: int) -> dict[str, Any]:
    return {
        "number": number,
        "title": f"Topic {number}",
        "text": "My order is late.",
        "author": f"user{number % 7}",
        "at": "2026-02-05T12:00:00Z",
        "closed": number % 3 == 0,
    }


def worked_source() -> Any:
    """The class of the page."""
    (block,) = blocks("writing-a-source.md", "python")
    module = ModuleType("forum")
    exec(compile(block.code, "docs/writing-a-source.md", "exec"), module.__dict__)  # noqa: S102  (it is ours)
    return module.Forum  # type: ignore[attr-defined]


async def test_a_run_reads_the_forum(db: Database) -> None:
    server = ForumServer(120)
    server.topics[60] |= {"at": None}
    clock, leases, rules = SystemClock(), Leases(db, ttl_seconds=PATIENCE_SECONDS), AddressRules()
    limiter = RateLimiter(db, clock, limit=0, request_seconds=1)
    async with httpx.AsyncClient(transport=httpx.MockTransport(server)) as http:
        forum = worked_source()(http, "http://forum", limiter, clock, QUICK_RETRIES)
        connections = Connections(db, SecretBox(list), rules, clock)
        terms = ReadingTerms(QUICK_RETRIES, page_size=50, requests_per_minute=0)
        sources = Sources(forum, connections, db, rules, clock, terms)
        jobs = Jobs(db, leases, clock)
        legs = Legs(db, leases, connections, sources, clock, announce=ANNOUNCE_ALL)
        pages, deletions = PageStore(db, leases, Rollups(db), clock), Deletions(db, leases, clock)
        async with running(Worker(jobs, Ingestion(jobs, legs, pages, deletions, clock, max_pages=100), concurrency=1)):
            first = await jobs.wait((await jobs.start("acme")).id, seconds=PATIENCE_SECONDS)
            del server.topics[7], server.topics[120]
            server.topics[8] |= {"closed": True}
            second = await jobs.wait((await jobs.start("acme")).id, seconds=PATIENCE_SECONDS)
    assert (first.status, first.new_ingested, first.errors, first.retries) == (JobStatus.COMPLETED, 119, 1, 1)
    assert (second.status, second.updated, second.deleted) == (JobStatus.COMPLETED, 1, 2)
    row = await db.collection(Ticket).find_one({"external_id": "9"})
    assert row is not None
    assert (row["subject"], row["source"], row["customer_id"], row["status"]) == ("Topic 9", "forum", "user2", "closed")
    quarantined = await db.collection(QuarantinedRecord).find_one({})
    assert quarantined is not None
    assert quarantined["external_id"] == "60"
