"""Starts the runs of connections that have a schedule.

A connection that is due is moved to its next time and taken in one update, so that of all processes one starts it.
While the tenant has a run, it is left out until then.
"""

from datetime import datetime

import structlog
from pymongo import ASCENDING, ReturnDocument

from documents.connection import Connection
from documents.database import Database, Row
from services.connections.schedule import next_run_from
from services.errors import AlreadyRunningError
from services.ingestion.jobs import Jobs
from services.kit.background import Background
from services.kit.clock import Clock
from services.protection.shields import Shields, TenantErasedError
from services.tenancy import Filter, owned

_LOOK_SECONDS = 5.0
_LONGEST_DUE_FIRST = [("next_run_at", ASCENDING)]

log = structlog.get_logger("services.schedule")


class Schedule(Background):
    """Looks for connections that are due, in every process that has a worker."""

    def __init__(self, database: Database, jobs: Jobs, clock: Clock) -> None:
        super().__init__(log)
        self._rows = database.collection(Connection)
        self._shields = Shields(database)
        self._jobs = jobs
        self._clock = clock

    async def _round(self) -> None:
        first = await self._rows.find_one(_is_due(self._clock.now()), {"tenant_id": 1}, sort=_LONGEST_DUE_FIRST)
        if first is None:
            await self.rest(_LOOK_SECONDS)
            return
        tenant_id, due = first["tenant_id"], list[str]()
        while (taken := await self._take(tenant_id)) is not None:
            due.append(taken["_id"])
        if not due:
            return  # another process has taken them meanwhile
        try:
            await self._shields.demand_open(tenant_id)
            job = await self._jobs.start(tenant_id, connections=due)
        except (AlreadyRunningError, TenantErasedError):
            log.info("schedule_left_out", tenant_id=tenant_id, connections=due)
        else:
            log.info("schedule_started", tenant_id=tenant_id, connections=due, job_id=job.id)

    async def _take(self, tenant_id: str) -> Row | None:
        """The tenant's connection that has been due for longest, moved to its next time."""
        now = self._clock.now()
        row: Row | None = await self._rows.find_one_and_update(
            owned(tenant_id, **_is_due(now)),
            [{"$set": {"next_run_at": next_run_from(now)}}],
            sort=_LONGEST_DUE_FIRST,
            return_document=ReturnDocument.AFTER,
        )
        return row


def _is_due(now: datetime) -> Filter:
    return {"next_run_at": {"$lte": now}, "schedule_minutes": {"$gt": 0}, "removed_at": None}
