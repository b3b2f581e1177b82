"""The keeper at work: whatever other programs do to tickets, searches find them as they are."""

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from documents.database import Database, Row
from documents.rollup_bookmark import RollupBookmark
from documents.ticket import Ticket
from services.coordination.leases import Leases
from services.kit.clock import SystemClock
from services.rollups.keeper import RollupKeeper
from services.rollups.write import Rollups
from services.search.indexing import SearchIndex
from services.search.keeper import SEARCH_RESOURCE, SearchKeeper
from services.search.terms import keyword_term, rule_term
from tests.fakes import running
from tests.integration.services.search.test_search_index import find, foreign
from tests.waiting import PATIENCE_SECONDS, becomes, until


def keeping(db: Database, **changes: Any) -> AbstractAsyncContextManager[object]:
    return running(SearchKeeper(db, SearchIndex(db), Leases(db, ttl_seconds=60), SystemClock(), **changes))


async def insert(db: Database, *rows: Row) -> None:
    await db.collection(Ticket).insert_many(list(rows))


async def followed(db: Database) -> None:
    """Wait until the keeper follows: it notices what is done from then on at the latest."""
    await insert(db, foreign(900, tenant_id="probe", subject="probe"))
    await becomes(lambda: find(db, "probe", "probe"), ["t900"])
    await until(lambda: db.collection(RollupBookmark).find_one({"_id": "search"}))


async def test_tickets_that_were_there_before_and_that_come_later_are_found(db: Database) -> None:
    await insert(db, *(foreign(number, subject="refund") for number in range(5)))
    async with keeping(db, batch=2):
        await becomes(lambda: find(db, "refund"), [f"t{number}" for number in range(5)])
        await insert(db, foreign(5, message="refunded"), foreign(6, tenant_id="other", message="refund"))
        await becomes(lambda: find(db, "refund"), [f"t{number}" for number in range(6)])
        await becomes(lambda: find(db, "refund", "other"), ["t6"])


@pytest.mark.parametrize(
    "update",
    [
        {"$set": {"subject": "invoice"}},
        {"$unset": {"subject": ""}, "$set": {"message": "an invoice"}},
        [{"$set": {"subject": {"$concat": ["in", "voice"]}}}],
    ],
)
async def test_texts_that_other_programs_change_are_found_as_they_are(db: Database, update: Any) -> None:
    await insert(db, *(foreign(number, subject="refund") for number in range(3)))
    async with keeping(db):
        await followed(db)
        await becomes(lambda: find(db, "refund"), ["t0", "t1", "t2"])
        await db.collection(Ticket).update_one({"_id": 1}, update)
        await becomes(lambda: find(db, "refund"), ["t0", "t2"])
        assert await find(db, "invoice") == ["t1"]


async def test_a_ticket_that_is_replaced_is_found_as_it_is(db: Database) -> None:
    await insert(db, foreign(1, subject="refund"))
    async with keeping(db):
        await followed(db)
        await db.collection(Ticket).replace_one({"_id": 1}, foreign(1, subject="invoice"))
        await becomes(lambda: find(db, "invoice"), ["t1"])
        assert await find(db, "refund") == []


async def test_labels_follow_the_rules_also_where_one_is_changed(db: Database) -> None:
    matched = [{"rule": "outage", "keyword": "down", "text": "down"}]
    await insert(db, foreign(1, matched=matched, keyword_key="down"))

    async def labels() -> set[str]:
        row = await db.collection(Ticket).find_one({"_id": 1})
        return set((row or {}).get("search_terms", ()))

    async with keeping(db):
        await followed(db)
        await becomes(labels, {rule_term("outage"), keyword_term("down")})
        await db.collection(Ticket).update_one({"_id": 1}, {"$set": {"matched.0.rule": "defect"}})
        await becomes(labels, {rule_term("defect"), keyword_term("down")})


async def test_what_happens_while_nobody_looks_is_noticed_later(db: Database) -> None:
    await insert(db, foreign(1, subject="refund"))
    async with keeping(db):
        await followed(db)
        await becomes(lambda: find(db, "refund"), ["t1"])
    await db.collection(Ticket).update_one({"_id": 1}, {"$set": {"subject": "invoice"}})
    async with keeping(db):
        await becomes(lambda: find(db, "invoice"), ["t1"])


async def test_without_a_place_to_go_on_every_ticket_is_checked(db: Database) -> None:
    await insert(db, foreign(1, subject="refund"))
    await SearchIndex(db).index_next("acme")
    await db.collection(Ticket).update_one({"_id": 1}, {"$set": {"subject": "invoice"}})
    async with keeping(db):
        await becomes(lambda: find(db, "invoice"), ["t1"])


async def test_without_transactions_and_change_streams_new_tickets_are_found_all_the_same(db: Database) -> None:
    standalone = Database(db.collection(Ticket).database.client, db.name, transactional=False)
    await insert(db, foreign(1, subject="refund"))
    async with keeping(standalone):
        await becomes(lambda: find(db, "refund"), ["t1"])
        await insert(db, foreign(2, subject="refund"))
        await becomes(lambda: find(db, "refund"), ["t1", "t2"])


async def test_one_keeps_tickets_ready_at_a_time(db: Database) -> None:
    await insert(db, foreign(1, subject="refund"))
    leases = Leases(db, ttl_seconds=60)
    lease = await leases.acquire(SEARCH_RESOURCE, "another process")
    assert lease is not None
    async with keeping(db):
        await asyncio.sleep(0.5)
        assert await find(db, "refund") == []
        await leases.give_back(lease)
        await becomes(lambda: find(db, "refund"), ["t1"])
    await lease.end()


async def test_indexing_takes_no_ticket_out_of_the_rollups(db: Database) -> None:
    await insert(db, *(foreign(number, subject="refund", status="open") for number in range(4)))
    rollups = Rollups(db)
    keeper = RollupKeeper(db, rollups, Leases(db, ttl_seconds=60), SystemClock(), roll_up_from=1)
    task = asyncio.create_task(keeper.work())
    await becomes(lambda: rollups.backlog("acme", limit=9), 0)
    async with keeping(db):
        await becomes(lambda: find(db, "refund"), ["t0", "t1", "t2", "t3"])
        await followed(db)
    assert await rollups.backlog("acme", limit=9) == 0
    keeper.shut_down()
    await asyncio.wait_for(task, PATIENCE_SECONDS)
