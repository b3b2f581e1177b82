"""Trends, customers and times to close as clients see them."""

from datetime import datetime
from typing import Annotated

import strawberry

from documents.ticket import CountedField
from schema.analytics.counts import ValueCount, value_counts
from schema.tickets.opened import Opened
from schema.tickets.types import Customer, to_customer
from services.analytics.customers import CustomerCount, CustomerOrder
from services.analytics.stats import TenantStats as Computed
from services.analytics.trends import TrendBucket
from services.kit.civil_time import TrendUnit
from services.tickets.choices import only_counted
from services.tickets.filter import TicketFilter

From = Annotated[
    datetime | None, strawberry.argument(description="From this moment; that of the statistics if left out.")
]
To = Annotated[
    datetime | None, strawberry.argument(description="Up to this moment; that of the statistics, or now, if left out.")
]
Unit = Annotated[TrendUnit, strawberry.argument(description="The length of the steps.")]
TimeZone = Annotated[str, strawberry.argument(description="By whose clock steps begin: `Europe/Paris`, `+02:00`.")]
Breakdown = Annotated[
    CountedField | None, strawberry.argument(description="Count each step by the values of this field, too.")
]
RankedBy = Annotated[CustomerOrder, strawberry.argument(description="The count to rank by, highest first.")]
Top = Annotated[int, strawberry.argument(description="How many: 1 to 100.")]


@strawberry.type(description="One step of a trend.")
class TrendStep(Opened):
    """The tickets created in an hour, a day or a week."""

    start: datetime = strawberry.field(description="When it begins.")
    count: int = strawberry.field(description="How many tickets were created in it, as far as the period reaches.")
    breakdown: list[ValueCount] = strawberry.field(
        description="Those by the field that was asked for, most frequent first; empty without one."
    )


@strawberry.type(description="One customer's tickets in the period.")
class CustomerStats(Opened):
    """A customer's counts."""

    customer_id: str = strawberry.field(description="The customer's id upstream.")
    ticket_count: int = strawberry.field(description="How many tickets they wrote.")
    share: float = strawberry.field(description="Their share of all tickets of the period: 0 to 1, 3 decimals.")
    high_urgency_count: int = strawberry.field(description="How many of high urgency.")
    negative_count: int = strawberry.field(description="How many of negative sentiment.")
    not_closed_count: int = strawberry.field(description="How many that are not closed.")
    customer: Customer = strawberry.field(description="The customer, with all their tickets.")


@strawberry.type(
    description="From a ticket's creation to the moment when, by its source, it was closed (where the source does not "
    "say: when the ingestion found it closed), over the tickets that are closed now. Tickets that were closed already "
    "when they were first ingested do not count."
)
class TimeToClose:
    """How long closing takes."""

    ticket_count: int = strawberry.field(description="Of how many tickets it is known.")
    median_seconds: float | None = strawberry.field(description="The median, exact; null where none is known.")
    p90_seconds: float | None = strawberry.field(description="Nine of ten took no longer, exact; null likewise.")


@strawberry.type(description="The period before this one, of the same length, and what has changed since.")
class PeriodComparison:
    """The preceding period."""

    from_date: datetime = strawberry.field(description="When it began.")
    to_date: datetime = strawberry.field(description="When it ended, which is when the present one begins.")
    total_tickets: int = strawberry.field(description="How many tickets were created in it.")
    urgency_high_ratio: float = strawberry.field(description="Their share of high urgency.")
    negative_sentiment_ratio: float = strawberry.field(description="Their share of negative sentiment.")
    total_tickets_change: float | None = strawberry.field(
        description="How much more tickets there are now: 0.25 for a quarter more; null when there were none."
    )
    urgency_high_ratio_difference: float | None = strawberry.field(
        description="The present ratio minus that one; null when there were no tickets."
    )
    negative_sentiment_ratio_difference: float | None = strawberry.field(
        description="The present ratio minus that one; null when there were no tickets."
    )
    urgency_high_ratio_change: float = strawberry.field(
        description="The present ratio minus that one, which is 0 when there were no tickets.",
        deprecation_reason="It cannot be null when there were no tickets: use urgencyHighRatioDifference.",
    )
    negative_sentiment_ratio_change: float = strawberry.field(
        description="The present ratio minus that one, which is 0 when there were no tickets.",
        deprecation_reason="It cannot be null when there were no tickets: use negativeSentimentRatioDifference.",
    )


def to_step(tenant_id: str, wanted: TicketFilter, bucket: TrendBucket, field: CountedField | None) -> TrendStep:
    """A step as clients see it, counted by the values of `field`."""
    period = {"created_from": bucket.created_from, "created_to": bucket.created_to}
    breakdown = value_counts(tenant_id, wanted, period, field, bucket.counts) if field else []
    return TrendStep(
        tenant_id=tenant_id,
        wanted=wanted,
        having=period,
        start=bucket.start,
        count=bucket.count,
        breakdown=breakdown,
    )


def to_customer_stats(tenant_id: str, period: TicketFilter, counted: CustomerCount) -> CustomerStats:
    """A customer's counts in a period as clients see them."""
    return CustomerStats(
        tenant_id=tenant_id,
        wanted=period,
        having={"customer_id": only_counted(counted.customer_id)},
        customer_id=counted.customer_id,
        ticket_count=counted.ticket_count,
        share=counted.share,
        high_urgency_count=counted.high_urgency_count,
        negative_count=counted.negative_count,
        not_closed_count=counted.not_closed_count,
        customer=to_customer(tenant_id, counted.customer_id),
    )


def to_comparison(start: datetime, end: datetime, before: Computed, now: Computed) -> PeriodComparison:
    """Two periods side by side. Against an empty one there is no change: its ratios are no figures."""
    was_empty = before.total_tickets == 0
    urgency = round(now.urgency_high_ratio - before.urgency_high_ratio, 3)
    sentiment = round(now.negative_sentiment_ratio - before.negative_sentiment_ratio, 3)
    return PeriodComparison(
        from_date=start,
        to_date=end,
        total_tickets=before.total_tickets,
        urgency_high_ratio=before.urgency_high_ratio,
        negative_sentiment_ratio=before.negative_sentiment_ratio,
        total_tickets_change=None if was_empty else round(now.total_tickets / before.total_tickets - 1, 3),
        urgency_high_ratio_difference=None if was_empty else urgency,
        negative_sentiment_ratio_difference=None if was_empty else sentiment,
        urgency_high_ratio_change=urgency,
        negative_sentiment_ratio_change=sentiment,
    )
