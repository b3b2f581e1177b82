"""Answers about what people say of tickets, and what is learned from it."""

from documents.audit_entry import AuditAction
from resolvers.context import Context
from resolvers.protection.acting import acting, actor_of
from resolvers.tickets import get_ticket
from services.access import Scope
from services.judging.corrections import PersonsWord
from services.judging.learnings import LearningState
from services.tickets.record import TicketRecord


async def correct_ticket(
    context: Context, tenant_id: str, external_id: str, word: PersonsWord, *, announce: bool = False
) -> TicketRecord:
    """Let the caller's word decide about a ticket. `announce`: tell the receivers, if it becomes urgent by this.

    Raises:
        InvalidInputError: nothing is said, or the note is too long.
        TicketNotFoundError: the tenant has no live ticket with this id.
    """
    context.caller.require_tenant(tenant_id, Scope.TICKETS_WRITE)
    ticket = await get_ticket(context, tenant_id, external_id)
    services, by = context.services, actor_of(context)
    async with acting(context, AuditAction.TICKET_CORRECTED, tenant_id, target=ticket.external_id):
        corrected = await services.corrections.correct(tenant_id, ticket, word, by=by, announce=announce)
    if announce and services.delivery is not None:
        services.delivery.wake()
    return corrected


async def withdraw_correction(context: Context, tenant_id: str, external_id: str) -> TicketRecord:
    """Let what a ticket is classified as decide again; nothing happens where it does.

    Raises:
        TicketNotFoundError: the tenant has no live ticket with this id.
    """
    context.caller.require_tenant(tenant_id, Scope.TICKETS_WRITE)
    ticket = await get_ticket(context, tenant_id, external_id)
    async with acting(context, AuditAction.CORRECTION_WITHDRAWN, tenant_id, target=ticket.external_id):
        return await context.services.corrections.withdraw(tenant_id, ticket, by=actor_of(context))


async def get_learning(context: Context, tenant_id: str) -> LearningState:
    """How learning from the tenant's corrections stands."""
    context.caller.require_tenant(tenant_id)
    return await context.services.learnings.of(tenant_id)
