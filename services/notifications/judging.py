"""What becomes of a notification after an attempt: whether it is tried again, and when."""

import random
from dataclasses import dataclass, replace

from documents.notification import NotificationState
from services.kit.retry import RetryPolicy
from services.notifications.breaker import Permit, RequestResult
from services.notifications.claims import ClaimedNotification, Settlement
from services.notifications.receivers.answers import Attempt, Verdict

RETRIES = RetryPolicy(attempts=60, base_seconds=0.5, cap_seconds=1800.0)
"""About 12 h of failures of one notification; an open circuit uses no attempt up."""
WHILE_UNWELCOME = RetryPolicy(attempts=7, base_seconds=10.0, cap_seconds=300.0)
"""5 to 10 minutes, in which a receiver may be redeployed; longer while its circuit is open."""
WHEN_REFUSED = RetryPolicy(attempts=3, base_seconds=5.0, cap_seconds=60.0)
"""8 to 15 seconds: what was refused because of a moment is taken, and what nobody will ever take is told of soon."""


@dataclass(frozen=True, slots=True)
class RetryRules:
    """How long each kind of failure is borne."""

    failed: RetryPolicy = RETRIES
    unwelcome: RetryPolicy = WHILE_UNWELCOME
    refused: RetryPolicy = WHEN_REFUSED

    def with_attempts(self, attempts: int) -> "RetryRules":
        """The same with another number of attempts after failures."""
        return replace(self, failed=replace(self.failed, attempts=attempts))

    def settle(self, notification: ClaimedNotification, attempt: Attempt) -> Settlement:
        """What becomes of a notification; a wait is never shorter than the destination asked for."""
        if attempt.verdict is Verdict.DELIVERED:
            return Settlement(notification, NotificationState.DELIVERED, attempt.status)
        is_refusal = attempt.verdict in (Verdict.UNWELCOME, Verdict.REFUSED)
        delay = self._delay(notification, attempt.verdict)
        if delay is None:
            return Settlement(
                notification, NotificationState.DEAD, attempt.status, attempt.detail, is_refusal=is_refusal
            )
        wait = max(delay, attempt.retry_after)
        return Settlement(
            notification, NotificationState.PENDING, attempt.status, attempt.detail, wait, is_refusal=is_refusal
        )

    def _delay(self, notification: ClaimedNotification, verdict: Verdict) -> float | None:
        chance = random.random()  # noqa: S311  (jitter is no secret)
        if verdict in (Verdict.FAILED, Verdict.BUSY):
            return self.failed.delay(notification.attempts + 1, chance)
        policy = self.unwelcome if verdict is Verdict.UNWELCOME else self.refused
        # At least half of each wait: the time that passes matters here, not how calls are spread.
        return policy.delay(notification.refusals + 1, 0.5 + chance / 2)


def result_of(permit: Permit, attempt: Attempt) -> RequestResult:
    """What an attempt tells the circuit breaker."""
    is_success = attempt.verdict is Verdict.DELIVERED
    is_refusal = attempt.verdict in (Verdict.BUSY, Verdict.REFUSED)
    # Only these two speak of all requests; elsewhere `Retry-After` is about the one.
    pause = attempt.retry_after if attempt.status in (429, 503) else 0.0
    return RequestResult(permit, is_success, is_refusal=is_refusal, pause_seconds=pause)
