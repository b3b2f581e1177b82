"""What upstream no longer has: soft deletes after a run's walk, by evidence only.

Evidence is upstream's own list of deleted tickets; or that a complete, faultless walk has not shown a ticket
*and* upstream answers 404 when asked for it by id, because a walk over a list that changes can miss a ticket
that is there. An upstream that is suddenly empty or much smaller is taken for broken.
"""

from documents.database import Database, Row, Session
from documents.ingestion_job import IngestionJob
from documents.ticket import Ticket
from documents.ticket_history import HistoryAction, TicketHistory
from services.coordination.leases import Leases
from services.ingestion.diff import Position, history_row
from services.ingestion.run import Run, RunUpstream
from services.kit.clock import Clock
from services.rollups.write import BY_ID
from services.tenancy import live, owned

_BATCH = 500
_MAX_MISSING_SHARE = 0.2
"""A tenant of whose tickets a larger share is missing without a reason has a broken upstream."""
_SMALL_LOSS = 5
"""So many missing tickets are believable whatever their share."""
_MAX_CONFIRMATIONS = 100
"""Tickets asked for by id in one run: each costs one request of the shared budget."""
_SWEEP_PAGE = 0
"""The page number in the ids of history rows that a sweep writes; real pages count from 1."""


class Deletions:
    """Finds and soft-deletes what upstream no longer has."""

    def __init__(self, database: Database, leases: Leases, clock: Clock) -> None:
        self._database = database
        self._leases = leases
        self._clock = clock
        self._jobs = database.collection(IngestionJob)
        self._tickets = database.collection(Ticket)

    async def sweep(self, run: Run, upstream: RunUpstream) -> list[str]:
        """Soft-delete what is gone after a finished walk; returns remarks for the log.

        Raises:
            UpstreamError: upstream could not be asked.
            StoppedError: the run was told to stop.
            LeaseLostError: somebody else is the tenant's writer now.
        """
        job = await IngestionJob.get(run.job.id)
        if job is None or job.records_seen == 0:
            kept = await self._tickets.count_documents(live(run.tenant_id), limit=1)
            return ["upstream is empty: nothing was deleted"] if kept else []
        await self._delete_named(run, sorted(await upstream.deleted_ids()))
        if job.upstream_total is not None and job.records_seen != job.upstream_total:
            return [f"upstream counts {job.upstream_total} tickets but showed {job.records_seen}"]
        if job.errors or job.irregularities:
            return []
        return await self._delete_missing(run, upstream)

    async def _delete_named(self, run: Run, named: list[str]) -> None:
        for start in range(0, len(named), _BATCH):
            batch = {"$in": named[start : start + _BATCH]}
            cursor = self._tickets.find(
                live(run.tenant_id, external_id=batch, seen_by_job={"$ne": run.job.id}), {"external_id": 1}
            )
            await self._delete(run, await cursor.to_list(None))

    async def _delete_missing(self, run: Run, upstream: RunUpstream) -> list[str]:
        unseen = live(run.tenant_id, seen_by_job={"$ne": run.job.id})
        missing = await self._tickets.count_documents(unseen)
        if missing == 0:
            return []
        total = await self._tickets.count_documents(live(run.tenant_id))
        if missing > max(_SMALL_LOSS, _MAX_MISSING_SHARE * total):
            return [f"{missing} of {total} tickets are missing upstream, too many to believe: none was deleted"]
        rows = await self._tickets.find(unseen, {"external_id": 1}).limit(_MAX_CONFIRMATIONS).to_list(None)
        gone = [row for row in rows if await upstream.is_gone(row["external_id"])]
        await self._delete(run, gone)
        left = missing - len(gone)
        return [f"{left} tickets were not listed by upstream but are not known to be deleted"] if left else []

    async def _delete(self, run: Run, tickets: list[Row]) -> None:
        """Soft-delete tickets, of which `_id` and `external_id` are known."""
        if not tickets:
            return
        ids = [row["_id"] for row in tickets]
        at = Position(run.tenant_id, run.job.id, _SWEEP_PAGE, self._clock.now())
        history = [history_row(at, row["external_id"], HistoryAction.DELETED, {}) for row in tickets]

        async def work(session: Session) -> None:
            await self._database.insert_new(TicketHistory, history, session)
            deletion = {"$set": {"deleted_at": at.now}}
            await self._tickets.update_many(
                owned(run.tenant_id, _id={"$in": ids}), deletion, session=session, hint=BY_ID
            )
            await self._jobs.update_one({"_id": at.job_id}, {"$inc": {"deleted": len(ids)}}, session=session)

        await self._leases.write(run.lease, work)
