"""The log's row about an ended job."""

from datetime import datetime

from documents.database import Row
from documents.ingestion_job import JobStatus, RunCounts
from documents.ingestion_log import RunOutcome

COUNT_FIELDS = tuple(RunCounts.model_fields)


def outcome(job: Row) -> RunOutcome:
    """How an ended job appears in the log."""
    if job["status"] == JobStatus.CANCELLED:
        return RunOutcome.CANCELLED
    if job["status"] == JobStatus.FAILED:
        return RunOutcome.FAILED
    complete = job["errors"] == 0 and not job["irregularities"]
    return RunOutcome.SUCCESS if complete else RunOutcome.PARTIAL_SUCCESS


def remarks_on(job: Row) -> str | None:
    """What there is to say of a run that was not given up, if anything."""
    notes = [*job["irregularities"], *job["remarks"]]
    if job["errors"]:
        notes.insert(0, f"{job['errors']} {'record was' if job['errors'] == 1 else 'records were'} quarantined")
    return "; ".join(notes) or None


def log_row(job: Row) -> Row:
    """The row for a job whose `status`, `ended_at` and `error` are final."""
    started_at: datetime = job["started_at"] or job["queued_at"]
    return {
        "_id": job["_id"],
        "job_id": job["_id"],
        "tenant_id": job["tenant_id"],
        "status": outcome(job).value,
        "started_at": started_at,
        "ended_at": job["ended_at"],
        "duration_ms": max(0, round((job["ended_at"] - started_at).total_seconds() * 1000)),
        **{name: job[name] for name in COUNT_FIELDS},
        "pages": job["processed_pages"],
        "retries": job["retries"],
        "error": job["error"],
    }
