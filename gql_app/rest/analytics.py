"""The route about a tenant's statistics."""

from fastapi import APIRouter

from gql_app.rest.answers.analytics import StatsAnswer
from gql_app.rest.conditions import MomentInUtc
from gql_app.rest.parameters import ContextOf, problems
from gql_app.rest.strict import StrictRoute
from resolvers import analytics as resolvers

router = APIRouter(tags=["statistics"], route_class=StrictRoute)


@router.get("/tenants/{tenant_id:path}/stats", responses=problems(504))
async def get_stats(
    context: ContextOf, tenant_id: str, from_date: MomentInUtc | None = None, to_date: MomentInUtc | None = None
) -> StatsAnswer:
    """The statistics of the tickets created from `from_date` (inclusive) to `to_date` (exclusive), else of all."""
    found = await resolvers.get_stats(context, tenant_id, created_from=from_date, created_to=to_date)
    return StatsAnswer.of(found)
