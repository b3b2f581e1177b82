"""A run of ingestion for one tenant: its request, its progress and its end, kept so that any process can go on."""

from datetime import datetime

from beanie import Document
from pydantic import BaseModel
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.described import DescribedEnum


class JobStatus(DescribedEnum):
    """Where an ingestion job is in its life."""

    # The steps are drawn in `services/ingestion/jobs.py`.
    QUEUED = "queued", "Waits for a worker, for the first time or after one handed it back."
    RUNNING = "running", "A worker runs it."
    COMPLETED = "completed", "Every page was walked and stored."
    FAILED = "failed", "Given up; `error` says why. What was stored stays."
    CANCELLED = "cancelled", "Stopped on request. What was stored stays."


class RunCounts(BaseModel):
    """What a run did, counted in the transactions that did it."""

    new_ingested: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    skipped: int = 0
    """Records of other tenants."""
    errors: int = 0
    """Records that were quarantined."""


class IngestionJob(Document, RunCounts):
    """One requested run; its id is also the lease's `owner_id` and the log's `job_id`."""

    id: str  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    tenant_id: str
    status: JobStatus
    active: bool | None = None
    """True while queued or running and absent afterwards: a unique partial index allows one such job a tenant."""
    queued_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    heartbeat_at: datetime | None = None
    request_id: str | None = None
    """The request that asked for the run; the run's log lines carry it."""
    fence: int = 0
    """The fencing token of the worker that claimed the job last."""
    attempts: int = 0
    """How often a worker has claimed the job without handing it back."""
    cancel_requested: bool = False
    error: str | None = None

    next_page: int | None = 1
    """The checkpoint: the page to fetch next; null when the walk is complete."""
    processed_pages: int = 0
    total_pages: int | None = None
    records_seen: int = 0
    """Records on the processed pages, whoever they belong to."""
    upstream_total: int | None = None
    """`total_count` of the first page."""
    irregularities: list[str] = []
    """Why the walk cannot be trusted to be complete."""
    remarks: list[str] = []
    """What else is to be said of the run: what was optional and failed. It lowers the run's outcome no more."""
    retries: int = 0
    waiting_until: datetime | None = None
    """While set and in the future: the run waits for the outbound rate limit."""

    class Settings:
        """Collection and indexes."""

        name = "ingestion_jobs"
        indexes = [
            IndexModel(
                [("tenant_id", ASCENDING)],
                name="one_active_job_per_tenant",
                unique=True,
                partialFilterExpression={"active": True},
            ),
            IndexModel([("active", ASCENDING), ("queued_at", ASCENDING)], name="active_queued", sparse=True),
            IndexModel(
                [("tenant_id", ASCENDING), ("queued_at", DESCENDING), ("_id", DESCENDING)],
                name="tenant_queued",
            ),
        ]
