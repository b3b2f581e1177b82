"""The circuit breakers of all destinations, by name."""

from collections.abc import Sequence

from documents.circuit_breaker import Circuit
from documents.database import Database
from services.notifications.breaker import DEFAULT_CIRCUIT, CircuitBreaker, CircuitStatus, circuit_statuses


class Circuits:
    """Finds a destination's circuit breaker; which destinations there are is for others to know."""

    def __init__(self, database: Database, *, open_seconds: float, permit_seconds: float) -> None:
        """As of `CircuitBreaker`, the same for all of them."""
        self._database = database
        self._rows = database.collection(Circuit)
        self._open_seconds = open_seconds
        self._permit_seconds = permit_seconds

    def __getitem__(self, name: str) -> CircuitBreaker:
        """The circuit breaker by this name."""
        return CircuitBreaker(
            self._database, name, open_seconds=self._open_seconds, permit_seconds=self._permit_seconds
        )

    async def statuses(self, names: Sequence[str]) -> dict[str, CircuitStatus]:
        """Several at this moment, by name, in one round trip."""
        return await circuit_statuses(self._rows, names, self._open_seconds)

    async def forget(self, name: str) -> None:
        """Delete the circuit of a destination that is no more."""
        await self._rows.delete_one({"_id": name})


def circuit_name(destination_id: str) -> str:
    """The name of a destination's circuit breaker."""
    return destination_id or DEFAULT_CIRCUIT
