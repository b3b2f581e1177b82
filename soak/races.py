"""Many starters in several processes for one tenant: one wins, the others are refused."""

import asyncio
import multiprocessing
from collections import Counter
from multiprocessing.queues import Queue, SimpleQueue
from multiprocessing.synchronize import Barrier

from documents.database import connect
from services.coordination.leases import Leases
from services.errors import AlreadyRunningError
from services.ingestion.jobs import Jobs
from services.kit.clock import SystemClock
from soak.cluster import PATIENCE_SECONDS, Cluster
from soak.verdict import Verdict

PROCESSES = 4
STARTERS = 16
"""In each process."""
TENANT = "contested"
Place = tuple[str, str]
"""A MongoDB's URL, and a database's name."""


def one_runner(races: int) -> Verdict:
    """Let 64 starters in 4 processes race; count the winners of each race."""
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(PROCESSES)
    results: Queue[tuple[int, int, int]] = context.Queue()
    places: SimpleQueue[Place] = context.SimpleQueue()
    arguments = (places, races, barrier, results)
    racers = [context.Process(target=_race, args=arguments, daemon=True) for _ in range(PROCESSES)]
    for racer in racers:
        racer.start()  # before there is a cluster, whose client has threads: they are not forked
    with Cluster(mock={"ticket_count": 0}) as cluster:
        for _ in racers:
            places.put((cluster.mongo_url, cluster.database_name))
        winners, refused = Counter[int](), Counter[int]()
        for _ in range(races * PROCESSES):
            race, won, lost = results.get(timeout=PATIENCE_SECONDS)
            winners[race] += won
            refused[race] += lost
        for racer in racers:
            racer.join(PATIENCE_SECONDS)
    wrong = sum(winners[race] != 1 or refused[race] != PROCESSES * STARTERS - 1 for race in range(races))
    measured = (
        f"{races} races of {PROCESSES * STARTERS} starters in {PROCESSES} processes: {wrong} without exactly one winner"
    )
    return Verdict("one runner per tenant", measured, wrong == 0)


def _race(places: "SimpleQueue[Place]", races: int, barrier: Barrier, results: "Queue[tuple[int, int, int]]") -> None:
    asyncio.run(_take_part(*places.get(), races, barrier, results))


async def _take_part(url: str, name: str, races: int, barrier: Barrier, results: "Queue[tuple[int, int, int]]") -> None:
    await asyncio.to_thread(
        barrier.wait, PATIENCE_SECONDS
    )  # before connecting: indexes are created once, not in a crowd
    database = await connect(url, name)
    clock = SystemClock()
    jobs = Jobs(database, Leases(database, ttl_seconds=60), clock)
    for race in range(races):
        await asyncio.to_thread(barrier.wait, PATIENCE_SECONDS)
        answers = await asyncio.gather(*(jobs.start(TENANT) for _ in range(STARTERS)), return_exceptions=True)
        won = [answer for answer in answers if not isinstance(answer, BaseException)]
        results.put((race, len(won), sum(isinstance(answer, AlreadyRunningError) for answer in answers)))
        await asyncio.to_thread(barrier.wait, PATIENCE_SECONDS)
        for job in won:
            await jobs.cancel(job.id)
    database.close()
