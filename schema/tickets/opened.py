"""Figures that can be opened: each leads to the list of exactly the tickets that it counts."""

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any

import strawberry

from schema.base.connections import After, Before, Connection, First, Last
from schema.base.cost import CONNECTION
from schema.base.info import Info
from schema.tickets.types import Order, Ticket, ticket_list
from services.tickets.filter import TicketFilter
from services.tickets.ordering import TicketOrder


@strawberry.type
class Opened:
    """Base of types that tell how many tickets there are of a kind."""

    tenant_id: strawberry.Private[str]
    wanted: strawberry.Private[TicketFilter]
    """Among which tickets is counted."""
    having: strawberry.Private[Mapping[str, Any]] = field(default_factory=dict)
    """The conditions for those that are, in the place of the filter's own: hundreds of figures have one filter, and few
    are opened."""

    @strawberry.field(description="The tickets that are counted.", directives=[CONNECTION])
    async def tickets(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        order_by: Order = TicketOrder.NEWEST_FIRST,
    ) -> Connection[Ticket] | None:
        """A page of the tickets, read together with those of other figures."""
        counted = replace(self.wanted, **self.having)
        return await ticket_list(info, self.tenant_id, counted, order_by, first, last, after, before)
