"""Ingestion as clients see it: jobs, their logs, what was quarantined, and the lease."""

from datetime import datetime

import strawberry

from documents.ingestion_job import IngestionJob as JobDocument
from documents.ingestion_job import JobStatus
from documents.ingestion_log import IngestionLog as LogDocument
from documents.ingestion_log import RunOutcome
from documents.quarantined_record import QuarantinedRecord as RecordDocument
from documents.quarantined_record import QuarantineState
from resolvers.ingestion import load_job, load_log
from schema.base.enums import IngestionActivity
from schema.base.ids import Node, global_id
from schema.base.info import Info
from services.coordination.resources import LockState
from services.ingestion.reading import IngestionState, percent


@strawberry.type(description="What a run did, in tickets.")
class RunCounts:
    """Counts of a run."""

    new_ingested: int = strawberry.field(description="Stored for the first time.")
    updated: int = strawberry.field(description="Changed, or restored after a deletion.")
    unchanged: int = strawberry.field(description="Seen and the same as before.")
    deleted: int = strawberry.field(description="Soft-deleted because upstream no longer has them.")
    skipped: int = strawberry.field(description="Records of other tenants, which were not stored.")
    errors: int = strawberry.field(description="Records that could not be stored and were quarantined.")


@strawberry.type(description="A requested run of ingestion for one tenant.")
class IngestionJob(Node):
    """A job at a moment."""

    job_id: str = strawberry.field(description="The job's id, as REST and logs show it.")
    tenant_id: str = strawberry.field(description="The tenant whose tickets it ingests.")
    status: JobStatus = strawberry.field(description="Where it is in its life.")
    progress: int = strawberry.field(description="How much of the walk is done, in whole percent.")
    processed_pages: int = strawberry.field(description="Pages stored so far.")
    total_pages: int | None = strawberry.field(description="Pages there are; null until the first one has come.")
    counts: RunCounts = strawberry.field(description="What it has done so far.")
    retries: int = strawberry.field(description="Requests that had to be repeated.")
    queued_at: datetime = strawberry.field(description="When it was requested.")
    started_at: datetime | None = strawberry.field(description="When a worker first took it.")
    ended_at: datetime | None = strawberry.field(description="When it ended.")
    waiting_until: datetime | None = strawberry.field(
        description="While set and in the future: it waits for the outbound rate limit."
    )
    cancel_requested: bool = strawberry.field(description="Whether somebody asked for its end.")
    error: str | None = strawberry.field(description="Why it failed, or what was odd about it.")
    irregularities: list[str] = strawberry.field(description="Why the walk may have missed something.")
    remarks: list[str] = strawberry.field(description="What else is to be said of it: what was optional and failed.")

    @strawberry.field(description="The audit row of the run; null until it has ended.")
    async def log(self, info: Info) -> "IngestionLog | None":
        """The log, read together with those of other jobs."""
        log = await load_log(info.context, self.tenant_id, self.job_id)
        return None if log is None else to_log(log)


@strawberry.type(description="The audit row of an ended run.")
class IngestionLog(Node):
    """One ended run."""

    job_id: str | None = strawberry.field(description="The job that ran.")
    tenant_id: str = strawberry.field(description="The tenant whose tickets it ingested.")
    status: RunOutcome | None = strawberry.field(
        description="How it ended; null, as what follows, where another program stored something else."
    )
    started_at: datetime | None = strawberry.field(description="When it started.")
    ended_at: datetime | None = strawberry.field(description="When it ended.")
    duration_ms: int | None = strawberry.field(description="How long it took, in milliseconds.")
    counts: RunCounts = strawberry.field(description="What it did.")
    pages: int = strawberry.field(description="Pages it stored.")
    retries: int = strawberry.field(description="Requests that had to be repeated.")
    error: str | None = strawberry.field(description="Why it failed, or what was odd about it.")

    @strawberry.field(description="The job that ran; null where it is no longer stored.")
    async def job(self, info: Info) -> IngestionJob | None:
        """The job, read together with those of other logs."""
        job = None if self.job_id is None else await load_job(info.context, self.tenant_id, self.job_id)
        return None if job is None else to_job(job)


@strawberry.type(description="A record of the upstream that could not be stored as a ticket.")
class QuarantinedRecord(Node):
    """A malformed record."""

    tenant_id: str = strawberry.field(description="The tenant whose run met it.")
    state: QuarantineState = strawberry.field(description="What has become of it.")
    job_id: str | None = strawberry.field(description="The last job that met it.")
    page: int | None = strawberry.field(description="The page it was on then, from 1.")
    position: int | None = strawberry.field(description="Its index on the page, from 0.")
    external_id: str | None = strawberry.field(description="Its id upstream, if it has one.")
    reason: str = strawberry.field(description="Why it could not be stored.")
    raw: str = strawberry.field(
        description="The record as JSON text, cut at 64 KiB; empty where it may belong to a tenant you may not see."
    )
    first_seen_at: datetime | None = strawberry.field(description="When a run first met it.")
    recorded_at: datetime | None = strawberry.field(description="When a run met it last.")
    times_seen: int = strawberry.field(description="In how many runs.")
    stored_at: datetime | None = strawberry.field(description="When its ticket could be stored.")


@strawberry.type(description="What a tenant's ingestion does at this moment.")
class IngestionStatus:
    """The present state."""

    tenant_id: str = strawberry.field(description="The tenant.")
    status: IngestionActivity = strawberry.field(description="What it does.")
    job_id: str | None = strawberry.field(description="The queued or running job.")
    started_at: datetime | None = strawberry.field(description="When the job was first taken by a worker.")

    @strawberry.field(description="The queued or running job; null when idle.")
    async def job(self, info: Info) -> IngestionJob | None:
        """The active job."""
        if self.job_id is None:
            return None
        job = await load_job(info.context, self.tenant_id, self.job_id)
        return None if job is None else to_job(job)


@strawberry.type(description="The lease that makes one process at a time the writer of a tenant's tickets.")
class TenantLock:
    """A lease at a moment."""

    tenant_id: str = strawberry.field(description="The tenant.")
    locked: bool = strawberry.field(description="Whether anybody holds it.")
    owner_id: str | None = strawberry.field(description="The job that holds it.")
    acquired_at: datetime | None = strawberry.field(description="Since when.")
    expires_at: datetime | None = strawberry.field(description="When it runs out unless it is renewed.")


def to_job(job: JobDocument) -> IngestionJob:
    """A stored job as clients see it."""
    return IngestionJob(
        id=global_id("IngestionJob", job.tenant_id, job.id),
        job_id=job.id,
        progress=percent(job),
        counts=_counts(job),
        **{
            name: getattr(job, name)
            for name in (
                "tenant_id", "status", "processed_pages", "total_pages", "retries", "queued_at", "started_at",
                "ended_at", "waiting_until", "cancel_requested", "error", "irregularities", "remarks",
            )
        },
    )  # fmt: skip


def to_log(log: LogDocument) -> IngestionLog:
    """A stored log as clients see it."""
    return IngestionLog(
        id=global_id("IngestionLog", log.tenant_id, log.id),
        counts=_counts(log),
        **log.model_dump(
            include={
                "job_id",
                "tenant_id",
                "status",
                "started_at",
                "ended_at",
                "duration_ms",
                "pages",
                "retries",
                "error",
            }
        ),
    )


def to_quarantined(record: RecordDocument) -> QuarantinedRecord:
    """A quarantined record as clients see it."""
    return QuarantinedRecord(
        id=global_id("QuarantinedRecord", record.tenant_id, record.id),
        **{
            name: getattr(record, name)
            for name in (
                "tenant_id", "state", "job_id", "page", "position", "external_id", "reason", "raw", "first_seen_at",
                "recorded_at", "times_seen", "stored_at",
            )
        },
    )  # fmt: skip


def to_status(state: IngestionState) -> IngestionStatus:
    """The present state as clients see it."""
    return IngestionStatus(
        tenant_id=state.tenant_id,
        status=IngestionActivity.IDLE if state.status is None else IngestionActivity(state.status.value),
        job_id=state.job_id,
        started_at=state.started_at,
    )


def to_lock(state: LockState) -> TenantLock:
    """A lease as clients see it."""
    return TenantLock(
        tenant_id=state.tenant_id,
        locked=state.locked,
        owner_id=state.owner_id,
        acquired_at=state.acquired_at,
        expires_at=state.expires_at,
    )


def _counts(run: JobDocument | LogDocument) -> RunCounts:
    return RunCounts(
        new_ingested=run.new_ingested,
        updated=run.updated,
        unchanged=run.unchanged,
        deleted=run.deleted,
        skipped=run.skipped,
        errors=run.errors,
    )
