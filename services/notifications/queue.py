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

A claimed row stays PENDING and only moves its `due_at` to the end of the claim, so that a claim whose process
died ends by itself. All times are the database server's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from pymongo import ASCENDING, UpdateOne

from documents.database import Database, Row
from documents.notification import Notification, NotificationState

_PENDING = NotificationState.PENDING.value
TOO_OLD = "not delivered within 72 h"


@dataclass(frozen=True, slots=True)
class ClaimedNotification:
    """A notification that this process may send until its claim runs out."""

    id: str
    claim: str
    tenant_id: str
    ticket_id: str
    urgency: str
    reason: str
    attempts: int
    """Attempts before this one."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a claimed notification."""

    notification: ClaimedNotification
    state: NotificationState
    """Pending: to be tried again."""
    status: int | None = None
    error: str | None = None
    delay_seconds: float = 0.0


class NotificationQueue:
    """Claims and settles notifications, in batches."""

    def __init__(self, database: Database, *, claim_seconds: float) -> None:
        """`claim_seconds` must be longer than sending and settling may take together."""
        self._rows = database.collection(Notification)
        self._claim_ms = int(claim_seconds * 1000)

    async def claim(self, limit: int) -> list[ClaimedNotification]:
        """Take up to `limit` of the notifications that are due, the oldest first (a).

        Two round trips; a third where another process claims at the same moment.
        """
        is_due = {"state": _PENDING, "$expr": {"$lte": ["$due_at", "$$NOW"]}}
        rows = await self._rows.find(is_due).sort([("created_at", ASCENDING)]).limit(limit).to_list(limit)
        if not rows:
            return []
        claim = uuid4().hex
        ids = {"$in": [row["_id"] for row in rows]}
        update = [{"$set": {"claim": claim, "due_at": {"$add": ["$$NOW", self._claim_ms]}}}]
        result = await self._rows.update_many({"_id": ids, **is_due}, update)
        if result.modified_count < len(rows):
            mine = await self._rows.find({"_id": ids, "claim": claim}, {"_id": 1}).to_list(None)
            kept = {row["_id"] for row in mine}
            rows = [row for row in rows if row["_id"] in kept]
        return [_claimed(row, claim) for row in rows]

    async def release(self, claimed: Sequence[ClaimedNotification]) -> None:
        """Give back what was not sent, without using up an attempt (e)."""
        if claimed:
            await self._rows.update_many(
                {"_id": {"$in": [one.id for one in claimed]}, "claim": claimed[0].claim},
                [{"$set": {"claim": None, "due_at": "$$NOW"}}],
            )

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        """Record results (b, c, d), in one round trip.

        A delivery counts whoever holds the claim by now; a failure only under its own claim.
        """
        if settlements:
            await self._rows.bulk_write([_write(settlement) for settlement in settlements], ordered=False)

    async def expire(self) -> int:
        """Make dead letters of what is too old and not being sent (f); returns how many there were."""
        too_old = {"state": _PENDING, "$expr": {"$and": [_passed("$give_up_at"), _passed("$due_at")]}}
        update = {"$set": {"state": NotificationState.DEAD.value, "last_error": TOO_OLD, "claim": None}}
        return (await self._rows.update_many(too_old, update)).modified_count


def _write(settlement: Settlement) -> UpdateOne:
    notification = settlement.notification
    settled: Row = {
        "state": settlement.state.value,
        "claim": None,
        "attempts": {"$add": ["$attempts", 1]},
        "attempted_at": "$$NOW",
        "last_status": settlement.status,
    }
    where: Row = {"_id": notification.id, "state": _PENDING}
    if settlement.state is NotificationState.DELIVERED:
        return UpdateOne(where, [{"$set": {**settled, "delivered_at": "$$NOW"}}])
    settled["last_error"] = {"$literal": settlement.error}
    if settlement.state is NotificationState.PENDING:
        settled["state"] = {"$cond": [_passed("$give_up_at"), NotificationState.DEAD.value, _PENDING]}
        settled["due_at"] = {"$add": ["$$NOW", int(settlement.delay_seconds * 1000)]}
    return UpdateOne({**where, "claim": notification.claim}, [{"$set": settled}])


def _passed(moment: str) -> Row:
    return {"$lte": [moment, "$$NOW"]}


def _claimed(row: dict[str, Any], claim: str) -> ClaimedNotification:
    return ClaimedNotification(
        id=row["_id"],
        claim=claim,
        tenant_id=row["tenant_id"],
        ticket_id=row["ticket_id"],
        urgency=row["urgency"],
        reason=row["reason"],
        attempts=row["attempts"],
        created_at=row["created_at"],
    )
