"""Routes about tickets.

An external id may contain slashes. The paths that the contract fixes win over such ids: a ticket called `urgent`,
`export` or `.../history` is reached through GraphQL, or found in the lists.
"""

import re
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import Field

from documents.ticket import Urgency
from gql_app.rest.answers.tickets import HistoryAnswer, TicketAnswer, TicketPage
from gql_app.rest.conditions import TicketConditions, TicketPageQuery
from gql_app.rest.parameters import ContextOf, TenantId, problems
from gql_app.rest.strict import StrictRoute
from resolvers import tickets as resolvers
from services.tickets.formats import ExportFormat

MEDIA_TYPES = {ExportFormat.CSV: "text/csv", ExportFormat.NDJSON: "application/x-ndjson"}

router = APIRouter(tags=["tickets"], route_class=StrictRoute)


class ExportQuery(TicketConditions):
    """The conditions, and how the tickets are written."""

    format: ExportFormat = ExportFormat.CSV
    bom: bool = Field(True, description="Whether CSV begins with a byte order mark, by which Excel knows UTF-8.")


@router.get("/tickets", responses=problems(504))
async def list_tickets(context: ContextOf, query: Annotated[TicketPageQuery, Query()]) -> TicketPage:
    """A page of the tenant's tickets, newest first unless `order` says otherwise."""
    found = await resolvers.list_tickets(
        context, query.tenant_id, query.to_filter(), page=query.page, page_size=query.page_size, order=query.order
    )
    return TicketPage.of(found)


@router.get("/tickets/urgent", responses=problems(504))
async def list_urgent(context: ContextOf, query: Annotated[TicketPageQuery, Query()]) -> TicketPage:
    """A page of the tenant's tickets of high urgency, whatever `urgency` says."""
    return await list_tickets(context, query.model_copy(update={"urgency": [Urgency.HIGH], "urgency_not": None}))


@router.get(
    "/tickets/export",
    response_class=StreamingResponse,
    responses=problems() | {200: {"content": {media_type: {} for media_type in MEDIA_TYPES.values()}}},
)
async def export(context: ContextOf, query: Annotated[ExportQuery, Query()]) -> StreamingResponse:
    """All matching tickets as a file, newest first unless `order` says otherwise.

    A connection that breaks off before the end means that the export failed: it is not complete then.
    """
    chunks = resolvers.export_tickets(
        context, query.tenant_id, query.to_filter(), query.format, order=query.order, has_bom=query.bom
    )
    first = await anext(chunks)  # the database answers before the status line is sent
    name = re.sub(r"[^A-Za-z0-9._-]", "_", query.tenant_id)
    return StreamingResponse(
        preceded(first, chunks),
        media_type=MEDIA_TYPES[query.format],
        headers={"content-disposition": f'attachment; filename="tickets-{name}.{query.format}"'},
    )


@router.get("/tickets/{external_id:path}/history", responses=problems(404))
async def get_history(
    context: ContextOf, external_id: str, tenant_id: TenantId, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> HistoryAnswer:
    """What happened to a ticket, newest first; also to one that is deleted."""
    rows = await resolvers.get_history(context, tenant_id, external_id, limit=limit)
    return HistoryAnswer.of(external_id, rows)


@router.get("/tickets/{external_id:path}", responses=problems(404))
async def get_ticket(context: ContextOf, external_id: str, tenant_id: TenantId) -> TicketAnswer:
    """One ticket, by its id upstream or by the `id` that lists show."""
    return TicketAnswer.of(await resolvers.get_ticket(context, tenant_id, external_id))


async def preceded(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """A chunk that was read before the status line was sent, and those that follow."""
    yield first
    async for chunk in rest:
        yield chunk
