"""What the REST routes answer about ingestion. Times are UTC."""

from datetime import UTC, datetime
from typing import Literal, Self

from pydantic import ConfigDict, Field

from documents.ingestion_job import IngestionJob, JobStatus, RunCounts
from documents.ingestion_log import IngestionLog, RunOutcome
from documents.quarantined_record import QuarantinedRecord, QuarantineState
from gql_app.rest.answers.base import Answer, NumberedPage, place_of
from services.errors import JobFinishedError
from services.ingestion.reading import IngestionState, percent
from services.lists.numbered import Page


class RunAnswer(RunCounts):
    """A run that was walked to its end."""

    status: Literal["completed"] = "completed"
    job_id: str
    tenant_id: str

    @classmethod
    def of(cls, job: IngestionJob) -> Self:
        """The answer for a completed job."""
        return cls(job_id=job.id, tenant_id=job.tenant_id, **_counts(job))


class AcceptedAnswer(Answer):
    """A run that was queued; its `Location` tells how it gets on."""

    status: JobStatus
    job_id: str
    tenant_id: str


class StateAnswer(Answer):
    """What a tenant's ingestion does at this moment."""

    status: Literal["idle", "queued", "running"]
    tenant_id: str
    job_id: str | None
    started_at: datetime | None

    @classmethod
    def of(cls, state: IngestionState) -> Self:
        """The answer for a state."""
        status = "idle" if state.status is None else state.status.value
        return cls.model_validate(
            {"status": status, "tenant_id": state.tenant_id, "job_id": state.job_id, "started_at": state.started_at}
        )


class ProgressAnswer(RunCounts):
    """How far a job is."""

    job_id: str
    tenant_id: str
    status: JobStatus
    progress: int = Field(ge=0, le=100)
    """Percent of the pages that are stored; 0 until their number is known."""
    total_pages: int | None
    processed_pages: int
    started_at: datetime | None
    ended_at: datetime | None
    waiting_until: datetime | None
    """Set while the run waits for the outbound rate limit: it goes on at about this time."""
    retries: int
    error: str | None

    @classmethod
    def of(cls, job: IngestionJob) -> Self:
        """The answer for a job in any state."""
        is_waiting = job.active and job.waiting_until is not None and job.waiting_until > datetime.now(UTC)
        return cls(
            job_id=job.id,
            tenant_id=job.tenant_id,
            status=job.status,
            progress=percent(job),
            total_pages=job.total_pages,
            processed_pages=job.processed_pages,
            started_at=job.started_at,
            ended_at=job.ended_at,
            waiting_until=job.waiting_until if is_waiting else None,
            retries=job.retries,
            error=job.error,
            **_counts(job),
        )


class CancelAnswer(Answer):
    """`cancelled`: the job has ended. `cancelling`: it has been told to and will."""

    status: Literal["cancelled", "cancelling"]
    job_id: str

    @classmethod
    def of(cls, job: IngestionJob) -> Self:
        """The answer for a job that was told to stop.

        Raises:
            JobFinishedError: it came to its end before it saw the order.
        """
        if job.status is JobStatus.CANCELLED:
            return cls(status="cancelled", job_id=job.id)
        if not job.active:
            raise JobFinishedError(job.id, job.status.value)
        return cls(status="cancelling", job_id=job.id)


class LockAnswer(Answer):
    """The lease under which a tenant is ingested."""

    locked: bool
    tenant_id: str
    owner_id: str | None
    """The job that holds it."""
    acquired_at: datetime | None
    expires_at: datetime | None


class LogEntry(RunCounts):
    """One ended run."""

    model_config = ConfigDict(from_attributes=True)

    tenant_id: str
    job_id: str | None
    status: RunOutcome | None
    """Null, as the others, where another program stored something else."""
    started_at: datetime | None
    ended_at: datetime | None
    duration_ms: int | None
    pages: int
    retries: int
    error: str | None


class LogPage(NumberedPage):
    """A page of ended runs, newest first."""

    logs: list[LogEntry]

    @classmethod
    def of(cls, page: Page[IngestionLog]) -> Self:
        """The answer for a page."""
        return cls(logs=[LogEntry.model_validate(log) for log in page.items], **place_of(page))


class QuarantineEntry(Answer):
    """A record of upstream that could not be stored; one entry, however many runs meet it."""

    tenant_id: str
    state: QuarantineState
    """`waiting`: each run tries it again. `stored`: upstream has mended it since."""
    job_id: str | None
    """The last run that met it."""
    page: int | None
    position: int | None
    """Index on its page, from 0."""
    external_id: str | None
    reason: str
    raw: str
    """The record as JSON text, cut at 64 KiB; empty where it may be another tenant's."""
    first_seen_at: datetime | None
    recorded_at: datetime | None
    """When a run met it last."""
    times_seen: int
    """In how many runs."""
    stored_at: datetime | None
    """When its ticket could be stored."""


class QuarantinePage(NumberedPage):
    """A page of quarantined records, newest first."""

    records: list[QuarantineEntry]

    @classmethod
    def of(cls, page: Page[QuarantinedRecord]) -> Self:
        """The answer for a page."""
        return cls(records=[QuarantineEntry.model_validate(record) for record in page.items], **place_of(page))


def _counts(job: IngestionJob) -> dict[str, int]:
    return {name: getattr(job, name) for name in RunCounts.model_fields}
