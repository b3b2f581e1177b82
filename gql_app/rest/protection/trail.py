"""The route that shows the audit trail; it needs the scope `admin`."""

from typing import Annotated

from fastapi import APIRouter, Query

from gql_app.rest.answers.protection import AuditPage
from gql_app.rest.parameters import ContextOf, PageNumber, PageSize, problems
from gql_app.rest.strict import StrictRoute
from resolvers.protection import trail as resolvers

router = APIRouter(tags=["data protection"], route_class=StrictRoute)

OfTenant = Annotated[
    str | None,
    Query(description="Of this tenant; else of all, and of what they share, for who may see all tenants."),
]


@router.get("/audit", responses=problems(404, 504))
async def list_audit_trail(
    context: ContextOf, tenant_id: OfTenant = None, page: PageNumber = 1, page_size: PageSize = 20
) -> AuditPage:
    """Who did what and what came of it, newest first."""
    return AuditPage.of(await resolvers.page_trail(context, tenant_id, page=page, page_size=page_size))
