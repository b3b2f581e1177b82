"""Who has to write again, against a look at every pair of tickets."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.database import Database, Row
from documents.ticket import Ticket
from services.analytics.figures import Analytics
from services.analytics.patterns.repeat_contacts import RepeatContacts
from services.coordination.sharing import Questions
from services.errors import InvalidInputError
from tests.fakes import FakeClock
from tests.properties import tried_on

NOW = datetime(2026, 2, 5, 12, 30, tzinfo=UTC)
moments = st.integers(0, 24 * 20).map(lambda hours: NOW - timedelta(hours=hours))
rows_of_tickets = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "customer_id": st.sampled_from(["a", "b", "c", "", None, 5]),
            "created_at": st.one_of(moments, moments, moments, st.sampled_from([None, "yesterday"])),
            "deleted_at": st.sampled_from([None, None, NOW]),
        },
    ),
    max_size=25,
)


@given(
    rows=rows_of_tickets,
    days=st.integers(1, 10),
    start=st.one_of(st.none(), moments),
    end=st.one_of(st.none(), moments),
)
@tried_on(60)
async def test_every_ticket_that_follows_another_one_counts(
    database: Database, rows: list[Row], days: int, start: datetime | None, end: datetime | None
) -> None:
    if start is not None and end is not None and start > end:
        start, end = end, start
    tenant = uuid4().hex
    if rows:
        named = [{**row, "tenant_id": tenant, "external_id": f"t{number}"} for number, row in enumerate(rows)]
        await database.collection(Ticket).insert_many(named)
    found = await Analytics(database, FakeClock(NOW), Questions()).repeat_contacts(
        tenant, days=days, created_from=start, created_to=end
    )
    assert found == by_pairs([row for row in rows if row.get("deleted_at") is None], timedelta(days=days), start, end)


def by_pairs(rows: list[Row], window: timedelta, start: datetime | None, end: datetime | None) -> RepeatContacts:
    def is_inside(row: Row) -> bool:
        created = row.get("created_at")
        if start is None and end is None:
            return True
        return isinstance(created, datetime) and (start is None or start <= created) and (end is None or created < end)

    def follows(one: tuple[int, Row], other: tuple[int, Row]) -> bool:
        later, earlier = one[1].get("created_at"), other[1].get("created_at")
        if not isinstance(later, datetime) or not isinstance(earlier, datetime):
            return False
        customers: tuple[Any, Any] = one[1].get("customer_id"), other[1].get("customer_id")
        is_same = isinstance(customers[0], str) and customers[0] != "" and customers[0] == customers[1]
        return is_same and (earlier, other[0]) < (later, one[0]) and later - earlier <= window

    numbered = list(enumerate(rows))
    repeats = [
        row for number, row in numbered
        if is_inside(row) and any(follows((number, row), other) for other in numbered)
    ]  # fmt: skip
    total = sum(map(is_inside, rows))
    share = round(len(repeats) / total, 3) if repeats else 0.0
    return RepeatContacts(len(repeats), share, len({row["customer_id"] for row in repeats}))


@pytest.mark.parametrize("days", [0, -1, 366])
async def test_a_window_that_makes_no_sense_is_refused(database: Database, days: int) -> None:
    with pytest.raises(InvalidInputError, match="days"):
        await Analytics(database, FakeClock(NOW), Questions()).repeat_contacts("acme", days=days)
