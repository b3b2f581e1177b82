"""Keeping what a source tells of tickets before it shows them."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from pymongo import DeleteMany, InsertOne

from documents.database import Database, Row
from documents.staged_detail import StagedDetail
from services.ingestion.run import Run
from services.kit.clock import Clock
from services.sources.pages import Detail
from services.tenancy import owned


class Staging:
    """Details that wait for their tickets."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._rows = database.collection(StagedDetail)
        self._clock = clock

    async def fresh(self, run: Run, details: Sequence[Detail]) -> list[InsertOne[Row]]:
        """The writes that keep those of the details that are not kept already."""
        rows = {row["_id"]: row for row in (_row(run, detail) for detail in details)}
        if not rows:
            return []
        known = self._rows.find(owned(run.tenant_id, _id={"$in": list(rows)}), {"_id": 1})
        kept = {row["_id"] for row in await known.to_list(None)}
        now = self._clock.now()
        return [InsertOne({**row, "staged_at": now}) for key, row in rows.items() if key not in kept]

    async def of(self, run: Run, ticket_ids: Collection[str]) -> dict[str, list[Row]]:
        """What waits for each of these tickets."""
        if not run.origin.tells_moments or not ticket_ids:
            return {}
        waiting = owned(run.tenant_id, ticket_id={"$in": list(ticket_ids)}, connection_id=run.origin.connection_id)
        found: defaultdict[str, list[Row]] = defaultdict(list)
        for row in await self._rows.find(waiting).to_list(None):
            found[row["ticket_id"]].append(row)
        return found


def used(tenant_id: str, details: Collection[Row]) -> list[DeleteMany]:
    """The write that removes details that were worked into their tickets."""
    ids = [detail["_id"] for detail in details]
    return [DeleteMany(owned(tenant_id, _id={"$in": ids}))] if ids else []


def _row(run: Run, detail: Detail) -> Row:
    return {
        "_id": f"{run.origin.connection_id}:{detail.kind}:{detail.serial}",
        "tenant_id": run.tenant_id,
        "connection_id": run.origin.connection_id,
        "ticket_id": detail.ticket_id,
        "kind": detail.kind,
        "serial": detail.serial,
        "at": detail.at,
        # Nothing is stored as null, as it is of tickets.
        "changes": {
            name: {"old": change.old or None, "new": change.new or None} for name, change in detail.changes.items()
        },
        "turn": detail.turn and detail.turn.value,
        "said": detail.said,
        "author": detail.author,
    }
