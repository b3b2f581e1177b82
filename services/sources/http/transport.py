"""One request to a source: within the budget, with a hard time limit, and no more of an answer than fits."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import httpx

from services.errors import UpstreamError
from services.observing import SourceAnswered
from services.sources.budget import RateLimiter
from services.sources.pages import UpstreamCaller

REQUEST_SECONDS = 30.0
"""The hard limit of one request, from the first byte sent to the last one read."""
MAX_BODY_BYTES = 32 * 1024 * 1024
"""Of an answer as it is sent, and again as it is decoded. A page of 100 tickets has some 60 kB."""
MAX_REDIRECTS = 5
_REDIRECTS: Final = frozenset([301, 302, 303, 307, 308])
NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})
_ASKED_FOR: Final = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate"}
"""Only what can be decoded piece by piece, and so be bounded while it is decoded (`bodies.py`)."""


class TransientError(Exception):
    """This attempt failed, the next one may not. Its text is ours."""

    def __init__(self, text: str, *, asked: float = 0.0, is_throttled: bool = False) -> None:
        """`asked`: seconds that upstream wants to be left alone; `is_throttled`: it said 429, so by everybody."""
        super().__init__(text)
        self.asked = asked
        self.is_throttled = is_throttled


class AnswerTooLargeError(UpstreamError):
    """An answer holds more than is read of one: whoever can should ask for less."""


@dataclass(frozen=True, slots=True)
class UpstreamAnswer:
    """A whole answer, its body as it was sent."""

    status: int
    headers: httpx.Headers
    body: bytes | bytearray
    url: httpx.URL = field(default_factory=httpx.URL)
    """Who answered: another address than was asked where redirects were followed."""

    def outline(self) -> str:
        """What may be told of it to anybody: nothing of its text, in which any tenant's records may stand."""
        return f"status {self.status}, {len(self.body)} bytes"


class Transport:
    """Sends requests; the same host's redirects are followed, others never."""

    def __init__(self, http: httpx.AsyncClient, limiter: RateLimiter, headers: Mapping[str, str] = NO_HEADERS) -> None:
        """`headers` are sent with every request."""
        self._http = http
        self._headers = {**_ASKED_FOR, **headers}
        self.limiter = limiter

    async def get(
        self, caller: UpstreamCaller, url: httpx.URL, headers: Mapping[str, str] = NO_HEADERS
    ) -> UpstreamAnswer:
        """The answer, whatever its status.

        Raises:
            TransientError: there was none, or not a whole one.
            UpstreamError: it was too large, or led elsewhere.
        """
        for _ in range(MAX_REDIRECTS + 1):
            answer = await self._send(caller, url, headers)
            if answer.status not in _REDIRECTS:
                return answer
            url = _followed(url, answer)
        raise UpstreamError(f"upstream redirected more than {MAX_REDIRECTS} times")

    async def status(self, url: httpx.URL) -> int:
        """The status alone, outside the budget; nothing of the body is read.

        Raises:
            UpstreamError: there was no answer.
        """
        try:
            async with self._http.stream("GET", url, headers=self._headers, follow_redirects=False) as response:
                return response.status_code
        except httpx.HTTPError as error:
            raise UpstreamError(f"no answer ({type(error).__name__})") from error

    async def _send(self, caller: UpstreamCaller, url: httpx.URL, headers: Mapping[str, str]) -> UpstreamAnswer:
        """A slot whose request got no answer is left unsettled: upstream may have counted it at any time."""
        slot = await self.limiter.acquire(caller.tenant_id, caller.on_wait)
        began, status = time.monotonic(), None
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                answer = await self._receive(url, headers)
            status = answer.status
        except UpstreamError:
            raise
        except Exception as error:  # whatever a broken answer makes the HTTP library do
            raise TransientError(f"no whole answer ({type(error).__name__})") from error
        finally:
            self.limiter.observer.note(SourceAnswered(self.limiter.source, status, time.monotonic() - began))
        await self.limiter.settle(slot)
        return answer

    async def _receive(self, url: httpx.URL, headers: Mapping[str, str]) -> UpstreamAnswer:
        sent = {**self._headers, **headers}
        async with self._http.stream("GET", url, headers=sent, follow_redirects=False) as response:
            if int(response.headers.get("content-length", "0")) > MAX_BODY_BYTES:
                raise _too_large(response)
            if response.is_stream_consumed:  # a stand-in of the network had it ready, and has decoded it
                response.headers.pop("content-encoding", None)
                pieces = response.aiter_bytes()
            else:  # raw, as httpx would decode each piece whole, to a thousand times its size
                pieces = response.aiter_raw()
            body = bytearray()
            async for piece in pieces:
                body += piece
                if len(body) > MAX_BODY_BYTES:
                    raise _too_large(response)
        return UpstreamAnswer(response.status_code, response.headers, body, url)


def _too_large(response: httpx.Response) -> AnswerTooLargeError:
    return AnswerTooLargeError(f"status {response.status_code}: the answer is larger than {MAX_BODY_BYTES} bytes")


def _followed(url: httpx.URL, answer: UpstreamAnswer) -> httpx.URL:
    """Where a redirect leads, if that is the same server: what we send is meant for it alone."""
    try:
        target = url.join(answer.headers.get("location", ""))
    except (httpx.InvalidURL, ValueError) as error:
        raise UpstreamError(f"upstream refused: {answer.outline()}, a redirect that leads nowhere") from error
    is_upgrade = (url.scheme, target.scheme) == ("http", "https")
    same_server = (target.scheme, target.port) == (url.scheme, url.port) or is_upgrade
    if target.host != url.host or not same_server or not answer.headers.get("location"):
        raise UpstreamError(f"upstream refused: {answer.outline()}, a redirect to another server, not followed")
    return target
