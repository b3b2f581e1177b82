"""The account-wide rate limit: so many requests in any rolling 60 seconds."""

from collections import deque
from collections.abc import Callable

WINDOW_SECONDS = 60.0


class RollingWindow:
    """Moments within the last `seconds`, and the most that any such window ever held."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.peak = 0
        self._moments: deque[float] = deque()

    def add(self, moment: float) -> None:
        """Count one event; moments must not run backwards."""
        self._drop_older_than(moment)
        self._moments.append(moment)
        self.peak = max(self.peak, len(self._moments))

    def count(self, moment: float) -> int:
        """Return the number of events in the window that ends at `moment`."""
        self._drop_older_than(moment)
        return len(self._moments)

    def seconds_until_below(self, limit: int, moment: float) -> float:
        """Return how long after `moment` fewer than `limit` events are left, 0 when that is so already."""
        surplus = self.count(moment) - limit
        return 0.0 if surplus < 0 else self._moments[surplus] + self.seconds - moment

    def _drop_older_than(self, moment: float) -> None:
        while self._moments and self._moments[0] <= moment - self.seconds:
            self._moments.popleft()


class RateLimiter:
    """Admits up to `limit` requests per window; a refused request does not use up the limit."""

    def __init__(self, limit: int, monotonic: Callable[[], float], window_seconds: float = WINDOW_SECONDS):
        self.limit = limit
        self.refused = 0
        self._monotonic = monotonic
        self._admitted = RollingWindow(window_seconds)
        self._arrived = RollingWindow(window_seconds)

    def admit(self) -> float | None:
        """Let one request in (None), or return the seconds until there is room again. Limit 0 lets all in."""
        moment = self._monotonic()
        self._arrived.add(moment)
        if self.limit and self._admitted.count(moment) >= self.limit:
            self.refused += 1
            return self._admitted.seconds_until_below(self.limit, moment)
        self._admitted.add(moment)
        return None

    @property
    def most_in_a_window(self) -> int:
        """The most requests, admitted or refused, that any rolling window has seen."""
        return self._arrived.peak

    def status(self) -> dict[str, int | None]:
        """Return the answer to `GET /rate-limit/status`; `remaining` is null when there is no limit."""
        current = self._admitted.count(self._monotonic())
        return {
            "limit": self.limit,
            "window_seconds": int(self._admitted.seconds),
            "current_requests": current,
            "remaining": max(0, self.limit - current) if self.limit else None,
        }
