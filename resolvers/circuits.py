"""Answers about circuit breakers, which all tenants share."""

from resolvers.context import Context
from services.access import Scope
from services.errors import CircuitNotFoundError
from services.notifications.breaker import CircuitBreaker, CircuitStatus


async def get_circuit(context: Context, name: str) -> CircuitStatus:
    """The circuit breaker at this moment.

    Raises:
        CircuitNotFoundError: there is none by this name.
    """
    context.caller.require(Scope.TICKETS_READ)
    return await _named(context, name).status()


async def reset_circuit(context: Context, name: str) -> CircuitStatus:
    """Close the circuit and forget its results; what waits is sent at once.

    Raises:
        CircuitNotFoundError: there is none by this name.
    """
    context.caller.require(Scope.ADMIN)
    circuit = _named(context, name)
    await circuit.reset()
    if context.services.delivery is not None:
        context.services.delivery.wake()
    return await circuit.status()


def _named(context: Context, name: str) -> CircuitBreaker:
    circuit = context.services.circuits.get(name)
    if circuit is None:
        raise CircuitNotFoundError(name)
    return circuit
