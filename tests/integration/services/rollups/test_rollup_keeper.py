"""The keeper at work: it rolls up, and notices what other programs do, also while nobody looked."""

import asyncio
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from documents.database import Database
from documents.ingestion_job import IngestionJob
from documents.rolled_up_ticket import RolledUpTicket
from documents.rollup_bookmark import RollupBookmark
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from documents.ticket_life import TicketLife
from documents.ticket_rollup import TicketRollup
from services.analytics.history.figures import HistoryFigures
from services.analytics.stats import Stats
from services.coordination.leases import Leases
from services.coordination.sharing import Questions
from services.kit.civil_time import TrendUnit
from services.kit.clock import SystemClock
from services.rollups.keeper import ROLLUPS_RESOURCE, RollupKeeper
from services.rollups.write import ROLLED_UP, Rollups
from tests.fakes import FakeClock, running
from tests.integration.services.rollups.test_rollups import NOW, by_status, expect_consistent, store, ticket
from tests.waiting import PATIENCE_SECONDS, becomes

LATER = NOW + timedelta(days=1)


def keeper_of(db: Database, **changes: Any) -> RollupKeeper:
    rollups = changes.pop("rollups", None) or Rollups(db)
    return RollupKeeper(db, rollups, Leases(db, ttl_seconds=60), SystemClock(), **{"roll_up_from": 3, **changes})


def keeping(db: Database, **changes: Any) -> AbstractAsyncContextManager[object]:
    return running(keeper_of(db, **changes))


async def rolled_up(db: Database) -> set[Any]:
    return {row["_id"] for row in await db.collection(Ticket).find({"rolled_up": ROLLED_UP}).to_list(None)}


async def followed(db: Database) -> None:
    """Wait until the keeper follows, and has checked what was there: it notices what is done from then on by that."""
    await db.collection(Ticket).insert_one(ticket(900, rolled_up=ROLLED_UP))
    await becomes(lambda: db.collection(Ticket).count_documents({"_id": 900, "rolled_up": ROLLED_UP}), 0)
    await becomes(lambda: db.collection(RollupBookmark).count_documents({"_id": "tickets"}), 1)
    await db.collection(Ticket).delete_one({"_id": 900})


async def test_tenants_with_enough_tickets_are_rolled_up_and_others_are_not(db: Database) -> None:
    few = [ticket(10 + number, tenant_id="few") for number in range(2)]
    await store(db, *(ticket(number) for number in range(5)), *few)
    async with keeping(db):
        await becomes(lambda: rolled_up(db), set(range(5)))
    await expect_consistent(db)


async def test_a_run_at_full_speed_has_the_database_for_itself(db: Database) -> None:
    await store(db, *(ticket(number) for number in range(5)))
    other = [ticket(10 + number, tenant_id="other") for number in range(5)]
    await store(db, *other)
    jobs = db.collection(IngestionJob)
    begun = SystemClock().now()
    await jobs.insert_one(
        {"_id": "job", "tenant_id": "acme", "active": True, "started_at": begun, "new_ingested": 10**9}
    )
    async with keeping(db):
        await becomes(lambda: rolled_up(db), set(range(10, 15)))
        await jobs.update_one({"_id": "job"}, {"$unset": {"active": ""}})
        await becomes(lambda: rolled_up(db), {*range(5), *range(10, 15)})


@pytest.mark.parametrize(
    "progress", [{}, {"started_at": NOW, "new_ingested": 5}], ids=["that waits for a worker", "that is slow"]
)
async def test_a_run_leaves_time_for_rolling_up(db: Database, progress: dict[str, Any]) -> None:
    await store(db, *(ticket(number) for number in range(5)))
    await db.collection(IngestionJob).insert_one({"_id": "job", "tenant_id": "acme", "active": True, **progress})
    async with keeping(db):
        await becomes(lambda: rolled_up(db), set(range(5)))


async def test_edits_and_removals_by_other_programs_are_noticed(db: Database) -> None:
    rollups = await store(db, *(ticket(number) for number in range(5)))
    await rollups.roll_up("acme")
    async with keeping(db):
        await followed(db)
        await db.collection(Ticket).update_many({"_id": {"$in": [0, 1]}}, {"$set": {"status": "closed"}})
        await db.collection(Ticket).delete_one({"_id": 2})
        await becomes(lambda: by_status(db), {"open": 2, "closed": 2})
    await expect_consistent(db)


VIP = "a customer of great importance"
"""A list is told as cut short, and not whole, where what stays is longer than to say so."""
TAG_EDITS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "push": ({"$push": {"tags": "new"}}, (VIP, "eu", "new")),
    "pull": ({"$pull": {"tags": VIP}}, ("eu",)),
    "pop": ({"$pop": {"tags": 1}}, (VIP,)),
    "one": ({"$set": {"tags.1": "us"}}, (VIP, "us")),
    "none": ({"$set": {"tags": []}}, ()),
    "unset": ({"$unset": {"tags": ""}}, ()),
    "slice": ([{"$set": {"tags": {"$slice": ["$tags", 1]}}}], (VIP,)),
    "concat": ([{"$set": {"tags": {"$concatArrays": ["$tags", ["new"]]}}}], (VIP, "eu", "new")),
}
"""By tenant, how another program edits a ticket's tags, and which ones it has then."""


async def test_tags_that_other_programs_edit_are_counted_anew(db: Database) -> None:
    firsts = {tenant: 10 * number for number, tenant in enumerate(TAG_EDITS)}
    of_all = [(tenant, first + number) for tenant, first in firsts.items() for number in range(3)]
    rollups = await store(db, *(ticket(number, tenant_id=tenant, tags=[VIP, "eu"]) for tenant, number in of_all))
    for tenant in firsts:
        await rollups.roll_up(tenant)

    async def by_tag(tenant: str) -> dict[str, int]:
        return (await Stats(db, SystemClock(), Questions()).compute(tenant)).by_tag

    others = {VIP: 2, "eu": 2}
    async with keeping(db):
        await followed(db)
        for tenant, (edit, _) in TAG_EDITS.items():
            await db.collection(Ticket).update_one({"_id": firsts[tenant]}, edit)
        for tenant, (_, tags) in TAG_EDITS.items():
            expected = {tag: others.get(tag, 0) + (tag in tags) for tag in {*others, *tags}}
            await becomes(partial(by_tag, tenant), expected)


async def test_what_happens_while_nobody_looks_is_noticed_later(db: Database) -> None:
    rollups = await store(db, *(ticket(number) for number in range(5)))
    await rollups.roll_up("acme")
    async with keeping(db):
        await followed(db)
        await becomes(lambda: db.collection(RollupBookmark).count_documents({}), 1)
    await db.collection(Ticket).delete_many({"_id": {"$in": [0, 1]}})
    async with keeping(db):
        await becomes(lambda: by_status(db), {"open": 3})
    await expect_consistent(db)


async def test_without_a_place_to_go_on_every_ticket_is_checked(db: Database) -> None:
    rollups = await store(db, *(ticket(number) for number in range(5)))
    await rollups.roll_up("acme")
    await db.collection(Ticket).delete_many({"_id": {"$in": [0, 1]}})
    await db.collection(Ticket).insert_one(ticket(9, rolled_up=ROLLED_UP))
    async with keeping(db):
        await becomes(lambda: by_status(db), {"open": 4})
    await expect_consistent(db)


class WatchedRollups(Rollups):
    """Tells when the first check has begun."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.begun = asyncio.Event()

    async def check(self, ticket_ids: list[Any], **more: Any) -> int:
        if ticket_ids:
            self.begun.set()
        return await super().check(ticket_ids, **more)


async def test_a_check_that_was_interrupted_is_done_again(db: Database) -> None:
    rollups = await store(db, *(ticket(number) for number in range(5)))
    await rollups.roll_up("acme")
    await db.collection(Ticket).delete_one({"_id": 0})
    watched = WatchedRollups(db)
    async with keeping(db, batch=1, rollups=watched):
        await asyncio.wait_for(watched.begun.wait(), PATIENCE_SECONDS)
    assert await db.collection(RollupBookmark).count_documents({}) == 0


async def test_a_place_that_the_server_has_forgotten_is_none(db: Database) -> None:
    rollups = await store(db, *(ticket(number) for number in range(5)))
    await rollups.roll_up("acme")
    forgotten = {"_data": "8260000000000000012B0229296E04"}
    await db.collection(RollupBookmark).insert_one({"_id": "tickets", "resume_token": forgotten})
    await db.collection(Ticket).delete_one({"_id": 0})
    async with keeping(db):
        await becomes(lambda: by_status(db), {"open": 4})
    await expect_consistent(db)


async def test_what_another_version_has_left_is_made_anew_and_removed(db: Database) -> None:
    await store(db, *(ticket(number, rolled_up=True) for number in range(5)))
    old = [{"_id": number, "tenant_id": "acme", "counted": {"status": "open"}} for number in range(5)]
    await db.collection(RolledUpTicket).insert_many(old)
    await db.collection(TicketRollup).insert_one({"_id": "4:acme:all:status:open", "tenant_id": "acme", "tickets": 5})
    await db.collection(RollupBookmark).insert_one({"_id": "tickets", "resume_token": {}, "counting": "before"})
    async with keeping(db):
        await becomes(lambda: rolled_up(db), set(range(5)))
        await becomes(lambda: db.collection(RollupBookmark).count_documents({"counting": ROLLED_UP}), 1)
    assert await by_status(db) == {"open": 5}
    await expect_consistent(db)


async def test_a_keeper_of_another_version_takes_tickets_over_unharmed(db: Database) -> None:
    rollups = await store(db, *(ticket(number) for number in range(5)))
    await rollups.roll_up("acme")
    async with keeping(db, roll_up_from=99):
        await followed(db)
        await db.collection(Ticket).update_one({"_id": 1}, {"$set": {"rolled_up": True}})
        await becomes(lambda: db.collection(RolledUpTicket).count_documents({}), 4)
    assert await by_status(db) == {"open": 5}
    await expect_consistent(db)


async def test_a_close_that_another_program_tells_of_is_noticed(db: Database) -> None:
    rollups = await store(db, ticket(1, status="closed"), ticket(2, status="closed"))
    row = {
        "tenant_id": "acme",
        "ticket_id": "t1",
        "action": "updated",
        "changes": {"status": {"old": "open", "new": "closed"}},
    }
    await db.collection(TicketHistory).insert_one(row | {"_id": "earlier", "recorded_at": NOW})
    await rollups.roll_up("acme")
    async with keeping(db, roll_up_from=99):
        await followed(db)
        await db.collection(TicketHistory).insert_one(row | {"_id": "new", "ticket_id": "t2", "recorded_at": NOW})
        await becomes(lambda: rolled_up(db), {1})
        await db.collection(TicketHistory).update_one({"_id": "earlier"}, {"$set": {"occurred_at": NOW}})
        await db.collection(TicketHistory).update_one({"_id": "new"}, {"$set": {"job_id": "none"}})
        await db.collection(TicketHistory).update_one({"_id": "earlier"}, {"$set": {"occurred_at": LATER}})
        await becomes(lambda: rolled_up(db), set())
    await expect_consistent(db)


async def test_what_another_program_writes_into_the_history_flows(db: Database) -> None:
    rollups = await store(db, ticket(1), ticket(2))
    await rollups.roll_up("acme")
    at = NOW - timedelta(minutes=20)
    row = {"tenant_id": "acme", "ticket_id": "t2", "recorded_at": at}
    gone = row | {"_id": "gone", "action": "deleted", "changes": {"status": {"old": "open"}}}
    back = row | {"_id": "back", "action": "restored", "recorded_at": at + timedelta(minutes=5)}

    async def went_and_came() -> list[tuple[int, int]]:
        figures = HistoryFigures(db, FakeClock(NOW), Questions())
        flow = await figures.flow("acme", unit=TrendUnit.DAY, start=NOW - timedelta(hours=1), end=NOW, time_zone="UTC")
        return [(step.deleted_not_closed, step.restored_not_closed) for step in flow]

    async with keeping(db):
        await followed(db)
        await db.collection(TicketHistory).insert_many([gone, back])
        await becomes(went_and_came, [(1, 1)])
    await expect_consistent(db)


async def test_the_lives_of_tickets_that_are_gone_end(db: Database) -> None:
    rollups = await store(db, *(ticket(number) for number in range(4)))
    await rollups.roll_up("acme")
    await rollups.take_back("acme", [0, 1], None)
    async with keeping(db, roll_up_from=99):
        await followed(db)
        await db.collection(Ticket).update_one({"_id": 1}, {"$set": {"deleted_at": NOW}})
        await db.collection(Ticket).delete_one({"_id": 2})
        await becomes(lambda: db.collection(TicketLife).distinct("ticket"), ["t0", "t1", "t3"])
        await becomes(lambda: db.collection(TicketLife).distinct("ticket", {"over": True}), ["t1"])
        await db.collection(Ticket).delete_many({"_id": {"$in": [1, 3]}})  # the first one as if it was purged
        await becomes(lambda: db.collection(TicketLife).distinct("ticket"), ["t0", "t1"])
    await expect_consistent(db)


async def test_rollups_that_were_emptied_are_made_anew(db: Database) -> None:
    rollups = await store(db, *(ticket(number) for number in range(5)))
    await rollups.roll_up("acme")
    for document in (TicketRollup, RolledUpTicket, TicketLife, RollupBookmark):
        await db.collection(document).delete_many({})
    async with keeping(db):
        await becomes(lambda: by_status(db), {"open": 5})
        await becomes(lambda: rolled_up(db), set(range(5)))
    await expect_consistent(db)


async def test_a_collection_that_was_dropped_is_no_trouble(db: Database) -> None:
    client = db.collection(Ticket).database.client
    other = Database(client, f"{db.name}_dropped", transactional=True)
    await other.collection(Ticket).create_indexes(Ticket.Settings.indexes)
    rollups = await store(other, *(ticket(number) for number in range(5)))
    await rollups.roll_up("acme")
    async with keeping(other):
        await followed(other)
        await other.collection(Ticket).drop()
        await becomes(lambda: other.collection(RolledUpTicket).count_documents({}), 0)
    await expect_consistent(other)


async def test_a_keeper_that_died_while_it_wrote_does_not_keep_others_from_writing(db: Database) -> None:
    rollups = await store(db, *(ticket(number) for number in range(5)))
    dead = await Leases(db, ttl_seconds=0.2).acquire(ROLLUPS_RESOURCE, "a process that is killed")
    assert dead is not None
    assert dead.session is not None
    dead.session.start_transaction()
    await db.collection(Ticket).update_one({"_id": 1}, {"$set": {"rolled_up": ROLLED_UP}}, session=dead.session)
    async with keeping(db):
        await becomes(lambda: rolled_up(db), set(range(5)))
    await dead.end()
    assert await rollups.backlog("acme", limit=9) == 0
    await expect_consistent(db)


async def test_one_keeps_the_rollups_at_a_time(db: Database) -> None:
    await store(db, *(ticket(number) for number in range(5)))
    lease = await Leases(db, ttl_seconds=60).acquire(ROLLUPS_RESOURCE, "another process")
    assert lease is not None
    async with keeping(db):
        await asyncio.sleep(0.5)
        assert await rolled_up(db) == set()
        await Leases(db, ttl_seconds=60).give_back(lease)
        await becomes(lambda: rolled_up(db), set(range(5)))
    await lease.end()


async def test_the_lease_is_given_back_at_the_end(db: Database) -> None:
    await store(db, *(ticket(number) for number in range(3)))
    async with keeping(db):
        await becomes(lambda: rolled_up(db), {0, 1, 2})
    lease = await Leases(db, ttl_seconds=60).acquire(ROLLUPS_RESOURCE, "the next process")
    assert lease is not None
    await lease.end()


async def test_soft_deleted_tickets_leave_the_rollups(db: Database) -> None:
    rollups = await store(db, *(ticket(number) for number in range(5)))
    await rollups.roll_up("acme")
    async with keeping(db):
        await followed(db)
        await db.collection(Ticket).update_one({"_id": 0}, {"$set": {"deleted_at": NOW}})
        assert await by_status(db) == {"open": 4}
        await becomes(lambda: rolled_up(db), {1, 2, 3, 4})
        assert await by_status(db) == {"open": 4}
    await expect_consistent(db)
