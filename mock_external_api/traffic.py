"""The log of what clients asked, for tests to look at."""

from collections import Counter, deque
from typing import Any
from urllib.parse import parse_qsl

from mock_external_api.clock import Clock, iso

LIST_PATH = "/external/support-tickets"
_KEPT = 100_000


class Traffic:
    """Counts requests and remembers the latest list requests and notifications (100,000 of each)."""

    def __init__(self, clock: Clock) -> None:
        self.by_path: Counter[str] = Counter()
        self.by_status: Counter[int] = Counter()
        self.pages: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self.notifications: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self._clock = clock

    def arrived(self, path: str, query: bytes) -> dict[str, Any]:
        """Count a request and return its log entry, whose `status` is filled in once it is answered."""
        template = f"{LIST_PATH}/{{id}}" if path.startswith(f"{LIST_PATH}/") else path
        self.by_path[template] += 1
        entry = {"at": self._now(), "query": dict(parse_qsl(query.decode("latin-1"))), "status": None}
        if path == LIST_PATH:
            self.pages.append(entry)
        return entry

    def answered(self, entry: dict[str, Any], status: int) -> None:
        """Note the status of an answered request."""
        entry["status"] = status
        self.by_status[status] += 1

    def notified(self, body: dict[str, Any], idempotency_key: str | None) -> dict[str, Any]:
        """Log a notification and return its entry, whose `status` is filled in once it is answered."""
        entry = {"at": self._now(), **body, "idempotency_key": idempotency_key, "attempt": None, "status": None}
        self.notifications.append(entry)
        return entry

    def _now(self) -> str:
        return iso(self._clock.now_ms())
