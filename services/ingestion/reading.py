"""Reading about runs: jobs, logs, quarantined records, and what a tenant's ingestion does at this moment."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from beanie import Document
from pydantic import ValidationError
from pymongo import DESCENDING

from documents.database import Database, Row
from documents.ingestion_job import IngestionJob, JobStatus
from documents.ingestion_log import IngestionLog
from documents.quarantined_record import QuarantinedRecord
from services.ingestion.jobs import Jobs
from services.lists.cursors import LIST_MILLISECONDS, time_limited
from services.lists.keyset import Slice, Window, read_slice
from services.lists.numbered import Page
from services.tenancy import Filter, owned

D = TypeVar("D", bound=Document)

MOMENTS: dict[type[Document], str] = {
    IngestionJob: "queued_at",
    IngestionLog: "started_at",
    QuarantinedRecord: "recorded_at",
}
"""What each list is ordered by, newest first."""


@dataclass(frozen=True, slots=True)
class IngestionState:
    """What a tenant's ingestion does at this moment."""

    tenant_id: str
    status: JobStatus | None
    """Queued or running; None when idle."""
    job_id: str | None = None
    started_at: datetime | None = None


class Runs:
    """Reads jobs, logs and quarantined records, never another tenant's."""

    def __init__(self, database: Database, jobs: Jobs) -> None:
        self._database = database
        self._jobs = jobs

    async def state(self, tenant_id: str) -> IngestionState:
        """What the tenant's ingestion does at this moment."""
        job = await self._jobs.active(tenant_id)
        if job is None:
            return IngestionState(tenant_id, None)
        return IngestionState(tenant_id, job.status, job.id, job.started_at)

    async def page(
        self, document: type[D], tenant_id: str, *, page: int, page_size: int, job_id: str | None = None
    ) -> Page[D]:
        """One numbered page of the tenant's rows, newest first; of one run if `job_id` is given.

        Raises:
            QueryTimeoutError: the database did not finish.
        """
        rows = self._database.collection(document).find(_of(document, tenant_id, job_id), max_time_ms=LIST_MILLISECONDS)
        newest_first = rows.sort([(MOMENTS[document], DESCENDING), ("_id", DESCENDING)])
        wanted = newest_first.skip((page - 1) * page_size).limit(page_size)
        async with time_limited():
            total, found = await asyncio.gather(
                self.count(document, tenant_id, job_id=job_id), wanted.to_list(page_size)
            )
        return Page([_read(document, row) for row in found], page, page_size, total)

    async def slice(self, document: type[D], tenant_id: str, window: Window, *, job_id: str | None = None) -> Slice[D]:
        """A stretch of the tenant's rows along its cursors; of one run if `job_id` is given.

        Raises:
            QueryTimeoutError: the database did not finish.
        """
        rows = self._database.collection(document)
        found = await read_slice(rows, _of(document, tenant_id, job_id), MOMENTS[document], window)
        return found.map(lambda row: _read(document, row))

    async def count(self, document: type[Document], tenant_id: str, *, job_id: str | None = None) -> int:
        """How many rows the tenant has, in one run if `job_id` is given.

        Raises:
            QueryTimeoutError: the database did not finish.
        """
        rows = self._database.collection(document)
        async with time_limited():
            return await rows.count_documents(_of(document, tenant_id, job_id), maxTimeMS=LIST_MILLISECONDS)

    async def by_id(self, document: type[D], tenant_id: str, ids: Sequence[str]) -> dict[str, D]:
        """Those of the tenant's rows with these ids that there are."""
        rows = self._database.collection(document)
        found = await rows.find(owned(tenant_id, _id={"$in": list(ids)})).to_list(None)
        return {row["_id"]: _read(document, row) for row in found}


def percent(job: IngestionJob) -> int:
    """How much of a job's walk is done, 0 to 100; 0 until the number of pages is known."""
    if job.status is JobStatus.COMPLETED:
        return 100
    return min(100, 100 * job.processed_pages // job.total_pages) if job.total_pages else 0


def _read(document: type[D], row: Row) -> D:
    """A row as a document. What another program has stored in place of a field counts as absent.

    Raises:
        ValidationError: a field without which there is no such row is absent.
    """
    row = row if isinstance(row["_id"], str) else {**row, "_id": str(row["_id"])}
    try:
        found: D = document.model_validate(row)
    except ValidationError as error:
        odd = {fault["loc"][0] for fault in error.errors(include_url=False, include_input=False)}
        found = document.model_validate({name: value for name, value in row.items() if name not in odd})
    return found


def _of(document: type[Document], tenant_id: str, job_id: str | None) -> Filter:
    if job_id is None:
        return owned(tenant_id)
    return owned(tenant_id, **{"job_ids" if document is QuarantinedRecord else "job_id": job_id})
