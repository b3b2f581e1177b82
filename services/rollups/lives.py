"""The lives of tickets: worked out from the history when a ticket is rolled up, and their events counted."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from documents.database import Database, Row, Session
from documents.ticket import COUNTED_FIELDS, Ticket
from documents.ticket_history import TICKET_INDEX, HistoryAction, TicketHistory
from documents.ticket_life import TicketLife
from documents.ticket_rollup import TicketRollup
from services.rollups.events import Event, flow_events, stays, stored_events, sum_events
from services.rollups.joins import Joined, joined
from services.rollups.rows import COUNTING, RowKey, additions
from services.rollups.steps import as_date, lives, stored_life, told_rows
from services.tenancy import BY_ID, Filter, owned, owned_by_any

REBUILT = (*COUNTED_FIELDS, "created_at")
"""The stored fields that statistics of a past moment rest on."""


def life_id(ticket_id: Any) -> Row:
    """The `_id` of a ticket's life."""
    return {"counting": COUNTING, "ticket": ticket_id}


def lives_among(tenant_id: str, **more: object) -> Filter:
    """The tenant's lives; `more` are further conditions."""
    return owned(tenant_id, **{"_id.counting": COUNTING, **more})


def stored_changes() -> list[Row]:
    """From rows of the history to `{ticket, row}`: `row` has the action, when it was `recorded`, and of the fields that
    changed the `old` values, `{status: {old}, ...}`."""
    row: Row = {"action": "$action", "recorded": "$recorded_at"}
    for name in REBUILT:
        is_told = {"$ne": [{"$type": f"$changes.{name}"}, "missing"]}
        row[name] = {"$cond": [is_told, {"old": {"$ifNull": [f"$changes.{name}.old", None]}}, "$$REMOVE"]}
    return [
        {"$match": {"action": {"$in": list(HistoryAction)}}},
        {"$project": {"_id": 0, "ticket": "$ticket_id", "row": row}},
    ]


class Lives:
    """Keeps one database's lives, and their events in the rollups."""

    def __init__(self, database: Database) -> None:
        self._tickets = database.collection(Ticket)
        self._history = database.collection(TicketHistory)
        self._lives = database.collection(TicketLife)
        self._rows = database.collection(TicketRollup)

    async def settle(self, tenant_id: str, tickets: Sequence[Row], session: Session) -> None:
        """Bring the lives of tickets up to date. `tickets`: as read with `COUNTED_PROJECTION`."""
        if not tickets:
            return
        fresh = await self._worked_out(tenant_id, tickets, session)
        same = owned(tenant_id, _id={"$in": [life["_id"] for life in fresh]})
        found = self._lives.find(same, session=session, hint=BY_ID)
        known = {repr(life["_id"]): life for life in await found.to_list(None)}
        changed = [life for life in fresh if known.get(repr(life["_id"])) != life]
        before = [known[key] for life in changed if (key := repr(life["_id"])) in known]
        await self._replace(before, changed, session)

    async def forget(self, ticket_ids: Sequence[Any], session: Session) -> None:
        """Remove the lives of those of the tickets that are not there any more without having been deleted.

        `ticket_ids`: `_id`s.
        """
        known = await self._lives.find({"_id": {"$in": list(map(life_id, ticket_ids))}}, session=session).to_list(None)
        tenants = {life["tenant_id"] for life in known}
        same = owned_by_any(tenants, _id={"$in": [life["_id"]["ticket"] for life in known]})
        rows = await self._tickets.find(same, {"tenant_id": 1}, session=session).to_list(None)
        there = {repr((row["tenant_id"], row["_id"])) for row in rows}
        removed = [life for life in known if repr((life["tenant_id"], life["_id"]["ticket"])) not in there]
        await self._replace([life for life in removed if not life["over"]], [], session)

    async def erase(self, tenant_id: str, names: Sequence[Any], session: Session) -> int:
        """Remove the lives of these tickets (external ids), with all that was counted of them; returns how many."""
        found = self._lives.find(lives_among(tenant_id, ticket={"$in": list(names)}), session=session)
        lives_there = await found.to_list(None)
        await self._replace(lives_there, [], session)
        return len(lives_there)

    async def _replace(self, before: Sequence[Row], after: Sequence[Row], session: Session) -> None:
        """Put some lives in the place of others, and count their events instead."""
        if before:
            gone = owned_by_any({life["tenant_id"] for life in before}, _id={"$in": [life["_id"] for life in before]})
            await self._lives.delete_many(gone, session=session, hint=BY_ID)
        if after:
            await self._lives.insert_many(list(after), session=session)
        for tenant_id in sorted({life["tenant_id"] for life in (*before, *after)}):
            rows = _difference(_of(tenant_id, before), _of(tenant_id, after))
            if rows:
                await self._rows.bulk_write(additions(tenant_id, rows), session=session)

    async def _worked_out(self, tenant_id: str, tickets: Sequence[Row], session: Session) -> list[Row]:
        ids = [ticket["_id"] for ticket in tickets]
        names = [ticket["external_id"] for ticket in tickets if isinstance(ticket.get("external_id"), str)]
        steps = await self._steps(tenant_id, ids, session)
        rows = await self._stored_rows(tenant_id, names, session)
        return [
            _life(tenant_id, ticket, steps[name], rows.get(name, []))
            for ticket in tickets
            if (name := ticket.get("external_id")) in steps
        ]

    async def _steps(self, tenant_id: str, ids: Sequence[Any], session: Session) -> dict[str, list[Row]]:
        """The steps of each life, with moments in milliseconds."""
        told = ({"$match": owned(tenant_id, recorded_at={"$type": "date"})}, *told_rows())
        in_milliseconds = {"at": {"$toLong": "$$this.at"}, "value": "$$this.value", "live": "$$this.live"}
        pipeline: list[Row] = [
            {"$match": owned(tenant_id, _id={"$in": ids})},
            {"$project": {"_id": 0, "ticket": "$external_id", "stored": stored_life()}},
            {"$group": {"_id": None, "batch": {"$push": "$$ROOT"}, "ids": {"$push": "$ticket"}}},
            *joined(Joined(TicketHistory, "ticket_id", told)),
            {"$group": {"_id": "$ticket", "stored": {"$max": "$stored"}, "rows": {"$push": "$row"}}},
            *lives(),
            {"$project": {"steps": {"$map": {"input": "$steps", "in": in_milliseconds}}}},
        ]
        found = await self._tickets.aggregate(pipeline, session=session, hint=BY_ID).to_list(None)
        return {row["_id"]: row["steps"] for row in found}

    async def _stored_rows(self, tenant_id: str, names: Sequence[str], session: Session) -> dict[str, list[Row]]:
        """The rows of the history of each ticket, as `stored_events` reads them."""
        created = {"$cond": [{"$gt": ["$row.created_at", None]}, {"old": _long("$row.created_at.old")}, "$$REMOVE"]}
        pipeline: list[Row] = [
            {"$match": owned(tenant_id, ticket_id={"$in": names}, recorded_at={"$type": "date"})},
            *stored_changes(),
            {"$set": {"row.recorded": {"$toLong": "$row.recorded"}, "row.created": created}},
            {"$unset": "row.created_at"},
            {"$sort": {"row.recorded": 1}},
        ]
        found: defaultdict[str, list[Row]] = defaultdict(list)
        async for each in self._history.aggregate(pipeline, session=session, hint=TICKET_INDEX):
            found[each["ticket"]].append(each["row"])
        return found


def _life(tenant_id: str, ticket: Row, steps: Sequence[Row], rows: Sequence[Row]) -> Row:
    return {
        "_id": life_id(ticket["_id"]),
        "tenant_id": tenant_id,
        "ticket": ticket["external_id"],
        "born": ticket["created"],
        "over": not steps[-1]["live"],
        "flow": [{"at": event.at, "value": event.value} for event in flow_events(steps)],
        "stored": [_stored(event, ticket["created"]) for event in stored_events(ticket, rows)],
        "in_status": stays(steps, by_category=False),
        "in_category": stays(steps, by_category=True),
    }


def _stored(event: Event, born: int | None) -> Row:
    stored: Row = {"at": event.at, "field": event.field, "value": event.value}
    return stored if event.born == born else {**stored, "born": event.born}


def _of(tenant_id: str, some: Iterable[Row]) -> dict[RowKey, Counter[str]]:
    return sum_events(life for life in some if life["tenant_id"] == tenant_id)


def _difference(
    before: Mapping[RowKey, Counter[str]], after: Mapping[RowKey, Counter[str]]
) -> dict[RowKey, dict[str, int]]:
    """What is to be added so that the rows of some lives become those of others."""
    rows = {}
    for key in before.keys() | after.keys():
        more = Counter(after.get(key, {}))
        more.subtract(before.get(key, {}))
        if changed := {path: count for path, count in more.items() if count}:
            rows[key] = {"tickets": 0, **changed}
    return rows


def _long(moment: str) -> Row:
    return {"$toLong": as_date(moment)}
