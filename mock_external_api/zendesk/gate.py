"""What happens to a request before its route: log, address, credential, limits, permission, random failures."""

import base64
import math
from datetime import timedelta
from email.utils import format_datetime
from secrets import compare_digest

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mock_external_api.answers import json_answer
from mock_external_api.limiter import RateLimiter
from mock_external_api.settings import RetryAfterStyle
from mock_external_api.zendesk import answers
from mock_external_api.zendesk.desk import ZendeskDesk

_DOMAIN = ".zendesk.com"
_INCREMENTAL = "/api/v2/incremental/"
_LOGGED_HEADERS = ("user-agent", "accept", "accept-encoding", "if-none-match")


class ZendeskGate:
    """ASGI middleware in front of every path."""

    def __init__(self, app: ASGIApp, desk: ZendeskDesk) -> None:
        self._app = app
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, or answer it here."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        path: str = scope["path"].removeprefix(scope.get("root_path", ""))
        if path.startswith("/_control"):
            closed = not self._desk.settings.control
            return await (json_answer({"detail": "Not Found"}, 404) if closed else self._app)(scope, receive, send)
        request = Headers(scope=scope)
        entry = self._log(scope, path, request)

        async def finish(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry["status"] = message["status"]
                self._finish_headers(MutableHeaders(scope=message))
            await send(message)

        return await (self._refuse(path, request) or self._app)(scope, receive, finish)

    def _log(self, scope: Scope, path: str, request: Headers) -> dict[str, object]:
        entry: dict[str, object] = {
            "at": self._desk.now(),
            "method": scope["method"],
            "path": path,
            "query": scope["query_string"].decode("latin-1"),
            "auth": request.get("authorization", "").partition(" ")[0].lower() or None,
            "headers": {name: request[name] for name in _LOGGED_HEADERS if name in request},
            "status": None,
        }
        self._desk.requests.append(entry)
        return entry

    def _refuse(self, path: str, request: Headers) -> Response | None:
        desk, settings = self._desk, self._desk.settings
        host = request.get("host", "").partition(":")[0]
        if not settings.exists or (host.endswith(_DOMAIN) and host != f"{settings.subdomain}{_DOMAIN}"):
            return answers.no_help_desk(host)
        kind = self._credential(request.get("authorization", ""))
        if kind is None:
            return answers.not_authenticated()
        incremental = path.startswith(_INCREMENTAL)
        for limiter, exports in ((desk.limiter, False), (desk.incremental_limiter, True)):
            wait = limiter.admit() if incremental or not exports else None
            if wait is not None:
                return answers.too_many_requests(incremental=exports, headers=self._retry_after(wait))
        if kind == "bearer" and "read" not in settings.oauth_scopes:
            return answers.scope_missing()
        if path.startswith(settings.forbidden_paths):
            return answers.forbidden()
        if desk.rng.random() < settings.error_rate:
            return answers.broken(desk.rng.choice((500, 503)))
        return None

    def _credential(self, authorization: str) -> str | None:
        """Return the kind of an accepted credential, `basic` or `bearer`."""
        settings = self._desk.settings
        kind, _, value = authorization.partition(" ")
        kind = kind.lower()
        pair = f"{settings.email}/token:{settings.api_token}"
        expected = {"basic": base64.b64encode(pair.encode()).decode(), "bearer": settings.oauth_token}.get(kind)
        known = expected is not None and compare_digest(value.strip().encode(), expected.encode())
        return kind if known and not settings.revoked else None

    def _finish_headers(self, headers: MutableHeaders) -> None:
        """Add the account's limit and the date."""
        desk = self._desk
        moment = desk.clock.now() + timedelta(seconds=desk.settings.ahead_seconds + desk.settings.date_skew_seconds)
        headers["Date"] = format_datetime(moment, usegmt=True)
        limit = desk.settings.requests_per_minute
        if not limit:
            return
        remaining = str(_remaining(desk.limiter))
        headers["X-Rate-Limit"] = headers["ratelimit-limit"] = str(limit)
        headers["X-Rate-Limit-Remaining"] = headers["ratelimit-remaining"] = remaining
        headers["ratelimit-reset"] = str(60 - desk.now() % 60)

    def _retry_after(self, wait_seconds: float) -> dict[str, str]:
        desk = self._desk
        seconds = max(1, math.ceil(wait_seconds))
        match desk.settings.retry_after_style:
            case RetryAfterStyle.SECONDS:
                return {"Retry-After": str(seconds)}
            case RetryAfterStyle.HTTP_DATE:
                moment = desk.clock.now() + timedelta(seconds=desk.settings.ahead_seconds + seconds)
                return {"Retry-After": format_datetime(moment, usegmt=True)}
            case RetryAfterStyle.GARBAGE:
                return {"Retry-After": "soon"}
            case RetryAfterStyle.MISSING:
                return {}


def _remaining(limiter: RateLimiter) -> int:
    return limiter.status()["remaining"] or 0
