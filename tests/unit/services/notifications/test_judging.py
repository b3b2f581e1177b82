from dataclasses import replace
from datetime import UTC, datetime

import pytest

from documents.notification import NotificationState
from services.notifications.breaker import Permit
from services.notifications.claims import FINISH_UP_TO, LAST, ClaimedNotification
from services.notifications.judging import WHEN_REFUSED, WHILE_UNWELCOME, RetryRules, result_of
from services.notifications.receivers.answers import Attempt, Verdict

PATIENCE, PERMIT = RetryRules(), Permit("p", 1)
NOTIFICATION = ClaimedNotification("n", "c", "acme", "T-1", "high", "", 0, 0, datetime(2026, 2, 5, tzinfo=UTC))
DELIVERED, FAILED, BUSY, UNWELCOME, REFUSED = Verdict


def waits(verdict: Verdict) -> list[float]:
    """The waits of a notification that is answered the same way until it is given up."""
    found: list[float] = []
    while True:
        count = len(found)
        refusals = count if verdict in (UNWELCOME, REFUSED) else 0
        settled = PATIENCE.settle(replace(NOTIFICATION, attempts=count, refusals=refusals), Attempt(verdict, 500))
        if settled.state is NotificationState.DEAD:
            return found
        found.append(settled.delay_seconds)


@pytest.mark.parametrize("_", range(20))
def test_a_receiver_that_is_redeployed_has_five_to_ten_minutes(_: int) -> None:
    borne = waits(UNWELCOME)
    assert len(borne) == WHILE_UNWELCOME.attempts - 1
    assert 300 <= sum(borne) <= 620


@pytest.mark.parametrize("_", range(20))
def test_a_refused_message_gets_a_few_attempts_within_seconds(_: int) -> None:
    borne = waits(REFUSED)
    assert len(borne) == WHEN_REFUSED.attempts - 1
    assert 7 <= sum(borne) <= 15


@pytest.mark.parametrize("verdict", [FAILED, BUSY])
def test_failures_have_sixty_attempts(verdict: Verdict) -> None:
    assert len(waits(verdict)) == 59


def test_failures_before_do_not_use_up_the_patience_with_refusals() -> None:
    settled = PATIENCE.settle(replace(NOTIFICATION, attempts=50), Attempt(UNWELCOME, 404))
    assert settled.state is NotificationState.PENDING


@pytest.mark.parametrize("verdict", [FAILED, BUSY, UNWELCOME, REFUSED])
def test_no_wait_is_shorter_than_was_asked_for(verdict: Verdict) -> None:
    assert PATIENCE.settle(NOTIFICATION, Attempt(verdict, 429, retry_after=1234)).delay_seconds == 1234


@pytest.mark.parametrize(
    ("attempts", "verdict", "rank"),
    [
        (0, FAILED, -1),
        (1, BUSY, -2),
        (FINISH_UP_TO - 1, FAILED, -FINISH_UP_TO),
        (FINISH_UP_TO, FAILED, LAST),
        (0, UNWELCOME, LAST),
        (0, REFUSED, LAST),
    ],
)
def test_what_was_begun_goes_first_and_what_is_refused_last(attempts: int, verdict: Verdict, rank: int) -> None:
    assert PATIENCE.settle(replace(NOTIFICATION, attempts=attempts), Attempt(verdict, 500)).rank == rank


@pytest.mark.parametrize(
    ("attempt", "is_success", "is_refusal", "pause"),
    [
        (Attempt(DELIVERED, 200), True, False, 0),
        (Attempt(FAILED, 503, retry_after=30), False, False, 30),
        (Attempt(FAILED, 500, retry_after=30), False, False, 0),
        (Attempt(BUSY, 429, retry_after=5), False, True, 5),
        (Attempt(UNWELCOME, 404, retry_after=5), False, False, 0),
        (Attempt(REFUSED, 422, retry_after=5), False, True, 0),
    ],
)
def test_what_an_attempt_tells_the_circuit(attempt: Attempt, is_success: bool, is_refusal: bool, pause: float) -> None:
    result = result_of(PERMIT, attempt)
    assert (result.is_success, result.is_refusal, result.pause_seconds) == (is_success, is_refusal, pause)
