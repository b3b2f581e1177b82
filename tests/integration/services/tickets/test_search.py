"""Searching tickets that ingestion has stored: which are found, in which order, page by page."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.database import Database
from documents.search_indexes import SEARCH_INDEX
from documents.ticket import Ticket
from services.errors import InvalidCursorError, InvalidInputError
from services.lists.cursors import Cursor
from services.lists.keyset import Window
from services.search.query import parse_search
from services.search.ranking import fit
from services.search.terms import search_fields
from services.tickets.choices import only
from services.tickets.export import Exports
from services.tickets.filter import TicketFilter
from services.tickets.formats import ExportFormat
from services.tickets.reading import Tickets
from services.tickets.search import Search, place
from tests.properties import tried_on

TENANT = "acme"
NOW = datetime(2026, 2, 5, tzinfo=UTC)


async def store(db: Database, texts: Sequence[str], **fields: Any) -> None:
    rows = [
        {
            "tenant_id": TENANT,
            "external_id": text,
            "subject": text,
            "message": "",
            "created_at": NOW - timedelta(hours=number),
            **fields,
        }
        for number, text in enumerate(texts)
    ]
    await db.collection(Ticket).insert_many([row | search_fields(row) for row in rows])


async def found(db: Database, q: str) -> list[str]:
    page = await Tickets(db).page(TENANT, TicketFilter(q=q), page=1, page_size=100)
    assert page.total_count == len(page.items)
    return [ticket.subject for ticket in page.items]


@pytest.mark.parametrize("q", ["refund", "refunds", "REFUNDED", "Refunding"])
async def test_a_word_finds_its_inflections(db: Database, q: str) -> None:
    texts = ["I want a refund", "refunds please", "Refunded already", "refunding me", "a fund"]
    await store(db, texts)
    assert await found(db, q) == texts[:4]


async def test_every_word_has_to_occur(db: Database) -> None:
    await store(db, ["card refund", "refund of my cards", "refund", "card"])
    assert await found(db, "refunds card") == ["card refund", "refund of my cards"]


async def test_the_message_is_searched_too(db: Database) -> None:
    await store(db, ["hello"], message="the card was refunded")
    assert await found(db, "hello refund") == ["hello"]


async def test_stop_words_do_not_matter(db: Database) -> None:
    await store(db, ["refund please"])
    assert await found(db, "the refund of") == ["refund please"]


@pytest.mark.parametrize("q", ["café", "CAFE", "cafe\u0301"])
async def test_accents_and_case_do_not_matter(db: Database, q: str) -> None:
    await store(db, ["Le Café", "cafe closed", "tea"])
    assert await found(db, q) == ["Le Café", "cafe closed"]


@pytest.mark.parametrize(
    ("q", "text"),
    [
        *(("O'Brien", "Mr O\u2019Brien asked"), ("refund", "refund😡"), ("😡", "refund😡"), ("退款", "我要退款")),
        *(("€50", "it was €50"), ("50", "it was €50"), ("use", "using"), ("INV-2024-001", "(INV-2024-001)")),
        *(("हिन्दी", "हिन्दी भाषा"), ("срочно", "ремонт срочно"), ("can't", "can\u2019t log in"), ("the", "the")),
    ],
)
async def test_what_was_once_not_found(db: Database, q: str, text: str) -> None:
    await store(db, [text, "INV-2024-002 of 001", "hello"])
    assert await found(db, q) == [text]


words = st.sampled_from(["refund", "Refunds", "card", "the", "INV-1", "退款", "我要退款", "caf\u00e9", "😡", "x@y.z"])


@given(st.lists(st.lists(words, min_size=1, max_size=4).map(" ".join), min_size=1, max_size=6), st.data())
@tried_on(40)
async def test_the_database_finds_what_has_every_term(
    database: Database, texts: list[str], data: st.DataObject
) -> None:
    await database.collection(Ticket).delete_many({"tenant_id": TENANT})
    await store(database, [f"{text} {number}" for number, text in enumerate(texts)])
    q = data.draw(st.lists(words, min_size=1, max_size=3).map(" ".join))
    having = [
        f"{text} {number}"
        for number, text in enumerate(texts)
        if set(parse_search(q).terms) <= set(search_fields({"subject": text})["search_terms"])
    ]
    assert await found(database, q) == having
    hits = (await Search(database).by_relevance(TENANT, TicketFilter(q=q), Window(limit=100))).items
    assert sorted(hit.ticket.subject for hit in hits) == sorted(having)


async def test_tickets_are_counted_without_reading_them(db: Database) -> None:
    """An index with an array could be of no use for that; here is seen that it is."""
    await store(db, ["refund"])
    where = {"tenant_id": TENANT, "search_terms": "refund", "deleted_at": {"$not": {"$gt": NOW}}}
    command = {"explain": {"count": Ticket.Settings.name, "query": where, "hint": SEARCH_INDEX}}
    explained = await db.collection(Ticket).database.command(command)
    assert explained["executionStats"]["totalDocsExamined"] == 0


async def test_operators_are_no_part_of_a_search(db: Database) -> None:
    await store(db, ["card refund"])
    assert await found(db, '-refund "card') == ["card refund"]


async def test_other_tenants_and_deleted_tickets_are_never_found(db: Database) -> None:
    await store(db, ["other refund"], tenant_id="other")
    await store(db, ["deleted refund"], deleted_at=NOW)
    assert await found(db, "refund") == []


@given(st.text(max_size=250))
@tried_on(100, one_in=6)
async def test_any_text_is_answered_or_refused(database: Database, q: str) -> None:
    try:
        page = await Tickets(database).page("nobody", TicketFilter(q=q), page=1, page_size=10)
    except InvalidInputError:
        return
    assert page.items == []


def by_fit(texts: Sequence[str], q: str) -> list[str]:
    """Texts, of which the newest comes first, as they should be ranked."""
    return sorted(texts, key=lambda text: -fit(parse_search(q), text, ""))


async def test_the_better_fit_comes_first_with_what_was_found(db: Database) -> None:
    await store(db, ["Refunded", "hello", "a refund!"])
    hits = (await Search(db).by_relevance(TENANT, TicketFilter(q="refund"), Window(limit=10))).items
    assert [(hit.ticket.subject, hit.words) for hit in hits] == [("a refund!", ["refund"]), ("Refunded", ["Refunded"])]


TEXTS = [f"{('refund', 'refunded', 'card refund')[number % 3]} card {number}" for number in range(17)]
"""Some fit `card refund` better than others."""


@pytest.mark.parametrize("ranked", [1, 5, 16, 17, 100])
@pytest.mark.parametrize("limit", [1, 4, 6])
async def test_pages_have_no_gaps_and_no_repeats_in_either_direction(db: Database, ranked: int, limit: int) -> None:
    await store(db, TEXTS)
    search, wanted = Search(db, ranked=ranked), TicketFilter(q="card refund")
    expected = [*by_fit(TEXTS[:ranked], "card refund"), *TEXTS[ranked:]]
    forwards: list[str] = []
    window = Window(limit=limit)
    while (part := await search.by_relevance(TENANT, wanted, window)).items:
        forwards += [hit.ticket.subject for hit in part.items]
        assert part.has_more is (len(forwards) < len(expected))
        window = Window(limit=limit, after=place(part.items[-1]))
    backwards: list[str] = []
    window = Window(limit=limit, from_end=True)
    while (part := await search.by_relevance(TENANT, wanted, window)).items:
        backwards = [hit.ticket.subject for hit in part.items] + backwards
        assert part.has_more is (len(backwards) < len(expected))
        window = Window(limit=limit, before=place(part.items[0]), from_end=True)
    assert (forwards, backwards) == (expected, expected)


@pytest.mark.parametrize("ranked", [2, 5, 9])
async def test_tickets_of_one_moment_or_of_none_are_paged_like_others(db: Database, ranked: int) -> None:
    await store(db, TEXTS[:4], created_at=NOW)
    await store(db, TEXTS[4:8], created_at=None)
    search, wanted = Search(db, ranked=ranked), TicketFilter(q="card refund")
    whole = (await search.by_relevance(TENANT, wanted, Window(limit=100))).items
    assert len(whole) == 8
    for start in range(7):
        after = Window(limit=100, after=place(whole[start]))
        assert (await search.by_relevance(TENANT, wanted, after)).items == whole[start + 1 :]


async def test_a_later_page_walks_no_further_than_the_first(db: Database) -> None:
    """It is not for the number of matches to decide what a page costs."""
    await store(db, [f"refund {number}" for number in range(300)])
    search, wanted = Search(db, ranked=10), TicketFilter(q="refund")
    window, database = Window(limit=5), db.collection(Ticket).database
    await database.command("profile", 2)
    try:
        for _ in range(4):
            found = await search.by_relevance(TENANT, wanted, window)
            window = Window(limit=5, after=place(found.items[-1]))
    finally:
        await database.command("profile", 0)
    reads = await database["system.profile"].find({"ns": f"{database.name}.tickets"}).to_list(None)
    await database["system.profile"].drop()
    assert len(reads) >= 8
    assert max(read["keysExamined"] for read in reads) <= 25


@pytest.mark.parametrize("ranked", [5, 100])
async def test_what_lies_between_two_cursors(db: Database, ranked: int) -> None:
    await store(db, TEXTS)
    search, wanted = Search(db, ranked=ranked), TicketFilter(q="card refund")
    whole = (await search.by_relevance(TENANT, wanted, Window(limit=100))).items
    for start in (0, 3, 7):
        for end in (4, 9, 16):
            between = Window(limit=100, after=place(whole[start]), before=place(whole[end]))
            assert (await search.by_relevance(TENANT, wanted, between)).items == whole[start + 1 : end]


async def test_a_ticket_that_comes_or_goes_between_two_pages_moves_no_other(db: Database) -> None:
    await store(db, TEXTS)
    search, wanted = Search(db, ranked=5), TicketFilter(q="card refund")
    whole = (await search.by_relevance(TENANT, wanted, Window(limit=100))).items
    first = await search.by_relevance(TENANT, wanted, Window(limit=2))
    await store(db, ["card refund of today"], created_at=NOW + timedelta(days=1))
    last_seen = first.items[-1].ticket.external_id
    await db.collection(Ticket).update_one({"external_id": last_seen}, {"$set": {"deleted_at": NOW}})
    others = await search.by_relevance(TENANT, wanted, Window(limit=100, after=place(first.items[-1])))
    assert {hit.ticket.id for hit in others.items} == {hit.ticket.id for hit in whole[2:]}


@pytest.mark.parametrize("row_id", ["x", "::", "5:a:b", "-1:" + Cursor(NOW, 1).encode("") * 2, 7])
async def test_a_cursor_of_no_search_is_refused(db: Database, row_id: str | int) -> None:
    window = Window(limit=1, after=Cursor(NOW, row_id))
    with pytest.raises(InvalidCursorError):
        await Search(db).by_relevance(TENANT, TicketFilter(q="refund"), window)


async def test_relevance_keeps_to_the_filter(db: Database) -> None:
    await store(db, ["refund one"], status="open")
    await store(db, ["refund two"], status="closed")
    wanted = TicketFilter(q="refund", status=only("open"))
    hits = (await Search(db).by_relevance(TENANT, wanted, Window(limit=10))).items
    assert [hit.ticket.subject for hit in hits] == ["refund one"]
    assert await Tickets(db).count(TENANT, wanted) == 1


async def test_relevance_never_shows_other_tenants_and_deleted_tickets(db: Database) -> None:
    await store(db, ["other refund"], tenant_id="other")
    await store(db, ["deleted refund"], deleted_at=NOW)
    assert (await Search(db).by_relevance(TENANT, TicketFilter(q="refund"), Window(limit=10))).items == []


async def test_relevance_needs_a_search(db: Database) -> None:
    with pytest.raises(InvalidInputError):
        await Search(db).by_relevance(TENANT, TicketFilter(), Window(limit=10))


async def test_an_export_holds_what_the_search_finds(db: Database) -> None:
    await store(db, ["card refund", "refund", "cards refunded"])
    stream = Exports(db).stream(TENANT, TicketFilter(q="refund card"), ExportFormat.NDJSON)
    lines = b"".join([chunk async for chunk in stream]).splitlines()
    assert [orjson.loads(line)["subject"] for line in lines] == ["card refund", "cards refunded"]


async def test_a_ticket_whose_terms_are_no_list_is_no_trouble(db: Database) -> None:
    await store(db, ["card refund"])
    odd = {"tenant_id": TENANT, "external_id": "odd", "search_terms": "refund", "created_at": NOW}
    await db.collection(Ticket).insert_one(odd)
    assert await found(db, "refund card") == ["card refund"]
