"""Who has to write again: tickets that follow another one of the same customer within some days."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from documents.database import Row
from documents.ticket import Ticket
from services.analytics.values import RATIO_DECIMALS
from services.errors import InvalidInputError
from services.tenancy import live
from services.tickets.filter import created_in_period

MAX_DAYS = 365


@dataclass(frozen=True, slots=True)
class RepeatContacts:
    """The tickets of a period by which customers wrote again."""

    ticket_count: int
    """Tickets that follow another one of the same customer within the window."""
    share: float
    """Of all tickets of the period, from 0 to 1, with 3 decimals; 0 when there are none."""
    customer_count: int
    """Customers who wrote such tickets."""


@dataclass(frozen=True, slots=True)
class RepeatQuestion:
    """Whose tickets of which period are asked for, and how many days a customer's next ticket may be late."""

    tenant_id: str
    days: int
    created_from: datetime | None
    created_to: datetime | None

    def pipeline(self) -> list[Row]:
        """Ends in two documents at most: `{ticket_count, customer_count}` and `{total}`; zeros are left out.

        The ticket before may be older than the period: tickets are read from one window before its start.

        Raises:
            InvalidInputError: the period makes no sense, or the number of days is not from 1 to 365.
        """
        if not 1 <= self.days <= MAX_DAYS:
            raise InvalidInputError(f"must be 1 to {MAX_DAYS}.", argument="days")
        everybody = live(self.tenant_id, **created_in_period(self.created_from, self.created_to))
        window = timedelta(days=self.days)
        read_from = None if self.created_from is None else self.created_from - window
        bounds = {"$gte": read_from, "$lt": self.created_to}
        dated: Row = {operator: bound for operator, bound in bounds.items() if bound is not None} or {"$type": "date"}
        return [
            {"$match": live(self.tenant_id, customer_id={"$gt": ""}, created_at=dated)},
            # As the index has them, so that nothing is sorted: {_id: customer, moments: newest first}.
            {"$sort": {"customer_id": 1, "created_at": -1}},
            {"$group": {"_id": "$customer_id", "moments": {"$push": "$created_at"}}},
            {"$match": {"moments.1": {"$exists": True}}},
            {"$project": {"count": {"$size": self._repeats(window)}}},
            {"$match": {"count": {"$gt": 0}}},
            {"$group": {"_id": None, "ticket_count": {"$sum": "$count"}, "customer_count": {"$sum": 1}}},
            {"$unionWith": {"coll": Ticket.Settings.name, "pipeline": [{"$match": everybody}, {"$count": "total"}]}},
        ]

    def _repeats(self, window: timedelta) -> Row:
        """The expression for those pairs of a ticket and the one before, in which the ticket is a repeated contact."""
        before = {"$slice": ["$moments", 1, {"$size": "$moments"}]}
        gap = {"$subtract": [{"$first": "$$this"}, {"$last": "$$this"}]}
        conditions: list[Row] = [{"$lte": [gap, window // timedelta(milliseconds=1)]}]
        if self.created_from is not None:
            conditions.append({"$gte": [{"$first": "$$this"}, self.created_from]})
        return {"$filter": {"input": {"$zip": {"inputs": ["$moments", before]}}, "cond": {"$and": conditions}}}


def to_repeat_contacts(found: list[Row]) -> RepeatContacts:
    """What the pipeline found."""
    counts = {name: value for row in found for name, value in row.items()}
    tickets = counts.get("ticket_count", 0)
    share = round(tickets / counts["total"], RATIO_DECIMALS) if tickets else 0.0
    return RepeatContacts(tickets, share, counts.get("customer_count", 0))
