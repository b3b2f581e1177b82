"""Erasing what is too old: tickets with all that is stored about them, and the history of those that are long gone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pymongo import ASCENDING

from documents.database import Database, Session
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from documents.ticket_indexes import NEWEST_INDEX
from services.kit.clock import Clock
from services.protection.ages.retentions import aged, long_gone
from services.protection.removal import REMOVED_BATCH, Removal, Removed
from services.protection.steps import ErasureSteps, ErasureUnderWay
from services.protection.traces import Traces
from services.tenancy import Filter


class AgedErasures:
    """Carries out what retention settings ask for."""

    def __init__(self, database: Database, removal: Removal, steps: ErasureSteps, clock: Clock) -> None:
        self._traces = Traces(database)
        self._tickets = database.collection(Ticket)
        self._history = database.collection(TicketHistory)
        self._removal = removal
        self._steps = steps
        self._clock = clock
        self.stages = (self._stored, self._gone)
        """What is done one after the other; each returns whether it came to its end."""

    async def _stored(self, work: ErasureUnderWay) -> bool:
        """Tickets that are stored, the oldest first."""
        while not work.is_over():
            found = self._tickets.find(_too_old(work), {"_id": 1}, hint=NEWEST_INDEX)
            rows = await found.sort("created_at", ASCENDING).limit(REMOVED_BATCH).to_list(None)
            if not rows:
                return True

            async def step(session: Session, ids: Sequence[Any] = tuple(row["_id"] for row in rows)) -> Removed:
                # As they are now: one of them may have been opened again meanwhile.
                among = _too_old(work, _id={"$in": list(ids)})
                present = await self._tickets.find(among, {"external_id": 1}, session=session).to_list(None)
                return await self._removal.tickets(work.tenant_id, present, self._clock.now(), session)

            await self._steps.make(work, step)
        return False

    async def _gone(self, work: ErasureUnderWay) -> bool:
        """What the history tells of tickets that were purged after their deletion."""
        moment: datetime = work.row["created_before"]
        rows = self._history.find(long_gone(work.tenant_id, moment), {"ticket_id": 1}, batch_size=REMOVED_BATCH)
        while some := await rows.to_list(REMOVED_BATCH):
            if work.is_over():
                return False
            names = list(dict.fromkeys(row.get("ticket_id") for row in some))

            async def step(session: Session, names: list[Any] = names) -> Removed:
                purged = await self._traces.long_gone(work.tenant_id, names, moment, session)
                return await self._removal.told(work.tenant_id, purged, self._clock.now(), session)

            await self._steps.make(work, step)
        return not work.is_over()


def _too_old(work: ErasureUnderWay, **more: object) -> Filter:
    row = work.row
    return aged(work.tenant_id, row["created_before"], closed_only=bool(row["closed_only"]), **more)
