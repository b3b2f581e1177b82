"""A tenant's statistics as clients see them."""

import strawberry

from documents.ticket import CountedField
from resolvers.analytics import get_customers, get_preceding_stats, get_time_to_close, get_trend
from schema.analytics.counts import (
    AtRiskCustomer,
    HourCount,
    KeywordCount,
    LanguageCount,
    SentimentCount,
    StatusCategoryCount,
    UrgencyCount,
    ValueCount,
    counts_of,
)
from schema.analytics.figures import (
    Breakdown,
    CustomerStats,
    From,
    PeriodComparison,
    RankedBy,
    TimeToClose,
    TimeZone,
    To,
    Top,
    TrendStep,
    Unit,
    to_comparison,
    to_customer_stats,
    to_step,
)
from schema.analytics.history import HistoryFields
from schema.analytics.patterns import PatternFields
from schema.base.cost import Cost, ListSize
from schema.base.info import Info
from schema.base.selection import names_below, selected_names
from services.analytics.customers import CustomerOrder
from services.analytics.pipeline import StatsPart
from services.analytics.stats import TenantStats as Computed
from services.errors import InvalidInputError


@strawberry.type(description="Statistics of a tenant's live tickets; only what is asked for is computed.")
class TenantStats(HistoryFields, PatternFields):
    """The statistics."""

    total_tickets: int = strawberry.field(description="How many tickets there are.")
    by_status: list[ValueCount] = strawberry.field(
        description="Tickets by status, most frequent first.", directives=[ListSize(assumed_size=10)]
    )
    by_status_category: list[StatusCategoryCount] = strawberry.field(
        description="Tickets by what their status means, most frequent first.", directives=[ListSize(assumed_size=3)]
    )
    by_urgency: list[UrgencyCount] = strawberry.field(
        description="Tickets by urgency, most frequent first.", directives=[ListSize(assumed_size=4)]
    )
    by_sentiment: list[SentimentCount] = strawberry.field(
        description="Tickets by sentiment, most frequent first.", directives=[ListSize(assumed_size=4)]
    )
    by_source: list[ValueCount] = strawberry.field(
        description="Tickets by source, most frequent first.", directives=[ListSize(assumed_size=10)]
    )
    by_language: list[LanguageCount] = strawberry.field(
        description="Tickets by language, most frequent first.",
        directives=[ListSize(assumed_size=8)],
    )
    by_priority: list[ValueCount] = strawberry.field(
        description="Tickets by priority, most frequent first; at most 100.", directives=[ListSize(assumed_size=10)]
    )
    by_assignee: list[ValueCount] = strawberry.field(
        description="Tickets by assignee: the 100 with the most, most frequent first.",
        directives=[ListSize(assumed_size=20)],
    )
    by_tag: list[ValueCount] = strawberry.field(
        description="Tickets by tag: the 100 most frequent ones. A ticket counts once under each of its tags.",
        directives=[ListSize(assumed_size=20)],
    )
    urgency_high_ratio: float = strawberry.field(description="The share of high urgency: 0 to 1, 3 decimals.")
    negative_sentiment_ratio: float = strawberry.field(
        description="The share of negative sentiment: 0 to 1, 3 decimals."
    )
    hourly_trend: list[HourCount] = strawberry.field(
        description="The 24 clock hours that end with the present one, oldest first.",
        directives=[ListSize(assumed_size=24)],
    )
    top_keywords: list[KeywordCount] = strawberry.field(
        description="The 10 most frequent keywords.", directives=[ListSize(assumed_size=10)]
    )
    at_risk_customers: list[AtRiskCustomer] = strawberry.field(
        description="The 10 customers most at risk.", directives=[ListSize(assumed_size=10)]
    )

    @strawberry.field(
        description="Tickets by creation time, oldest first, empty steps included: at most 1,000. Without a period: "
        "the last 24 hours, 30 days or 12 weeks.",
        directives=[Cost(weight=50), ListSize(assumed_size=30)],
    )
    async def trend(
        self,
        info: Info,
        unit: Unit,
        time_zone: TimeZone = "UTC",
        breakdown: Breakdown = None,
        from_date: From = None,
        to_date: To = None,
    ) -> list[TrendStep] | None:
        """How the number of tickets develops."""
        counted = self.counted(from_date, to_date)
        steps = await get_trend(
            info.context, self.tenant_id, unit=unit, time_zone=time_zone, breakdown=breakdown, **counted
        )
        return [to_step(self.tenant_id, self.computed.wanted, step, breakdown) for step in steps]

    @strawberry.field(
        description="The customers with the highest counts; those whose count is zero are left out.",
        directives=[Cost(weight=50), ListSize(assumed_size=10, slicing_arguments=["first"])],
    )
    async def customers(
        self, info: Info, order_by: RankedBy = CustomerOrder.TICKETS, first: Top = 10
    ) -> list[CustomerStats] | None:
        """Who writes."""
        found = await get_customers(info.context, self.tenant_id, order=order_by, first=first, **self.counted())
        opened = self.opened(self.created())
        return [to_customer_stats(self.tenant_id, opened, customer) for customer in found]

    @strawberry.field(description="How long tickets take to be closed.", directives=[Cost(weight=50)])
    async def time_to_close(self, info: Info) -> TimeToClose | None:
        """How long closing takes."""
        found = await get_time_to_close(info.context, self.tenant_id, **self.counted())
        return TimeToClose(
            ticket_count=found.ticket_count, median_seconds=found.median_seconds, p90_seconds=found.p90_seconds
        )

    @strawberry.field(
        description="The period before this one, of the same length; null without `fromDate`.",
        directives=[Cost(weight=50)],
    )
    async def comparison(self, info: Info) -> PeriodComparison | None:
        """What has changed."""
        start, end = self.computed.created_from, self.computed.created_to
        if start is None:
            return None
        before = await get_preceding_stats(info.context, self.tenant_id, start, end, self.computed.wanted)
        return to_comparison(*before, self.computed)


PARTS = {
    "totalTickets": StatsPart.COUNTS,
    **{f"by{field.name.title().replace('_', '')}": StatsPart.COUNTS for field in CountedField},
    "byTag": StatsPart.TAGS,
    "urgencyHighRatio": StatsPart.COUNTS,
    "negativeSentimentRatio": StatsPart.COUNTS,
    "comparison": StatsPart.COUNTS,
    "hourlyTrend": StatsPart.TREND,
    "topKeywords": StatsPart.KEYWORDS,
    "atRiskCustomers": StatsPart.AT_RISK,
}
"""Which part answers which field."""


def selected_parts(info: Info) -> frozenset[StatsPart]:
    """The parts that the present field's selection needs."""
    return frozenset(PARTS[name] for name in selected_names(info) if name in PARTS)


def require_told_of_the_past(info: Info) -> None:
    """Refuse what the history does not tell.

    Raises:
        InvalidInputError: the present field's selection has something else than counts and their ratios.
    """
    counts = {name for name, part in PARTS.items() if part is StatsPart.COUNTS} - {"comparison"}
    if others := selected_names(info) - counts - {"tenantId", "__typename"}:
        raise InvalidInputError(
            f"asOf: only counts and ratios are known of a past moment; leave out {', '.join(sorted(others))}."
        )
    if "tickets" in names_below(info):
        raise InvalidInputError("asOf: the tickets of a past moment are not listed; leave out tickets.")


def to_stats(computed: Computed) -> TenantStats:
    """Computed statistics as clients see them."""
    return TenantStats(
        tenant_id=computed.tenant_id,
        total_tickets=computed.total_tickets,
        urgency_high_ratio=computed.urgency_high_ratio,
        negative_sentiment_ratio=computed.negative_sentiment_ratio,
        computed=computed,
        **counts_of(computed),
    )
