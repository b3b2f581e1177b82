"""GraphQL fields about ingestion."""

from collections.abc import Callable
from typing import Annotated, TypeVar

import strawberry
from beanie import Document

from documents.ingestion_job import IngestionJob as JobDocument
from documents.ingestion_log import IngestionLog as LogDocument
from documents.quarantined_record import QuarantinedRecord as RecordDocument
from resolvers.ingestion import count_runs, get_job, get_lock, get_state, slice_runs
from schema.base.arguments import JobId, TenantId
from schema.base.connections import After, Before, Connection, First, Last, Pager
from schema.base.cost import CONNECTION
from schema.base.info import Info
from schema.ingestion.types import (
    IngestionJob,
    IngestionLog,
    IngestionStatus,
    QuarantinedRecord,
    TenantLock,
    to_job,
    to_lock,
    to_log,
    to_quarantined,
    to_status,
)
from services.ingestion.reading import MOMENTS
from services.lists.cursors import Cursor

D = TypeVar("D", bound=Document)
N = TypeVar("N")

OfJob = Annotated[str | None, strawberry.argument(description="Only records that this job met.")]


@strawberry.type
class IngestionQueries:
    """The root fields about ingestion."""

    @strawberry.field(description="One job; null with the error NOT_FOUND if there is none that you may see.")
    async def ingestion_job(self, info: Info, job_id: JobId) -> IngestionJob | None:
        """One job."""
        return to_job(await get_job(info.context, job_id))

    @strawberry.field(description="A tenant's jobs, newest first.", directives=[CONNECTION])
    async def ingestion_jobs(
        self,
        info: Info,
        tenant_id: TenantId,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[IngestionJob] | None:
        """A page of jobs."""
        return await _page(info, JobDocument, tenant_id, (first, last, after, before), to_job)

    @strawberry.field(description="A tenant's ended runs, newest first.", directives=[CONNECTION])
    async def ingestion_logs(
        self,
        info: Info,
        tenant_id: TenantId,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[IngestionLog] | None:
        """A page of logs."""
        return await _page(info, LogDocument, tenant_id, (first, last, after, before), to_log)

    @strawberry.field(
        description="Records of the upstream that could not be stored, newest first.", directives=[CONNECTION]
    )
    async def quarantined_records(
        self,
        info: Info,
        tenant_id: TenantId,
        job_id: OfJob = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[QuarantinedRecord] | None:
        """A page of quarantined records."""
        arguments = (first, last, after, before)
        return await _page(info, RecordDocument, tenant_id, arguments, to_quarantined, job_id=job_id)

    @strawberry.field(description="What a tenant's ingestion does at this moment.")
    async def ingestion_status(self, info: Info, tenant_id: TenantId) -> IngestionStatus | None:
        """The present state."""
        return to_status(await get_state(info.context, tenant_id))

    @strawberry.field(description="The lease on a tenant's ingestion.")
    async def lock(self, info: Info, tenant_id: TenantId) -> TenantLock | None:
        """The lease."""
        return to_lock(await get_lock(info.context, tenant_id))


async def _page(
    info: Info,
    document: type[D],
    tenant_id: str,
    arguments: tuple[int | None, int | None, str | None, str | None],
    convert: Callable[[D], N],
    *,
    job_id: str | None = None,
) -> Connection[N]:
    """A page of one of the lists about runs. `arguments`: first, last, after, before."""
    moment = MOMENTS[document]
    pager: Pager[D] = Pager(
        info,
        f"{document.__name__}:{tenant_id}",
        place=lambda row: Cursor(getattr(row, moment), row.id),  # type: ignore[arg-type]
    )
    window = pager.window(*arguments)
    found = await slice_runs(info.context, document, tenant_id, window, job_id=job_id)
    return pager.connection(
        found, window, convert, lambda: count_runs(info.context, document, tenant_id, job_id=job_id)
    )
