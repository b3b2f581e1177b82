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
    trace: str | None = None
    """The step of a trace that asked for the run (W3C `traceparent`): whichever process runs it, goes on from there."""
    is_batch: bool = False
    """Its records are sent by a client, through one process: no other can go on with it."""
    fence: int = 0
    """The fencing token of the worker that claimed the job last."""
    attempts: int = 0
    """How often a worker has claimed the job without handing it back."""
    cancel_requested: bool = False
    error: str | None = None

    connections: list[str] = []
    """The connections that the run reads, in that order; none: the contract's API."""
    leg: int = 0
    """Which of them it reads at present; as many as there are: all are read."""
    leg_pages: int = 0
    """How many of the processed pages are of that one."""
    is_whole: bool = True
    """Whether the walk over it goes over all that it has, and not only over what has changed."""
    failed_legs: int = 0
    """How many of them could not be read."""

    next_page: int | str | None = 1
    """The checkpoint: where in the source's list to go on, in the source's own words; null when the walk is complete.
    1 is the beginning of every list."""
    last_page: int | str | None = None
    """The page that was stored last, likewise, unless the walk goes back from there."""
    processed_pages: int = 0
    portions: int = 0
    """How many pieces of pages were stored. Each has a number of its own, also those of a page that is read twice."""
    total_pages: int | None = None
    records_seen: int = 0
    """Different records on the processed pages, whoever they belong to."""
    upstream_total: int | None = None
    """Records in the whole list, as the last page has it; null where upstream does not count, or counted differently
    from page to page."""
    irregularities: list[str] = []
    """Why the walk cannot be trusted to be complete."""
    remarks: list[str] = []
    """What else is to be said of the run: what was optional and failed. It lowers the run's outcome no more."""
    retries: int = 0
    waiting_until: datetime | None = None
    """While set and in the future: the run waits, for the outbound rate limit or for upstream to recover."""

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
