"""Rolling up and taking back: whatever happens, every ticket is counted exactly once."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from documents.database import Database, Row, Session, patiently
from documents.rolled_up_ticket import RolledUpTicket
from documents.ticket import Ticket
from documents.ticket_life import TicketLife
from documents.ticket_rollup import TicketRollup
from services.analytics.stats import Stats
from services.coordination.sharing import Questions
from services.rollups.events import FLOW, STORED_EVENTS, sum_events
from services.rollups.rows import sum_rows
from services.rollups.write import ROLLED_UP, Rollups
from services.tickets.tenants import Tenants
from tests.fakes import FakeClock
from tests.integration.services.conftest import Stage, counts, ids
from tests.waiting import PATIENCE_SECONDS

TENANT = "acme"
NOW = datetime(2026, 2, 5, 12, 30, tzinfo=UTC)


def ticket(number: int, **fields: Any) -> Row:
    created = {"created_at": NOW - timedelta(hours=number)}
    return {"_id": number, "tenant_id": TENANT, "external_id": f"t{number}", "status": "open", **created, **fields}


async def store(db: Database, *rows: Row) -> Rollups:
    await db.collection(Ticket).insert_many(list(rows))
    return Rollups(db)


async def by_status(db: Database, tenant_id: str = TENANT) -> dict[str, int]:
    return (await Stats(db, FakeClock(NOW), Questions()).compute(tenant_id)).by_status


async def expect_consistent(db: Database) -> None:
    """Marks, receipts and rows say the same; so do lives, and the rows of their events."""
    receipts = await db.collection(RolledUpTicket).find().to_list(None)
    marked = await db.collection(Ticket).find({"rolled_up": ROLLED_UP}).to_list(None)
    assert sorted((repr(row["tenant_id"]), repr(row["_id"])) for row in marked) == sorted(
        (repr(row["tenant_id"]), repr(row["_id"]["ticket"])) for row in receipts
    )
    assert {row["_id"]["counting"] for row in receipts} <= {ROLLED_UP}
    expected = {
        (tenant_id, *key): dict(increments)
        for tenant_id in {row["tenant_id"] for row in receipts}
        for key, increments in sum_rows(row["counted"] for row in receipts if row["tenant_id"] == tenant_id).items()
    }
    lives = await db.collection(TicketLife).find().to_list(None)
    assert {repr(row["_id"]) for row in receipts} <= {repr(life["_id"]) for life in lives}
    expected |= {
        (tenant_id, *key): dict(increments)
        for tenant_id in {life["tenant_id"] for life in lives}
        for key, increments in sum_events(life for life in lives if life["tenant_id"] == tenant_id).items()
    }
    rows = await db.collection(TicketRollup).find().to_list(None)
    assert {row["counting"] for row in rows} <= {ROLLED_UP}
    assert {(row["tenant_id"], row["day"], row["field"], row["value"]): counts_in(row) for row in rows} == expected


def counts_in(row: Row) -> dict[str, int]:
    """The numbers of a row of the rollups that are not 0, by their paths."""
    nested = {f"{part}.{name}": count for part in ("quarters", "buckets") for name, count in row.get(part, {}).items()}
    for day, of_day in row.get("days", {}).items():
        nested |= {f"days.{day}.{name}": count for name, count in of_day.items()}
    plain = {name: row.get(name, 0) for name in ("tickets", "high", "negative", "not_closed", "at_risk")}
    return {path: count for path, count in {**plain, **nested}.items() if count}


async def test_the_oldest_tickets_are_rolled_up_first_and_count_as_before(db: Database) -> None:
    rollups = await store(db, *(ticket(number) for number in range(5)))
    assert await rollups.roll_up(TENANT, at_most=3) == 3
    rolled_up = await db.collection(Ticket).find({"rolled_up": ROLLED_UP}).to_list(None)
    assert {row["_id"] for row in rolled_up} == {2, 3, 4}
    assert await by_status(db) == {"open": 5}
    await expect_consistent(db)


async def test_what_is_left_to_roll_up_is_counted_up_to_a_limit(db: Database) -> None:
    rollups = await store(db, *(ticket(number) for number in range(5)))
    assert await rollups.backlog(TENANT, limit=3) == 3
    await rollups.roll_up(TENANT, at_most=4)
    assert await rollups.backlog(TENANT, limit=3) == 1
    assert [await rollups.roll_up(TENANT), await rollups.roll_up(TENANT)] == [1, 0]


async def test_deleted_tickets_and_those_of_others_are_not_rolled_up(db: Database) -> None:
    rollups = await store(db, ticket(1, deleted_at=NOW), ticket(2, tenant_id="other"))
    assert await rollups.roll_up(TENANT) == 1  # its life, that is
    assert await db.collection(RolledUpTicket).count_documents({}) == 0
    assert await rollups.roll_up(TENANT) == 0
    await expect_consistent(db)


async def test_tickets_with_arrays_go_on_being_counted_one_by_one(db: Database) -> None:
    rollups = await store(db, ticket(1, status=["open", "closed"]), ticket(2))
    assert await rollups.roll_up(TENANT) == 1
    assert await by_status(db) == {"open": 1, "['open', 'closed']": 1}


async def test_tickets_that_are_taken_back_are_counted_one_by_one(db: Database) -> None:
    rollups = await store(db, *(ticket(number) for number in range(4)))
    await rollups.roll_up(TENANT)
    assert await rollups.take_back(TENANT, [0, 1, 99], None) == 2
    assert await rollups.backlog(TENANT, limit=9) == 2
    assert await by_status(db) == {"open": 4}
    await expect_consistent(db)


async def test_another_tenants_tickets_cannot_be_taken_back(db: Database) -> None:
    rollups = await store(db, ticket(1))
    await rollups.roll_up(TENANT)
    assert await rollups.take_back("other", [1], None) == 0


async def test_what_other_versions_have_rolled_up_is_counted_one_by_one(
    db: Database,
) -> None:
    rollups = await store(db, *(ticket(number, rolled_up=True) for number in range(3)))
    await db.collection(RolledUpTicket).insert_many(
        [{"_id": number, "tenant_id": TENANT, "counted": {"status": "open"}} for number in range(3)]
    )
    await db.collection(TicketRollup).insert_one(
        {"_id": "4:acme:all:status:open", "tenant_id": TENANT, "day": "all", "field": "status", "value": "open"}
        | {"tickets": 3}
    )
    assert await by_status(db) == {"open": 3}
    assert await rollups.backlog(TENANT, limit=9) == 3
    await rollups.roll_up(TENANT)
    assert await by_status(db) == {"open": 3}
    assert await rollups.backlog(TENANT, limit=9) == 0


async def test_rows_without_tickets_are_gone(db: Database) -> None:
    rollups = await store(db, ticket(1))
    await rollups.roll_up(TENANT)
    await rollups.take_back(TENANT, [1], None)
    await expect_consistent(db)
    assert await db.collection(TicketRollup).count_documents({"field": {"$nin": [FLOW, *STORED_EVENTS]}}) == 0
    await db.collection(Ticket).delete_one({})
    await rollups.check([1])
    assert await db.collection(TicketRollup).count_documents({}) == 0


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        ({"$set": {"status": "closed"}}, {"open": 2, "closed": 1}),
        ({"$unset": {"status": ""}}, {"open": 2, "unknown": 1}),
        ({"$set": {"deleted_at": NOW}}, {"open": 2}),
        ({"$set": {"tenant_id": "other"}}, {"open": 2}),
        ({"$unset": {"rolled_up": ""}}, {"open": 3}),
        ({"$set": {"subject": "Hello"}}, {"open": 3}),
    ],
    ids=["edited", "field removed", "soft-deleted", "moved to another tenant", "mark removed", "not counted"],
)
async def test_what_another_program_does_to_a_ticket_is_right_after_a_check(
    db: Database, update: Row, expected: dict[str, int]
) -> None:
    rollups = await store(db, *(ticket(number) for number in range(3)))
    await rollups.roll_up(TENANT)
    await db.collection(Ticket).update_one({"_id": 1}, update)
    assert await rollups.check([0, 1, 2]) == ("subject" not in str(update))
    assert await by_status(db) == expected
    await expect_consistent(db)


async def test_a_removed_and_a_replaced_ticket_are_right_after_a_check(db: Database) -> None:
    rollups = await store(db, *(ticket(number) for number in range(3)))
    await rollups.roll_up(TENANT)
    await db.collection(Ticket).delete_one({"_id": 0})
    await db.collection(Ticket).replace_one({"_id": 1}, ticket(1, status="closed"))
    assert await rollups.check([0, 1, 2]) == 2
    assert await by_status(db) == {"open": 1, "closed": 1}
    await expect_consistent(db)


async def test_a_copy_that_looks_rolled_up_counts_after_a_check(db: Database) -> None:
    rollups = await store(db, ticket(1))
    await rollups.roll_up(TENANT)
    await db.collection(Ticket).insert_one(ticket(2, rolled_up=ROLLED_UP))
    assert await by_status(db) == {"open": 1}
    await rollups.check([1, 2])
    assert await by_status(db) == {"open": 2}
    await expect_consistent(db)


async def test_ids_and_tenants_may_be_anything(db: Database) -> None:
    odd = [ticket(number) | {"_id": {"a": number}} for number in range(2)]
    rollups = await store(
        db, *odd, {"_id": "x", "tenant_id": 5, "rolled_up": ROLLED_UP}, {"_id": "y", "rolled_up": ROLLED_UP}
    )
    await rollups.roll_up(TENANT)
    await db.collection(Ticket).update_one({"_id": {"a": 1}}, {"$set": {"status": "closed"}})
    assert await rollups.check([{"a": 0}, {"a": 1}, "x", "y"]) == 1
    assert await by_status(db) == {"open": 1, "closed": 1}


async def test_a_transaction_that_fails_leaves_all_as_it_was(db: Database) -> None:
    rollups = await store(db, *(ticket(number) for number in range(3)))
    await rollups.roll_up(TENANT)

    async def work(session: Session) -> None:
        await rollups.take_back(TENANT, [0, 1], session)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await db.in_transaction(work)
    assert await by_status(db) == {"open": 3}
    await expect_consistent(db)


async def test_many_at_once_count_every_ticket_once(db: Database) -> None:
    rollups = await store(db, *(ticket(number) for number in range(150)))

    async def take_back(first: int) -> None:
        async def work(session: Session) -> None:
            await rollups.take_back(TENANT, range(first, first + 20), session)

        await db.in_transaction(work)

    async def edit(number: int) -> None:
        await db.collection(Ticket).update_one({"_id": number}, {"$set": {"status": "closed"}})
        await rollups.check([number])

    with patiently(PATIENCE_SECONDS):  # they write the same rows, so each waits for all others
        await asyncio.gather(
            *(rollups.roll_up(TENANT, at_most=25) for _ in range(8)),
            *(take_back(first) for first in range(0, 150, 20)),
            *(edit(number) for number in range(0, 150, 15)),
        )
    await expect_consistent(db)
    assert await by_status(db) == {"open": 140, "closed": 10}


async def test_a_run_that_changes_deletes_and_restores_keeps_the_rollups_right(stage: Stage) -> None:
    rollups = Rollups(stage.db)
    await stage.add(*ids(12))
    await stage.run()
    assert await rollups.roll_up(TENANT) == 12
    await stage.edit("T-001", "T-002", status="closed")
    await stage.delete("T-003", "T-004")
    assert counts(await stage.run()) == {"updated": 2, "unchanged": 8, "deleted": 2}
    assert await by_status(stage.db) == {"open": 8, "closed": 2}
    await expect_consistent(stage.db)
    assert await rollups.roll_up(TENANT) == 4  # the lives of two that are deleted, too
    await stage.control("tickets/restore", {"ids": ["T-003"]})
    assert counts(await stage.run())["updated"] == 1
    assert await by_status(stage.db) == {"open": 9, "closed": 2}
    await expect_consistent(stage.db)


async def test_runs_and_rolling_up_at_the_same_time_count_every_ticket_once(stage: Stage) -> None:
    rollups = Rollups(stage.db)
    names = ids(16)
    await stage.add(*names)
    await stage.run()
    done = asyncio.Event()

    async def roll_up() -> None:
        while not done.is_set():
            await rollups.roll_up(TENANT, at_most=3)

    rolling = asyncio.create_task(roll_up())
    for number in range(4):
        await stage.edit(*names[number::4], status=["pending", "closed"][number % 2])
        await stage.run()
    done.set()
    await rolling
    assert await by_status(stage.db) == {"pending": 8, "closed": 8}
    await expect_consistent(stage.db)


async def test_whoever_reads_meanwhile_sees_every_ticket_once(db: Database) -> None:
    rollups = await store(db, *(ticket(number) for number in range(60)))
    stats, tenants = Stats(db, FakeClock(NOW), Questions()), Tenants(db)
    done = asyncio.Event()

    async def roll_to_and_fro() -> None:
        while not done.is_set():
            await rollups.roll_up(TENANT, at_most=20)
            await db.in_transaction(lambda session: rollups.take_back(TENANT, range(10, 40), session))

    rolling = asyncio.create_task(roll_to_and_fro())
    totals = Counter[int]()
    for _ in range(30):
        totals[(await stats.compute(TENANT)).total_tickets] += 1
        totals[(await tenants.ticket_counts([TENANT]))[TENANT]] += 1
    done.set()
    await rolling
    assert totals == {60: 60}
