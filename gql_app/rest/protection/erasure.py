"""Routes by which customers and tenants are erased; all of them need the scope `admin`."""

from typing import Annotated

from fastapi import APIRouter, Query, Response, status
from fastapi.responses import StreamingResponse

from gql_app.rest.answers.protection import ErasureAnswer, ErasurePage
from gql_app.rest.conditions import Text
from gql_app.rest.parameters import ContextOf, PageNumber, PageSize, problems
from gql_app.rest.strict import StrictRoute
from gql_app.rest.tickets import MEDIA_TYPES, preceded
from resolvers.protection import erasure as resolvers
from services.tickets.formats import ExportFormat

router = APIRouter(tags=["data protection"], route_class=StrictRoute)

OfCustomer = Annotated[Text | None, Query(description="Of this customer: whether they were erased.")]


@router.post(
    "/tenants/{tenant_id}/customers/{customer_id:path}/erasure",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems(404),
)
async def erase_customer(context: ContextOf, response: Response, tenant_id: str, customer_id: str) -> ErasureAnswer:
    """Erase a customer: everything that is stored about them, in the background; it cannot be taken back.

    From now on nothing of theirs comes in that was created until now, whatever the help desk still shows.
    """
    return _asked(response, ErasureAnswer.of(await resolvers.erase_customer(context, tenant_id, customer_id)))


@router.post("/tenants/{tenant_id}/erasure", status_code=status.HTTP_202_ACCEPTED, responses=problems(404))
async def erase_tenant(context: ContextOf, response: Response, tenant_id: str) -> ErasureAnswer:
    """Erase a tenant: its runs end, and everything that is stored for it goes; it cannot be taken back.

    Nothing is stored for it until it is reopened.
    """
    return _asked(response, ErasureAnswer.of(await resolvers.erase_tenant(context, tenant_id)))


@router.delete("/tenants/{tenant_id}/erasure", responses=problems(404, 409))
async def reopen_tenant(context: ContextOf, tenant_id: str) -> ErasureAnswer:
    """Let an erased tenant be used again, as if it were new. Customers of it that were erased stay so."""
    return ErasureAnswer.of(await resolvers.reopen_tenant(context, tenant_id))


@router.get("/tenants/{tenant_id}/erasures", responses=problems(404, 504))
async def list_erasures(
    context: ContextOf,
    tenant_id: str,
    customer_id: OfCustomer = None,
    page: PageNumber = 1,
    page_size: PageSize = 20,
) -> ErasurePage:
    """The tenant's erasures, newest first."""
    return ErasurePage.of(
        await resolvers.page_erasures(context, tenant_id, page=page, page_size=page_size, customer_id=customer_id)
    )


@router.get("/erasures/{erasure_id}", responses=problems(404))
async def get_erasure(context: ContextOf, erasure_id: str) -> ErasureAnswer:
    """How far an erasure has come, or its certificate."""
    return ErasureAnswer.of(await resolvers.get_erasure(context, erasure_id))


@router.get(
    "/tenants/{tenant_id}/customers/{customer_id:path}/export",
    response_class=StreamingResponse,
    responses=problems(404) | {200: {"content": {MEDIA_TYPES[ExportFormat.NDJSON]: {}}}},
)
async def export_customer(context: ContextOf, tenant_id: str, customer_id: str) -> StreamingResponse:
    """All that is stored of a customer as JSON lines, each of a `kind`: `ticket` with its texts, `history`,
    `notification`, `correction`, `quarantined_record`.

    A connection that breaks off before the end means that the export failed: it is not complete then.
    """
    chunks = resolvers.export_customer(context, tenant_id, customer_id)
    first = await anext(chunks)  # refused before the status line is sent
    return StreamingResponse(
        preceded(first, chunks),
        media_type=MEDIA_TYPES[ExportFormat.NDJSON],
        headers={"content-disposition": 'attachment; filename="customer.ndjson"'},
    )


def _asked(response: Response, answer: ErasureAnswer) -> ErasureAnswer:
    response.headers["location"] = f"/erasures/{answer.id}"
    return answer
