"""The orders in which tickets can be listed, and what each needs: a moment, an index, parts that follow each other."""

from dataclasses import dataclass, replace

from pymongo import ASCENDING, DESCENDING

from documents.described import DescribedEnum
from documents.search_indexes import SEARCH_INDEX
from documents.ticket import Urgency
from documents.ticket_indexes import CUSTOMER_INDEX, NEWEST_INDEX, UPDATED_INDEX
from services.lists.cursors import Cursor
from services.tickets.choices import chosen_of, only
from services.tickets.filter import TicketFilter, index_of_choice
from services.tickets.record import TicketRecord


class TicketOrder(DescribedEnum):
    """The orders in which tickets can be listed. Tickets without the moment count as the oldest."""

    NEWEST_FIRST = "newest_first", "By creation time, newest first."
    OLDEST_FIRST = "oldest_first", "By creation time, oldest first."
    LAST_UPDATED_FIRST = "last_updated_first", "By the time of the last change, latest first."
    LAST_UPDATED_LAST = "last_updated_last", "By the time of the last change, latest last."
    MOST_URGENT_FIRST = "most_urgent_first", "High, medium, low, unknown urgency; newest first within each."
    LEAST_URGENT_FIRST = "least_urgent_first", "Low, medium, high, unknown urgency; newest first within each."


_MOST_URGENT = (Urgency.HIGH, Urgency.MEDIUM, Urgency.LOW, None)


@dataclass(frozen=True, slots=True)
class Ordering:
    """How tickets come in an order: by a moment, within parts by urgency if there are any."""

    moment: str = "created_at"
    newest_first: bool = True
    urgencies: tuple[Urgency | None, ...] = ()

    @property
    def sort(self) -> list[tuple[str, int]]:
        """The sort order within a part."""
        direction = DESCENDING if self.newest_first else ASCENDING
        return [(self.moment, direction), ("_id", direction)]

    def parts(self, wanted: TicketFilter) -> list[TicketFilter]:
        """Filters whose lists, one after the other, are the whole list; there are always as many."""
        if not self.urgencies:
            return [wanted]
        possible = chosen_of(self.urgencies, wanted.urgency)
        chosen = [only(urgency) if urgency in possible else only() for urgency in self.urgencies]
        return [replace(wanted, urgency=choice) for choice in chosen]

    def index(self, wanted: TicketFilter) -> str | None:
        """The index along which a list is walked. Left to itself, the planner tries plans that sort all tickets for
        every deep page. None: it knows better."""
        has_updates = wanted.updated_from is not None or wanted.updated_to is not None
        if wanted.q is not None:
            return SEARCH_INDEX
        if wanted.customer_id is not None and wanted.customer_id.any_of is not None:
            return CUSTOMER_INDEX
        if self.moment == "updated_at":
            return UPDATED_INDEX
        if not has_updates and (index := index_of_choice(wanted)) is not None:
            return index
        return None if has_updates else NEWEST_INDEX

    def place(self, ticket: TicketRecord) -> Cursor:
        """The ticket's place in the list."""
        part = self.urgencies.index(_known(ticket.urgency)) if self.urgencies else 0
        return Cursor(getattr(ticket, self.moment), ticket.id, part)


ORDERINGS = {
    TicketOrder.NEWEST_FIRST: Ordering(),
    TicketOrder.OLDEST_FIRST: Ordering(newest_first=False),
    TicketOrder.LAST_UPDATED_FIRST: Ordering(moment="updated_at"),
    TicketOrder.LAST_UPDATED_LAST: Ordering(moment="updated_at", newest_first=False),
    TicketOrder.MOST_URGENT_FIRST: Ordering(urgencies=_MOST_URGENT),
    TicketOrder.LEAST_URGENT_FIRST: Ordering(urgencies=(Urgency.LOW, Urgency.MEDIUM, Urgency.HIGH, None)),
}
NEWEST_FIRST = ORDERINGS[TicketOrder.NEWEST_FIRST]


def _known(urgency: str | None) -> Urgency | None:
    return Urgency(urgency) if urgency in list(Urgency) else None
