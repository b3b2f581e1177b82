"""The outbox as a queue: claims with a lease, and what becomes of a claimed notification.

            a: claim            b: delivered
      PENDING ────▶ claimed ──────────────────▶ DELIVERED
        ▲ ▲ ▲          │ │
        │ │ └──────────┘ │  d: refused, no attempts left, or 72 h old
        │ │   c: failed  ├──────────────────────▶ DEAD
        │ │   (backoff)  │                         ▲ │
        │ └──────────────┘                         │ │
        │     e: not sent, or the claim ran out    │ │
        ├──────────────────────────────────────────┘ │   f: 72 h old while nothing could be sent
        └────────────────────────────────────────────┘   g: redriven (services/notifications/outbox.py)

A claimed row stays PENDING and only moves its `due_at` (of a spike, `ready_at`) to the end of the claim, so that a
claim whose process died ends by itself. All times are the database server's.

Each destination has a queue of its own, and in it each tenant a lane. A lane finishes what it began: what was tried
already goes before what was not, and what was tried in vain too often, or refused, goes last.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from pymongo import UpdateOne

from documents.database import Database, Row
from documents.notification import DEFAULT_DESTINATION, UNSEEN, Notification, NotificationState, due_from
from services.notifications.claims import ClaimedNotification, Flood, Settlement
from services.notifications.outbox import WHEN_DUE
from services.tenancy import BY_ID, Filter, owned, owned_by_any

_PENDING = NotificationState.PENDING.value
TOO_OLD = "not delivered within 72 h"
LANES_AT_ONCE = 16
"""Tenants of one destination that a claim looks at; the others have their turn in the next."""
_IN_LANE = {"rank": 1, "created_at": 1, "_id": 1}


class NotificationQueue:
    """Claims and settles notifications, in batches."""

    def __init__(self, database: Database, *, claim_seconds: float) -> None:
        """`claim_seconds` must be longer than sending and settling may take together."""
        self._rows = database.collection(Notification)
        self._claim_ms = int(claim_seconds * 1000)

    async def claim(self, destination_id: str, tenants: Sequence[str], limit: int) -> list[ClaimedNotification]:
        """Take up to `limit` of a destination's notifications that are due, of up to 16 tenants (a).

        What was begun comes first, then one of each tenant in turn, beginning with the first. Two round trips; a third
        where another process claims at the same moment.
        """
        lanes = [_lane(destination_id, tenant, limit) for tenant in tenants[:LANES_AT_ONCE]]
        if not lanes:
            return []
        if destination_id != DEFAULT_DESTINATION:  # which is told of no spikes
            lanes = [*(_spikes(destination_id, tenant, limit) for tenant in tenants[:LANES_AT_ONCE]), *lanes]
        others = [{"$unionWith": {"coll": self._rows.name, "pipeline": lane}} for lane in lanes[1:]]
        rows = await self._rows.aggregate([*lanes[0], *others]).to_list(None)
        return await self._take(_in_turn(rows)[:limit])

    async def _take(self, rows: list[Row]) -> list[ClaimedNotification]:
        if not rows:
            return []
        claim = uuid4().hex
        among = owned_by_any({row["tenant_id"] for row in rows}, _id={"$in": [row["_id"] for row in rows]})
        update = [{"$set": {"claim": claim, **due_from({"$add": ["$$NOW", self._claim_ms]})}}]
        result = await self._rows.update_many({**among, "state": _PENDING, **_DUE}, update, hint=BY_ID)
        if result.modified_count < len(rows):
            mine = await self._rows.find({**among, "claim": claim}, {"_id": 1}, hint=BY_ID).to_list(None)
            kept = {row["_id"] for row in mine}
            rows = [row for row in rows if row["_id"] in kept]
        return [_claimed(row, claim) for row in rows]

    async def flood(self, destination_id: str, tenant_id: str, limit: int) -> Flood:
        """Whether more than `limit` alerts of a lane came within the last minute, and what of it is due."""
        lane = owned(tenant_id, destination_id=destination_id)
        recent = {"$gt": ["$created_at", {"$subtract": ["$$NOW", 60_000]}]}
        of_last_minute: list[Row] = [
            {"$match": lane},
            {"$sort": {"created_at": -1}},
            {"$limit": limit + 1},
            {"$match": {"$expr": recent}},
            {"$count": "recent"},
        ]
        waiting = [
            {"$match": {**lane, "state": _PENDING, **_SEEN_AND_DUE}},
            {"$unionWith": {"coll": self._rows.name, "pipeline": [{"$match": _spikes_due(destination_id, tenant_id)}]}},
            {"$group": {"_id": None, "due": {"$sum": 1}, "oldest": {"$min": "$created_at"}}},
            {"$set": {"seconds": {"$divide": [{"$subtract": ["$$NOW", "$oldest"]}, 1000]}}},
        ]
        both = [*waiting, {"$unionWith": {"coll": self._rows.name, "pipeline": of_last_minute}}]
        found = await self._rows.aggregate(both).to_list(None)
        merged = {name: value for row in found for name, value in row.items()}
        return Flood(merged.get("recent", 0), max(0.0, merged.get("seconds", 0.0)), merged.get("due", 0))

    async def release(self, claimed: Sequence[ClaimedNotification]) -> None:
        """Give back what was not sent, without using up an attempt (e)."""
        if claimed:
            ids, claims = [one.id for one in claimed], [one.claim for one in claimed]
            among = owned_by_any({one.tenant_id for one in claimed}, _id={"$in": ids}, claim={"$in": claims})
            await self._rows.update_many(among, [{"$set": {"claim": None, **due_from("$$NOW")}}], hint=BY_ID)

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        """Record results (b, c, d), in one round trip.

        A delivery counts whoever holds the claim by now; a failure only under its own claim.
        """
        if settlements:
            await self._rows.bulk_write([_write(settlement) for settlement in settlements], ordered=False)

    async def expire(self) -> int:
        """Make dead letters of what is too old and not being sent (f); returns how many there were."""
        too_old = {"state": _PENDING, "$expr": {"$and": [_passed("$give_up_at"), _passed(WHEN_DUE)]}}
        update = {"$set": {"state": NotificationState.DEAD.value, "last_error": TOO_OLD, "claim": None}}
        return (await self._rows.update_many(too_old, update)).modified_count

    async def adopt(self) -> int:
        """Take in what earlier versions wrote; returns how many rows there were.

        The first ones knew no lanes; and spikes were seen by programs that do not know them.
        """
        unplaced = {"state": _PENDING, "destination_id": None}
        placed = await self._rows.update_many(unplaced, {"$set": {"destination_id": DEFAULT_DESTINATION, "rank": 0}})
        seen = {"state": _PENDING, "due_at": {"$lt": UNSEEN}, "spike": {"$type": "object"}}
        hidden = await self._rows.update_many(seen, [{"$set": due_from("$due_at")}])
        return placed.modified_count + hidden.modified_count


def _write(settlement: Settlement) -> UpdateOne:
    notification = settlement.notification
    settled: Row = {
        "state": settlement.state.value,
        "claim": None,
        "attempts": {"$add": ["$attempts", 1]},
        "attempted_at": "$$NOW",
        "last_status": settlement.status,
    }
    where = owned(notification.tenant_id, _id=notification.id, state=_PENDING)
    if settlement.state is NotificationState.DELIVERED:
        return UpdateOne(where, [{"$set": {**settled, "delivered_at": "$$NOW"}}], hint=BY_ID)
    settled["last_error"] = {"$literal": settlement.error}
    settled["rank"] = settlement.rank
    if settlement.is_refusal:
        settled["refusals"] = {"$add": [{"$ifNull": ["$refusals", 0]}, 1]}
    if settlement.state is NotificationState.PENDING:
        settled["state"] = {"$cond": [_passed("$give_up_at"), NotificationState.DEAD.value, _PENDING]}
        settled |= due_from({"$add": ["$$NOW", int(settlement.delay_seconds * 1000)]})
    return UpdateOne({**where, "claim": notification.claim}, [{"$set": settled}], hint=BY_ID)


def _lane(destination_id: str, tenant_id: str, limit: int) -> list[Row]:
    """Stages that read the next of a lane, along the index `queue`."""
    where = owned(tenant_id, destination_id=destination_id, state=_PENDING, **_SEEN_AND_DUE)
    return [{"$match": where}, {"$sort": _IN_LANE}, {"$limit": limit}]


def _spikes(destination_id: str, tenant_id: str, limit: int) -> list[Row]:
    """Stages that read the next spikes of a lane, along the index `unseen`.

    A later version may hide what this one does not know: only spikes are taken.
    """
    return [{"$match": _spikes_due(destination_id, tenant_id)}, {"$sort": _IN_LANE}, {"$limit": limit}]


def _spikes_due(destination_id: str, tenant_id: str) -> Filter:
    unseen = {"due_at": UNSEEN, "ready_at": {"$exists": True}, "$expr": _passed("$ready_at")}
    return owned(tenant_id, destination_id=destination_id, state=_PENDING, spike={"$type": "object"}, **unseen)


def _in_turn(rows: list[Row]) -> list[Row]:
    """Rows of several lanes, each in its order: by rank, and of one rank one of each lane after the other."""
    passed = Counter[tuple[str, int]]()
    places: list[tuple[int, int, int]] = []
    for row in rows:
        rank = row.get("rank") or 0
        passed[row["tenant_id"], rank] += 1
        places.append((rank, passed[row["tenant_id"], rank], len(places)))
    return [rows[number] for _, _, number in sorted(places)]


def _passed(moment: str | Row) -> Row:
    return {"$lte": [moment, "$$NOW"]}


_DUE: Filter = {"$expr": _passed(WHEN_DUE)}
_SEEN_AND_DUE: Filter = {"$expr": _passed("$due_at")}


def _claimed(row: dict[str, Any], claim: str) -> ClaimedNotification:
    return ClaimedNotification(
        id=row["_id"],
        claim=claim,
        tenant_id=row["tenant_id"],
        ticket_id=row["ticket_id"],
        urgency=row["urgency"],
        reason=row["reason"],
        attempts=row["attempts"],
        refusals=row.get("refusals", 0),
        created_at=row["created_at"],
        trace=row.get("trace"),
        spike=row.get("spike"),
    )
