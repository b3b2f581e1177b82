"""What other programs wrote, and what upstream sends beyond the contract, over REST: answered as far as it goes."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from bson import Decimal128, ObjectId

from documents.database import Database
from documents.ingestion_log import IngestionLog
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from tests.api.rest.jobs import RUN
from tests.fakes import MockApi

NOW = datetime(2026, 2, 5, 12, tzinfo=UTC)


async def get(client: httpx.AsyncClient, path: str, **query: Any) -> Any:
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    "row_id", [ObjectId("65c0f0f0f0f0f0f0f0f0f0f0"), "own id", 17], ids=["object id", "text", "number"]
)
async def test_a_ticket_is_found_by_the_id_that_the_list_shows(
    no_worker: httpx.AsyncClient, db: Database, row_id: Any
) -> None:
    await db.collection(Ticket).insert_one({"_id": row_id, "tenant_id": "t", "external_id": "T-1"})
    await db.collection(TicketHistory).insert_one({"tenant_id": "t", "ticket_id": "T-1", "action": "created"})
    [listed] = (await get(no_worker, "/tickets", tenant_id="t"))["tickets"]
    assert await get(no_worker, f"/tickets/{listed['id']}", tenant_id="t") == listed
    shown = await get(no_worker, f"/tickets/{listed['id']}/history", tenant_id="t")
    assert [row["action"] for row in shown["history"]] == ["created"]
    for path in (f"/tickets/{listed['id']}", f"/tickets/{listed['id']}/history"):
        assert (await no_worker.get(path, params={"tenant_id": "another"})).status_code == 404


async def test_an_id_of_upstreams_goes_before_one_of_ours(no_worker: httpx.AsyncClient, db: Database) -> None:
    row_id = ObjectId()
    rows = [{"_id": row_id, "external_id": "first"}, {"external_id": str(row_id)}]
    await db.collection(Ticket).insert_many([{"tenant_id": "t", **row} for row in rows])
    assert (await get(no_worker, f"/tickets/{row_id}", tenant_id="t"))["external_id"] == str(row_id)


async def test_history_rows_of_other_programs_are_answered(no_worker: httpx.AsyncClient, db: Database) -> None:
    rows: list[dict[str, Any]] = [
        {"action": "merged", "changes": None, "recorded_at": NOW},
        {"changes": {"status": "closed", "n": {"old": 1, "new": Decimal128("2.5"), "by": "me"}}, "job_id": 7},
        {"action": 5, "changes": ["status"], "recorded_at": "yesterday", "occurred_at": NOW},
        {},
    ]
    await db.collection(TicketHistory).insert_many([{"tenant_id": "t", "ticket_id": "T-1", **row} for row in rows])
    shown = (await get(no_worker, "/tickets/T-1/history", tenant_id="t"))["history"]
    assert len(shown) == 4
    assert {
        "action": "merged",
        "changes": {},
        "occurred_at": None,
        "recorded_at": "2026-02-05T12:00:00Z",
        "job_id": None,
        "actor": None,
    } in shown
    changes = {
        "status": {"old": None, "new": "closed"},
        "n": {"old": None, "new": {"old": 1, "new": "2.5", "by": "me"}},
    }
    assert changes in [row["changes"] for row in shown]


async def test_logs_of_other_programs_are_answered(no_worker: httpx.AsyncClient, db: Database) -> None:
    rows: list[dict[str, Any]] = [
        {"_id": ObjectId(), "status": "FINE", "started_at": NOW, "errors": None, "updated": "many"},
        {"_id": "2", "new_ingested": 3},
    ]
    await db.collection(IngestionLog).insert_many([{"tenant_id": "t", **row} for row in rows])
    first, second = (await get(no_worker, "/ingest/logs", tenant_id="t"))["logs"]
    assert (first["status"], first["started_at"]) == (None, "2026-02-05T12:00:00Z")
    assert (first["errors"], first["updated"]) == (0, 0)
    assert (second["job_id"], second["new_ingested"], second["duration_ms"]) == (None, 3, None)


async def test_fields_that_nobody_knows_come_back_over_rest_and_in_exports(
    app_client: httpx.AsyncClient, mock_api: MockApi
) -> None:
    further = {"severity": "high", "labels": ["a"], "$set": {"a.b": 10**30, "n": None}}
    record = {"id": 35436, "tenant_id": "tenant_a", "created_at": "2020-01-01T00:00:00Z", "status": "On  HOLD"}
    mock_api.upstream.store.add(record | further, None)
    await app_client.post(RUN)
    ticket = await get(app_client, "/tickets/35436", tenant_id="tenant_a")
    assert ticket["extra"] == {**further, "$set": {"a.b": str(10**30), "n": None}}
    assert (ticket["status"], ticket["status_category"], ticket["source"]) == ("on hold", "pending", None)
    pending = {"tenant_id": "tenant_a", "status_category": "pending"}
    lines = (await app_client.get("/tickets/export", params=pending | {"format": "ndjson"})).text.splitlines()
    assert [json.loads(line)["extra"] for line in lines if '"35436"' in line] == [ticket["extra"]]
    table = (await app_client.get("/tickets/export", params=pending)).text.removeprefix("\ufeff")
    [cell] = [row["extra"] for row in csv.DictReader(io.StringIO(table, newline="")) if row["external_id"] == "35436"]
    assert json.loads(cell) == ticket["extra"]


async def test_priority_assignee_tags_and_replies_are_shown_filtered_counted_and_exported(
    app_client: httpx.AsyncClient, mock_api: MockApi
) -> None:
    further = {"priority": "HIGH", "assignee": "=ann", "tags": ["vip", "eu", "vip"], "replies": "My parcel?"}
    record = {"tenant_id": "tenant_a", "created_at": "2020-01-01T00:00:00Z"}
    mock_api.upstream.store.add(record | further | {"id": "with"}, None)
    mock_api.upstream.store.add(record | {"id": "without"}, None)
    await app_client.post(RUN)
    shown = {**further, "priority": "high", "tags": ["vip", "eu"]}
    ticket = await get(app_client, "/tickets/with", tenant_id="tenant_a")
    assert {name: ticket[name] for name in further} == shown
    without = await get(app_client, "/tickets/without", tenant_id="tenant_a")
    assert {name: without[name] for name in further} == {
        **dict.fromkeys(further, None),
        "tags": [],
        "replies": "",
    }
    ours = {"tenant_id": "tenant_a", "created_to": "2020-01-02"}
    every = {"with", "without"}
    for conditions, expected in (
        ({"priority": ["High", "low"], "tag": ["eu", "us"]}, {"with"}),
        ({"assignee_not": "=ann"}, {"without"}),
        ({"tag_not": ["vip", "us"]}, {"without"}),
        ({"priority": ["unknown", "high"]}, every),
        ({"q": "parcel"}, {"with"}),
    ):
        listed = await get(app_client, "/tickets", **ours, **conditions)
        assert {each["external_id"] for each in listed["tickets"]} == expected, conditions
    stats = await get(app_client, "/tenants/tenant_a/stats", to_date="2020-01-02")
    assert [stats[f"by_{name}"] for name in ("priority", "assignee", "tag")] == [
        {"high": 1, "unknown": 1},
        {"=ann": 1, "unknown": 1},
        {"eu": 1, "vip": 1},
    ]
    table = (await app_client.get("/tickets/export", params={**ours, "tag": "vip"})).text.removeprefix("\ufeff")
    [row] = csv.DictReader(io.StringIO(table, newline=""))
    assert {name: row[name] for name in further} == {**shown, "assignee": "'=ann", "tags": "vip; eu"}


async def test_a_status_means_the_same_in_lists_statistics_and_answers(
    no_worker: httpx.AsyncClient, db: Database
) -> None:
    statuses = ["closed", "Closed", "CLOSED", "solved", "resolved", "open", "On Hold", "waiting for us", "4", None, 5]
    # Urgent tickets of one customer; their category is not stored, or another program has stored a wrong one.
    urgent = {"tenant_id": "t", "urgency": "high", "customer_id": "c"}
    rows: list[dict[str, Any]] = [
        {**urgent, "external_id": str(number), "status": status, "created_at": NOW - timedelta(number)}
        for number, status in enumerate(statuses)
    ]
    rows[0]["status_category"] = "open"
    await db.collection(Ticket).insert_many(rows)
    stats = await get(no_worker, "/tenants/t/stats")
    assert stats["by_status_category"] == {"closed": 5, "open": 4, "pending": 2}
    assert [(risk["customer_id"], risk["high_urgency_count"]) for risk in stats["at_risk_customers"]] == [("c", 6)]
    for category, count in stats["by_status_category"].items():
        found = await get(no_worker, "/tickets", tenant_id="t", status_category=category)
        assert (found["total_count"], len(found["tickets"])) == (count, count)
        assert {ticket["status_category"] for ticket in found["tickets"]} == {category}
    both = await get(no_worker, "/tickets", tenant_id="t", status_category="closed", status="SOLVED")
    assert [ticket["status"] for ticket in both["tickets"]] == ["solved"]
    assert (await get(no_worker, "/tickets", tenant_id="t", status="Closed"))["total_count"] == 2


async def test_a_category_that_there_is_not_is_refused(no_worker: httpx.AsyncClient) -> None:
    answer = await no_worker.get("/tickets", params={"tenant_id": "tenant_a", "status_category": "shut"})
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_INPUT")
