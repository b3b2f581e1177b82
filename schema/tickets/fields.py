"""GraphQL fields about tickets."""

from dataclasses import replace
from typing import Annotated

import strawberry

from resolvers.tickets import count_tickets, get_ticket, search_tickets, slice_tickets
from schema.base.arguments import TenantId
from schema.base.connections import After, Before, Connection, First, Last, Pager
from schema.base.cost import CONNECTION, Cost
from schema.base.info import Info
from schema.tickets.filter import TicketFilterInput
from schema.tickets.types import Order, Ticket, ticket_pager, to_found_ticket, to_ticket, unselected_bulk
from services.tickets.ordering import TicketOrder
from services.tickets.search import place

Wanted = Annotated[TicketFilterInput | None, strawberry.argument(description="Which tickets; all if left out.")]
Words = Annotated[
    str, strawberry.argument(description="Words that all occur, in any inflection; at most 200 characters.")
]
ExternalId = Annotated[str, strawberry.argument(description="The ticket's id upstream.")]


@strawberry.type
class TicketQueries:
    """The root fields about tickets."""

    @strawberry.field(description="One live ticket; null with the error NOT_FOUND if there is none.")
    async def ticket(self, info: Info, tenant_id: TenantId, external_id: ExternalId) -> Ticket | None:
        """One ticket."""
        return to_ticket(await get_ticket(info.context, tenant_id, external_id))

    @strawberry.field(description="A tenant's live tickets.", directives=[CONNECTION])
    async def tickets(
        self,
        info: Info,
        tenant_id: TenantId,
        filter: Wanted = None,
        order_by: Order = TicketOrder.NEWEST_FIRST,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Ticket] | None:
        """A page of tickets."""
        wanted = (filter or TicketFilterInput()).to_filter()
        pager = ticket_pager(info, tenant_id, order_by)
        window = pager.window(first, last, after, before)
        found = await slice_tickets(info.context, tenant_id, wanted, window, order=order_by, omit=unselected_bulk(info))
        return pager.connection(found, window, to_ticket, lambda: count_tickets(info.context, tenant_id, wanted))

    @strawberry.field(
        description="A tenant's live tickets that match a search, the best fit first.",
        directives=[CONNECTION, Cost(weight=20)],
    )
    async def search_tickets(
        self,
        info: Info,
        tenant_id: TenantId,
        q: Words,
        filter: Wanted = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Ticket] | None:
        """A page of tickets by relevance; cursors belong to the search."""
        wanted = replace((filter or TicketFilterInput()).to_filter(), q=q)
        pager = Pager(info, f"search:{tenant_id}:{q}", place=place)
        window = pager.window(first, last, after, before)
        found = await search_tickets(info.context, tenant_id, wanted, window)
        return pager.connection(found, window, to_found_ticket, lambda: count_tickets(info.context, tenant_id, wanted))
