"""Data that other programs wrote, over GraphQL: shown as far as it goes, never an error."""

from datetime import UTC, datetime
from typing import Any

import pytest
from bson import ObjectId

from documents.ingestion_log import IngestionLog
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from tests.api.graphql.client import Api

PAGE = """query ($after: String, $order: TicketOrder!) {
  tickets(tenantId: "t", first: 1, after: $after, orderBy: $order) {
    nodes { externalId } pageInfo { endCursor } } }"""
NESTED = """query ($after: String, $order: TicketOrder!) { tenantStats(tenantId: "t") { bySource {
  tickets(first: 1, after: $after, orderBy: $order) { nodes { externalId } pageInfo { endCursor } } } } }"""
WHOLE = 'query ($order: TicketOrder!) { tickets(tenantId: "t", first: 100, orderBy: $order) { nodes { externalId } } }'


async def test_ticket_of_another_program_is_shown_as_far_as_it_goes(resting: Api) -> None:
    row = {
        "tenant_id": "t",
        "urgency": "apocalyptic",
        "sentiment": 7,
        "subject": 5,
        "created_at": "yesterday",
        "matched": "x",
    }
    await resting.db.collection(Ticket).insert_one({**row, "_id": "own id"})
    query = """{ tickets(tenantId: "t") { edges { cursor node {
      externalId urgency sentiment subject createdAt status matched { rule } customer { id } } } } }"""
    (edge,) = (await resting.data(query))["tickets"]["edges"]
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
    after = await resting.data(
        'query ($c: String!) { tickets(tenantId: "t", after: $c) { nodes { id } } }', c=edge["cursor"]
    )
    assert after["tickets"]["nodes"] == []


async def test_tickets_without_a_time_are_paged_as_the_oldest(resting: Api) -> None:
    rows: list[dict[str, Any]] = [{"tenant_id": "t", "external_id": str(n)} for n in range(4)]
    rows += [{"tenant_id": "t", "external_id": "dated", "created_at": datetime(2026, 1, 1, tzinfo=UTC)}]
    await resting.db.collection(Ticket).insert_many(rows)
    for order in ("NEWEST_FIRST", "OLDEST_FIRST"):
        seen, after = [], None
        for _ in range(5):
            found = (await resting.data(PAGE, after=after, order=order))["tickets"]
            seen += [node["externalId"] for node in found["nodes"]]
            after = found["pageInfo"]["endCursor"]
        assert seen == (["dated", "3", "2", "1", "0"] if order == "NEWEST_FIRST" else ["0", "1", "2", "3", "dated"])


@pytest.mark.parametrize("order", ["NEWEST_FIRST", "OLDEST_FIRST", "MOST_URGENT_FIRST"])
async def test_tickets_with_anything_in_the_place_of_a_time_are_paged_once_each(resting: Api, order: str) -> None:
    moments = ["2026-02-01", "2026-02-01", "yesterday", 5, 5.5, True, ObjectId(), {"at": 1}, None]
    moments += [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 1, 2)]
    rows = [{"tenant_id": "t", "external_id": str(n), "created_at": moment} for n, moment in enumerate(moments)]
    rows += [{"tenant_id": "t", "external_id": str(len(moments) + n)} for n in range(2)]
    await resting.db.collection(Ticket).insert_many(rows)
    listed = (await resting.data(WHOLE, order=order))["tickets"]["nodes"]
    assert sorted(int(node["externalId"]) for node in listed) == list(range(len(rows)))
    for query in (PAGE, NESTED):
        seen, after = [], None
        for _ in rows:
            answer = await resting.data(query, after=after, order=order)
            found = answer["tickets"] if query is PAGE else answer["tenantStats"]["bySource"][0]["tickets"]
            seen += found["nodes"]
            after = found["pageInfo"]["endCursor"]
        assert seen == listed


async def test_history_shows_values_of_any_type(resting: Api) -> None:
    await resting.db.collection(Ticket).insert_one({"tenant_id": "t", "external_id": "1"})
    moment = datetime(2026, 2, 5, 13, tzinfo=UTC)
    await resting.db.collection(TicketHistory).insert_one(
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
    assert (await resting.data(query))["ticket"]["history"][0]["changes"] == [
        {"field": "created_at", "old": "2026-02-05T13:00:00Z", "new": None},
        {"field": "tags", "old": ["a", 1], "new": {"b": True}},
    ]


async def test_history_with_fields_missing_is_shown(resting: Api) -> None:
    await resting.db.collection(Ticket).insert_one({"tenant_id": "t", "external_id": "1", "extra": {"a": 1}})
    rows: list[dict[str, Any]] = [{"action": "merged", "changes": None}, {"changes": {"status": "closed"}}]
    await resting.db.collection(TicketHistory).insert_many(
        [{"_id": f"h{number}", "tenant_id": "t", "ticket_id": "1", **row} for number, row in enumerate(rows)]
    )
    query = """{ ticket(tenantId: "t", externalId: "1") { extra statusCategory
      history { action occurredAt recordedAt jobId changes { field old new } } } }"""
    nothing = dict.fromkeys(["action", "occurredAt", "recordedAt", "jobId"])
    assert (await resting.data(query))["ticket"] == {
        "extra": {"a": 1},
        "statusCategory": "OPEN",
        "history": [
            {**nothing, "changes": [{"field": "status", "old": None, "new": "closed"}]},
            {**nothing, "changes": []},
        ],
    }


async def test_logs_with_fields_missing_are_shown(resting: Api) -> None:
    await resting.db.collection(IngestionLog).insert_many(
        [{"tenant_id": "t", "status": "FINE", "errors": None}, {"_id": "own", "tenant_id": "t", "duration_ms": "long"}]
    )
    query = """{ ingestionLogs(tenantId: "t", first: 2) { nodes {
      id jobId status startedAt endedAt durationMs pages counts { errors } job { id } } pageInfo { endCursor } } }"""
    nodes = (await resting.data(query))["ingestionLogs"]["nodes"]
    assert len(nodes) == 2
    for node in nodes:
        assert node.pop("id")
        assert node == {
            **dict.fromkeys(["jobId", "status", "startedAt", "endedAt", "durationMs", "job"]),
            "pages": 0,
            "counts": {"errors": 0},
        }


async def test_statistics_by_category_whatever_was_stored_as_one(resting: Api) -> None:
    rows = [{"status": "Solved", "status_category": "open"}, {"status": "closed"}, {"status": "hold"}, {}]
    numbered = [{"tenant_id": "t", "external_id": str(number), **row} for number, row in enumerate(rows)]
    await resting.db.collection(Ticket).insert_many(numbered)
    query = """{ tenantStats(tenantId: "t") { byStatusCategory { statusCategory count } }
      tickets(tenantId: "t", filter: {statusCategory: CLOSED}) { totalCount nodes { statusCategory } } }"""
    found = await resting.data(query)
    assert found["tenantStats"]["byStatusCategory"] == [
        {"statusCategory": "CLOSED", "count": 2},
        {"statusCategory": "OPEN", "count": 1},
        {"statusCategory": "PENDING", "count": 1},
    ]
    assert found["tickets"] == {"totalCount": 2, "nodes": [{"statusCategory": "CLOSED"}] * 2}


async def test_a_figure_leads_to_what_it_counts_and_not_to_what_filters_take_for_the_same(resting: Api) -> None:
    values: list[tuple[Any, Any, Any]] = [("closed", "high", "unknown"), ("Closed", "High", None), ("CLOSED", None, 42)]
    values += [("closed", "high", "42"), ("Closed", "HIGH", "unknown"), ("On Hold", "High", "42"), ("open", None, "")]
    rows = [{"status": status, "priority": priority, "customer_id": who} for status, priority, who in values]
    ours = [{**row, "tenant_id": "t", "external_id": str(n), "urgency": "high"} for n, row in enumerate(rows * 2)]
    await resting.db.collection(Ticket).insert_many(ours)
    found = await resting.data("""{ tenantStats(tenantId: "t") {
        byStatus { count tickets { totalCount } } byPriority { count tickets { totalCount } }
        atRiskCustomers { count: highUrgencyCount tickets { totalCount } }
        customers { count: ticketCount tickets { totalCount } }
        trend(unit: DAY, breakdown: STATUS) { breakdown { count tickets { totalCount } } }
    } }""")
    for name, figures in found["tenantStats"].items():
        for figure in figures if name != "trend" else [each for step in figures for each in step["breakdown"]]:
            assert figure["tickets"]["totalCount"] == figure["count"], (name, figure)
    assert [len(found["tenantStats"][name]) for name in ("byStatus", "byPriority", "customers")] == [5, 4, 2]
