"""The routes about a tenant's statistics, what they say of the coming hours, and spikes."""

from typing import Annotated

from fastapi import APIRouter, Query

from gql_app.rest.answers.analytics import StatsAnswer
from gql_app.rest.answers.forecasts import ForecastAnswer
from gql_app.rest.answers.spikes import SpikePage
from gql_app.rest.conditions import MomentInUtc, Text
from gql_app.rest.parameters import ContextOf, PageNumber, PageSize, problems
from gql_app.rest.strict import StrictRoute
from resolvers import analytics as resolvers
from resolvers.spikes import page_spikes
from services.analytics.forecasts.forecasts import MAX_FORECAST_HOURS

router = APIRouter(tags=["statistics"], route_class=StrictRoute)

HoursAhead = Annotated[int, Query(ge=1, le=MAX_FORECAST_HOURS, description="From the next full hour on.")]
ByClockOf = Annotated[Text, Query(description="By whose clock: `Europe/Paris`, `+02:00`.")]


@router.get("/tenants/{tenant_id:path}/stats", responses=problems(504))
async def get_stats(
    context: ContextOf, tenant_id: str, from_date: MomentInUtc | None = None, to_date: MomentInUtc | None = None
) -> StatsAnswer:
    """The statistics of the tickets created from `from_date` (inclusive) to `to_date` (exclusive), else of all."""
    found = await resolvers.get_stats(context, tenant_id, created_from=from_date, created_to=to_date)
    return StatsAnswer.of(found)


@router.get("/tenants/{tenant_id:path}/forecast", responses=problems(504))
async def get_forecast(
    context: ContextOf, tenant_id: str, hours: HoursAhead = 24, time_zone: ByClockOf = "UTC"
) -> ForecastAnswer:
    """How many tickets the coming hours will have, with a band; `points` is null where that is not known."""
    return ForecastAnswer.of(await resolvers.get_forecast(context, tenant_id, hours=hours, time_zone=time_zone))


@router.get("/tenants/{tenant_id:path}/spikes", responses=problems(504))
async def list_spikes(context: ContextOf, tenant_id: str, page: PageNumber = 1, page_size: PageSize = 20) -> SpikePage:
    """Hours in which too many customers wrote, newest first."""
    return SpikePage.of(await page_spikes(context, tenant_id, page=page, page_size=page_size))
