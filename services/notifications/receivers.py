"""The client of the notifier: one request, and what its answer means."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import httpx

from services.kit.http_answers import retry_after_seconds
from services.notifications.queue import ClaimedNotification

NOTIFY_SECONDS = 10.0
"""The hard limit of one request, from the first byte sent to the last one read."""
MAX_REPLY_BYTES = 64 * 1024
"""More of an answer is not read; its connection is closed."""
MAX_DETAIL_CHARACTERS = 1_000
RETRIABLE_CLIENT_ERRORS = frozenset([408, 429])
HTML_TYPES = frozenset(["text/html", "application/xhtml+xml"])


class Verdict(Enum):
    """What an attempt came to."""

    DELIVERED = "delivered"
    """A 2xx, whatever its body; except a web page, which is a sign-in portal's or a broken proxy's."""
    FAILED = "failed"
    """No answer, 5xx, 408, 429, a redirect (never followed) or a web page: the notifier is not well, a later
    attempt may succeed, and the circuit breaker counts a failure."""
    REFUSED = "refused"
    """Another 4xx: a healthy notifier does not want this notification, and will not the next time."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The outcome of one request."""

    verdict: Verdict
    status: int | None = None
    detail: str | None = None
    """What was received, or why nothing was; cut at 1,000 characters."""
    retry_after: float = 0.0
    """Seconds that the notifier asked to be left alone."""


class Notifier:
    """Announces urgent tickets at one URL."""

    def __init__(self, http: httpx.AsyncClient, url: str, *, request_seconds: float = NOTIFY_SECONDS) -> None:
        self._http = http
        self._url = url
        self.request_seconds = request_seconds

    async def send(self, notification: ClaimedNotification) -> Attempt:
        """Send it once; every outcome is a value, only a cancellation is raised."""
        try:
            async with asyncio.timeout(self.request_seconds):
                return await self._post(notification)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            return Attempt(Verdict.FAILED, detail=_excerpt(f"{type(error).__name__}: {error}".rstrip(": ")))

    async def _post(self, notification: ClaimedNotification) -> Attempt:
        body = {
            "ticket_id": notification.ticket_id,
            "tenant_id": notification.tenant_id,
            "urgency": notification.urgency,
            "reason": notification.reason,
        }
        # The same for every attempt, so that a receiver can tell a repetition; nothing compressed, so that what
        # is read is what was sent.
        headers = {"Idempotency-Key": notification.id, "Accept-Encoding": "identity"}
        async with self._http.stream("POST", self._url, json=body, headers=headers) as response:
            return judge(response.status_code, response.headers, await _beginning(response))


def judge(status: int, headers: Mapping[str, str], body: bytes) -> Attempt:
    """What an answer means."""
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if 200 <= status < 300 and media_type not in HTML_TYPES:
        return Attempt(Verdict.DELIVERED, status)
    detail = _excerpt(f"status {status}: {body[: 4 * MAX_DETAIL_CHARACTERS].decode('utf-8', 'replace')}")
    if 400 <= status < 500 and status not in RETRIABLE_CLIENT_ERRORS:
        return Attempt(Verdict.REFUSED, status, detail)
    retry_after = retry_after_seconds(headers) if "retry-after" in headers else 0.0
    return Attempt(Verdict.FAILED, status, detail, retry_after)


def _excerpt(text: str) -> str:
    """One line that can be stored and shown, whatever was received."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split())[:MAX_DETAIL_CHARACTERS]


async def _beginning(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > MAX_REPLY_BYTES:
            break
    return bytes(body[:MAX_REPLY_BYTES])
