"""When `/notify` fails: the first attempts of each ticket (or of some), and everything during an outage."""

import hashlib
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from mock_external_api.settings import MockSettings, NotifyMode

_FAILURES = (500, 502, 504)
OUTAGE = 503


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one attempt is answered."""

    status: int
    attempt: int | None
    """The attempt's number for its ticket, from 1; None during an outage, which uses no attempt up."""
    retry_after: int | None = None
    """Whole seconds until the outage ends."""


class NotifyRules:
    """Counts attempts per ticket and failures in a row, and remembers an outage."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.failures_in_a_row = 0
        self._monotonic = monotonic
        self._attempts: Counter[tuple[str, str]] = Counter()
        self._outage_until = -math.inf

    def judge(self, settings: MockSettings, tenant_id: str, ticket_id: str) -> Verdict:
        """Decide one attempt and count it."""
        if remaining := self.outage_remaining():
            return Verdict(OUTAGE, None, math.ceil(remaining) if settings.notify_outage_tells_when else None)
        self._attempts[tenant_id, ticket_id] += 1
        attempt = self._attempts[tenant_id, ticket_id]
        if attempt > _failures_of(settings, tenant_id, ticket_id):
            self.failures_in_a_row = 0
            return Verdict(200, attempt)
        if settings.notify_mode is NotifyMode.REFERENCE:
            self._count_failure(settings)
        return Verdict(_FAILURES[(attempt - 1) % len(_FAILURES)], attempt)

    def outage_remaining(self) -> float:
        """Return the seconds left of an outage, 0 when there is none."""
        return max(0.0, self._outage_until - self._monotonic())

    def _count_failure(self, settings: MockSettings) -> None:
        self.failures_in_a_row += 1
        if settings.notify_outage_after and self.failures_in_a_row >= settings.notify_outage_after:
            self.failures_in_a_row = 0
            self._outage_until = self._monotonic() + settings.notify_outage_seconds


def _failures_of(settings: MockSettings, tenant_id: str, ticket_id: str) -> int:
    """How many attempts of a ticket fail."""
    if settings.notify_mode is NotifyMode.REFERENCE:
        return settings.notify_failures_per_ticket
    digest = hashlib.blake2b(f"{tenant_id}:{ticket_id}".encode(), digest_size=4).digest()
    return int(int.from_bytes(digest) < settings.notify_flaky_share * 2**32)
