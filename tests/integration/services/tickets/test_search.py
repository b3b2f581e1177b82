"""Searching tickets through the text index."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents.database import Database
from documents.ticket import Ticket
from services.errors import InvalidInputError
from services.lists.keyset import Window
from services.tickets.choices import only
from services.tickets.filter import TicketFilter
from services.tickets.reading import Tickets
from services.tickets.search import Search, place
from services.tickets.search_words import STOP_WORDS

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
    await db.collection(Ticket).insert_many(rows)


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


async def test_other_scripts_are_searched_by_whole_words(db: Database) -> None:
    await store(db, ["हिन्दी भाषा", "東京 駅", "ремонт срочно"])
    assert [await found(db, q) for q in ("हिन्दी", "東京", "срочно")] == [["हिन्दी भाषा"], ["東京 駅"], ["ремонт срочно"]]


async def test_an_apostrophe_may_be_typographic(db: Database) -> None:
    await store(db, ["can\u2019t log in", "can't log in"])
    assert await found(db, "can't log") == ["can\u2019t log in", "can't log in"]


async def test_operators_are_no_part_of_a_search(db: Database) -> None:
    await store(db, ["card refund"])
    assert await found(db, '-refund "card') == ["card refund"]


async def test_other_tenants_and_deleted_tickets_are_never_found(db: Database) -> None:
    await store(db, ["other refund"], tenant_id="other")
    await store(db, ["deleted refund"], deleted_at=NOW)
    assert await found(db, "refund") == []


@given(st.text(max_size=250))
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
async def test_any_text_is_answered_or_refused(database: Database, q: str) -> None:
    try:
        page = await Tickets(database).page("nobody", TicketFilter(q=q), page=1, page_size=10)
    except InvalidInputError:
        return
    assert page.items == []


async def test_the_words_left_out_are_those_that_the_index_does_not_hold(db: Database) -> None:
    await store(db, sorted(STOP_WORDS))
    for word in STOP_WORDS:
        match = {"tenant_id": TENANT, "$text": {"$search": word}}
        assert await db.collection(Ticket).count_documents(match) == 0


async def test_relevance_puts_the_better_fit_first(db: Database) -> None:
    await store(db, ["a long subject that also says refund somewhere", "refund refund", "hello"])
    hits = (await Search(db).by_relevance(TENANT, TicketFilter(q="refund"), Window(limit=10))).items
    assert [hit.ticket.subject for hit in hits] == ["refund refund", "a long subject that also says refund somewhere"]
    assert hits[0].score > hits[1].score


async def test_relevance_pages_forwards_without_gaps_or_repeats(db: Database) -> None:
    await store(db, [f"refund {'now ' * (number % 3)}{number}" for number in range(11)])
    search, wanted = Search(db), TicketFilter(q="refund")
    whole = (await search.by_relevance(TENANT, wanted, Window(limit=100))).items
    pages, after = [], None
    while True:
        part = await search.by_relevance(TENANT, wanted, Window(limit=4, after=after))
        pages += part.items
        if not part.has_more:
            break
        after = place(part.items[-1])
    assert pages == whole
    assert len({hit.ticket.id for hit in whole}) == 11


async def test_relevance_pages_backwards(db: Database) -> None:
    await store(db, [f"refund {'now ' * (number % 3)}{number}" for number in range(9)])
    search, wanted = Search(db), TicketFilter(q="refund")
    whole = (await search.by_relevance(TENANT, wanted, Window(limit=100))).items
    window = Window(limit=3, before=place(whole[6]), from_end=True)
    assert (await search.by_relevance(TENANT, wanted, window)).items == whole[3:6]


async def test_relevance_keeps_to_the_filter(db: Database) -> None:
    await store(db, ["refund one"], status="open")
    await store(db, ["refund two"], status="closed")
    wanted = TicketFilter(q="refund", status=only("open"))
    hits = (await Search(db).by_relevance(TENANT, wanted, Window(limit=10))).items
    assert [hit.ticket.subject for hit in hits] == ["refund one"]


async def test_relevance_needs_a_search(db: Database) -> None:
    with pytest.raises(InvalidInputError):
        await Search(db).by_relevance(TENANT, TicketFilter(), Window(limit=10))
