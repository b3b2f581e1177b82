"""The client of one address: one request, and what its answer means."""

import asyncio
import codecs
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import httpx

from services.kit.http_answers import retry_after_seconds
from services.notifications.receivers.formats import OutgoingMessage

NOTIFY_SECONDS = 10.0
"""The hard limit of one request, from looking the address up to the last byte read."""
MAX_REPLY_BYTES = 64 * 1024
"""More of an answer is not read; its connection is closed."""
MAX_DETAIL_CHARACTERS = 1_000
BEGINNING_BYTES = 4096
"""So much of an answer is looked at to tell a web page."""
REFUSES_THE_MESSAGE = frozenset([400, 411, 413, 414, 415, 422, 431])
"""The 4xx that speak of this one request. All others speak of the address, the credential or the moment, which a
redeployment changes."""
_PAGES = ("<!doctype", "<html")
_ENCODINGS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class Verdict(Enum):
    """What an attempt came to."""

    DELIVERED = "delivered"
    """A 2xx, whatever its body; except a web page, which is a sign-in portal's or a broken proxy's."""
    FAILED = "failed"
    """No answer, 5xx, 408, 429, a redirect (never followed) or a web page: the destination is not well, a later
    attempt may succeed, and the circuit breaker counts a failure."""
    BUSY = "busy"
    """429 that says when to come back: a destination that is well, and gets too many at once."""
    UNWELCOME = "unwelcome"
    """401, 403, 404, 409, 425 and their like: nothing is accepted there at this moment, as while a receiver is being
    redeployed. Tried again for minutes, and a failure for the circuit breaker."""
    REFUSED = "refused"
    """400, 413, 422 and their like: a living destination does not want this one message."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The outcome of one request."""

    verdict: Verdict
    status: int | None = None
    detail: str | None = None
    """What was received, or why nothing was; cut at 1,000 characters."""
    retry_after: float = 0.0
    """Seconds that the destination asked to be left alone."""


class Notifier:
    """Sends to one URL."""

    def __init__(self, http: httpx.AsyncClient, url: str, *, request_seconds: float = NOTIFY_SECONDS) -> None:
        self._http = http
        self._url = url
        self.request_seconds = request_seconds

    async def send(self, message: OutgoingMessage) -> Attempt:
        """Send it once; every outcome is a value, only a cancellation is raised."""
        try:
            async with asyncio.timeout(self.request_seconds):
                return await self._post(message)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            return Attempt(Verdict.FAILED, detail=_excerpt(f"{type(error).__name__}: {error}".rstrip(": ")))

    async def _post(self, message: OutgoingMessage) -> Attempt:
        # Nothing compressed, so that what is read is what was sent.
        headers = {"Accept-Encoding": "identity", "Content-Type": "application/json", **message.headers}
        async with self._http.stream("POST", self._url, content=message.body, headers=headers) as response:
            return judge(response.status_code, response.headers, await _beginning(response))


def judge(status: int, headers: Mapping[str, str], body: bytes) -> Attempt:
    """What an answer means, by its status and what is in it."""
    if 200 <= status < 300 and not is_web_page(body):
        return Attempt(Verdict.DELIVERED, status)
    detail = _excerpt(f"status {status}: {body[: 4 * MAX_DETAIL_CHARACTERS].decode('utf-8', 'replace')}")
    retry_after = retry_after_seconds(headers) if "retry-after" in headers else 0.0
    return Attempt(_verdict(status, retry_after), status, detail, retry_after)


def is_web_page(body: bytes) -> bool:
    """Whether a body begins as web pages do, after a byte order mark, white space and comments; compressed or not."""
    if body[:2] == b"\x1f\x8b":
        try:
            body = zlib.decompressobj(wbits=31).decompress(body, BEGINNING_BYTES)
        except zlib.error:
            return False
    encoding = next((name for mark, name in _ENCODINGS.items() if body.startswith(mark)), "utf-8")
    text = body[:BEGINNING_BYTES].decode(encoding, "replace").lstrip("\x00\ufeff").lstrip()
    for opening, closing in (("<?", "?>"), ("<!--", "-->")):
        while text.startswith(opening) and closing in text:
            text = text.partition(closing)[2].lstrip()
    return text.lower().startswith(_PAGES)


def _verdict(status: int, retry_after: float) -> Verdict:
    if status == 429 and retry_after > 0:
        return Verdict.BUSY
    if not 400 <= status < 500 or status in (408, 429):
        return Verdict.FAILED
    return Verdict.REFUSED if status in REFUSES_THE_MESSAGE else Verdict.UNWELCOME


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
