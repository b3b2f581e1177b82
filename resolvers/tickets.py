"""Answers about tickets."""

from collections.abc import AsyncGenerator, AsyncIterator, Collection

from documents.audit_entry import AuditAction
from documents.database import Row
from resolvers.context import Context
from resolvers.protection.acting import acting
from services.coordination.ticket_edits import NO_EDITS
from services.lists.keyset import Slice, Window
from services.lists.numbered import Page
from services.tickets.choices import only
from services.tickets.filter import TicketFilter
from services.tickets.following import TicketUpdates
from services.tickets.formats import ExportFormat
from services.tickets.ordering import ORDERINGS, TicketOrder
from services.tickets.record import TicketRecord
from services.tickets.search import RelevantTicket

UPDATES_SECONDS = 1.0
"""What has become of tickets is told at most so often."""


async def get_ticket(context: Context, tenant_id: str, external_id: str) -> TicketRecord:
    """One live ticket.

    Raises:
        TicketNotFoundError: the tenant has none with this id.
    """
    context.caller.require_tenant(tenant_id)
    return await context.services.tickets.get(tenant_id, external_id)


async def list_tickets(
    context: Context,
    tenant_id: str,
    wanted: TicketFilter,
    *,
    page: int,
    page_size: int,
    order: TicketOrder = TicketOrder.NEWEST_FIRST,
) -> Page[TicketRecord]:
    """One numbered page."""
    context.caller.require_tenant(tenant_id)
    ordering = ORDERINGS[order]
    return await context.services.tickets.page(tenant_id, wanted, page=page, page_size=page_size, order=ordering)


async def slice_tickets(
    context: Context,
    tenant_id: str,
    wanted: TicketFilter,
    window: Window,
    *,
    order: TicketOrder = TicketOrder.NEWEST_FIRST,
    omit: Collection[str] = (),
) -> Slice[TicketRecord]:
    """A stretch of the list along its cursors. The fields to `omit` are not read."""
    context.caller.require_tenant(tenant_id)
    return await context.services.tickets.slice(tenant_id, wanted, window, order=ORDERINGS[order], omit=omit)


async def search_tickets(
    context: Context, tenant_id: str, wanted: TicketFilter, window: Window
) -> Slice[RelevantTicket]:
    """A stretch of the tickets that match a search, the best fit first."""
    context.caller.require_tenant(tenant_id)
    return await context.services.search.by_relevance(tenant_id, wanted, window)


async def count_tickets(context: Context, tenant_id: str, wanted: TicketFilter) -> int:
    """How many tickets match."""
    context.caller.require_tenant(tenant_id)
    return await context.services.tickets.count(tenant_id, wanted)


async def has_customer(context: Context, tenant_id: str, customer_id: str) -> bool:
    """Whether the tenant has a live ticket of this customer."""
    wanted = TicketFilter(customer_id=only(customer_id))
    return bool((await slice_tickets(context, tenant_id, wanted, Window(limit=1))).items)


async def get_history(context: Context, tenant_id: str, external_id: str, *, limit: int) -> list[Row]:
    """What happened to a ticket, newest first.

    Raises:
        TicketNotFoundError: the tenant never had a ticket with this id.
    """
    context.caller.require_tenant(tenant_id)
    return await context.services.tickets.history(tenant_id, external_id, limit=limit)


async def load_history(context: Context, tenant_id: str, external_id: str, *, limit: int) -> list[Row]:
    """What happened to a ticket, newest first; read together with what other fields ask for. Unknown: nothing."""
    context.caller.require_tenant(tenant_id)
    return await context.loaders.histories.load((tenant_id, limit), external_id)


async def load_ticket_list(
    context: Context, tenant_id: str, wanted: TicketFilter, window: Window, order: TicketOrder
) -> Slice[TicketRecord]:
    """A stretch of a list along its cursors; read together with what other fields ask for."""
    context.caller.require_tenant(tenant_id)
    return await context.loaders.ticket_lists.load((tenant_id, window, ORDERINGS[order]), wanted)


async def load_ticket_list_count(context: Context, tenant_id: str, wanted: TicketFilter) -> int:
    """How many tickets match; counted together with what other fields ask for."""
    context.caller.require_tenant(tenant_id)
    return await context.loaders.ticket_list_counts.load(tenant_id, wanted)


async def export_tickets(
    context: Context,
    tenant_id: str,
    wanted: TicketFilter,
    form: ExportFormat,
    *,
    order: TicketOrder = TicketOrder.NEWEST_FIRST,
    has_bom: bool = True,
) -> AsyncIterator[bytes]:
    """All matching tickets as the chunks of a file; refused before the first chunk, if at all."""
    context.caller.require_tenant(tenant_id)
    async with acting(context, AuditAction.TICKETS_EXPORTED, tenant_id):
        chunks = context.services.exports.stream(tenant_id, wanted, form, order=ORDERINGS[order], has_bom=has_bom)
        first = await anext(chunks)
    yield first
    async for chunk in chunks:
        yield chunk


async def follow_tickets(
    context: Context, tenant_id: str, wanted: TicketFilter, *, omit: Collection[str] = ()
) -> AsyncGenerator[TicketUpdates, None]:
    """Nothing as soon as changes are followed, then what becomes of tickets that match, whichever process changes them.

    Raises:
        InvalidInputError: the filter makes no sense.
        UnavailableError: changes cannot be followed at the moment.
    """
    context.caller.require_tenant(tenant_id)
    look_at, turns = context.services.followed_tickets.look_at, context.services.changes.turns
    async with context.services.changes.ticket_edits.follow(tenant_id) as edits:
        yield await look_at(tenant_id, wanted, NO_EDITS)  # a filter that makes no sense is refused at once
        while True:
            await edits.wait(at_least=UPDATES_SECONDS)
            async with turns.turn(context.client):
                found = await look_at(tenant_id, wanted, edits.take(), omit=omit)
                if found.updates or found.has_more:
                    yield found  # until all that is asked for below is read
