"""Lists of tickets: order, pages, filters and counts."""

from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import pytest

from documents.database import Database, Row
from documents.ticket import Ticket, Urgency
from services.errors import InvalidInputError, TicketNotFoundError
from services.tickets.choices import only
from services.tickets.filter import TicketFilter
from services.tickets.reading import Tickets

TENANT = "acme"
NOW = datetime(2026, 2, 5, tzinfo=UTC)


def ticket(number: int, **fields: Any) -> Row:
    return {
        "tenant_id": TENANT,
        "external_id": f"t{number:03}",
        "created_at": NOW - timedelta(minutes=number),
        **fields,
    }


async def store(db: Database, *rows: Row) -> Tickets:
    await db.collection(Ticket).insert_many(list(rows))
    return Tickets(db)


async def ids(tickets: Tickets, wanted: TicketFilter, *, page: int = 1, page_size: int = 10) -> list[str]:
    found = await tickets.page(TENANT, wanted, page=page, page_size=page_size)
    return [record.external_id for record in found.items]


async def test_pages_follow_each_other_newest_first(db: Database) -> None:
    tickets = await store(db, *(ticket(number) for number in range(25)))
    pages = [await ids(tickets, TicketFilter(), page=page) for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [10, 10, 5, 0]
    assert list(chain.from_iterable(pages)) == [f"t{number:03}" for number in range(25)]


async def test_tickets_of_the_same_moment_have_one_order_over_pages(db: Database) -> None:
    tickets = await store(db, *(ticket(number, created_at=NOW) for number in range(25)))
    pages = [await ids(tickets, TicketFilter(), page=page, page_size=4) for page in range(1, 8)]
    assert len(set(chain.from_iterable(pages))) == 25


async def test_the_total_counts_live_tickets_only(db: Database) -> None:
    tickets = await store(
        db, ticket(1), ticket(2, deleted_at=None), ticket(3, deleted_at=NOW), ticket(4) | {"tenant_id": "b"}
    )
    found = await tickets.page(TENANT, TicketFilter(), page=1, page_size=1)
    assert (found.total_count, found.next_page) == (2, 2)


async def test_the_total_of_a_period_counts_live_tickets_only(db: Database) -> None:
    tickets = await store(db, ticket(1), ticket(2), ticket(3, deleted_at=NOW), ticket(90))
    wanted = TicketFilter(created_from=NOW - timedelta(hours=1), created_to=NOW - timedelta(minutes=1))
    assert await tickets.count(TENANT, wanted) == 1
    assert await ids(tickets, wanted) == ["t002"]


@pytest.mark.parametrize(
    "wanted",
    [
        TicketFilter(status=only("open")),
        TicketFilter(urgency=only(Urgency.HIGH)),
        TicketFilter(source=only("email")),
        TicketFilter(requires_action=True),
        TicketFilter(customer_id=only("c1")),
        TicketFilter(customer_id=only("c1"), status=only("open"), requires_action=True),
    ],
)
async def test_filters_restrict_rows_and_total(db: Database, wanted: TicketFilter) -> None:
    fields = {"status": "open", "urgency": "high", "source": "email", "requires_action": True, "customer_id": "c1"}
    tickets = await store(db, ticket(1, **fields), ticket(2), ticket(3, **fields, deleted_at=NOW))
    found = await tickets.page(TENANT, wanted, page=1, page_size=10)
    assert [record.external_id for record in found.items] == ["t001"]
    assert found.total_count == 1


async def test_a_ticket_that_has_only_a_tenant_is_listed_last(db: Database) -> None:
    tickets = await store(db, {"tenant_id": TENANT}, ticket(1))
    found = await tickets.page(TENANT, TicketFilter(), page=1, page_size=10)
    assert [record.created_at for record in found.items] == [NOW - timedelta(minutes=1), None]


async def test_a_deep_page_reads_no_more_tickets_than_it_shows(db: Database) -> None:
    tickets = await store(db, *(ticket(number, message="x" * 100) for number in range(2_000)))
    database = db.collection(Ticket).database
    await database.command("profile", 2)
    try:
        shown = await ids(tickets, TicketFilter(), page=190)
    finally:
        await database.command("profile", 0)
    reads = await database["system.profile"].find({"ns": f"{database.name}.tickets"}).to_list(None)
    await database["system.profile"].drop()
    assert shown[0] == "t1890"
    assert sum(read["docsExamined"] for read in reads) == 10


async def test_pages_beyond_the_millionth_ticket_are_refused(db: Database) -> None:
    with pytest.raises(InvalidInputError):
        await Tickets(db).page(TENANT, TicketFilter(), page=10_002, page_size=100)


@pytest.mark.parametrize("field", ["status", "source", "customer_id"])
async def test_text_that_cannot_be_stored_is_refused(db: Database, field: str) -> None:
    with pytest.raises(InvalidInputError):
        await Tickets(db).page(TENANT, TicketFilter(**{field: only("\ud800")}), page=1, page_size=10)


async def test_a_deleted_ticket_is_not_found(db: Database) -> None:
    tickets = await store(db, ticket(1, deleted_at=NOW))
    with pytest.raises(TicketNotFoundError):
        await tickets.get(TENANT, "t001")
