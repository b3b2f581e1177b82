"""Rollups under fire: workers are killed while they roll up, runs change tickets, and another program meddles."""

import random
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from pymongo.client_session import ClientSession
from pymongo.database import Database as MongoDatabase

from services.rollups.write import ROLLED_UP
from soak.cluster import Cluster, Row, wait_for
from soak.process import Process
from soak.verdict import Verdict

INGESTED, FOREIGN = "tenant_a", "foreign"
MEDDLED = 40
STATUSES = ("open", "pending", "closed", None)
COMPARED = {"status": "status", "urgency": "urgency", "customer": "customer_id"}
"""Fields of the rollups, and those of tickets that they count."""


def exact(kills: int, *, tickets: int = 6_000, batch: int = 2_500, seed: int = 11) -> Verdict:
    """SIGKILL one of two workers at random moments; in the end every ticket has to be counted once, as what it is.

    `tickets`: how many upstream has, of all tenants; `batch`: how many another program adds before each kill. Tickets
    are rolled up where a tenant has a thousand and more.
    """
    dice = random.Random(seed)
    mock = {"ticket_count": tickets, "rate_limit_per_minute": 0}
    with Cluster(mock=mock, lock_ttl_seconds=2) as cluster:
        workers = [cluster.worker(), cluster.worker()]
        upstream = sorted(cluster.upstream_ids(INGESTED))
        job_id = cluster.queue(INGESTED)
        for number in range(kills):
            job_id = _run_again(cluster, job_id, dice.sample(upstream, 100))
            _meddle(cluster, dice, number, batch)
            time.sleep(dice.uniform(0.2, 2.0))
            _replace_one(cluster, workers, dice)
        cluster.wait_for_end(job_id)
        began = time.monotonic()
        wait_for(lambda: _is_settled(cluster), what="the rollups to be right", pause=1.0)
        took = time.monotonic() - began
        rolled_up = cluster.db["rolled_up_tickets"].count_documents({})
        total = cluster.db["tickets"].count_documents({"deleted_at": None})
    measured = (
        f"{kills} SIGKILLs of workers, {kills * 3 * MEDDLED} tickets edited, removed and soft-deleted by others: "
        f"{total:,} tickets, {rolled_up:,} of them rolled up, each counted once {took:.1f} s later"
    )
    return Verdict("rollups: every ticket is counted once, whoever dies and whoever meddles", measured, rolled_up > 0)


def _run_again(cluster: Cluster, job_id: str, edited: list[str]) -> str:
    """Change tickets upstream, and start a run if the one before has ended."""
    cluster.control("tickets/edit", {"ids": edited, "fields": {"status": "closed"}})
    return job_id if "active" in cluster.job(job_id) else cluster.queue(INGESTED)


def _meddle(cluster: Cluster, dice: random.Random, number: int, batch: int) -> None:
    tickets = cluster.db["tickets"]
    tickets.insert_many([_ticket(dice, f"{number}-{each}") for each in range(batch)])
    ids = [row["_id"] for row in tickets.aggregate([{"$sample": {"size": 3 * MEDDLED}}, {"$project": {"_id": 1}}])]
    tickets.update_many({"_id": {"$in": ids[:MEDDLED]}}, {"$set": {"status": dice.choice(STATUSES)}})
    tickets.delete_many({"_id": {"$in": ids[MEDDLED : 2 * MEDDLED]}})
    tickets.update_many({"_id": {"$in": ids[2 * MEDDLED :]}}, {"$set": {"deleted_at": datetime.now(UTC)}})


def _ticket(dice: random.Random, external_id: str) -> Row:
    created = datetime.now(UTC) - timedelta(minutes=dice.randrange(30 * 24 * 60))
    status, urgency = dice.choice(STATUSES), dice.choice(["high", "low"])
    return {"tenant_id": FOREIGN, "external_id": external_id, "created_at": created} | (
        {"status": status, "urgency": urgency, "customer_id": f"c{dice.randrange(200)}"} if status else {}
    )


def _replace_one(cluster: Cluster, workers: list[Process], dice: random.Random) -> None:
    victim = dice.randrange(len(workers))
    workers[victim].kill()
    workers[victim] = cluster.worker()


def _is_settled(cluster: Cluster) -> bool:
    """Whether there are rollups, they and single tickets together are what a plain count finds, and marks and receipts
    agree.

    All of it is read as of one moment, since workers go on rolling up meanwhile.
    """
    with cluster.db.client.start_session(snapshot=True) as moment:
        read = _Moment(cluster.db, moment)
        receipts = read.receipts()
        return (
            bool(receipts)
            and read.marked() == receipts
            and all(
                read.counted(tenant, field) == read.plainly({"tenant_id": tenant}, COMPARED[field])
                for tenant in (INGESTED, FOREIGN)
                for field in COMPARED
            )
        )


class _Moment(NamedTuple):
    """The database as it was when it was first read in this session."""

    db: MongoDatabase[Row]
    session: ClientSession

    def marked(self) -> set[object]:
        found = self.db["tickets"].find({"rolled_up": ROLLED_UP}, {"_id": 1}, session=self.session)
        return {row["_id"] for row in found}

    def receipts(self) -> set[object]:
        found = self.db["rolled_up_tickets"].find({}, {"_id": 1}, session=self.session)
        return {row["_id"]["ticket"] for row in found}

    def plainly(self, where: Row, field: str) -> Counter[str]:
        value = {"$ifNull": [f"${field}", "unknown"]}
        counted = [{"$match": {**where, "deleted_at": None}}, {"$group": {"_id": value, "count": {"$sum": 1}}}]
        found = self.db["tickets"].aggregate(counted, session=self.session)
        counts = Counter({row["_id"]: row["count"] for row in found})
        if field == "customer_id":
            del counts["unknown"]  # the rollups count customers that have a name
        return counts

    def counted(self, tenant: str, field: str) -> Counter[str]:
        ours = {"tenant_id": tenant, "counting": ROLLED_UP, "field": field, "day": "all"}
        rows = self.db["ticket_rollups"].find(ours, session=self.session)
        rolled_up = Counter({row["value"]: row["tickets"] for row in rows})
        return rolled_up + self.plainly({"tenant_id": tenant, "rolled_up": {"$ne": ROLLED_UP}}, COMPARED[field])
