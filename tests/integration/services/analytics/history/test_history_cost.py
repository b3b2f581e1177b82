"""How changed tickets are looked up: along the index on their ids, wherever they are in others."""

import json
from datetime import UTC, datetime, timedelta

from documents.database import Database
from documents.ticket import Ticket
from services.analytics.history import joins

NOW = datetime(2026, 2, 5, tzinfo=UTC)
TICKETS = 2_000


async def test_tickets_are_found_by_their_ids(db: Database) -> None:
    rows = [
        {"tenant_id": "acme", "external_id": f"t{number}", "created_at": NOW - timedelta(hours=number)}
        for number in range(TICKETS)
    ]
    tickets = db.collection(Ticket)
    await tickets.insert_many(rows)
    # The newest tickets, with which the index for lists begins, and the oldest one.
    changed = [row["external_id"] for row in (*rows[:200], rows[-1])]
    read = {"$project": {"_id": 0, "ticket": "$external_id", "stored": {"status": "$status"}}}
    (lookup,) = (stage["$lookup"] for stage in joins._looked_up("acme", read) if "$lookup" in stage)
    pipeline = [{"$match": {lookup["foreignField"]: {"$in": changed}}}, *lookup["pipeline"]]
    plan = await tickets.database.command(
        "explain", {"aggregate": tickets.name, "pipeline": pipeline, "cursor": {}}, verbosity="queryPlanner"
    )
    chosen = json.dumps((plan.get("stages") or [{"$cursor": plan}])[0]["$cursor"]["queryPlanner"]["winningPlan"])
    assert '"indexName": "tenant_ticket"' in chosen
    assert '"SORT"' not in chosen
