"""Routes about circuit breakers: `notify`, the operator's, and one for each destination, by its id."""

from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Path

from documents.circuit_breaker import CircuitState
from gql_app.rest.answers.base import Answer
from gql_app.rest.parameters import ContextOf, problems
from gql_app.rest.strict import StrictRoute
from resolvers import circuits as resolvers
from services.notifications.breaker import CircuitStatus

router = APIRouter(prefix="/circuit", tags=["circuit breakers"], route_class=StrictRoute)


Name = Annotated[str, Path(description="`notify`, or the id of a tenant's destination.")]


class CircuitAnswer(Answer):
    """A circuit breaker at this moment."""

    name: str
    state: CircuitState
    failure_count: int
    """Failures among the last `window_size` results."""
    window_size: int
    opened_at: datetime | None
    """When it opened; null while closed."""
    retry_after: float | None
    """Seconds until anything may be sent; null: now."""

    @classmethod
    def of(cls, status: CircuitStatus) -> Self:
        """The answer for a status."""
        return cls.model_validate(status)


class ResetAnswer(Answer):
    """The circuit breaker was closed."""

    status: Literal["reset"] = "reset"
    name: str


@router.get("/{name}/status", responses=problems(404))
async def get_status(context: ContextOf, name: Name) -> CircuitAnswer:
    """Whether requests to a destination are sent at this moment; the same in all processes."""
    return CircuitAnswer.of(await resolvers.get_circuit(context, name))


@router.post("/{name}/reset", responses=problems(404))
async def reset(context: ContextOf, name: Name) -> ResetAnswer:
    """Close the circuit and forget its results, in all processes; needs the scope `admin`."""
    return ResetAnswer(name=(await resolvers.reset_circuit(context, name)).name)
