"""The history alone tells what a ticket was at any moment, also after the ticket itself was purged."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from documents.database import Database, Row
from documents.ticket import KEPT_FIELDS, Ticket
from documents.ticket_history import TicketHistory
from services.ingestion.pages.diff import STORED_FIELDS, find_changes
from services.ingestion.pages.history import Position, as_gone
from services.sources.records.records import sort_records
from services.tenancy import owned
from services.tickets.changes import read_change
from tests.properties import tried_on

START = datetime(2026, 2, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)

edits = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["open", "Closed", "on hold", None]),
        "subject": st.sampled_from(["", "I will sue you", "Thanks"]),
        "message": st.sampled_from(["Where is the manual?", "It is broken", "x" * 1_000]),
        "customer_id": st.sampled_from(["c1", 2, None]),
        "priority": st.sampled_from([None, "high", {"$level": 3}]),
    },
)
further_steps = st.lists(st.one_of(edits, st.just("delete")), max_size=7)


@given(first=edits, further=further_steps, undated=st.booleans())
@tried_on(40)
async def test_any_past_moment_can_be_rebuilt(
    database: Database, first: dict[str, Any], further: list[dict[str, Any] | str], undated: bool
) -> None:
    tenant = uuid4().hex
    record: dict[str, Any] = {"id": "T-1", "tenant_id": tenant, "created_at": START.isoformat()}
    was: list[Row | None] = []
    # In each hour something happens upstream, and a run sees it half an hour later.
    for hour, step in enumerate([first, *further]):
        if isinstance(step, dict):
            record |= step
            if not undated:
                record["updated_at"] = (START + hour * HOUR).isoformat()
            await _ingest(database, tenant, hour, record)
        else:
            await _delete(database, tenant, hour)
        was.append(await _state(database, tenant))
    await database.collection(Ticket).delete_many(owned(tenant))

    rows = await database.collection(TicketHistory).find(owned(tenant)).sort("recorded_at", 1).to_list(None)
    for hour, state in enumerate(was):
        assert rebuilt(rows, START + (hour + 0.5 + random.random() / 2) * HOUR) == state


async def test_a_change_is_in_force_from_when_the_source_says(database: Database) -> None:
    tenant = uuid4().hex
    record = {"id": "T-1", "tenant_id": tenant, "created_at": START.isoformat(), "status": "open"}
    await _ingest(database, tenant, 1, record)
    await _ingest(database, tenant, 9, record | {"status": "closed", "updated_at": (START + 3 * HOUR).isoformat()})
    rows = await database.collection(TicketHistory).find(owned(tenant)).sort("recorded_at", 1).to_list(None)
    states = [rebuilt(rows, START + hours * HOUR) for hours in (0, 2.9, 3, 5)]
    assert [state and state["status"] for state in states] == ["open", "open", "closed", "closed"]
    assert rebuilt(rows, START - HOUR) is None


def rebuilt(rows: list[Row], moment: datetime) -> Row | None:
    """The ticket as it was, but for its long text; None while there was none. `rows`: in the order of recording."""
    state: Row = {}
    is_live = False
    for row in rows:
        change = read_change(row)
        assert change.occurred_at is not None
        if change.occurred_at > moment:
            break
        is_live = change.action != "deleted"
        if is_live:
            state |= {field: new for field, (_, new) in change.values.items()}
    return {field: state.get(field) for field in KEPT_FIELDS} if is_live else None


async def _ingest(database: Database, tenant: str, hour: int, record: dict[str, Any]) -> None:
    tickets = database.collection(Ticket)
    at = Position(tenant, f"job-{hour}", 1, START + (hour + 0.5) * HOUR)
    stored = {row["external_id"]: row for row in await tickets.find(owned(tenant)).to_list(None)}
    changes = find_changes(sort_records([record], tenant).own, stored, at)
    if changes.tickets:
        await tickets.bulk_write(changes.tickets)
    if changes.history:
        await database.collection(TicketHistory).insert_many([_own(tenant, row) for row in changes.history])


async def _delete(database: Database, tenant: str, hour: int) -> None:
    tickets = database.collection(Ticket)
    at = Position(tenant, f"job-{hour}", 0, START + (hour + 0.5) * HOUR)
    row = await tickets.find_one(owned(tenant, deleted_at=None), dict.fromkeys(STORED_FIELDS, 1))
    if row is not None:
        await database.collection(TicketHistory).insert_one(_own(tenant, as_gone(at, row)))
        await tickets.update_one(owned(tenant), {"$set": {"deleted_at": at.now}})


def _own(tenant: str, row: Row) -> Row:
    return row | {"_id": f"{tenant}:{row['_id']}"}


async def _state(database: Database, tenant: str) -> Row | None:
    """What the history should tell of the ticket now."""
    row = await database.collection(Ticket).find_one(owned(tenant, deleted_at=None))
    if row is None:
        return None
    shown = read_change({"changes": {field: {"new": row.get(field)} for field in KEPT_FIELDS}})
    return {field: new for field, (_, new) in shown.values.items()}
