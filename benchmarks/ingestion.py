"""A run of ingestion against a bare loop that upserts the same pages, and against one that looks before it writes."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime

import httpx
from pymongo import UpdateOne

from benchmarks.ingestion_parts import TICKETS as PART_TICKETS
from benchmarks.ingestion_parts import parts
from benchmarks.report import Chapter, Finding
from benchmarks.stage import Stage, open_mock
from documents.database import Collection, Database, Row, connect
from documents.ticket import Ticket
from gql_app.settings import Settings
from gql_app.wiring import build_services
from services.kit.background import shut_down

TENANT = "bench"
PAGE_SIZE = 100
TICKETS = 10_000
QUICK_TICKETS = 2_000
SLOW_TICKETS = 2_000
"""The loop that looks before it writes is measured on so many: it takes its time."""
LEAST_SHARE = 0.6
LEAST_LEAD = 5.0
"""The bare loop itself, which classifies and remembers nothing, is seven times as fast."""

METHOD = f"""{TICKETS:,} tickets of one tenant from the mock external API (its own process, no rate limit), a third of
them in other languages than English, the mails among them with signatures, quotes and HTML. Pages of {PAGE_SIZE},
into an empty database with all indexes. *Our run* is everything from start to the finished job: fetching, validating,
classifying, history, notifications and checkpoint of each page in one transaction, the sweep for deleted tickets, and
the keepers of rollups and search that work meanwhile. *Bare* fetches the same pages one after the other and upserts
the records as they are, one `bulk_write` a page, nothing else. *Find, then update* has the pages in memory and asks
for each ticket before it inserts or updates it. Medians of rounds in turn; every round has a database of its own.
*Processor time* is that of the service (or the loop) and of MongoDB, which other work on the machine disturbs less than
the clock; on two cores, no run is quicker than half of their sum. Below it, what the steps of a run take by themselves,
over {PART_TICKETS:,} of the tickets; what is missing to the run's sum are requests, the database's driver, MongoDB's
reads, and the keepers."""

Loop = Callable[[Database, str], Awaitable[float]]
"""Ingests into an empty database from the API at a URL; returns tickets a second."""


async def measure(stage: Stage) -> Chapter:
    """Measure in turns."""
    loops: dict[str, Loop] = {
        "ours": _our_run,
        "bare": _bare_loop,
        "bare in memory": _bare_loop_in_memory,
        "one by one": _find_then_update,
    }
    rates: dict[str, list[float]] = {name: [] for name in loops}
    costs: dict[str, list[list[float]]] = {name: [] for name in loops}
    number = QUICK_TICKETS if stage.quick else TICKETS
    with open_mock(rate_limit_per_minute=0, ticket_count=number, tenants={TENANT: 1}, deleted_share=0) as url:
        for turn in range(stage.rounds(5) + 1):
            for name, loop in loops.items():
                rate, *spent = await _in_new_database(stage, f"ingest_{turn}_{name.replace(' ', '_')}", loop, url)
                if turn:  # the first round warms up
                    rates[name].append(rate)
                    costs[name].append([seconds / number * 1000 for seconds in spent])
    told = [
        Finding(f"processor time a ticket, {whose}", _cost_told(costs[name]))
        for name, whose in {"ours": "our run", "bare": "bare"}.items()
    ]
    found = _findings({name: statistics.median(each) for name, each in rates.items()})
    return Chapter("Ingestion", METHOD, [*found, *told, *await parts(stage)])


def _cost_told(costs: list[list[float]]) -> str:
    own, mongod = (statistics.median(each) for each in zip(*costs, strict=True))
    return f"{own + mongod:.2f} ms: {own:.2f} here, {mongod:.2f} in MongoDB"


def _findings(rate: dict[str, float]) -> list[Finding]:
    share, lead = rate["ours"] / rate["bare"], rate["ours"] / rate["one by one"]
    in_memory = rate["ours"] / rate["bare in memory"]
    return [
        Finding("our run", f"{rate['ours']:,.0f} tickets/s"),
        Finding("bare", f"{rate['bare']:,.0f} tickets/s: ours is {share:.0%}", "at least 60 %", share >= LEAST_SHARE),
        Finding("bare, pages in memory", f"{rate['bare in memory']:,.0f} tickets/s: ours is {in_memory:.0%}"),
        Finding(
            "find, then update",
            f"{rate['one by one']:,.0f} tickets/s: ours is {lead:.1f} times that",
            f"at least {LEAST_LEAD:.0f} times",
            lead >= LEAST_LEAD,
        ),
    ]


async def _in_new_database(stage: Stage, name: str, loop: Loop, url: str) -> tuple[float, float, float]:
    """Tickets a second, and the processor seconds of this process and of MongoDB."""
    database = await connect(stage.mongo_url, name)
    own, mongod = time.process_time(), stage.mongod_seconds()
    try:
        rate = await loop(database, url)
        return rate, time.process_time() - own, stage.mongod_seconds() - mongod
    finally:
        database.close()
        with stage.client() as client:
            client.drop_database(name)


async def _our_run(database: Database, url: str) -> float:
    settings = Settings(_env_file=None, rate_limit_per_minute=0, page_size=PAGE_SIZE)
    async with httpx.AsyncClient(timeout=30) as http:
        services = build_services(settings, database, http, url)
        if services.worker is None or services.rollup_keeper is None or services.search_keeper is None:
            raise AssertionError("the settings ask for a worker")
        workers = (services.worker, services.rollup_keeper, services.search_keeper)
        working = asyncio.gather(*(worker.work() for worker in workers))
        begin = time.perf_counter()
        job = await services.jobs.start(TENANT)
        services.worker.wake()
        ended = await services.jobs.wait(job.id)
        seconds = time.perf_counter() - begin
        shut_down(workers)
        await working
    return _checked(ended.new_ingested, await database.collection(Ticket).count_documents({})) / seconds


async def _bare_loop(database: Database, url: str) -> float:
    tickets = database.collection(Ticket)
    begin, done = time.perf_counter(), 0
    async for page in _pages(url):
        await _upsert(tickets, page)
        done += len(page)
    return _checked(done, await tickets.count_documents({})) / (time.perf_counter() - begin)


async def _bare_loop_in_memory(database: Database, url: str) -> float:
    tickets = database.collection(Ticket)
    pages = [page async for page in _pages(url)]
    begin = time.perf_counter()
    for page in pages:
        await _upsert(tickets, page)
    return sum(map(len, pages)) / (time.perf_counter() - begin)


async def _find_then_update(database: Database, url: str) -> float:
    tickets = database.collection(Ticket)
    rows = [row async for page in _pages(url) for row in page][:SLOW_TICKETS]
    begin = time.perf_counter()
    for row in rows:
        key = {"tenant_id": row["tenant_id"], "external_id": row["external_id"]}
        if await tickets.find_one(key) is None:
            await tickets.insert_one(row)
        else:
            await tickets.update_one(key, {"$set": row})
    return len(rows) / (time.perf_counter() - begin)


async def _upsert(tickets: Collection, page: list[Row]) -> None:
    """One `bulk_write` of upserts by key."""
    await tickets.bulk_write(
        [
            UpdateOne({"tenant_id": row["tenant_id"], "external_id": row["external_id"]}, {"$set": row}, upsert=True)
            for row in page
        ],
        ordered=False,
    )


async def _pages(url: str) -> AsyncIterator[list[Row]]:
    """The pages as rows, fetched one after the other; nothing is checked."""
    async with httpx.AsyncClient(timeout=30) as http:
        page: int | None = 1
        while page is not None:
            query: dict[str, str | int] = {"page": page, "page_size": PAGE_SIZE, "tenant_id": TENANT}
            answer = (await http.get(f"{url}/external/support-tickets", params=query)).json()
            yield [_row(record) for record in answer["tickets"]]
            page = answer["next_page"]


def _row(record: Row) -> Row:
    moments = {name: datetime.fromisoformat(record[name]) for name in ("created_at", "updated_at")}
    return {("external_id" if name == "id" else name): value for name, value in record.items()} | moments


def _checked(claimed: int, stored: int) -> int:
    if claimed != stored or not stored:
        raise AssertionError(f"{claimed} tickets were claimed and {stored} are stored")
    return stored
