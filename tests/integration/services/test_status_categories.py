"""MongoDB and Python agree on what a status means, for any text and any other value."""

from typing import Any
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from documents.database import Database
from documents.ticket import StatusCategory, Ticket
from services.statuses import CLOSING_WORDS, category_expression, category_of, in_category, is_closed
from services.tenancy import live, owned
from tests.properties import tried_on

beginnings = st.sampled_from([*CLOSING_WORDS, "pending", "hold", "on hold", "on_hold", "waiting", "snoozed", "open"])
cases = st.sampled_from([str.lower, str.upper, str.title, str.swapcase])
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
statuses = st.builds(lambda front, case, word, end: front + case(word) + end, texts, cases, beginnings, texts)
odd_values = st.sampled_from(
    [None, 5, 2.5, True, {"name": "closed"}, "closed\x00", "clo\u017fed", "\u017fpam", "\u212aclosed"]
)


@given(found=st.lists(st.one_of(statuses, texts, odd_values), min_size=1, max_size=30))
@tried_on(40)
async def test_the_same_everywhere(database: Database, found: list[Any]) -> None:
    tenant, tickets = uuid4().hex, database.collection(Ticket)
    rows = [{"tenant_id": tenant, "external_id": str(number), "status": status} for number, status in enumerate(found)]
    await tickets.insert_many([*rows, {"tenant_id": tenant, "external_id": "without"}])
    shown = {"external_id": 1, "category": category_expression("$status"), "is_closed": is_closed()}
    read = await tickets.aggregate([{"$match": owned(tenant)}, {"$project": shown}]).to_list(None)
    expected = {str(number): category_of(status) for number, status in enumerate(found)}
    expected["without"] = StatusCategory.OPEN
    assert {row["external_id"]: row["category"] for row in read} == expected
    assert {row["external_id"] for row in read if row["is_closed"]} == {
        name for name, category in expected.items() if category is StatusCategory.CLOSED
    }
    for category in StatusCategory:
        matching = await tickets.find(live(tenant, status=in_category(category))).to_list(None)
        assert {row["external_id"] for row in matching} == {name for name, each in expected.items() if each is category}
