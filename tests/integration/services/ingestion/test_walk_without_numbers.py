"""A run over a source whose places are no numbers."""

import asyncio
from collections.abc import Sequence
from typing import Any

from documents.database import Database
from documents.ingestion_job import JobStatus
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
from services.kit.retry import Patience
from services.kit.sealing import SecretBox
from services.notifications.outbox import ANNOUNCE_ALL
from services.rollups.write import Rollups
from services.sources.pages import BEGINNING, Capabilities, PagePlace, SourcePage, UpstreamCaller
from services.sources.records.records import PageRecords, sort_records
from services.tenancy import owned
from tests.fakes import running
from tests.standin import StandIn
from tests.waiting import PATIENCE_SECONDS, until

TENANT = "acme"


class Keyset:
    """A source whose places name the ticket after which a page begins; it cannot count and names no deletions."""

    capabilities = Capabilities(list_may_shift=False, names_deleted=False)

    def __init__(self, numbers: list[int]) -> None:
        self.numbers = numbers
        self.places: list[PagePlace] = []

    def begin(self, cursor: PagePlace | None, *, whole: bool) -> PagePlace:
        return BEGINNING

    async def page(self, caller: UpstreamCaller, place: PagePlace) -> SourcePage:
        self.places.append(place)
        after = 0 if place == BEGINNING else int(str(place).removeprefix("after-"))
        shown = [number for number in self.numbers if number > after][:4]
        made = StandIn()
        following = f"after-{shown[-1]}" if len(shown) == 4 else None
        return SourcePage([made.record(each) for each in shown], list(map(str, shown)), following)

    async def is_gone(self, caller: UpstreamCaller, external_id: str) -> bool:
        return int(external_id) not in self.numbers

    async def deleted_ids(self, caller: UpstreamCaller) -> set[str]:
        raise AssertionError("it has no such list")

    def normalise(self, records: Sequence[Any], tenant_id: str, *, mixes_tenants: bool = False) -> PageRecords:
        return sort_records(records, tenant_id)


async def test_a_source_without_page_numbers_is_walked_and_taken_up_alike(db: Database) -> None:
    clock, leases, rollups = SystemClock(), Leases(db, ttl_seconds=PATIENCE_SECONDS), Rollups(db)
    jobs = Jobs(db, leases, clock)
    source = Keyset(list(range(1, 15)))
    address_rules = AddressRules()
    connections = Connections(db, SecretBox(list), address_rules, clock)
    terms = ReadingTerms(Patience(), page_size=5, requests_per_minute=0)
    sources = Sources(source, connections, db, address_rules, clock, terms)
    legs = Legs(db, leases, connections, sources, clock, announce=ANNOUNCE_ALL)
    held = asyncio.Event()

    def another_worker() -> Worker:
        pages, deletions = PageStore(db, leases, rollups, clock), Deletions(db, leases, clock)
        return Worker(jobs, Ingestion(jobs, legs, pages, deletions, clock, max_pages=1_000), concurrency=1)

    show = source.page

    async def hold_the_third(caller: UpstreamCaller, place: PagePlace) -> SourcePage:
        if place == "after-8" and not held.is_set():
            held.set()
            await asyncio.sleep(PATIENCE_SECONDS)
        if place == "after-4":
            source.numbers.remove(2)
        return await show(caller, place)

    source.page = hold_the_third  # type: ignore[method-assign]
    async with running(another_worker()) as first:
        job = await jobs.start(TENANT)
        first.wake()
        await until(held.is_set, "the third page")

        async def has_two_pages() -> bool:
            return (await jobs.get(job.id)).processed_pages == 2

        await until(has_two_pages, "two pages")
    stopped = await jobs.get(job.id)
    assert (stopped.status, stopped.next_page) == (JobStatus.QUEUED, "after-8")
    async with running(another_worker()):
        done = await jobs.wait(job.id, seconds=PATIENCE_SECONDS)
    assert (done.status, done.error, done.next_page) == (JobStatus.COMPLETED, None, None)
    stored = await db.collection(Ticket).distinct("external_id", owned(TENANT))
    assert set(stored) == {str(number) for number in range(1, 15)}
    assert source.places == [1, "after-4", "after-8", "after-12"]
