"""`python -m benchmarks`: measures speed, prints figures and ratios and writes docs/benchmarks.md.

Takes some forty minutes. `--only stats,lists` measures a part and writes nothing; `--quick` takes small sizes and few
rounds, for trying a benchmark out, and writes nothing either.
"""

import argparse
import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

import structlog

from benchmarks import analytics, export, graphql_page, help_desks, ingestion, learning, lists, others, stats
from benchmarks.load import scenarios
from benchmarks.report import Chapter, describe_machine, write_report
from benchmarks.stage import Stage, at_stage, fill
from documents.database import connect, patiently
from documents.rolled_up_ticket import RolledUpTicket
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from documents.ticket_indexes import COUNTED_INDEX
from documents.ticket_rollup import TicketRollup
from services.rollups.write import Rollups

Benchmark = Callable[[Stage], Awaitable[Chapter]]

ON_SERVER_ALONE: dict[str, Benchmark] = {
    "ingestion": ingestion.measure,
    "help_desks": help_desks.measure,
    "learning": learning.measure,
    "delivery": others.delivery,
    "graphql": graphql_page.measure,
    "load": scenarios.measure,
}
"""What brings its own data; measured before the server is full."""
ON_LARGE_COLLECTION: dict[str, Benchmark] = {
    "stats": stats.measure,
    "analytics": analytics.measure,
    "lists": lists.measure,
    "export": export.measure,
}
SLOWEST_CALL_SECONDS = 600.0
LARGE_BATCH = 2_000
"""Nobody waits for what a transaction has written; but all of that has to fit into the cache."""
ALL = [*ON_SERVER_ALONE, *ON_LARGE_COLLECTION]


def main() -> None:
    """Measure what the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, few rounds, no report")
    parser.add_argument("--only", default=",".join(ALL), help=f"some of {','.join(ALL)}")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    chosen = [name for name in ALL if name in arguments.only.split(",")]
    with at_stage(quick=arguments.quick) as stage:
        with patiently(SLOWEST_CALL_SECONDS):  # the plain ways take long on a million tickets
            chapters = asyncio.run(measure(stage, chosen))
        with stage.client() as client:
            machine = describe_machine(client.server_info()["version"])
    print(f"\n{machine}")
    if chosen == ALL and not arguments.quick:
        write_report(chapters, machine)


async def measure(stage: Stage, chosen: list[str]) -> list[Chapter]:
    """Run the chosen benchmarks one after the other, printing as they end."""
    chapters = [await _run(name, run, stage) for name, run in ON_SERVER_ALONE.items() if name in chosen]
    if any(name in chosen for name in ON_LARGE_COLLECTION):
        await _prepare(stage)
    chapters += [await _run(name, run, stage) for name, run in ON_LARGE_COLLECTION.items() if name in chosen]
    return chapters


async def _run(name: str, benchmark: Benchmark, stage: Stage) -> Chapter:
    begin = time.perf_counter()
    chapter = await benchmark(stage)
    print(f"{chapter.as_text()}\n  ({name} took {time.perf_counter() - begin:.0f} s)", flush=True)
    return chapter


async def _prepare(stage: Stage) -> None:
    """Fill, roll up, and create the other indexes last: much faster than the other way round."""
    begin = time.perf_counter()
    database = await connect(stage.mongo_url, stage.database)
    tickets = database.collection(Ticket)
    history = database.collection(TicketHistory)
    for rows in (tickets, history, database.collection(TicketRollup), database.collection(RolledUpTicket)):
        await rows.drop_indexes()
    await asyncio.to_thread(fill, stage)
    filled = time.perf_counter()
    await tickets.create_indexes(
        [index for index in Ticket.Settings.indexes if index.document["name"] == COUNTED_INDEX]
    )
    await history.create_indexes(TicketHistory.Settings.indexes)
    indexed_for_that = time.perf_counter()
    rollups = Rollups(database)
    for tenant in stage.sizes:
        while await rollups.roll_up(tenant, at_most=LARGE_BATCH):
            pass
    database.close()
    rolled_up = time.perf_counter()
    (await connect(stage.mongo_url, stage.database)).close()
    print(
        f"\n{sum(stage.sizes.values()):,} tickets: inserted in {filled - begin:.0f} s, "
        f"rolled up in {rolled_up - indexed_for_that:.0f} s, "
        f"indexed in {time.perf_counter() - rolled_up + indexed_for_that - filled:.0f} s",
        flush=True,
    )


if __name__ == "__main__":
    main()
