"""Answers about ingestion: starting, following and cancelling runs."""

from collections.abc import AsyncGenerator, Iterable, Iterator
from typing import TypeVar

from beanie import Document

from documents.audit_entry import AuditAction
from documents.database import Row
from documents.ingestion_job import IngestionJob
from documents.ingestion_log import IngestionLog
from documents.quarantined_record import QuarantinedRecord
from resolvers.context import Context
from resolvers.protection.acting import acting
from services.access import Scope
from services.coordination.resources import LockState
from services.errors import JobNotFoundError
from services.ingestion.batches.files import FileRecord
from services.ingestion.batches.storing import BatchOutcome
from services.ingestion.reading import IngestionState
from services.lists.keyset import Slice, Window
from services.lists.numbered import Page

D = TypeVar("D", bound=Document)

NEWEST_JOBS = 20
"""So many are looked at for those that are new: a tenant's jobs come one after the other."""
FOLLOWING_SECONDS = 0.25
"""A job that is followed is read at most so often: a fast run stores dozens of pages a second."""


async def start_ingestion(context: Context, tenant_id: str) -> IngestionJob:
    """Queue a run over the tenant's connections, or the contract's API, and tell this process's worker, if it has one.

    Raises:
        AlreadyRunningError: the tenant has an active run.
        TenantErasedError: it was erased.
    """
    context.caller.require_tenant(tenant_id, Scope.INGEST_RUN)
    async with acting(context, AuditAction.RUN_STARTED, tenant_id, needs_open_tenant=True) as act:
        connections = [each.id for each in await context.services.connections.of_tenant(tenant_id)]
        job = await context.services.jobs.start(tenant_id, request_id=context.request_id, connections=connections)
        act.target = job.id
    if context.services.worker is not None:
        context.services.worker.wake()
    return job


async def store_batch(context: Context, tenant_id: str, records: Iterator[FileRecord]) -> BatchOutcome:
    """Store the tickets of a file, and wait for that.

    Raises:
        AlreadyRunningError: the tenant has an active run, or another batch.
        InvalidInputError: the file is none.
        UnavailableError: the storing was interrupted; the records so far are stored.
    """
    context.caller.require_tenant(tenant_id, Scope.INGEST_RUN)
    async with acting(context, AuditAction.BATCH_STORED, tenant_id, needs_open_tenant=True) as act:
        outcome = await context.services.batches.store(tenant_id, records, request_id=context.request_id)
        act.target = outcome.job.id
    return outcome


async def get_job(context: Context, job_id: str, scope: Scope = Scope.TICKETS_READ) -> IngestionJob:
    """One job; another tenant's does not exist for the caller.

    Raises:
        JobNotFoundError: there is none with this id that the caller may see.
    """
    context.caller.require(scope)
    job = await context.services.jobs.get(job_id)
    if not context.caller.may_see(job.tenant_id):
        raise JobNotFoundError(job_id)
    return job


async def follow_job(context: Context, job_id: str) -> AsyncGenerator[IngestionJob, None]:
    """The job as it is now and after every change, whichever process makes it, until it has ended.

    Raises:
        JobNotFoundError: there is none with this id that the caller may see.
        UnavailableError: changes cannot be followed at the moment.
    """
    await get_job(context, job_id)
    shown: Row = {}
    async with context.services.changes.jobs.follow(job_id) as changed:
        while True:
            async with context.services.changes.turns.turn(context.client):
                changed.clear()
                job = await get_job(context, job_id)
                current = job.model_dump(exclude={"heartbeat_at"})
                if current != shown:
                    shown = current
                    yield job  # until all that is asked for below is read
            if job.active is None:
                return
            await changed.wait(at_least=FOLLOWING_SECONDS)


async def follow_starts(context: Context, tenant_id: str) -> AsyncGenerator[IngestionJob, None]:
    """The tenant's active job, if there is one, and then each new one once, whoever queues it.

    Raises:
        UnavailableError: changes cannot be followed at the moment.
    """
    context.caller.require_tenant(tenant_id)
    known: set[str] | None = None
    async with context.services.changes.starts.follow(tenant_id) as changed:
        while True:
            async with context.services.changes.turns.turn(context.client):
                changed.clear()
                jobs = (await slice_runs(context, IngestionJob, tenant_id, Window(limit=NEWEST_JOBS))).items
                for job in reversed(jobs):
                    if job.active if known is None else job.id not in known:
                        yield job
                known = {job.id for job in jobs}
            await changed.wait(at_least=FOLLOWING_SECONDS)


async def run_to_end(context: Context, job_id: str, *, seconds: float | None = None) -> IngestionJob:
    """Wait until the job has ended, or for so long. The run is not the waiter's: it goes on when the waiter leaves."""
    job = await get_job(context, job_id, Scope.INGEST_RUN)
    return await context.services.jobs.wait(job.id, seconds=seconds)


async def cancel_ingestion(context: Context, job_id: str) -> IngestionJob:
    """Ask for a run's end and wait up to 2 s for it; the answer's status tells whether it came.

    Raises:
        JobNotFoundError: there is no such job.
        JobFinishedError: it has ended already.
    """
    job = await get_job(context, job_id, Scope.INGEST_RUN)
    async with acting(context, AuditAction.RUN_CANCELLED, job.tenant_id, target=job.id):
        return await context.services.jobs.cancel(job.id)


async def get_state(context: Context, tenant_id: str) -> IngestionState:
    """What the tenant's ingestion does at this moment."""
    context.caller.require_tenant(tenant_id)
    return await context.services.runs.state(tenant_id)


async def list_runs(
    context: Context, document: type[D], tenant_id: str, *, page: int, page_size: int, job_id: str | None = None
) -> Page[D]:
    """A numbered page of the tenant's jobs, logs or quarantined records, newest first.

    The text of a record that may be another tenant's is shown to callers who may see all tenants; so in what follows.
    """
    context.caller.require_tenant(tenant_id)
    found = await context.services.runs.page(document, tenant_id, page=page, page_size=page_size, job_id=job_id)
    _hide_what_may_be_foreign(context, found.items)
    return found


async def slice_runs(
    context: Context, document: type[D], tenant_id: str, window: Window, *, job_id: str | None = None
) -> Slice[D]:
    """A stretch of the tenant's jobs, logs or quarantined records along its cursors."""
    context.caller.require_tenant(tenant_id)
    found = await context.services.runs.slice(document, tenant_id, window, job_id=job_id)
    _hide_what_may_be_foreign(context, found.items)
    return found


async def count_runs(context: Context, document: type[Document], tenant_id: str, *, job_id: str | None = None) -> int:
    """How many jobs, logs or quarantined records the tenant has."""
    context.caller.require_tenant(tenant_id)
    return await context.services.runs.count(document, tenant_id, job_id=job_id)


async def find_run(context: Context, document: type[D], tenant_id: str, row_id: str) -> D | None:
    """One job, log or quarantined record of the tenant, if there is one with this id."""
    context.caller.require_tenant(tenant_id)
    found = await context.services.runs.by_id(document, tenant_id, [row_id])
    _hide_what_may_be_foreign(context, found.values())
    return found.get(row_id)


async def load_job(context: Context, tenant_id: str, job_id: str) -> IngestionJob | None:
    """A job of the tenant, if it is still stored; read together with others."""
    context.caller.require_tenant(tenant_id)
    return await context.loaders.jobs.load(tenant_id, job_id)


async def load_log(context: Context, tenant_id: str, job_id: str) -> IngestionLog | None:
    """The log of a job of the tenant, once it has ended; read together with others."""
    context.caller.require_tenant(tenant_id)
    return await context.loaders.logs.load(tenant_id, job_id)


async def load_last_job(context: Context, tenant_id: str) -> IngestionJob | None:
    """The tenant's newest job, if there ever was one; read together with those of other tenants."""
    context.caller.require_tenant(tenant_id)
    return await context.tenant_loaders.last_jobs.load(None, tenant_id)


async def get_lock(context: Context, tenant_id: str) -> LockState:
    """The tenant's lease at this moment."""
    context.caller.require_tenant(tenant_id)
    return await context.services.locks.state(tenant_id)


def _hide_what_may_be_foreign(context: Context, items: Iterable[object]) -> None:
    for item in items:
        if isinstance(item, QuarantinedRecord) and not item.is_attributed and context.caller.tenants is not None:
            item.raw, item.external_id = "", None
