"""What one client may ask of us: how much in one body, and how often."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gql_app.http.auth import authenticate
from gql_app.http.problems import problem
from services.access import EVERYONE
from services.errors import ErrorCode, ServiceError

RATE_WINDOW_SECONDS = 60.0
MAX_CLIENTS = 10_000
"""How many clients are remembered; the one that has been quiet for longest is forgotten first."""


class BodyLimit:
    """ASGI middleware: refuses bodies of more than `max_bytes`, announced or not, before anything acts on them."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._refusal = f"The body is larger than {max_bytes} bytes."

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, counting what is read of its body."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced[:20]) > self._max_bytes:
            return await problem(scope, ErrorCode.TOO_LARGE, self._refusal)(scope, receive, send)
        received = 0

        async def counting() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise HTTPException(413, self._refusal)
            return message

        return await self._app(scope, counting, send)


class RequestRate:
    """Lets a client make `per_minute` requests at once, and from then on one every 60 / `per_minute` seconds.

    This is the generic cell rate algorithm: of each client only the moment is kept at which it will have
    caught up with its requests.
    """

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._interval = RATE_WINDOW_SECONDS / per_minute
        self._now = now
        self._caught_up: OrderedDict[str, float] = OrderedDict()

    def admit(self, client: str) -> float:
        """Count a request; 0 if it may pass, else the seconds after which the next one may."""
        now = self._now()
        caught_up = max(now, self._caught_up.get(client, now)) + self._interval
        wait = caught_up - now - RATE_WINDOW_SECONDS
        if wait > self._interval / 1000:  # more than rounding can explain
            return wait
        self._caught_up[client] = caught_up
        self._caught_up.move_to_end(client)
        if len(self._caught_up) > MAX_CLIENTS:
            self._caught_up.popitem(last=False)
        return 0.0


class ClientLimit:
    """ASGI middleware: 429 for a client (a token's subject, else an address) that sends too many requests."""

    def __init__(self, app: ASGIApp, rate: RequestRate) -> None:
        self._app = app
        self._rate = rate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, or refuse it."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        wait = self._rate.admit(await _client(HTTPConnection(scope)))
        if not wait:
            return await self._app(scope, receive, send)
        headers = {"Retry-After": str(math.ceil(wait))}
        refusal = problem(scope, ErrorCode.RATE_LIMITED, "Too many requests.", headers=headers)
        return await refusal(scope, receive, send)


async def _client(connection: HTTPConnection) -> str:
    """Who is counted. A token counts only if it is good: made-up ones must not buy a fresh budget each."""
    try:
        subject = (await authenticate(connection)).subject
    except ServiceError:
        subject = EVERYONE.subject
    return client_name(connection, subject)


def client_name(connection: HTTPConnection, subject: str) -> str:
    """Under what name a client is counted, over HTTP and WebSocket alike."""
    if subject != EVERYONE.subject:
        return f"subject {subject}"
    return f"address {connection.client.host if connection.client else '-'}"
