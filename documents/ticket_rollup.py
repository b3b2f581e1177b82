"""Counts of tickets by day and value, and by customer, so that analytics need not read every ticket."""

from typing import Literal

from beanie import Document
from pymongo import ASCENDING, DESCENDING, IndexModel

EVERY_DAY: Literal["all"] = "all"
_LEADING = [("tenant_id", ASCENDING), ("counting", ASCENDING), ("field", ASCENDING), ("day", ASCENDING)]


def _customers_by(count: str) -> IndexModel:
    """Customers by one of their counts, without a fetch; rows of other fields have no such count."""
    return IndexModel(
        [*_LEADING, (count, DESCENDING), ("value", ASCENDING)],
        name=f"tenant_customers_{count}",
        partialFilterExpression={count: {"$gt": 0}},
    )


class TicketRollup(Document):
    """How many of a tenant's rolled-up tickets have one value in one field.

    A ticket is in the rollups when its `rolled_up` says so and `RolledUpTicket` says as what it was counted; all three
    change in one transaction.
    """

    id: str  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    """Made of the other keys by `row_id` in `services/rollups/rows.py`: there is one row for each."""
    tenant_id: str
    counting: str
    """`COUNTING` of the version that wrote it, which is the only one that reads it."""
    day: int | Literal["all"]
    """The day of creation, in days since 1970-01-01 UTC; of `customer`, the first of 32 days. Or all days together,
    undated tickets included."""
    field: str
    """One of the counted fields, `tag`, `keyword`, `customer`, `closed_after`, or of `services/rollups/events.py`."""
    value: str
    """The value of the field; of `closed_after`, an empty text."""
    tickets: int
    """How many; never 0."""
    quarters: dict[str, int] = {}
    """Of a day: how many were created in each quarter of an hour, `00` to `95`; those without any may be missing."""
    high: int = 0
    """Of a customer: how many are of high urgency,"""
    negative: int = 0
    """of negative sentiment,"""
    not_closed: int = 0
    """not closed,"""
    at_risk: int = 0
    """and both of high urgency and not closed."""
    days: dict[str, dict[str, int]] = {}
    """Of a customer's 32 days: these counts for each day, `00` to `31`; days without any may be missing."""

    buckets: dict[str, int] = {}
    """Of `closed_after`: how many took how long to be closed, by the number of the bucket (`BUCKETS` in
    `services/rollups/rows.py`)."""

    class Settings:
        """Collection and indexes."""

        name = "ticket_rollups"
        indexes = [
            # Sums of days, and customers by all their tickets, without a fetch.
            IndexModel([*_LEADING, ("tickets", DESCENDING), ("value", ASCENDING)], name="tenant_field_day"),
            *(_customers_by(count) for count in ("high", "negative", "not_closed", "at_risk")),
        ]
