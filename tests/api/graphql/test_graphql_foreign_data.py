"""Data that other programs wrote, over GraphQL: shown as far as it goes, never an error."""

from datetime import UTC, datetime
from typing import Any

from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from tests.api.graphql.client import Api

PAGE = """query ($after: String, $order: TicketOrder!) {
  tickets(tenantId: "t", first: 1, after: $after, orderBy: $order) {
    nodes { externalId } pageInfo { endCursor } } }"""


async def test_ticket_of_another_program_is_shown_as_far_as_it_goes(fresh: Api) -> None:
    row = {
        "tenant_id": "t",
        "urgency": "apocalyptic",
        "sentiment": 7,
        "subject": 5,
        "created_at": "yesterday",
        "matched": "x",
    }
    await fresh.db.collection(Ticket).insert_one({**row, "_id": "own id"})
    query = """{ tickets(tenantId: "t") { edges { cursor node {
      externalId urgency sentiment subject createdAt status matched { rule } customer { id } } } } }"""
    (edge,) = (await fresh.data(query))["tickets"]["edges"]
    assert edge["node"] == {
        "externalId": "own id",
        "urgency": None,
        "sentiment": None,
        "subject": "",
        "createdAt": None,
        "status": None,
        "matched": [],
        "customer": None,
    }
    after = await fresh.data(
        'query ($c: String!) { tickets(tenantId: "t", after: $c) { nodes { id } } }', c=edge["cursor"]
    )
    assert after["tickets"]["nodes"] == []


async def test_tickets_without_a_time_are_paged_as_the_oldest(fresh: Api) -> None:
    rows: list[dict[str, Any]] = [{"tenant_id": "t", "external_id": str(n)} for n in range(4)]
    rows += [{"tenant_id": "t", "external_id": "dated", "created_at": datetime(2026, 1, 1, tzinfo=UTC)}]
    await fresh.db.collection(Ticket).insert_many(rows)
    for order in ("NEWEST_FIRST", "OLDEST_FIRST"):
        seen, after = [], None
        for _ in range(5):
            found = (await fresh.data(PAGE, after=after, order=order))["tickets"]
            seen += [node["externalId"] for node in found["nodes"]]
            after = found["pageInfo"]["endCursor"]
        assert seen == (["dated", "3", "2", "1", "0"] if order == "NEWEST_FIRST" else ["0", "1", "2", "3", "dated"])


async def test_history_shows_values_of_any_type(fresh: Api) -> None:
    await fresh.db.collection(Ticket).insert_one({"tenant_id": "t", "external_id": "1"})
    moment = datetime(2026, 2, 5, 13, tzinfo=UTC)
    await fresh.db.collection(TicketHistory).insert_one(
        {
            "_id": "h1",
            "tenant_id": "t",
            "ticket_id": "1",
            "action": "updated",
            "changes": {"created_at": {"old": moment, "new": None}, "tags": {"old": ["a", 1], "new": {"b": True}}},
            "recorded_at": moment,
            "job_id": "j",
        }
    )
    query = '{ ticket(tenantId: "t", externalId: "1") { history { changes { field old new } } } }'
    assert (await fresh.data(query))["ticket"]["history"][0]["changes"] == [
        {"field": "created_at", "old": "2026-02-05T13:00:00Z", "new": None},
        {"field": "tags", "old": ["a", 1], "new": {"b": True}},
    ]
