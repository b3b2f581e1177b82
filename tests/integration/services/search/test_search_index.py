"""Tickets of other programs and of earlier versions get their terms; those that have them are left alone."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from documents.database import Database, Row
from documents.ticket import Ticket
from services.search.indexing import SearchIndex
from services.search.terms import SEARCH_VERSION, search_fields
from services.tickets.filter import TicketFilter
from services.tickets.reading import Tickets

NOW = datetime(2026, 2, 5, tzinfo=UTC)


@pytest.fixture
async def elsewhere(db: Database) -> Database:
    """A database of its own: an index that has once seen a list in place of a date remembers it."""
    client = db.collection(Ticket).database.client
    other = Database(client, f"{db.name}_{uuid4().hex[:8]}", transactional=True)
    await other.collection(Ticket).create_indexes(Ticket.Settings.indexes)
    return other


def foreign(number: int, **fields: Any) -> Row:
    """A ticket as another program stores it."""
    return {"_id": number, "tenant_id": "acme", "external_id": f"t{number}", "created_at": NOW, **fields}


async def store(db: Database, *rows: Row) -> SearchIndex:
    await db.collection(Ticket).insert_many(list(rows))
    return SearchIndex(db)


async def find(db: Database, q: str, tenant_id: str = "acme") -> list[str]:
    """The tickets that a search finds."""
    page = await Tickets(db).page(tenant_id, TicketFilter(q=q), page=1, page_size=100)
    return sorted(ticket.external_id for ticket in page.items)


async def test_tickets_without_terms_are_counted_and_get_them_batch_by_batch(db: Database) -> None:
    index = await store(db, *(foreign(number, subject="refund") for number in range(5)), foreign(9, tenant_id="other"))
    assert await index.backlogs(["acme", "other", "none"]) == {"acme": 5, "other": 1, "none": 0}
    assert await find(db, "refund") == []
    assert [await index.index_next("acme", at_most=3) for _ in range(3)] == [3, 2, 0]
    assert await index.backlogs(["acme", "other"]) == {"acme": 0, "other": 1}
    assert await find(db, "refund") == [f"t{number}" for number in range(5)]


async def test_terms_of_another_version_are_made_anew(db: Database) -> None:
    old = {"search_terms": ["old"], "search_version": SEARCH_VERSION - 1}
    index = await store(db, foreign(1, subject="refund", **old), foreign(2, subject="refund", search_version="x"))
    assert await index.index_next("acme") == 2
    assert (await find(db, "old"), await find(db, "refund")) == ([], ["t1", "t2"])


async def test_terms_of_a_later_version_are_left_alone(db: Database) -> None:
    later = {"search_terms": ["later"], "search_version": SEARCH_VERSION + 1}
    index = await store(db, foreign(1, subject="refund", **later))
    assert await index.index_next("acme") == 0
    assert await index.backlogs(["acme"]) == {"acme": 0}
    assert await find(db, "later") == ["t1"]


async def test_what_is_indexed_is_what_ingestion_would_have_written(db: Database) -> None:
    matched = [{"rule": "money_dispute", "keyword": "refund", "text": "refund"}]
    row = foreign(1, subject="Refund", message="<p>now</p>" * 3_000, matched=matched, keyword_key="refund")
    index = await store(db, row)
    await index.index_next("acme")
    stored = await db.collection(Ticket).find_one({"_id": 1}, {"search_terms": 1, "search_version": 1})
    assert stored == {"_id": 1, **search_fields(row)}


async def test_a_check_writes_what_has_changed_and_nothing_else(db: Database) -> None:
    index = await store(db, *(foreign(number, subject="refund") for number in range(3)))
    await index.index_next("acme")
    assert await index.check([0, 1, 2, 99]) == 0
    await db.collection(Ticket).update_one({"_id": 1}, {"$set": {"subject": "invoice"}})
    assert await index.check([0, 1, 2]) == 1
    assert (await find(db, "refund"), await find(db, "invoice")) == (["t0", "t2"], ["t1"])


@pytest.mark.parametrize(
    "odd",
    [
        {"subject": 5, "message": ["refund"], "matched": "x", "keyword_key": 7},
        {"subject": None, "message": {"refund": 1}, "matched": [None, {"rule": None}]},
        {"created_at": [NOW, NOW]},
        {"deleted_at": [NOW, NOW]},
        {"search_terms": {"a": 1}, "search_version": [SEARCH_VERSION - 1]},
        {"message": "x" * (15 * 1024 * 1024 + 1)},
    ],
    ids=["numbers", "nothing", "dates of creation", "dates of deletion", "terms", "nearly too large"],
)
async def test_odd_tickets_keep_no_other_from_being_found(elsewhere: Database, odd: Row) -> None:
    index = await store(elsewhere, foreign(1, **odd), foreign(2, subject="refund"))
    await index.index_next("acme")
    assert await index.backlogs(["acme"]) == {"acme": 0}
    assert await find(elsewhere, "refund") == ["t2"]
    assert await index.check([1, 2]) == 0


async def test_tickets_of_nobody_are_passed_over(elsewhere: Database) -> None:
    index = await store(
        elsewhere, *(foreign(number, tenant_id=name) for number, name in enumerate([None, "", 5, ["acme"]]))
    )
    assert await index.check([0, 1, 2, 3]) == 0
