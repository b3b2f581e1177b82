"""What passes between the queue and those who send: a claimed notification, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from documents.notification import NotificationState

FINISH_UP_TO = 4
"""So often a notification is tried before untried ones; one that nobody takes must not hold them up."""
LAST = 1


@dataclass(frozen=True, slots=True)
class ClaimedNotification:
    """A notification that this process may send until its claim runs out."""

    id: str
    claim: str
    tenant_id: str
    ticket_id: str
    urgency: str
    reason: str
    attempts: int
    """Attempts before this one."""
    refusals: int
    """How many of them were refused."""
    created_at: datetime
    trace: str | None = None
    """The step of a trace that found the ticket urgent."""
    spike: Mapping[str, Any] | None = None
    """What is told of a spike; None: it is about a ticket."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a claimed notification."""

    notification: ClaimedNotification
    state: NotificationState
    """Pending: to be tried again."""
    status: int | None = None
    error: str | None = None
    delay_seconds: float = 0.0
    is_refusal: bool = False

    @property
    def rank(self) -> int:
        """The place in its lane after this attempt; smaller goes first."""
        tried = self.notification.attempts + 1
        return LAST if self.is_refusal or tried > FINISH_UP_TO else -tried


@dataclass(frozen=True, slots=True)
class Flood:
    """What is due of a lane, where many alerts came at once."""

    recent: int
    """How many were written within the last minute, delivered or not; counted up to the limit that was asked about."""
    oldest_seconds: float
    """How long the oldest that is due has waited; 0 if nothing is due."""
    due: int
