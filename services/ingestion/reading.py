"""Reading about runs: jobs, logs, quarantined records, and what a tenant's ingestion does at this moment."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from beanie import Document
from beanie.odm.queries.find import FindMany

from documents.ingestion_job import IngestionJob, JobStatus
from documents.ingestion_log import IngestionLog
from documents.quarantined_record import QuarantinedRecord
from services.ingestion.jobs import Jobs
from services.lists.numbered import Page
from services.tenancy import owned

D = TypeVar("D", bound=Document)


@dataclass(frozen=True, slots=True)
class IngestionState:
    """What a tenant's ingestion does at this moment."""

    tenant_id: str
    status: JobStatus | None
    """Queued or running; None when idle."""
    job_id: str | None = None
    started_at: datetime | None = None


class Runs:
    """Reads about runs."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    async def state(self, tenant_id: str) -> IngestionState:
        """What the tenant's ingestion does at this moment."""
        job = await self._jobs.active(tenant_id)
        if job is None:
            return IngestionState(tenant_id, None)
        return IngestionState(tenant_id, job.status, job.id, job.started_at)

    async def jobs(self, tenant_id: str, *, page: int, page_size: int) -> Page[IngestionJob]:
        """The tenant's jobs, newest first."""
        return await _page(IngestionJob.find(owned(tenant_id)), "-queued_at", page, page_size)

    async def logs(self, tenant_id: str, *, page: int, page_size: int) -> Page[IngestionLog]:
        """The tenant's ended runs, newest first."""
        return await _page(IngestionLog.find(owned(tenant_id)), "-started_at", page, page_size)

    async def quarantined(
        self, tenant_id: str, *, job_id: str | None, page: int, page_size: int
    ) -> Page[QuarantinedRecord]:
        """Records that could not be stored, newest first; of one run if `job_id` is given."""
        of_job = {} if job_id is None else {"job_id": job_id}
        return await _page(QuarantinedRecord.find(owned(tenant_id, **of_job)), "-recorded_at", page, page_size)


def percent(job: IngestionJob) -> int:
    """How much of a job's walk is done, 0 to 100; 0 until the number of pages is known."""
    if job.status is JobStatus.COMPLETED:
        return 100
    return min(100, 100 * job.processed_pages // job.total_pages) if job.total_pages else 0


async def _page(found: FindMany[D], order: str, page: int, page_size: int) -> Page[D]:
    total = await found.count()
    rows = await found.sort(order, "-_id").skip((page - 1) * page_size).limit(page_size).to_list()
    return Page(rows, page, page_size, total)
