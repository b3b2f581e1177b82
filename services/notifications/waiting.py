"""Why a notification that is pending has not been delivered yet, in words."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from documents.circuit_breaker import CircuitState
from documents.destination import Destination
from documents.notification import DEFAULT_DESTINATION, Notification, NotificationState
from services.notifications.breaker import CircuitStatus
from services.notifications.circuits import Circuits, circuit_name
from services.notifications.receivers.destinations import Destinations


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a notification depends on."""

    circuit: CircuitStatus
    destination: Destination | None
    """None: the operator's own, or one that was deleted."""


class Waiting:
    """Reads what notifications depend on."""

    def __init__(self, circuits: Circuits, destinations: Destinations) -> None:
        self._circuits = circuits
        self._destinations = destinations

    async def around(self, destination_ids: Sequence[str]) -> dict[str, Surroundings]:
        """What notifications to these destinations depend on, by destination; two round trips at most."""
        own = [each for each in destination_ids if each != DEFAULT_DESTINATION]
        statuses = await self._circuits.statuses([circuit_name(each) for each in destination_ids])
        known = await self._destinations.by_ids(own) if own else {}
        return {each: Surroundings(statuses[circuit_name(each)], known.get(each)) for each in destination_ids}


def waits_for(notification: Notification, around: Surroundings, now: datetime) -> str | None:
    """What it waits for at this moment; None if it is delivered or dead."""
    if notification.state is not NotificationState.PENDING:
        return None
    if notification.claim is not None and notification.due_at > now:
        return "being sent"
    own = notification.destination_id != DEFAULT_DESTINATION
    if own and around.destination is None:
        return "its destination was deleted"
    if around.destination is not None and around.destination.is_paused:
        return "its destination is paused"
    left, circuit = (notification.due_at - now).total_seconds(), around.circuit
    blocked = circuit.retry_after or 0.0
    if left > blocked:
        return f"failed, tried again in {_in_words(left)}"
    if circuit.state is CircuitState.OPEN:
        return f"circuit open, probe in {_in_words(blocked)}"
    if circuit.state is CircuitState.HALF_OPEN:
        return "circuit half open, one request at a time"
    if blocked:
        return f"its destination asked to be left alone, for another {_in_words(blocked)}"
    return "its turn"


def _in_words(seconds: float) -> str:
    whole = math.ceil(seconds)
    if whole < 120:
        return f"{whole} s"
    return f"{math.ceil(seconds / 60)} min" if whole < 7200 else f"{seconds / 3600:.1f} h"
