from hypothesis import given
from hypothesis import strategies as st

from mock_external_api.limiter import RateLimiter, RollingWindow


class Seconds:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_admits_the_limit_and_no_more() -> None:
    limiter = RateLimiter(3, Seconds())
    assert [limiter.admit() is None for _ in range(5)] == [True, True, True, False, False]


def test_refusal_tells_when_the_oldest_request_leaves_the_window() -> None:
    seconds = Seconds()
    limiter = RateLimiter(2, seconds)
    limiter.admit()
    seconds.now += 10
    limiter.admit()
    seconds.now += 5
    assert limiter.admit() == 45


def test_window_rolls_instead_of_starting_afresh_each_minute() -> None:
    seconds = Seconds()
    limiter = RateLimiter(2, seconds)
    limiter.admit()
    seconds.now += 50
    limiter.admit()
    seconds.now += 10
    assert limiter.admit() is None
    assert limiter.admit() == 50


def test_refused_requests_do_not_use_up_the_limit() -> None:
    seconds = Seconds()
    limiter = RateLimiter(1, seconds)
    limiter.admit()
    seconds.now += 59
    limiter.admit()
    seconds.now += 1
    assert limiter.admit() is None


def test_limit_zero_admits_everything() -> None:
    limiter = RateLimiter(0, Seconds())
    assert all(limiter.admit() is None for _ in range(500))
    assert limiter.status() == {"limit": 0, "window_seconds": 60, "current_requests": 500, "remaining": None}


def test_status_counts_what_is_left() -> None:
    seconds = Seconds()
    limiter = RateLimiter(60, seconds)
    for _ in range(7):
        limiter.admit()
    assert limiter.status() == {"limit": 60, "window_seconds": 60, "current_requests": 7, "remaining": 53}
    seconds.now += 60
    assert limiter.status()["remaining"] == 60


def test_lowering_the_limit_waits_for_all_surplus_requests() -> None:
    seconds = Seconds()
    limiter = RateLimiter(3, seconds)
    for _ in range(3):
        limiter.admit()
        seconds.now += 1
    limiter.limit = 1
    assert limiter.admit() == 59


def test_busiest_window_counts_refused_requests_too() -> None:
    seconds = Seconds()
    limiter = RateLimiter(2, seconds)
    for _ in range(5):
        limiter.admit()
    seconds.now += 60
    limiter.admit()
    assert (limiter.most_in_a_window, limiter.refused) == (5, 3)


@given(gaps=st.lists(st.floats(min_value=0, max_value=40), max_size=60), limit=st.integers(1, 5))
def test_no_window_ever_holds_more_than_the_limit(gaps: list[float], limit: int) -> None:
    seconds = Seconds()
    limiter, admitted = RateLimiter(limit, seconds), RollingWindow(60)
    for gap in gaps:
        seconds.now += gap
        if limiter.admit() is None:
            admitted.add(seconds.now)
    assert admitted.peak <= limit
