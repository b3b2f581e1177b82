"""How fast notifications are delivered, and what a notifier that hangs costs ingestion.

`python -m benchmarks.delivery` prints figures; `--reference` instead delivers 16 and 50 urgent tickets of one page to a
notifier that fails each ticket twice and has outages (nine minutes).
"""

import argparse
import asyncio
import statistics
import time
from datetime import UTC, datetime

import httpx

from documents.database import connect
from documents.notification import Notification
from gql_app.settings import Settings
from gql_app.wiring import build_services
from services.ingestion.jobs import Jobs
from services.ingestion.worker import Worker
from services.notifications.delivery import Delivery
from services.notifications.outbox import notification_row
from soak.cluster import Cluster, wait_for

MATCHED = [{"rule": "outage", "keyword": "down", "text": "down"}]
TARGET_PER_SECOND = 200
TARGET_SLOWDOWN = 0.05
HEALTHY = {"notify_mode": "healthy", "notify_latency_min": 0, "notify_latency_max": 0}


def fill_outbox(cluster: Cluster, tickets: int) -> None:
    """Write rows as a page does: all at the same moment."""
    now = datetime.now(UTC)
    rows = [
        notification_row("bench", f"T-{number}", version="v", matched=MATCHED, now=now) for number in range(tickets)
    ]
    cluster.db["notifications"].insert_many(rows)


def deliveries_per_second(tickets: int = 3_000) -> float:
    """One worker, a notifier that answers at once: deliveries a second from the first to the last."""
    with Cluster(mock={"ticket_count": 0, **HEALTHY}) as cluster:
        fill_outbox(cluster, tickets)
        cluster.worker()
        rows = cluster.db["notifications"]
        wait_for(lambda: rows.count_documents({"state": "delivered"}) == tickets, 120, what="all deliveries")
        times = sorted(row["delivered_at"] for row in rows.find({}, {"delivered_at": 1}))
        elapsed: float = (times[-1] - times[0]).total_seconds()
        return tickets / max(0.001, elapsed)


def ingestion_slowdown(rounds: int = 7, tickets: int = 10_000) -> tuple[float, float]:
    """Median seconds of an ingestion without delivery, and with delivery to a notifier that hangs, taken in turns."""
    mock = {"ticket_count": tickets, "rate_limit_per_minute": 0, "tenants": '{"t": 1}', "notify_mode": "hang"}
    with Cluster(mock=mock) as cluster:
        return asyncio.run(_compare(cluster, rounds))


async def _compare(cluster: Cluster, rounds: int) -> tuple[float, float]:
    taken: dict[bool, list[float]] = {False: [], True: []}
    for number in range(rounds + 1):
        for hanging in (False, True) if number % 2 else (True, False):
            seconds = await _ingest(cluster, f"{cluster.database_name}_{number}_{hanging:d}", hanging=hanging)
            if number:  # the first round warms up
                taken[hanging].append(seconds)
    return statistics.median(taken[False]), statistics.median(taken[True])


async def _ingest(cluster: Cluster, name: str, *, hanging: bool) -> float:
    settings = Settings(_env_file=None, rate_limit_per_minute=0, notify_timeout_seconds=2.0)
    database = await connect(cluster.mongo_url, name)
    async with httpx.AsyncClient(timeout=30) as http, httpx.AsyncClient(timeout=30) as aside:
        services = build_services(settings, database, http, str(cluster.upstream.base_url), notify_http=aside)
        if services.worker is None or services.delivery is None:
            raise AssertionError("the settings ask for a worker")
        working: list[Worker | Delivery] = [services.worker, *([services.delivery] if hanging else [])]
        tasks = [asyncio.create_task(each.work()) for each in working]
        seconds = await _timed_run(services.jobs, services.worker)
        urgent = await database.collection(Notification).count_documents({})
        if urgent < 100:
            raise AssertionError("an ingestion without urgent tickets shows nothing")
        for each in working:
            each.shut_down()
        await asyncio.gather(*tasks)
    database.close()
    cluster.client.drop_database(name)
    return seconds


async def _timed_run(jobs: Jobs, worker: Worker) -> float:
    begin = time.perf_counter()
    job = await jobs.start("t")
    worker.wake()
    ended = await jobs.wait(job.id)
    if not ended.new_ingested:
        raise AssertionError("nothing was ingested")
    return time.perf_counter() - begin


REFERENCE = {"ticket_count": 0, "notify_mode": "reference"}
PROMISED = {16: (65.0, 160.0), 50: (65.0, 400.0)}
"""Seconds until the first and the last of so many urgent tickets of one page."""


def reference(tickets: int, **mock: object) -> dict[str, float]:
    """The notifier of the contract: fails each ticket twice, takes 0.1 to 0.5 s, has outages of 30 s."""
    with Cluster(mock={**REFERENCE, **mock}) as cluster:
        rows = cluster.db["notifications"]
        cluster.worker()
        wait_for(lambda: "lanes" in rows.index_information(), 60, what="the worker")
        fill_outbox(cluster, tickets)
        begin = time.monotonic()
        delivered = {"state": "delivered"}
        first = wait_for(lambda: rows.count_documents(delivered) > 0, 1800, what="the first delivery")
        wait_for(lambda: rows.count_documents(delivered) == tickets, 1800, what="all deliveries")
        seconds = time.monotonic() - begin
        sent = cluster.upstream_state()["notifications"]
        circuit = cluster.db["circuit_breakers"].find_one({"_id": "notify"}) or {}
        return {
            "tickets": tickets,
            "first": round(first, 1),
            "all": round(seconds, 1),
            "requests": len(sent),
            "met an outage": sum(entry.get("status") == 503 for entry in sent),
            "changes of state": circuit["generation"],
        }


def report_reference() -> None:
    """Deliver to the reference notifier, and compare with what was promised."""
    for tickets, (first, last) in PROMISED.items():
        for tells_when in ("true", "false"):
            found = reference(tickets, notify_outage_tells_when=tells_when)
            held = found["first"] <= first and found["all"] <= last
            print(f"Retry-After in outages: {tells_when}; {found}; {'held' if held else 'NOT HELD'}", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", action="store_true")
    if parser.parse_args().reference:
        report_reference()
        return
    print(f"deliveries/s, healthy local notifier: {deliveries_per_second():.0f} (target {TARGET_PER_SECOND})")
    plain, hanging = ingestion_slowdown()
    print(f"ingestion: {plain:.2f} s without delivery, {hanging:.2f} s with a notifier that hangs", end=" ")
    print(f"({hanging / plain - 1:+.1%}, target below {TARGET_SLOWDOWN:.0%})")


if __name__ == "__main__":
    main()
