import pytest

from services.kit.retry import RetryPolicy


def test_the_ceiling_doubles_with_every_failure_up_to_the_cap() -> None:
    policy = RetryPolicy(attempts=6, base_seconds=1, cap_seconds=5)
    assert [policy.delay(failures, chance=1.0) for failures in range(1, 6)] == [1, 2, 4, 5, 5]


def test_the_wait_is_drawn_from_zero_to_the_ceiling() -> None:
    policy = RetryPolicy(attempts=3, base_seconds=8)
    assert policy.delay(1, chance=0.0) == 0
    assert policy.delay(1, chance=0.25) == 2


@pytest.mark.parametrize("failures", [3, 4])
def test_it_gives_up_after_the_last_attempt(failures: int) -> None:
    assert RetryPolicy(attempts=3).delay(failures, chance=0.5) is None
