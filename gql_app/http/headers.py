"""The headers that every answer gets, beside its own."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
"""What keeps browsers from doing more with an answer than is meant, unless it says otherwise itself: data of tenants,
which is neither a page, nor to be kept, nor to be embedded by other sites."""
ADDED_HEADERS = "added_headers"
"""Where in a request's state those inside leave raw headers for its answer."""
_RAW = [(name.encode(), value.encode()) for name, value in HEADERS.items()]


class CompletedHeaders:
    """ASGI middleware: completes the headers of every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, and its answer with the headers."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = message["headers"]
                present = {name for name, _ in own}
                added = scope.get("state", {}).get(ADDED_HEADERS, ())
                message["headers"] = [*own, *added, *(pair for pair in _RAW if pair[0] not in present)]
            await send(message)

        return await self._app(scope, receive, completed)
