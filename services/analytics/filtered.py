"""Figures of a part of the tickets, which a filter chooses: they are counted one by one, as no rollup knows them."""

from dataclasses import replace
from datetime import datetime

from documents.database import Collection
from documents.search_indexes import SEARCH_INDEX
from documents.ticket_indexes import COUNTED_INDEX, CUSTOMER_INDEX
from services.search.leading import led_by_rarest
from services.tenancy import Filter
from services.tickets.filter import EVERY_TICKET, TicketFilter, condition, index_of_choice, split_period

TOO_MANY = "Too many tickets match the filter to be counted in time; take a shorter period, or choose fewer."


async def chosen(
    tickets: Collection, tenant_id: str, wanted: TicketFilter, start: datetime | None, end: datetime | None
) -> Filter | None:
    """The query for the tickets created in a period that a filter without a period chooses. None: all of them.

    Raises:
        InvalidInputError: the filter or the period makes no sense.
        QueryTimeoutError: the database did not finish.
    """
    if wanted == EVERY_TICKET:
        return None
    rest, begin, stop = split_period(wanted, start, end)
    where = condition(tenant_id, replace(rest, created_from=begin, created_to=stop))
    return await led_by_rarest(tickets, tenant_id, where)


def index_for(wanted: TicketFilter) -> str:
    """The index along which the tickets are counted."""
    if wanted.q is not None:
        return SEARCH_INDEX
    if wanted.customer_id is not None and wanted.customer_id.any_of is not None:
        return CUSTOMER_INDEX
    return index_of_choice(wanted) or COUNTED_INDEX
