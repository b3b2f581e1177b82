"""Answers that no healthy server gives: dropped connections, floods and silence."""

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

DROP_EXTENSION = "mock.drop_connection"
"""Name of the ASGI extension by which `server.py` offers to close the client's connection."""

HUGE_BODY_BYTES = 50 * 1024 * 1024
_CHUNK = b"x" * 65_536


class DroppedResponse(Response):
    """Closes the connection: before the first byte, or after the head and `sent` of the announced body.

    On a server without the extension the head always goes out before the connection breaks.
    """

    def __init__(self, head: Response | None = None, sent: bytes = b"") -> None:
        super().__init__()
        self._head = head
        self._sent = sent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer in part and break off."""
        extension = scope.get("extensions", {}).get(DROP_EXTENSION)
        if self._head is not None or extension is None:
            head = self._head or Response(b"never sent")
            await send({"type": "http.response.start", "status": head.status_code, "headers": head.raw_headers})
            await send({"type": "http.response.body", "body": self._sent, "more_body": True})
        if extension is None:
            raise ConnectionAbortedError("the mock was told to drop this connection")
        extension["drop"]()
        await wait_for_disconnect(receive)


async def wait_for_disconnect(receive: Receive) -> None:
    """Return once the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def hang(request: Request) -> Response:
    """Answer nothing for as long as the client waits; 499 is what logs call a client that went away."""
    await wait_for_disconnect(request.receive)
    return Response(status_code=499)


async def huge_body() -> AsyncIterator[bytes]:
    """Yield a body of 50 MB in small pieces."""
    for _ in range(HUGE_BODY_BYTES // len(_CHUNK)):
        yield _CHUNK
