"""What one client may ask of us: how much in one body, and how often."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv6Network
from types import MappingProxyType

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gql_app.http.auth import authenticate
from gql_app.http.headers import ADDED_HEADERS
from gql_app.http.problems import problem
from services.access import EVERYONE
from services.errors import ErrorCode, ServiceError

RATE_WINDOW_SECONDS = 60.0
MAX_CLIENTS = 10_000
"""How many clients are remembered; the one that has been quiet for longest is forgotten first."""
IPV6_PREFIX = 64


class BodyLimit:
    """ASGI middleware: refuses compressed bodies, and bodies of more than `max_bytes`, announced or not, before
    anything acts on them.

    Only the paths `read_by`, and those below them, read bodies themselves; those of `larger` up to another size. The
    bodies of other requests are read here, and thrown away, before the request is acted upon: whether one is too
    large, or breaks off, shows only in the reading.
    """

    def __init__(
        self, app: ASGIApp, max_bytes: int, read_by: Iterable[str], larger: Mapping[str, int] = MappingProxyType({})
    ) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._read_by: dict[str, int] = {**dict.fromkeys(read_by, max_bytes), **larger}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, counting what is read of its body."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        length = _announced_length(scope)
        if length == 0:
            return await self._app(scope, receive, send)
        if (encoding := Headers(scope=scope).get("content-encoding", "identity").lower()) != "identity":
            refusal, plain = (
                f"A body in {encoding[:50]!r} is not read: send it as it is.",
                {"Accept-Encoding": "identity"},
            )
            return await problem(scope, ErrorCode.UNSUPPORTED_MEDIA_TYPE, refusal, headers=plain)(scope, receive, send)
        limit = self._limit_of(scope["path"])
        max_bytes = self._max_bytes if limit is None else limit
        refusal = f"The body is larger than {max_bytes} bytes."
        if length is not None and length > max_bytes:
            return await problem(scope, ErrorCode.TOO_LARGE, refusal)(scope, receive, send)
        counted = _counting(receive, max_bytes, refusal)
        if limit is not None:
            return await self._app(scope, counted, send)
        try:
            if not await _read_to_end(counted):
                return None
        except HTTPException:
            return await problem(scope, ErrorCode.TOO_LARGE, refusal)(scope, receive, send)
        return await self._app(scope, _without_body(receive), send)

    def _limit_of(self, path: str) -> int | None:
        """How large a body may be that the path reads itself; None: it reads none."""
        for front, limit in self._read_by.items():
            if path == front or path.startswith(f"{front}/"):
                return limit
        return None


def _counting(receive: Receive, max_bytes: int, refusal: str) -> Receive:
    received = 0

    async def counting() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > max_bytes:
            raise HTTPException(413, refusal)
        return message

    return counting


def _announced_length(scope: Scope) -> int | None:
    """0: there is no body; None: it comes in chunks, or its length makes no sense."""
    length: int | None = 0
    for name, value in scope["headers"]:
        if name == b"content-length":
            length = int(value[:20]) if value.isdigit() else None
        elif name == b"transfer-encoding":
            return None
    return length


async def _read_to_end(receive: Receive) -> bool:
    """Read a body and forget it; false if the client hangs up before its end."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return False
        if not message.get("more_body", False):
            return True


def _without_body(receive: Receive) -> Receive:
    """What is left of a request whose body has been read."""
    messages: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def rest() -> Message:
        return messages.pop() if messages else await receive()

    return rest


ROUNDING = 1 / 1000
"""The part of a request by which sums of moments may be wrong."""


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
        if wait > self._interval * ROUNDING:
            return wait
        self._caught_up[client] = caught_up
        self._caught_up.move_to_end(client)
        if len(self._caught_up) > MAX_CLIENTS:
            self._caught_up.popitem(last=False)
        return 0.0

    def standing(self, client: str) -> tuple[int, int, int]:
        """How many requests a client may make at once, how many of these are left, and in how many seconds all are."""
        now = self._now()
        behind = max(0.0, self._caught_up.get(client, now) - now)
        left = (RATE_WINDOW_SECONDS - behind) / self._interval
        return round(RATE_WINDOW_SECONDS / self._interval), max(0, math.floor(left + ROUNDING)), math.ceil(behind)


class ClientLimit:
    """ASGI middleware: 429 for a client (a token's subject, else an address) that sends too many requests.

    Every answer says how much is left: `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` (seconds).
    """

    def __init__(self, app: ASGIApp, rate: RequestRate) -> None:
        self._app = app
        self._rate = rate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, or refuse it."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        client = await _client(HTTPConnection(scope))
        wait = self._rate.admit(client)
        limit, left, seconds = self._rate.standing(client)
        scope["state"][ADDED_HEADERS] = [
            (b"ratelimit-limit", b"%d" % limit),
            (b"ratelimit-remaining", b"%d" % left),
            (b"ratelimit-reset", b"%d" % seconds),
        ]
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
    return f"address {_network(connection.client.host) if connection.client else '-'}"


def _network(address: str) -> str:
    """Of an IPv6 address the part that is not the client's own choice: whoever has one has 2 ** 64 of them."""
    if ":" not in address:
        return address
    try:
        return str(IPv6Network((address.partition("%")[0], IPV6_PREFIX), strict=False))
    except ValueError:
        return address
