"""Counts of a tenant's tickets as clients see them; each leads to the tickets that it counts."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import strawberry

from documents.ticket import CountedField, Language, Sentiment, StatusCategory, Urgency
from schema.tickets.opened import Opened
from schema.tickets.types import Customer, to_customer
from services.analytics.stats import TenantStats as Computed
from services.rollups.rows import UNKNOWN
from services.tickets.choices import excluding, including, only, only_counted
from services.tickets.filter import TicketFilter


@strawberry.type(description="How many tickets have a value.")
class ValueCount(Opened):
    """A value and its count."""

    value: str = strawberry.field(
        description="The value (`HIGH` of an urgency, as its enum names it); `unknown` stands for tickets without one."
    )
    count: int = strawberry.field(description="How many tickets have it.")


@strawberry.type(description="How many tickets have an urgency.")
class UrgencyCount(Opened):
    """An urgency and its count."""

    urgency: Urgency | None = strawberry.field(description="The urgency; null for tickets without a known one.")
    count: int = strawberry.field(description="How many tickets have it.")


@strawberry.type(description="How many tickets have a sentiment.")
class SentimentCount(Opened):
    """A sentiment and its count."""

    sentiment: Sentiment | None = strawberry.field(description="The sentiment; null for tickets without a known one.")
    count: int = strawberry.field(description="How many tickets have it.")


@strawberry.type(description="How many tickets are written in a language.")
class LanguageCount(Opened):
    """A language and its count."""

    language: Language | None = strawberry.field(
        description="The language; null for tickets without words to tell it by."
    )
    count: int = strawberry.field(description="How many tickets are written in it.")


@strawberry.type(description="How many tickets have a status that means the same.")
class StatusCategoryCount(Opened):
    """A category and its count."""

    status_category: StatusCategory = strawberry.field(description="What the status means.")
    count: int = strawberry.field(description="How many tickets have such a status.")


@strawberry.type(description="How many tickets were created in an hour.")
class HourCount(Opened):
    """An hour and its count."""

    hour: datetime = strawberry.field(description="The start of the hour, UTC.")
    count: int = strawberry.field(description="How many tickets were created in it.")


@strawberry.type(description="How many tickets a keyword occurs in.")
class KeywordCount(Opened):
    """A keyword and its count."""

    keyword: str = strawberry.field(description="A classification keyword in its plain form.")
    count: int = strawberry.field(description="How many tickets it occurs in.")


@strawberry.type(description="A customer with at least 2 high-urgency tickets that are not closed.")
class AtRiskCustomer(Opened):
    """A customer at risk."""

    customer_id: str = strawberry.field(description="The customer.")
    high_urgency_count: int = strawberry.field(description="How many such tickets there are.")
    ticket_ids: list[str] = strawberry.field(description="The external ids of the newest 20 of them.")
    customer: Customer = strawberry.field(description="The customer, with all their tickets.")


def counts_of(computed: Computed) -> dict[str, Any]:
    """All counts of the statistics, by the names of their fields."""
    tenant_id = computed.tenant_id
    period = replace(computed.wanted, created_from=computed.created_from, created_to=computed.created_to)
    at_risk = {
        "urgency": only(Urgency.HIGH),
        "status_category": excluding(period.status_category, StatusCategory.CLOSED),
    }

    def opened(**conditions: Any) -> dict[str, Any]:
        return {"tenant_id": tenant_id, "wanted": period, "having": conditions}

    return {
        **{f"by_{field}": _by_field(field, computed, opened) for field in CountedField},
        "hourly_trend": [
            HourCount(**each, **opened(**_within(period, each["hour"]))) for each in computed.hourly_trend
        ],
        "top_keywords": [
            KeywordCount(**each, **opened(keyword=including(period.keyword, each["keyword"])))
            for each in computed.top_keywords
        ],
        "at_risk_customers": [
            AtRiskCustomer(
                **risk,
                customer=to_customer(tenant_id, risk["customer_id"]),
                **opened(customer_id=only_counted(risk["customer_id"]), **at_risk),
            )
            for risk in computed.at_risk_customers
        ],
    }


def value_counts(
    tenant_id: str,
    wanted: TicketFilter,
    having: Mapping[str, Any],
    field: CountedField,
    counts: Iterable[tuple[str, int]],
) -> list[ValueCount]:
    """The counts by the values of a field, most frequent first, among the tickets that `wanted` selects with what they
    are `having` in the place of its own conditions."""
    return [
        ValueCount(
            tenant_id=tenant_id,
            wanted=wanted,
            having={**having, **_condition(wanted, field, value)},
            value=UNKNOWN if value is None else value.name if isinstance(value, StrEnum) else value,
            count=count,
        )
        for value, count in _known(field, counts)
    ]


def _condition(counted: TicketFilter, field: CountedField, value: Any) -> dict[str, Any]:
    """That a ticket, of those counted, has this value in the field."""
    return {field.value: including(counted.tag, value) if field is CountedField.TAG else only_counted(value)}


def _by_field(field: CountedField, computed: Computed, opened: Callable[..., dict[str, Any]]) -> list[Any]:
    counts = computed.by_field.get(field, {}).items()
    kind = _TYPES.get(field, ValueCount)
    name = field.value if field in _TYPES else "value"
    return [
        kind(count=count, **{name: value}, **opened(**_condition(computed.wanted, field, value)))
        for value, count in _known(field, counts)
    ]


def _known(field: CountedField, counts: Iterable[tuple[str, int]]) -> list[tuple[Any, int]]:
    """The counts by the members of the field's enum, if it has one, and by None what is none of them."""
    members = _MEMBERS.get(field)
    if members is None:
        return list(counts)
    summed: Counter[StrEnum | None] = Counter()
    for value, count in counts:
        summed[members.get(value)] += count
    return summed.most_common()


def _within(period: TicketFilter, hour: datetime) -> dict[str, datetime]:
    """An hour, as far as the period reaches."""
    start = max(filter(None, (hour, period.created_from)))
    end = min(filter(None, (hour + timedelta(hours=1), period.created_to)))
    return {"created_from": start, "created_to": max(start, end)}


_MEMBERS: dict[CountedField, dict[str, StrEnum]] = {
    CountedField.URGENCY: {each.value: each for each in Urgency},
    CountedField.SENTIMENT: {each.value: each for each in Sentiment},
    CountedField.LANGUAGE: {each.value: each for each in Language},
    CountedField.STATUS_CATEGORY: {each.value: each for each in StatusCategory},
}
_TYPES: dict[CountedField, Any] = {
    CountedField.URGENCY: UrgencyCount,
    CountedField.SENTIMENT: SentimentCount,
    CountedField.LANGUAGE: LanguageCount,
    CountedField.STATUS_CATEGORY: StatusCategoryCount,
}
