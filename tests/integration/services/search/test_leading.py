"""Of several words, the rarest leads, however many tickets have the others."""

from typing import Any

import pytest

from documents.database import Database
from documents.search_indexes import SEARCH_INDEX
from documents.ticket import Ticket
from services.search import leading
from services.search.leading import led_by_rarest
from services.search.query import parse_search
from services.search.terms import search_fields
from services.tenancy import live
from tests.integration.services.search.test_search_index import foreign


async def store(db: Database, **counts: int) -> None:
    """So many tickets with each of the words, and one with all of them."""
    texts = [word for word, count in counts.items() for _ in range(count)]
    rows = [foreign(number, subject=text) for number, text in enumerate([*texts, " ".join(counts)])]
    await db.collection(Ticket).insert_many([row | search_fields(row) for row in rows])


def demanding(*terms: str) -> dict[str, Any]:
    return live("acme", search_terms={"$all": list(terms)})


@pytest.mark.parametrize("probed", [(3, 6), (3, 1_000), (1_000, 1_000)])
async def test_the_rarest_leads_and_all_are_demanded(
    db: Database, monkeypatch: pytest.MonkeyPatch, probed: tuple[int, int]
) -> None:
    monkeypatch.setattr(leading, "PROBED_TICKETS", probed)
    await store(db, frequent=30, usual=20, odd=4)
    tickets = db.collection(Ticket)
    where = await led_by_rarest(tickets, "acme", demanding("frequent", "odd", "usual"))
    assert where["search_terms"] == "odd"
    assert [row["subject"] for row in await tickets.find(where).to_list(None)] == ["frequent usual odd"]
    explained = await tickets.find(where, hint=SEARCH_INDEX).explain()
    assert explained["executionStats"]["totalDocsExamined"] == 5


async def test_what_demands_no_term_or_one_needs_no_looking(db: Database) -> None:
    tickets = db.collection(Ticket)
    assert await led_by_rarest(tickets, "acme", live("acme")) == live("acme")
    assert await led_by_rarest(tickets, "acme", demanding("refund")) == live("acme", search_terms="refund")


async def test_terms_that_look_like_fields_are_texts(db: Database) -> None:
    """A price, for instance: in an expression, what begins with a dollar would be a field."""
    row = foreign(1, subject="$5 $created_at")
    await db.collection(Ticket).insert_one(row | search_fields(row))
    where = await led_by_rarest(db.collection(Ticket), "acme", demanding(*parse_search("$5 $created_at").terms))
    assert await db.collection(Ticket).count_documents(where) == 1
    assert await db.collection(Ticket).count_documents({**where, "search_terms": "$none"}) == 0
