"""The primary limit, by the hour and the caller, and the secondary one, by the minute."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from mock_external_api.github.refusals import primary_exceeded, secondary_exceeded
from mock_external_api.github.settings import GithubSettings

HOUR, MINUTE = 3_600, 60
_UNLIMITED = 1_000_000_000


@dataclass(slots=True)
class Window:
    """A caller's hour, which begins with the first request in it."""

    ends: int
    used: int = 0


class Limits:
    """Counts the requests of each caller; a caller is a token, or None for all without one."""

    def __init__(self, now: Callable[[], int]) -> None:
        self.now = now
        self._windows: dict[str | None, Window] = {}
        self._latest: deque[int] = deque()

    def admit(self, caller: str | None, settings: GithubSettings) -> None:
        """Raise the refusal if a limit is exceeded. The request is not counted yet on the primary one."""
        now = self.now()
        while self._latest and self._latest[0] <= now - MINUTE:
            self._latest.popleft()
        if settings.secondary_per_minute and len(self._latest) >= settings.secondary_per_minute:
            raise secondary_exceeded(settings.secondary_status, settings.secondary_retry_after)
        self._latest.append(now)
        if self._window(caller).used >= _limit(caller, settings):
            who = "203.0.113.7" if caller is None else "user ID 1024"
            raise primary_exceeded(settings.primary_status, who)

    def count(self, caller: str | None) -> None:
        """Count a request on the primary limit."""
        self._window(caller).used += 1

    def state(self, caller: str | None, settings: GithubSettings) -> dict[str, int]:
        """Return `limit`, `remaining`, `used` and `reset`, in seconds since 1970."""
        window, limit = self._window(caller), _limit(caller, settings)
        used = min(window.used, limit)
        reset = window.ends + settings.reset_skew_seconds
        return {"limit": limit, "remaining": limit - used, "used": used, "reset": reset}

    def _window(self, caller: str | None) -> Window:
        now = self.now()
        window = self._windows.get(caller)
        if window is None or window.ends <= now:
            window = self._windows[caller] = Window(now + HOUR)
        return window


def _limit(caller: str | None, settings: GithubSettings) -> int:
    return (settings.anonymous_limit if caller is None else settings.primary_limit) or _UNLIMITED
