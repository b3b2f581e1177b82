"""What all processes know of a destination's health."""

from datetime import datetime

from beanie import Document
from pydantic import BaseModel

from documents.described import DescribedEnum


class CircuitState(DescribedEnum):
    """Whether requests to a destination are sent."""

    # The transitions are drawn in `services/notifications/breaker.py`.
    CLOSED = "closed", "They are sent."
    OPEN = "open", "Nothing is sent: too many of the last requests failed."
    HALF_OPEN = "half_open", "One request is sent, to find out."


class CircuitPermit(BaseModel):
    """A request that was admitted and whose result is not known yet."""

    id: str
    expires_at: datetime
    """A result that comes later counts for nothing: its process was taken for dead."""


class Circuit(Document):
    """One destination; changed only by the pipeline updates in `services/notifications/breaker.py`."""

    id: str  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    state: CircuitState
    generation: int
    """Grows with every change of state; results of an earlier generation count for nothing."""
    window: list[bool] = []
    """The last results, oldest first; true is a success."""
    allowance: float
    """How many requests may be in flight while closed: grows with successes, shrinks with failures."""
    in_flight: list[CircuitPermit] = []
    opened_at: datetime | None = None
    """Since when nothing is sent: the last failure that is known, also one that was on its way when it opened."""
    refusals: int = 0
    """How many requests in a row were refused, without a success between them."""
    paused_until: datetime | None = None
    """The destination asked to be left alone until then."""

    class Settings:
        """Collection."""

        name = "circuit_breakers"
