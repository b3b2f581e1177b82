"""Which jobs a worker may take, and which of these nobody should go on with."""

from documents.database import Row
from documents.ingestion_job import IngestionJob, JobStatus

_MAX_CLAIMS_WITHOUT_PROGRESS = 3
"""A job whose worker died so often on the same page is poison and fails."""
_BATCH_LOST = "the process that stored the file ended; send the file again: what is stored already stays as it is"


def claimable(ttl_seconds: float) -> Row:
    """The jobs that wait for a worker, and those whose worker has been silent for as long as a lease lasts."""
    silent_since = {"$subtract": ["$$NOW", int(ttl_seconds * 1000)]}
    waits = {"$and": [{"$eq": ["$status", JobStatus.QUEUED.value]}, {"$ne": ["$is_batch", True]}]}
    is_silent = {"$lt": [{"$ifNull": ["$heartbeat_at", "$queued_at"]}, silent_since]}
    return {"active": True, "$expr": {"$or": [waits, is_silent]}}


def hopeless(job: IngestionJob) -> str | None:
    """Why nobody should go on with a job that was just claimed."""
    if job.is_batch:
        return _BATCH_LOST
    if job.attempts <= _MAX_CLAIMS_WITHOUT_PROGRESS:
        return None
    reason = f"its worker died {_MAX_CLAIMS_WITHOUT_PROGRESS} times at page {job.next_page}"
    return f"{reason}; {job.error}" if job.error else reason
