"""What operators see of each request: a log line with a request id, and a count."""

import re
import time
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gql_app.telemetry.requests import RequestMetrics

REQUEST_ID_HEADER = "x-request-id"
SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
NO_ROUTE = "unmatched"
"""The route under which requests for unknown paths are counted: a label must not be made by clients."""
CLIENT_GONE = 499
"""The status that is logged where the client hung up before the answer began (nginx's number for it)."""

log = structlog.get_logger("gql_app.observability")


class Observed:
    """ASGI middleware: gives each request an id, logs it and counts it.

    The id is the client's `X-Request-ID` if that is sane, else a new one; it is in the answer's header, in
    problem bodies and in every log line that the request causes.
    """

    def __init__(self, app: ASGIApp, metrics: RequestMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request or WebSocket pass under its id."""
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        offered = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        request_id = offered if SANE_REQUEST_ID.fullmatch(offered) else uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            if scope["type"] == "websocket":
                with self._metrics.sockets.track_inprogress():
                    return await self._app(scope, receive, send)
            return await self._observe(request_id, scope, receive, send)

    async def _observe(self, request_id: str, scope: Scope, receive: Receive, send: Send) -> None:
        status = CLIENT_GONE
        started = time.perf_counter()

        async def with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = request_id
            await send(message)

        try:
            with self._metrics.in_progress.track_inprogress():
                await self._app(scope, receive, with_id)
        finally:
            seconds = time.perf_counter() - started
            route = _route_of(scope)
            self._metrics.count(scope["method"], route, status, seconds)
            log.info(
                "request",
                method=scope["method"],
                route=route,
                status=status,
                milliseconds=round(seconds * 1000, 1),
            )


def _route_of(scope: Scope) -> str:
    """The template of the path, which is one of few whatever clients ask for."""
    if "route" in scope:
        return str(scope["route"].path_format)
    if "endpoint" not in scope:
        return NO_ROUTE
    # Not FastAPI's own kind of route: an application that is mounted, or a path without parameters.
    mount = scope.get("root_path", "").removeprefix(scope.get("app_root_path", scope.get("root_path", "")))
    if mount or scope.get("path_params"):
        return mount or NO_ROUTE
    return str(scope["path"])
