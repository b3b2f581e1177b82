"""How the end of a job is told: in its own row, in the log's row, to operators."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from documents.database import Row
from documents.ingestion_job import JobStatus, RunCounts
from documents.ingestion_log import RunOutcome
from services.observing import Observer, RunEnded

COUNT_FIELDS = tuple(RunCounts.model_fields)
_SHOWN = ("tenant_id", "job_id", "status", "duration_ms", *COUNT_FIELDS, "pages", "retries", "error")

log = structlog.get_logger("services.ingestion")


def outcome(job: Row) -> RunOutcome:
    """How an ended job appears in the log."""
    if job["status"] == JobStatus.CANCELLED:
        return RunOutcome.CANCELLED
    if job["status"] == JobStatus.FAILED:
        return RunOutcome.FAILED
    complete = job["errors"] == 0 and not job["irregularities"]
    return RunOutcome.SUCCESS if complete else RunOutcome.PARTIAL_SUCCESS


def ended(job: Row, status: JobStatus, now: datetime, error: str | None, remarks: Sequence[str]) -> Row:
    """What becomes final in the row of a job that ends now."""
    end: Row = {"status": status.value, "ended_at": now, "remarks": list(remarks)}
    return end | {"error": error or remarks_on(job | end)}


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


def tell_of_end(logged: Row, observer: Observer, *, is_batch: bool) -> None:
    """Tell operators of a job that has ended, once it is logged."""
    is_failure = logged["status"] == RunOutcome.FAILED
    (log.warning if is_failure else log.info)("run_completed", **{name: logged[name] for name in _SHOWN})
    kind = "file" if is_batch else "run"
    observer.note(RunEnded(kind, str(logged["status"]).lower(), logged["duration_ms"] / 1000))
