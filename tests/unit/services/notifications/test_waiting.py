from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from documents.circuit_breaker import CircuitState
from documents.destination import Destination, DestinationFormat
from documents.notification import Notification, NotificationState
from services.notifications.breaker import CircuitStatus
from services.notifications.waiting import Surroundings, waits_for

NOW = datetime(2026, 2, 5, 12, tzinfo=UTC)
CLOSED, OPEN, HALF_OPEN = CircuitState


def notification(seconds: float = -1, **changes: Any) -> Notification:
    usual = {"tenant_id": "acme", "ticket_id": "T-1", "state": NotificationState.PENDING, "destination_id": ""}
    due = NOW + timedelta(seconds=seconds)
    return Notification.model_construct(**{**usual, "claim": None, "due_at": due, **changes})


def around(state: CircuitState = CLOSED, retry_after: float | None = None, **changes: Any) -> Surroundings:
    destination = Destination.model_construct(format=DestinationFormat.SLACK, **changes) if changes else None
    return Surroundings(CircuitStatus("notify", state, 0, 10, None, retry_after), destination)


@pytest.mark.parametrize(
    ("stored", "circuit", "words"),
    [
        (notification(state=NotificationState.DELIVERED), around(), None),
        (notification(state=NotificationState.DEAD), around(OPEN, 5), None),
        (notification(), around(), "its turn"),
        (notification(30, claim="c"), around(), "being sent"),
        (notification(25), around(), "failed, tried again in 25 s"),
        (notification(25 * 60), around(OPEN, 12), "failed, tried again in 25 min"),
        (notification(3 * 3600), around(), "failed, tried again in 3.0 h"),
        (notification(3), around(OPEN, 11.2), "circuit open, probe in 12 s"),
        (notification(), around(HALF_OPEN), "circuit half open, one request at a time"),
        (notification(), around(CLOSED, 600), "its destination asked to be left alone, for another 10 min"),
        (notification(destination_id="d"), around(), "its destination was deleted"),
        (notification(destination_id="d"), around(OPEN, 5, is_paused=True), "its destination is paused"),
        (notification(destination_id="d"), around(OPEN, 5, is_paused=False), "circuit open, probe in 5 s"),
    ],
)
def test_what_it_waits_for(stored: Notification, circuit: Surroundings, words: str | None) -> None:
    assert waits_for(stored, circuit, NOW) == words
