"""The life of an ingestion job, in the database, so that any process can take any step of it.

            a: start
               │
               ▼    b: claim (under the tenant's lease)
            QUEUED ─────────────────────────────────▶ RUNNING ─┐ c: claim again, when the
               │ ▲                                     │ │ │   │    lease of a dead worker
               │ └──────────── d: hand back ───────────┘ │ │ ◀─┘    has run out
               │                                         │ │
               │ e: cancel                   e: cancel   │ ├─────────▶ COMPLETED   f: walked to the end
               └────────────────▶ CANCELLED ◀────────────┘ └─────────▶ FAILED      g: given up

Every step but `a` is a write under the lease of the job's tenant. An end writes the log and gives the lease back in
the same transaction, so each job that ends is logged exactly once.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from uuid import uuid4

from pymongo import ASCENDING, ReturnDocument
from pymongo.errors import DuplicateKeyError

from documents.database import Database, Row, Session
from documents.ingestion_job import IngestionJob, JobStatus
from documents.ingestion_log import IngestionLog
from services.coordination.leases import Lease, Leases
from services.coordination.resources import ingest_resource, tenant_of_resource
from services.errors import AlreadyRunningError, JobFinishedError, JobNotFoundError
from services.ingestion.audit import ended, log_row, tell_of_end
from services.ingestion.claims import claimable, hopeless
from services.kit.clock import Clock
from services.lists.cursors import time_limited
from services.observing import UNOBSERVED, Observer
from services.tenancy import BY_ID, owned

_CLAIM_CANDIDATES = 20
_POLL_SECONDS = 0.1


class Jobs:
    """Starts, claims, ends, cancels and finds jobs."""

    def __init__(self, database: Database, leases: Leases, clock: Clock, *, observer: Observer = UNOBSERVED) -> None:
        self._jobs = database.collection(IngestionJob)
        self._logs = database.collection(IngestionLog)
        self._leases, self._clock, self._observer = leases, clock, observer

    async def start(
        self,
        tenant_id: str,
        *,
        request_id: str | None = None,
        is_batch: bool = False,
        connections: Sequence[str] = (),
    ) -> IngestionJob:
        """Queue a run (a), or a batch, which whoever starts it has to `take`. A unique index admits one active job a
        tenant, however many callers race. `connections`: what the run reads; none: the contract's API.

        Raises:
            AlreadyRunningError: the tenant has an active job, or its lease is held.
        """
        lock = await self._leases.state(tenant_id)
        if lock.owner_id is not None:
            raise AlreadyRunningError(tenant_id, lock.owner_id)
        job = IngestionJob(
            id=str(uuid4()),
            tenant_id=tenant_id,
            status=JobStatus.QUEUED,
            active=True,
            queued_at=self._clock.now(),
            request_id=request_id,
            trace=self._observer.trace(),
            is_batch=is_batch,
            connections=list(connections),
        )
        while True:
            try:
                await job.insert()
            except DuplicateKeyError as error:
                active = await self.active(tenant_id)
                if active is None:
                    continue  # it ended between the two calls
                raise AlreadyRunningError(tenant_id, active.id) from error
            return job

    async def claim(self, running_here: Iterable[str]) -> tuple[IngestionJob, Lease] | None:
        """Take the oldest job that waits (b) or whose worker died (c), with its tenant's lease.

        A poison job is ended on the way (g).
        """
        candidates = self._jobs.find(
            {**claimable(self._leases.ttl_seconds), "_id": {"$nin": list(running_here)}}, {"tenant_id": 1}
        ).sort("queued_at", ASCENDING)
        for candidate in await candidates.to_list(_CLAIM_CANDIDATES):
            claimed = await self.take(candidate["tenant_id"], candidate["_id"])
            if claimed is not None and (reason := hopeless(claimed[0])) is None:
                return claimed
            if claimed is not None:
                await self.finish(claimed[1], JobStatus.FAILED, error=reason)
        return None

    async def take(self, tenant_id: str, job_id: str) -> tuple[IngestionJob, Lease] | None:
        """Take one job with its tenant's lease, if nobody holds that and the job has not ended."""
        lease = await self._leases.acquire(ingest_resource(tenant_id), job_id)
        if lease is None:
            return None
        job = await self._mark_running(lease)
        if job is None:
            await self._leases.give_back(lease)
        return None if job is None else (job, lease)

    def held(self, lease: Lease, *, on_lost: Callable[[], None]) -> AbstractAsyncContextManager[Lease]:
        """Keep a claimed job's lease while the job is run; `on_lost` is told when the run has to stop."""
        return self._leases.held(lease, renewal=self.heartbeat, on_lost=on_lost)

    async def heartbeat(self, lease: Lease) -> None:
        """Renew the lease, and show that the job is run.

        Raises:
            LeaseLostError: it is no longer held.
        """
        await self._update(lease, {"$currentDate": {"heartbeat_at": True}})

    async def hand_back(self, lease: Lease, *, fault: str | None = None) -> None:
        """Put the job back into the queue at its checkpoint (d).

        `fault`: the run ended in an unexpected error, which counts towards the job being poison.

        Raises:
            LeaseLostError: the lease is no longer held.
        """
        update: Row = {"status": JobStatus.QUEUED.value, "waiting_until": None}
        update |= {"attempts": 0} if fault is None else {"error": fault}
        await self._update(lease, {"$set": update}, last=True)

    async def finish(
        self, lease: Lease, status: JobStatus, *, error: str | None = None, remarks: Sequence[str] = ()
    ) -> None:
        """End the job (e, f, g), log it, and give the lease back.

        `remarks`: what is to be said of a run that is no fault of it.

        Raises:
            LeaseLostError: the lease is no longer held; nothing was written.
        """

        async def work(session: Session) -> tuple[Row, bool] | None:
            if (row := await self._jobs.find_one(_job_of(lease), session=session, hint=BY_ID)) is None:
                return None
            end = ended(row, status, self._clock.now(), error, remarks)
            update = {"$set": {**end, "waiting_until": None}, "$unset": {"active": ""}}
            logged = log_row(row | end)
            await self._logs.replace_one(owned(row["tenant_id"], _id=row["_id"]), logged, upsert=True, session=session)
            await self._jobs.update_one(_job_of(lease), update, session=session, hint=BY_ID)
            return logged, bool(row.get("is_batch"))

        if (end := await self._leases.write(lease, work, last=True)) is not None:
            tell_of_end(end[0], self._observer, is_batch=end[1])

    async def cancel(self, job_id: str, *, wait_seconds: float = 2.0) -> IngestionJob:
        """Ask for the job's end (e) and wait a little for it; the answer's status tells whether it came.

        Raises:
            JobNotFoundError: there is no such job.
            JobFinishedError: it has ended already.
            QueryTimeoutError: a worker died while it stored a page of the job, and nobody has taken over yet.
        """
        job = await self.get(job_id)
        async with time_limited():
            row = await self._jobs.find_one_and_update(
                owned(job.tenant_id, _id=job_id, active=True),
                {"$set": {"cancel_requested": True}},
                return_document=ReturnDocument.AFTER,
                maxTimeMS=int(wait_seconds * 1000),
            )
        if row is None:
            raise JobFinishedError(job_id, (await self.get(job_id)).status.value)
        async with self._leases.held(await self._leases.acquire(ingest_resource(job.tenant_id), job_id)) as lease:
            if lease is not None:  # nobody runs it
                await self.finish(lease, JobStatus.CANCELLED)
        return await self.wait(job_id, seconds=wait_seconds)

    async def is_cancelled(self, job: IngestionJob) -> bool:
        """Whether somebody asked for the job's end."""
        row = await self._jobs.find_one(owned(job.tenant_id, _id=job.id), {"cancel_requested": 1}, hint=BY_ID)
        return row is None or bool(row.get("cancel_requested"))

    async def note_waiting(self, lease: Lease, until: datetime | None) -> None:
        """Record until when the run waits for the outbound rate limit; None: it does not.

        Raises:
            LeaseLostError: the lease is no longer held.
        """
        await self._update(lease, {"$set": {"waiting_until": until}})

    async def get(self, job_id: str) -> IngestionJob:
        """The job.

        Raises:
            JobNotFoundError: there is none with this id.
        """
        job = await IngestionJob.get(job_id)
        if job is None:
            raise JobNotFoundError(job_id)
        return job

    async def active(self, tenant_id: str) -> IngestionJob | None:
        """The tenant's queued or running job."""
        return await IngestionJob.find_one(owned(tenant_id, active=True))

    async def wait(self, job_id: str, *, seconds: float | None = None) -> IngestionJob:
        """Wait until the job has ended, or for so many seconds; returns it as it then is."""
        deadline = None if seconds is None else self._clock.monotonic() + seconds
        unended = owned((await self.get(job_id)).tenant_id, _id=job_id, active={"$ne": None})
        while deadline is None or self._clock.monotonic() < deadline:
            if not await self._jobs.count_documents(unended, hint=BY_ID):
                break
            await self._clock.sleep(_POLL_SECONDS)
        return await self.get(job_id)

    async def _mark_running(self, lease: Lease) -> IngestionJob | None:
        running: Row = {
            "status": JobStatus.RUNNING.value,
            "started_at": {"$ifNull": ["$started_at", "$$NOW"]},
            "heartbeat_at": "$$NOW",
            "fence": lease.fence,
            "attempts": {"$add": [{"$ifNull": ["$attempts", 0]}, 1]},
            "waiting_until": None,
        }

        async def work(session: Session) -> Row | None:
            found: Row | None = await self._jobs.find_one_and_update(
                _job_of(lease), [{"$set": running}], return_document=ReturnDocument.AFTER, session=session, hint=BY_ID
            )
            return found

        row = await self._leases.write(lease, work)
        return None if row is None else IngestionJob.model_validate(row)

    async def _update(self, lease: Lease, update: Row, *, last: bool = False) -> None:
        async def work(session: Session) -> None:
            await self._jobs.update_one(_job_of(lease), update, session=session, hint=BY_ID)

        await self._leases.write(lease, work, last=last)


def _job_of(lease: Lease) -> Row:
    return owned(tenant_of_resource(lease.resource_id), _id=lease.owner_id, active=True)
