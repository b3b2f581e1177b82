"""What happens to a request before its route: logging, outages, the rate limit, random failures, the closed control."""

import math
from datetime import timedelta
from email.utils import format_datetime

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mock_external_api.answers import json_answer
from mock_external_api.settings import RetryAfterStyle
from mock_external_api.upstream import Upstream

_FAILURES = (500, 502, 503, 504)


class Gate:
    """ASGI middleware, so that unknown paths under `/external/` use up the limit as well."""

    def __init__(self, app: ASGIApp, upstream: Upstream, passed: tuple[str, ...] = ()) -> None:
        """Let paths that begin with one of `passed` through untouched: stand-ins have gates of their own."""
        self._app = app
        self._upstream = upstream
        self._passed = passed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, or answer it here."""
        path: str = scope.get("path", "")
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        if path == "/_control" or path.startswith("/_control/"):
            closed = not self._upstream.settings.control
            target: ASGIApp = json_answer({"detail": "Not Found"}, 404) if closed else self._app
            return await target(scope, receive, send)
        if path.startswith(self._passed):
            return await self._app(scope, receive, send)
        traffic = self._upstream.traffic
        entry = traffic.arrived(path, scope["query_string"])

        async def note_status(message: Message) -> None:
            if message["type"] == "http.response.start":
                traffic.answered(entry, message["status"])
            await send(message)

        refusal = self._refuse() if path.startswith("/external/") else None
        return await (refusal or self._app)(scope, receive, note_status)

    def _refuse(self) -> Response | None:
        upstream = self._upstream
        if failure := upstream.outage.answer():
            status, headers = failure
            return json_answer({"detail": "An outage."}, status, headers)
        wait = upstream.limiter.admit()
        if wait is not None:
            return json_answer({"detail": "Rate limit exceeded."}, 429, self._retry_after(wait))
        if upstream.rng.random() < upstream.settings.error_rate:
            return json_answer({"detail": "A random failure."}, upstream.rng.choice(_FAILURES))
        return None

    def _retry_after(self, wait_seconds: float) -> dict[str, str]:
        whole_seconds = max(1, math.ceil(wait_seconds))
        match self._upstream.settings.retry_after_style:
            case RetryAfterStyle.SECONDS:
                return {"Retry-After": str(whole_seconds)}
            case RetryAfterStyle.HTTP_DATE:
                moment = self._upstream.clock.now() + timedelta(seconds=whole_seconds)
                return {"Retry-After": format_datetime(moment, usegmt=True)}
            case RetryAfterStyle.GARBAGE:
                return {"Retry-After": "soon"}
            case RetryAfterStyle.MISSING:
                return {}
