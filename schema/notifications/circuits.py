"""Circuit breakers as clients see them."""

from datetime import datetime
from typing import Annotated

import strawberry

from documents.circuit_breaker import CircuitState
from schema.ingestion.payloads import Refusal
from services.notifications.breaker import DEFAULT_CIRCUIT, CircuitStatus


@strawberry.type(description="What stops requests to a destination that fails; shared by all processes.")
class CircuitBreaker:
    """A circuit breaker at a moment."""

    name: str = strawberry.field(description="`notify`, or the id of a tenant's destination.")
    state: CircuitState = strawberry.field(description="Whether requests are sent.")
    failure_count: int = strawberry.field(description="Failures among the last `windowSize` results.")
    window_size: int = strawberry.field(description="How many results are looked at.")
    opened_at: datetime | None = strawberry.field(description="When it opened; null while closed.")
    retry_after: float | None = strawberry.field(description="Seconds until anything may be sent; null: now.")


@strawberry.input(description="Which circuit breaker to reset.")
class ResetCircuitBreakerInput:
    """The input of `resetCircuitBreaker`."""

    name: str = strawberry.field(default=DEFAULT_CIRCUIT, description="The destination.")


@strawberry.type(description="The circuit is closed and its results are forgotten.")
class CircuitBreakerReset:
    """The reset circuit breaker."""

    circuit_breaker: CircuitBreaker = strawberry.field(description="The circuit breaker after it.")


@strawberry.type(description="There is no circuit breaker by this name.")
class CircuitBreakerNotFound(Refusal):
    """No such circuit breaker."""

    name: str = strawberry.field(description="The name that was given.")


ResetCircuitBreakerResult = Annotated[
    CircuitBreakerReset | CircuitBreakerNotFound,
    strawberry.union("ResetCircuitBreakerResult", description="What came of `resetCircuitBreaker`."),
]


def to_circuit(status: CircuitStatus) -> CircuitBreaker:
    """A status as clients see it."""
    return CircuitBreaker(
        name=status.name,
        state=status.state,
        failure_count=status.failure_count,
        window_size=status.window_size,
        opened_at=status.opened_at,
        retry_after=status.retry_after,
    )
