"""What the REST route for statistics answers. Times are UTC."""

from datetime import datetime
from typing import Self

from pydantic import create_model

from documents.ticket import CountedField
from gql_app.rest.answers.base import Answer
from services.analytics.stats import TenantStats


class HourCount(Answer):
    """Tickets created in one hour."""

    hour: datetime
    count: int


class AtRiskCustomer(Answer):
    """A customer with at least two high-urgency tickets that are not closed."""

    customer_id: str
    high_urgency_count: int
    ticket_ids: list[str]
    """The newest 20 of them."""


class _Totals(Answer):
    tenant_id: str
    total_tickets: int


_Counts = create_model("_Counts", __base__=_Totals, **{f"by_{field}": (dict[str, int], ...) for field in CountedField})  # type: ignore[call-overload]


class StatsAnswer(_Counts):
    """A tenant's statistics; `by_status` and so on: how many tickets have which value."""

    urgency_high_ratio: float
    negative_sentiment_ratio: float
    hourly_trend: list[HourCount]
    """The 24 clock hours that end with the present one, oldest first."""
    top_keywords: list[str]
    """The ten most frequent, most frequent first."""
    at_risk_customers: list[AtRiskCustomer]

    @classmethod
    def of(cls, stats: TenantStats) -> Self:
        """The answer for statistics."""
        values = {name: getattr(stats, name) for name in cls.model_fields}
        return cls.model_validate(values | {"top_keywords": [row["keyword"] for row in stats.top_keywords]})
