"""What all figures of a tenant and a period have in common."""

from dataclasses import replace
from datetime import datetime
from typing import TypedDict

import strawberry

from services.analytics.stats import TenantStats as Computed
from services.errors import InvalidInputError
from services.tickets.filter import EVERY_TICKET, TicketFilter


class CreationPeriod(TypedDict):
    """A period of creation, as resolvers take it."""

    created_from: datetime | None
    created_to: datetime | None


class Counted(CreationPeriod):
    """Which tickets of it are counted."""

    wanted: TicketFilter


@strawberry.type
class OfPeriod:
    """What belongs to the statistics of a tenant and a period."""

    tenant_id: str = strawberry.field(description="The tenant.")
    computed: strawberry.Private[Computed]

    def span(self, from_date: datetime | None, to_date: datetime | None) -> tuple[datetime | None, datetime | None]:
        """Start and end of a field's own period; where it leaves one out, that of the statistics."""
        return from_date or self.computed.created_from, to_date or self.computed.created_to

    def created(self, from_date: datetime | None = None, to_date: datetime | None = None) -> CreationPeriod:
        """The same as a period in which tickets were created."""
        start, end = self.span(from_date, to_date)
        return {"created_from": start, "created_to": end}

    def counted(self, from_date: datetime | None = None, to_date: datetime | None = None) -> Counted:
        """The same, with the filter of the statistics."""
        return {**self.created(from_date, to_date), "wanted": self.computed.wanted}

    def opened(self, period: CreationPeriod) -> TicketFilter:
        """The tickets of a period that are counted."""
        return replace(self.computed.wanted, **period)

    def require_every_ticket(self, field: str) -> None:
        """Refuse a field of which a filter knows nothing.

        Raises:
            InvalidInputError: the statistics have a filter.
        """
        if self.computed.wanted != EVERY_TICKET:
            raise InvalidInputError(f"filter: {field} is known of all tickets together only; leave it out, or filter.")
