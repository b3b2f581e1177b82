"""What becomes of tickets, as the subscription `ticketsChanged` tells it."""

import strawberry

from schema.base.cost import ListSize
from schema.base.ids import global_id
from schema.tickets.types import Ticket, to_ticket
from services.coordination.ticket_edits import MAX_EDITS
from services.tickets.following import TicketUpdateKind
from services.tickets.following import TicketUpdates as Found


@strawberry.type(description="What has become of one ticket.")
class TicketUpdate:
    """A ticket and what has become of it."""

    kind: TicketUpdateKind = strawberry.field(description="What has become of it.")
    global_id: strawberry.ID = strawberry.field(description="The ticket's global id; for clients that keep it by that.")
    external_id: str = strawberry.field(description="The ticket's id upstream.")
    ticket: Ticket | None = strawberry.field(description="The ticket as it is now; null where it does not match.")


@strawberry.type(description="What has become of a tenant's tickets within a moment.")
class TicketsChanged:
    """An event."""

    tenant_id: str = strawberry.field(description="The tenant.")
    updates: list[TicketUpdate] = strawberry.field(
        description="Each ticket once, 100 at most.", directives=[ListSize(assumed_size=MAX_EDITS)]
    )
    has_more: bool = strawberry.field(
        description="Whether more has changed than is told here: read your lists anew. So after a gap, too, and when "
        "tickets were removed from the database."
    )


def to_tickets_changed(tenant_id: str, found: Found) -> TicketsChanged:
    """An event as clients see it."""
    updates = [
        TicketUpdate(
            kind=update.kind,
            global_id=global_id("Ticket", tenant_id, update.external_id),
            external_id=update.external_id,
            ticket=None if update.ticket is None else to_ticket(update.ticket),
        )
        for update in found.updates
    ]
    return TicketsChanged(tenant_id=tenant_id, updates=updates, has_more=found.has_more)
