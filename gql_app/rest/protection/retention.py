"""Routes about how long a tenant's tickets are kept; all of them need the scope `admin`."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from gql_app.rest.answers.protection import RetentionAnswer, RetentionPreviewAnswer
from gql_app.rest.parameters import ContextOf, problems
from gql_app.rest.strict import StrictRoute
from resolvers.protection import retention as resolvers
from services.protection.shields import Retention

router = APIRouter(prefix="/tenants", tags=["data protection"], route_class=StrictRoute)

Days = Annotated[int, Query(description="Since a ticket's creation: 30 to 36,500.")]
ClosedOnly = Annotated[bool, Query(description="Whether open and pending tickets are kept whatever their age.")]


class RetentionToSet(BaseModel):
    """For how long tickets are kept."""

    model_config = ConfigDict(extra="forbid")

    days: Annotated[StrictInt | None, Field(description="Since a ticket's creation; null: for ever.")]
    closed_only: Annotated[
        StrictBool, Field(description="Whether open and pending tickets are kept whatever their age.")
    ] = True


@router.get("/{tenant_id}/retention", responses=problems(404))
async def get_retention(context: ContextOf, tenant_id: str) -> RetentionAnswer:
    """For how long the tenant's tickets are kept."""
    return RetentionAnswer.of(await resolvers.get_retention(context, tenant_id))


@router.put("/{tenant_id}/retention", responses=problems(404, 409))
async def set_retention(context: ContextOf, tenant_id: str, wanted: RetentionToSet) -> RetentionAnswer:
    """Change that. What is too old is erased in the background, every day, and does not come in any more."""
    retention = None if wanted.days is None else Retention(wanted.days, wanted.closed_only)
    return RetentionAnswer.of(await resolvers.set_retention(context, tenant_id, retention))


@router.get("/{tenant_id}/retention/preview", responses=problems(404, 504))
async def preview_retention(
    context: ContextOf, tenant_id: str, days: Days, closed_only: ClosedOnly = True
) -> RetentionPreviewAnswer:
    """How many stored tickets would go now; nothing is changed."""
    count = await resolvers.preview_retention(context, tenant_id, Retention(days, closed_only))
    return RetentionPreviewAnswer(tickets=count)
