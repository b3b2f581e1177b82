"""What the coming hours will bring, as clients see it."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import strawberry

from resolvers.analytics import get_forecast
from schema.analytics.figures import TimeZone
from schema.base.arguments import TenantId
from schema.base.cost import Cost, ListSize
from schema.base.info import Info
from services.analytics.forecasts.forecasts import Forecast as Computed
from services.analytics.forecasts.forecasts import NoForecast
from services.analytics.forecasts.trial import BAND, BackTest

HoursAhead = Annotated[int, strawberry.argument(description="How many hours, from the next full one on: 1 to 168.")]


@strawberry.type(description="How many tickets an hour to come will have.")
class ForecastPoint:
    """An hour; shorter where a change of the clock cuts it."""

    start: datetime = strawberry.field(description="When it begins.")
    end: datetime = strawberry.field(description="When it ends.")
    expected: float = strawberry.field(description="How many tickets, on average.")
    low: float = strawberry.field(description="The lower end of the band.")
    high: float = strawberry.field(description="The upper end of the band.")


@strawberry.type(
    description="How the forecast did in weeks that are over, each foretold from what lay before it. The rival takes "
    "what the same hour of the week had last."
)
class ForecastTrial:
    """What the forecast is worth."""

    weeks: int = strawberry.field(description="How many weeks were foretold.")
    weeks_won: int = strawberry.field(description="In how many of them the mean absolute error was the smaller one.")
    skill: float = strawberry.field(
        description="By which share the mean absolute error is smaller than the rival's; negative: it is larger."
    )
    error: float = strawberry.field(description="The mean absolute error, in tickets an hour.")
    rival_error: float = strawberry.field(description="That of the rival.")
    coverage: float = strawberry.field(
        description="The share of the hours that lay in the band as it was known before: 0 to 1."
    )


@strawberry.type(description="The coming hours, or why nothing is said of them.")
class Forecast:
    """A forecast."""

    tenant_id: str = strawberry.field(description="The tenant.")
    time_zone: str = strawberry.field(description="By whose clock hours and weekdays are told apart.")
    made_at: datetime = strawberry.field(description="When it was made.")
    points: list[ForecastPoint] | None = strawberry.field(
        description="The hours, the next one first; null: `reason` says why. Their `expected` add up.",
        directives=[ListSize(assumed_size=168)],
    )
    reason: NoForecast | None = strawberry.field(description="Why there is none.")
    band: float = strawberry.field(description="The share of the hours that ought to lie in the band.")
    history_from: datetime | None = strawberry.field(
        description="It is made of the tickets created at or after this moment,"
    )
    history_to: datetime | None = strawberry.field(description="and before this one.")
    trial: ForecastTrial | None = strawberry.field(
        description="How it did in weeks that are over; null: there are too few."
    )


@strawberry.type
class ForecastQueries:
    """The root field about what is to come."""

    @strawberry.field(
        description="How many tickets the coming hours will have, with a band. Only where weeks that are over show "
        "that it is better than taking last week's numbers.",
        directives=[Cost(weight=50)],
    )
    async def forecast(
        self, info: Info, tenant_id: TenantId, hours: HoursAhead = 24, time_zone: TimeZone = "UTC"
    ) -> Forecast | None:
        """The forecast."""
        return to_forecast(await get_forecast(info.context, tenant_id, hours=hours, time_zone=time_zone))


def to_forecast(computed: Computed) -> Forecast:
    """A forecast as clients see it."""
    points, trial = computed.points, computed.trial
    return Forecast(
        points=None if points is None else [ForecastPoint(**asdict(point)) for point in points],
        band=BAND,
        trial=None if trial is None else to_trial(trial),
        **{
            name: getattr(computed, name)
            for name in ("tenant_id", "time_zone", "made_at", "reason", "history_from", "history_to")
        },
    )


def to_trial(trial: BackTest) -> ForecastTrial:
    """A trial as clients see it."""
    exact = {name: round(getattr(trial, name), 3) for name in ("skill", "error", "rival_error", "coverage")}
    return ForecastTrial(weeks=trial.weeks, weeks_won=trial.weeks_won, **exact)
