"""Who writes: the customers with the most tickets, with their counts and their share of all tickets."""

from dataclasses import dataclass
from datetime import datetime

from documents.database import Row
from documents.described import DescribedEnum
from documents.ticket import Ticket
from services.analytics.leading import leading_customers
from services.analytics.partition import customer_partition, partition_of
from services.analytics.pipeline import total_count
from services.analytics.values import RATIO_DECIMALS
from services.errors import InvalidInputError
from services.tenancy import Filter

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

    def pipeline(self, now: datetime, *, rolled_up: bool, where: Filter | None = None) -> list[Row]:
        """Ends in one document a customer, highest first, and one with the `total` of all tickets of the period.

        `rolled_up` and `where`: as in `partition_of`.

        Raises:
            InvalidInputError: the period makes no sense, or `first` is not from 1 to 100.
        """
        if not 1 <= self.first <= MAX_CUSTOMERS:
            raise InvalidInputError(f"must be 1 to {MAX_CUSTOMERS}.", argument="first")
        period = self.tenant_id, self.created_from, self.created_to
        customers = leading_customers(
            customer_partition(*period, now, rolled_up=rolled_up, where=where), _COUNTS[self.order], self.first
        )
        total = total_count(partition_of(*period, rolled_up=rolled_up, where=where))
        return [*customers, {"$unionWith": {"coll": Ticket.Settings.name, "pipeline": total}}]


def ranked_customers(found: list[Row]) -> list[CustomerCount]:
    """What the pipeline has found."""
    total = sum(row.get("total", 0) for row in found)
    return [
        CustomerCount(
            customer_id=row["_id"],
            ticket_count=row["tickets"],
            # While the rollups do not know yet what another program has done, they may tell of fewer.
            share=round(row["tickets"] / max(total, row["tickets"]), RATIO_DECIMALS),
            high_urgency_count=row["high"],
            negative_count=row["negative"],
            not_closed_count=row["not_closed"],
        )
        for row in found
        if "total" not in row
    ]


_COUNTS: dict[CustomerOrder, str] = {
    CustomerOrder.TICKETS: "tickets",
    CustomerOrder.HIGH_URGENCY: "high",
    CustomerOrder.NEGATIVE: "negative",
    CustomerOrder.NOT_CLOSED: "not_closed",
}
