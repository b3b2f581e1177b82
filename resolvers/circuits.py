"""Answers about circuit breakers: that of the operator's notifier, which all tenants share, and the destinations'."""

from documents.audit_entry import AuditAction
from resolvers.context import Context
from resolvers.protection.acting import acting
from services.access import Scope
from services.errors import CircuitNotFoundError
from services.notifications.breaker import DEFAULT_CIRCUIT, CircuitBreaker, CircuitStatus
from services.notifications.receivers.refusals import DestinationNotFoundError


async def get_circuit(context: Context, name: str) -> CircuitStatus:
    """The circuit breaker at this moment; a destination's id names its own.

    Raises:
        CircuitNotFoundError: there is none by this name that the caller may see.
    """
    context.caller.require(Scope.TICKETS_READ)
    return await (await _named(context, name)).status()


async def reset_circuit(context: Context, name: str) -> CircuitStatus:
    """Close the circuit and forget its results; what waits is sent at once.

    Raises:
        CircuitNotFoundError: there is none by this name that the caller may see.
    """
    context.caller.require(Scope.ADMIN)
    tenant_id, circuit = await _owner(context, name), context.services.circuits[name]
    async with acting(context, AuditAction.CIRCUIT_RESET, tenant_id, target=name):
        await circuit.reset()
    if context.services.delivery is not None:
        context.services.delivery.wake()
    return await circuit.status()


async def _named(context: Context, name: str) -> CircuitBreaker:
    await _owner(context, name)
    return context.services.circuits[name]


async def _owner(context: Context, name: str) -> str | None:
    """The tenant of the destination that it belongs to; None: all tenants share it."""
    if name == DEFAULT_CIRCUIT:
        return None
    try:
        destination = await context.services.destinations.get(name)
    except DestinationNotFoundError as error:
        raise CircuitNotFoundError(name) from error
    if not context.caller.may_see(destination.tenant_id):
        raise CircuitNotFoundError(name)
    return destination.tenant_id
