"""The outbox as operators see it: how much waits or is dead, how long, and how the circuits stand, by kind."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from documents.circuit_breaker import Circuit, CircuitState
from documents.database import Database, Row
from documents.destination import Destination, DestinationFormat
from documents.notification import DEFAULT_KIND, Notification, NotificationState
from services.lists.cursors import LIST_MILLISECONDS

KINDS = (DEFAULT_KIND, *(format_.value for format_ in DestinationFormat))
"""The operator's own destination, and the formats of tenants' own: few, whatever tenants do."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """All tenants' notifications at this moment."""

    pending: dict[str, int]
    """By kind, as the others."""
    dead: dict[str, int]
    delivered: int
    """An estimate: what is neither pending nor dead."""
    oldest_pending: dict[str, datetime]
    """When the one that has waited longest was written; only of kinds of which something waits."""
    circuits: dict[tuple[str, CircuitState], int]
    """How many circuits stand how, by kind and state; those that were never used are not among them."""


class Backlogs:
    """Counts, along an index, what is not delivered."""

    def __init__(self, database: Database) -> None:
        self._rows = database.collection(Notification)
        self._circuits = database.collection(Circuit)

    async def now(self) -> Backlog:
        """The backlog at this moment."""
        total = await self._rows.estimated_document_count()  # first: what is written meanwhile is not delivered
        groups, circuits = await asyncio.gather(
            self._rows.aggregate(_BY_STATE_AND_KIND, maxTimeMS=LIST_MILLISECONDS).to_list(None),
            self._circuits.aggregate(_CIRCUITS, maxTimeMS=LIST_MILLISECONDS).to_list(None),
        )
        found: dict[NotificationState, dict[str, Row]] = {NotificationState.PENDING: {}, NotificationState.DEAD: {}}
        for group in groups:
            found[NotificationState(group["_id"]["state"])][group["_id"].get("kind") or DEFAULT_KIND] = group
        pending, dead = (
            {kind: found[state].get(kind, {}).get("count", 0) for kind in KINDS}
            for state in (NotificationState.PENDING, NotificationState.DEAD)
        )
        oldest = {kind: group["oldest"] for kind, group in found[NotificationState.PENDING].items()}
        standing = {(row["_id"]["kind"], CircuitState(row["_id"]["state"])): row["count"] for row in circuits}
        delivered = max(0, total - sum(pending.values()) - sum(dead.values()))
        return Backlog(pending, dead, delivered, oldest, standing)


_BY_STATE_AND_KIND: list[Row] = [
    {"$match": {"state": {"$in": [NotificationState.PENDING.value, NotificationState.DEAD.value]}}},
    {
        "$group": {
            "_id": {"state": "$state", "kind": "$kind"},
            "count": {"$sum": 1},
            "oldest": {"$min": "$created_at"},
        }
    },
]
_CIRCUITS: list[Row] = [
    {
        "$lookup": {
            "from": str(Destination.Settings.name),
            "localField": "_id",
            "foreignField": "_id",
            "as": "of",
            "pipeline": [{"$project": {"format": 1}}],
        }
    },
    {
        "$group": {
            "_id": {"state": "$state", "kind": {"$ifNull": [{"$first": "$of.format"}, DEFAULT_KIND]}},
            "count": {"$sum": 1},
        }
    },
]
