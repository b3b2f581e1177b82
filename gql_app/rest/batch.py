"""The route that takes tickets as a file. It is kept on disk until it is there as a whole, and only then stored: a slow
client holds nothing up."""

import asyncio
import tempfile
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Query, Request

from gql_app.rest.answers.batches import BatchAnswer
from gql_app.rest.parameters import ContextOf, TenantId, problems
from gql_app.rest.strict import StrictRoute
from resolvers import ingestion as resolvers
from services.ingestion.batches.files import find_format, read_records, to_columns
from services.ingestion.batches.formats import FileFormat

BATCH_PATH = "/ingest/batch"
_IN_MEMORY_BYTES = 1_000_000

router = APIRouter(tags=["ingestion"], route_class=StrictRoute)

Columns = Annotated[
    list[str],
    Query(description="`COLUMN:FIELD`, once for each column of the file that has another name than the field."),
]


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
