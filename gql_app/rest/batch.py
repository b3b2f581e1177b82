"""The route that takes tickets as a file. It is kept on disk until it is there as a whole, and only then stored: a slow
client holds nothing up."""

import asyncio
import tempfile
from typing import Annotated, BinaryIO, Literal, Self

from fastapi import APIRouter, Query, Request

from documents.ingestion_job import RunCounts
from gql_app.rest.answers import Answer
from gql_app.rest.parameters import ContextOf, TenantId, problems
from gql_app.rest.strict import StrictRoute
from resolvers import ingestion as resolvers
from services.ingestion.batches.files import find_format, read_records, to_columns
from services.ingestion.batches.formats import FileFormat
from services.ingestion.batches.storing import BatchOutcome

BATCH_PATH = "/ingest/batch"
_IN_MEMORY_BYTES = 1_000_000

router = APIRouter(tags=["ingestion"], route_class=StrictRoute)

Columns = Annotated[
    list[str],
    Query(description="`COLUMN:FIELD`, once for each column of the file that has another name than the field."),
]


class LineAnswer(Answer):
    """A record that could not be stored, by the line on which it begins."""

    line: int
    reason: str


class BatchAnswer(RunCounts):
    """What became of the file. Sent again, it changes nothing: all tickets are `unchanged`."""

    status: Literal["completed", "cancelled"]
    job_id: str
    tenant_id: str
    rejected: list[LineAnswer]
    """The first 100 of the `errors`; all of them are at `/ingest/quarantine`."""

    @classmethod
    def of(cls, outcome: BatchOutcome) -> Self:
        """The answer for an outcome."""
        job = outcome.job
        counts = {name: getattr(job, name) for name in RunCounts.model_fields}
        rejected = [LineAnswer(line=each.line, reason=each.reason) for each in outcome.rejected]
        return cls.model_validate(
            {"status": job.status.value, "job_id": job.id, "tenant_id": job.tenant_id, "rejected": rejected, **counts}
        )


@router.post(
    BATCH_PATH,
    responses=problems(409, 413),
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "CSV with a header row, NDJSON, or one JSON array; its first character tells which.",
            "content": {kind: {} for kind in ("text/csv", "application/x-ndjson", "application/json")},
        }
    },
)
async def store(
    context: ContextOf,
    request: Request,
    tenant_id: TenantId,
    column: Columns = [],  # noqa: B006  (FastAPI copies it)
    format: FileFormat | None = None,
) -> BatchAnswer:
    """Store tickets that the client has: validated, classified, compared, announced and logged as those of a run.

    A record needs an `id` and a `created_at`. 409: the tenant has an active run, whose `job_id` is given.
    """
    columns = to_columns(column)
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as file:
        await _receive(request, file)  # type: ignore[arg-type]  # it has all that a file has
        form = format or find_format(file)  # type: ignore[arg-type]
        records = read_records(file, form, columns)  # type: ignore[arg-type]
        return BatchAnswer.of(await resolvers.store_batch(context, tenant_id, records))


async def _receive(request: Request, file: BinaryIO) -> None:
    async for chunk in request.stream():
        await asyncio.to_thread(file.write, chunk)
    file.seek(0)
