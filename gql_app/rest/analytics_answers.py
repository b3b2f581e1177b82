"""What the REST route for statistics answers. Times are UTC."""

from datetime import datetime
from typing import Self

from gql_app.rest.answers import Answer
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


class StatsAnswer(Answer):
    """A tenant's statistics."""

    tenant_id: str
    total_tickets: int
    by_status: dict[str, int]
    by_urgency: dict[str, int]
    by_sentiment: dict[str, int]
    by_source: dict[str, int]
    urgency_high_ratio: float
    negative_sentiment_ratio: float
    hourly_trend: list[HourCount]
    """The last 24 whole hours, oldest first."""
    top_keywords: list[str]
    """The ten most frequent, most frequent first."""
    at_risk_customers: list[AtRiskCustomer]

    @classmethod
    def of(cls, stats: TenantStats) -> Self:
        """The answer for statistics."""
        values = {name: getattr(stats, name) for name in cls.model_fields}
        return cls.model_validate(values | {"top_keywords": [row["keyword"] for row in stats.top_keywords]})
