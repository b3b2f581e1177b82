"""Totals and deep pages, with some tickets in the rollups and others not: as if there were no rollups."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from bson import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from documents.database import Database, Row
from documents.ticket import StatusCategory, Ticket
from services.rollups.write import Rollups
from services.tickets.choices import Choice, only
from services.tickets.filter import TicketFilter
from services.tickets.reading import Tickets
from services.tickets.tenants import Tenants
from tests.properties import tried_on

NOW = datetime(2026, 2, 5, 12, 30, tzinfo=UTC)
PAGE_SIZE = 3

moments = st.one_of(
    st.integers(0, 100 * 60).map(lambda minutes: NOW - timedelta(minutes=minutes)),
    st.sampled_from([None, datetime(2026, 2, 4, tzinfo=UTC), datetime(1969, 12, 31, tzinfo=UTC), "yesterday"]),
)
fields = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["open", "closed", "Solved", "hold", "unknown", None, 5, ["open"]]),
        "source": st.sampled_from(["email", None]),
        "assignee": st.sampled_from(["ann", "7", 7, "unknown", None]),
        "tags": st.sampled_from([None, [], ["vip", "eu", "vip"], ["eu"], "vip", ["unknown", 7]]),
        "created_at": moments,
        "deleted_at": st.sampled_from([None, None, NOW]),
    },
)


@given(
    rolled_up=st.lists(fields, max_size=25),
    deleted=st.sets(st.integers(0, 24), max_size=4),
    single=st.lists(fields, max_size=10),
    wanted=st.sampled_from(
        [
            TicketFilter(),
            *(TicketFilter(status=only(status)) for status in ("open", "unknown", "Open", "Unknown")),
            TicketFilter(source=only("email"), status=only("open")),
            TicketFilter(status=only("solved"), status_category=only(StatusCategory.CLOSED)),
            *(TicketFilter(status_category=only(category)) for category in StatusCategory),
            TicketFilter(status=Choice(none_of=("open", "closed"))),
            TicketFilter(status=Choice(none_of=("unknown",))),
            TicketFilter(status_category=Choice(none_of=(StatusCategory.OPEN,))),
            TicketFilter(status_category=only()),
            *(TicketFilter(assignee=only(*names)) for names in (["ann"], ["7"], ["ann", "7"], ["unknown"], [])),
            *(TicketFilter(assignee=Choice(none_of=names)) for names in (("ann",), ("unknown",))),
            *(TicketFilter(tag=only(*tags)) for tags in (["vip"], ["vip", "eu"], ["unknown"], [])),
            TicketFilter(tag=Choice(("eu",), none_of=("vip",))),
            TicketFilter(tag=Choice(all_of=("eu",))),
            TicketFilter(tag=only("eu"), assignee=only("ann")),
        ]
    ),
)
@tried_on(40, one_in=6)
async def test_pages_that_are_looked_up_are_those_that_are_walked_to(
    database: Database, rolled_up: list[Row], deleted: set[int], single: list[Row], wanted: TicketFilter
) -> None:
    tenant = uuid4().hex
    rows = [
        {"tenant_id": tenant, "external_id": f"t{number}", **row} for number, row in enumerate([*rolled_up, *single])
    ]
    tickets = database.collection(Ticket)
    if rolled_up:
        await tickets.insert_many(rows[: len(rolled_up)])
        await Rollups(database).roll_up(tenant)
        gone = {"tenant_id": tenant, "external_id": {"$in": [f"t{number}" for number in deleted]}}
        await tickets.update_many(gone, {"$set": {"deleted_at": NOW}})
    if single:
        await tickets.insert_many(rows[len(rolled_up) :])
    assert await _walk(database, tenant, wanted, seek_from=0) == await _walk(database, tenant, wanted, seek_from=10**6)
    live = await tickets.count_documents({"tenant_id": tenant, "deleted_at": None})
    assert await Tenants(database).ticket_counts([tenant, "nobody"]) == {tenant: live, "nobody": 0}


async def _walk(database: Database, tenant: str, wanted: TicketFilter, *, seek_from: int) -> list[list[str]]:
    """All pages and one beyond, with the total that each of them shows."""
    tickets = Tickets(database, seek_from=seek_from)
    tenants_tickets = {"tenant_id": tenant, "deleted_at": None, **wanted.by_field}
    total = await database.collection(Ticket).count_documents(tenants_tickets)
    pages = []
    for number in range(1, total // PAGE_SIZE + 3):
        found = await tickets.page(tenant, wanted, page=number, page_size=PAGE_SIZE)
        assert found.total_count == total
        pages.append([record.external_id for record in found.items])
    return pages


@pytest.mark.parametrize(
    "odd", [Timestamp(1, 1), datetime(9999, 12, 31, 23, tzinfo=UTC)], ids=["timestamp", "far future"]
)
async def test_dates_beyond_all_others_do_not_lead_astray(db: Database, odd: object) -> None:
    rows = [{"external_id": f"t{number}", "created_at": NOW - timedelta(days=number)} for number in range(9)]
    rows[4]["created_at"] = odd
    await db.collection(Ticket).insert_many([{"tenant_id": "acme", **row} for row in rows])
    await Rollups(db).roll_up("acme")
    assert await _walk(db, "acme", TicketFilter(), seek_from=0) == [
        ["t4", "t0", "t1"],
        ["t2", "t3", "t5"],
        ["t6", "t7", "t8"],
        [],
        [],
    ]
