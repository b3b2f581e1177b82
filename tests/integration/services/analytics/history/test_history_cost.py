"""How tickets and what is known of them are looked up: along the indexes on their ids, wherever they are in others."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from documents.database import Database
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from documents.ticket_life import TicketLife
from services.rollups.joins import Joined, looked_up
from services.rollups.lives import lives_among
from services.tenancy import owned

NOW = datetime(2026, 2, 5, tzinfo=UTC)
TICKETS = 2_000


@pytest.mark.parametrize(
    ("document", "field", "where", "index"),
    [
        (Ticket, "external_id", owned("acme"), "tenant_ticket"),
        (TicketHistory, "ticket_id", owned("acme", recorded_at={"$gte": NOW}), "tenant_ticket_recorded"),
        (TicketLife, "ticket", lives_among("acme"), "tenant_life"),
    ],
)
async def test_rows_are_found_by_the_ids_of_tickets(
    db: Database, document: Any, field: str, where: dict[str, Any], index: str
) -> None:
    rows: list[dict[str, Any]] = [
        {"tenant_id": "acme", field: f"t{number}", "created_at": NOW - timedelta(hours=number), "recorded_at": NOW}
        for number in range(TICKETS)
    ]
    if document is TicketLife:
        for number, row in enumerate(rows):
            row["_id"] = {**lives_id(where), "ticket": number}
    collection = db.collection(document)
    await collection.insert_many(rows)
    # The newest tickets, with which the index for lists begins, and the oldest one.
    wanted = [row[field] for row in (*rows[:200], rows[-1])]
    lookup = looked_up(Joined(document, field, ({"$match": where}, {"$project": {"_id": 0}})), "ids", "found")
    pipeline = [{"$match": {lookup["foreignField"]: {"$in": wanted}}}, *lookup["pipeline"]]
    plan = await collection.database.command(
        "explain", {"aggregate": collection.name, "pipeline": pipeline, "cursor": {}}, verbosity="queryPlanner"
    )
    chosen = json.dumps((plan.get("stages") or [{"$cursor": plan}])[0]["$cursor"]["queryPlanner"]["winningPlan"])
    assert f'"indexName": "{index}"' in chosen
    assert '"SORT"' not in chosen


def lives_id(where: dict[str, Any]) -> dict[str, Any]:
    return {"counting": where["_id.counting"]}
