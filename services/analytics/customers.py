"""Who writes: the customers with the most tickets, with their counts and their share of all tickets."""

from dataclasses import dataclass
from datetime import datetime

from documents.database import Row
from documents.described import DescribedEnum
from documents.ticket import CUSTOMER_INDEX, HIGH_URGENCY_INDEX, Sentiment, Urgency
from services.analytics.pipeline import RATIO_DECIMALS
from services.errors import InvalidInputError
from services.statuses import is_closed
from services.tenancy import Filter, live
from services.tickets.filter import created_between

MAX_CUSTOMERS = 100


class CustomerOrder(DescribedEnum):
    """What customers can be ranked by."""

    TICKETS = "ticket_count", "All tickets."
    HIGH_URGENCY = "high_urgency_count", "Tickets of high urgency."
    NEGATIVE = "negative_count", "Tickets of negative sentiment."
    NOT_CLOSED = "not_closed_count", "Tickets that are not closed."


@dataclass(frozen=True, slots=True)
class CustomerCount:
    """One customer's tickets in the period."""

    customer_id: str
    ticket_count: int
    share: float
    """Of all tickets of the period, from 0 to 1, with 3 decimals."""
    high_urgency_count: int
    negative_count: int
    not_closed_count: int


@dataclass(frozen=True, slots=True)
class Ranking:
    """Which customers are asked for: the `first` ones of a tenant and a period, by one of their counts."""

    tenant_id: str
    order: CustomerOrder
    first: int
    created_from: datetime | None = None
    created_to: datetime | None = None

    @property
    def index(self) -> str:
        """The smallest index that the pipeline can begin on."""
        return HIGH_URGENCY_INDEX if self.order is CustomerOrder.HIGH_URGENCY else CUSTOMER_INDEX

    def pipeline(self, tickets: str) -> list[Row]:
        """Ends in one document a `CustomerCount`, highest first; `tickets` is the name of their collection.

        Only what the order rests on is counted for every customer: the rest is counted for those who lead.

        Raises:
            InvalidInputError: the period makes no sense, or `first` is not from 1 to 100.
        """
        if not 1 <= self.first <= MAX_CUSTOMERS:
            raise InvalidInputError(f"Ask for 1 to {MAX_CUSTOMERS} customers.")
        where = live(self.tenant_id, **created_between(self.created_from, self.created_to))
        return [
            *_leading({**where, "customer_id": {"$gt": ""}, **_COUNTED_FOR[self.order]}, self.order, self.first),
            *_with_counts(where, tickets),
            {"$sort": {self.order.value: -1, "customer_id": 1}},
        ]


_COUNTED_FOR: dict[CustomerOrder, Filter] = {
    CustomerOrder.TICKETS: {},
    CustomerOrder.HIGH_URGENCY: {"urgency": Urgency.HIGH.value},
    CustomerOrder.NEGATIVE: {"sentiment": Sentiment.NEGATIVE.value},
    CustomerOrder.NOT_CLOSED: {},
}
_ONE: dict[CustomerOrder, object] = {CustomerOrder.NOT_CLOSED: {"$cond": [is_closed(), 0, 1]}}
"""What a ticket counts, where that is not 1."""


def _leading(where: Filter, order: CustomerOrder, first: int) -> list[Row]:
    """From tickets to one document: `{leading: [customer_id, ...]}`."""
    return [
        {"$match": where},
        {"$group": {"_id": "$customer_id", "count": {"$sum": _ONE.get(order, 1)}}},
        {"$match": {"count": {"$gt": 0}}},
        {"$sort": {"count": -1, "_id": 1}},
        {"$limit": first},
        {"$group": {"_id": None, "leading": {"$push": "$_id"}}},
    ]


def _with_counts(where: Filter, tickets: str) -> list[Row]:
    """From `{leading: [...]}` to one document a customer: `{customer_id, ticket_count, share, ...}`."""
    counted = {
        "from": tickets,
        "localField": "leading",
        "foreignField": "customer_id",
        "pipeline": [{"$match": where}, {"$group": {"_id": "$customer_id", **_counts()}}],
        "as": "customer",
    }
    all_tickets = {"from": tickets, "pipeline": [{"$match": where}, {"$count": "count"}], "as": "all"}
    share = {"$round": [{"$divide": ["$customer.ticket_count", {"$first": "$all.count"}]}, RATIO_DECIMALS]}
    named = {"$mergeObjects": ["$customer", {"customer_id": "$customer._id", "share": share}]}
    return [
        {"$lookup": counted},
        {"$lookup": all_tickets},
        {"$unwind": "$customer"},
        {"$replaceWith": named},
        {"$unset": "_id"},
    ]


def _counts() -> Row:
    """Accumulators for the counts of a group of tickets."""

    def having(condition: Row) -> Row:
        return {"$sum": {"$cond": [condition, 1, 0]}}

    return {
        "ticket_count": {"$sum": 1},
        "high_urgency_count": having({"$eq": ["$urgency", Urgency.HIGH.value]}),
        "negative_count": having({"$eq": ["$sentiment", Sentiment.NEGATIVE.value]}),
        "not_closed_count": having({"$not": [is_closed()]}),
    }
