"""What the REST route for forecasts answers. Times are UTC."""

from datetime import datetime
from typing import Self

from gql_app.rest.answers.base import Answer
from services.analytics.forecasts.forecasts import Forecast, NoForecast
from services.analytics.forecasts.trial import BAND


class PointAnswer(Answer):
    """How many tickets an hour to come will have."""

    start: datetime
    end: datetime
    expected: float
    """On average."""
    low: float
    """The ends of the band."""
    high: float


class TrialAnswer(Answer):
    """How the forecast did in weeks that are over; the rival takes what the same hour of the week had last."""

    weeks: int
    weeks_won: int
    skill: float
    """By which share the mean absolute error is smaller than the rival's."""
    error: float
    """The mean absolute error, in tickets an hour."""
    rival_error: float
    coverage: float
    """The share of the hours that lay in the band as it was known before."""


class ForecastAnswer(Answer):
    """The coming hours, or why nothing is said of them."""

    tenant_id: str
    time_zone: str
    made_at: datetime
    points: list[PointAnswer] | None
    """The next hour first; null: `reason` says why."""
    reason: NoForecast | None
    band: float = BAND
    """The share of the hours that ought to lie in the band."""
    history_from: datetime | None
    history_to: datetime | None
    trial: TrialAnswer | None
    """Null: there are too few weeks to try it."""

    @classmethod
    def of(cls, forecast: Forecast) -> Self:
        """The answer for a forecast."""
        answer = cls.model_validate(forecast)
        if answer.trial is not None:
            for name in ("skill", "error", "rival_error", "coverage"):
                setattr(answer.trial, name, round(getattr(answer.trial, name), 3))
        return answer
