"""HTTP and WebSocket connections of uvicorn's, with a bound on all that a client can make them hold.

uvicorn's parser (httptools) takes heads of any size and waits for ever; what other servers bound is compared in
docs/security.md. Everything here happens before a request exists, so refusals are written straight to the transport.
"""

import asyncio
from http import HTTPStatus
from typing import Any

import httptools
import orjson
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

from gql_app.http.connections import MIN_BODY_BYTES, OpenConnections, Stage, Watched
from gql_app.http.problems import PROBLEM_JSON
from services.errors import ErrorCode

MAX_HEAD_BYTES = 64 * 1024
MAX_HEADERS = 100
MAX_PIPELINED = 32
"""Requests that a client may send before it has read the answer to the first; browsers send none."""
MAX_FRAGMENTS = 1_000
"""Of one WebSocket message: empty ones cost memory, too, and no limit on bytes counts them."""
MAX_QUEUED_MESSAGES = 256
"""WebSocket messages that came at once and wait for their turn."""
MAX_UNSENT_BYTES = 1_000_000
"""Of a WebSocket whose client does not read: it may make us answer its pings all the same."""
SILENTLY = (Stage.SILENT, Stage.DRAINED)
TOO_LARGE = f"The head of a request has at most {MAX_HEAD_BYTES} bytes and {MAX_HEADERS} headers."


class HttpConnection(HttpToolsProtocol, Watched):
    """An HTTP/1.1 connection."""

    server_state: OpenConnections

    def __init__(
        self,
        config: Config,
        server_state: OpenConnections,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.headers = []
        self._requests = 0
        self._in_head = self._in_body = False
        self._body_bytes = 0
        self._head_bytes = 0
        """All that came since the head at hand began; a little more where it began in the middle of a piece."""
        self._piece = 0
        self._has_moved = False
        self._fruitless = 0
        """Bytes that brought no request further: of an endless header, trailer, chunk extension or blank line."""
        self._fault: tuple[ErrorCode, str] | None = None
        self._is_refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take the connection, or turn it away if every other one is being answered."""
        super().connection_made(transport)
        self.since = self.loop.time()
        if not self.server_state.admit(self):
            self._refuse(ErrorCode.UNAVAILABLE, "There are too many connections.", b"retry-after: 1\r\n")
            transport.close()

    def data_received(self, data: bytes) -> None:
        """Read on, within the bounds."""
        if self._is_refused:
            return
        self._unset_keepalive_if_required()
        self._piece, self._has_moved = len(data), False
        self._head_bytes += self._piece
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self._refuse(*(self._fault or (ErrorCode.BAD_REQUEST, "This is not HTTP/1.1.")))
            return
        except httptools.HttpParserUpgrade:
            if self._should_upgrade():
                self.handle_websocket_upgrade()
            return
        self._fruitless = 0 if self._has_moved else self._fruitless + self._piece
        if self._fruitless > MAX_HEAD_BYTES or len(self.headers) > MAX_HEADERS:
            self._refuse(ErrorCode.HEAD_TOO_LARGE, TOO_LARGE)

    def on_message_begin(self) -> None:
        """A request begins (called by the parser)."""
        super().on_message_begin()
        self._requests += 1
        self._head_bytes = self._piece
        self._in_head = self._has_moved = True

    def on_headers_complete(self) -> None:
        """The head is complete (called by the parser, which takes an exception for an error in what it reads)."""
        if len(self.headers) > MAX_HEADERS or (self._head_bytes > MAX_HEAD_BYTES and self._has_large_head()):
            self._fault = ErrorCode.HEAD_TOO_LARGE, TOO_LARGE
            raise ValueError(TOO_LARGE)
        if len(self.pipeline) >= MAX_PIPELINED:
            raise ValueError("too many requests at once")
        super().on_headers_complete()
        self._in_head, self._in_body = False, True
        self._body_bytes, self._has_moved = 0, True
        if not self.parser.should_upgrade():
            self.headers = []  # what follows are trailers: no part of the headers that the application has been given

    def on_body(self, body: bytes) -> None:
        """A piece of a body (called by the parser)."""
        super().on_body(body)
        self._body_bytes += len(body)
        self._has_moved = True

    def on_message_complete(self) -> None:
        """The request is complete (called by the parser)."""
        super().on_message_complete()
        self._in_body, self._has_moved = False, True

    def handle_websocket_upgrade(self) -> None:
        """Hand over to a WebSocket, unless these would leave no room for requests."""
        sockets = sum(isinstance(each, SocketConnection) for each in self.server_state.connections)
        if sockets < self.server_state.limit // 2:
            super().handle_websocket_upgrade()
        else:
            self._refuse(ErrorCode.UNAVAILABLE, "There are too many WebSockets.", b"retry-after: 1\r\n")

    def shutdown(self) -> None:
        """End soon (called when the server stops)."""
        if self._is_refused:
            self.transport.close()
        else:
            super().shutdown()

    def standing(self) -> tuple[Stage, int]:
        """What it waits for, and a number that changes with every progress."""
        if self.transport.is_closing():
            return Stage.CLOSING, self.unsent()
        if self._is_refused:
            return Stage.DRAINED, 0
        if self.cycle is not None and not self.cycle.response_complete:
            if self.flow.write_paused:
                return Stage.STALLED, self.unsent()
            if self._in_body and not self.flow.read_paused:
                return Stage.BODY, self._body_bytes // MIN_BODY_BYTES
            return Stage.BUSY, 0
        if self._in_head:
            return Stage.HEAD, self._requests
        if self._in_body:
            return Stage.DRAINED, self._requests
        # A byte that begins no request stops uvicorn's timer: from then on the silence is timed by us.
        return (Stage.IDLE if self.timeout_keep_alive_task else Stage.SILENT), self._requests

    def give_up(self, stage: Stage) -> None:
        """It has waited for too long."""
        if stage in SILENTLY:
            self.transport.close()
        elif stage in (Stage.HEAD, Stage.BODY):
            self._refuse(ErrorCode.REQUEST_TIMEOUT, f"The {stage.value} of the request came too slowly.")
        else:
            self.transport.abort()

    def _has_large_head(self) -> bool:
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        return size > MAX_HEAD_BYTES

    def _refuse(self, code: ErrorCode, detail: str, headers: bytes = b"") -> None:
        """Answer with a problem and take nothing more; the connection is closed once the client has had time to read.

        Where an answer to an earlier request is under way, there is no place for another one: it is broken off.
        """
        self._is_refused = True
        self.server_state.turned_away[code.value] += 1
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if cycle.response_started or not self._in_body or self.pipeline:
                self.transport.abort()
                return
            cycle.disconnected = True  # the application need not wait for the rest
            cycle.message_event.set()
        self.transport.write(_problem(code, detail, headers))
        if self.transport.can_write_eof():
            self.transport.write_eof()


class SocketConnection(WebSocketsSansIOProtocol, Watched):
    """A WebSocket."""

    def data_received(self, data: bytes) -> None:
        """Read on, unless the client takes none of our answers."""
        if self.unsent() > MAX_UNSENT_BYTES:
            self.transport.abort()
        else:
            super().data_received(data)

    async def send(self, message: Any) -> None:
        """Send what the application says; after a refusal uvicorn would complain that there was no handshake."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True

    def handle_cont(self, event: Frame) -> None:
        """One more fragment of a message."""
        if len(self.frames) >= MAX_FRAGMENTS:
            self._fail(CloseCode.MESSAGE_TOO_BIG, "too many fragments")
        else:
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """A message is complete."""
        if self.queue.qsize() >= MAX_QUEUED_MESSAGES:
            self._fail(CloseCode.POLICY_VIOLATION, "too many messages at once")
        else:
            super().send_receive_event_to_app()

    def standing(self) -> tuple[Stage, int]:
        """What it waits for; uvicorn's pings look after clients that are gone."""
        if self.transport.is_closing():
            return Stage.CLOSING, self.unsent()
        return (Stage.STALLED, self.unsent()) if self.unsent() else (Stage.BUSY, 0)

    def give_up(self, stage: Stage) -> None:
        """It has waited for too long, for a client that does not read."""
        self.transport.abort()

    def _fail(self, code: CloseCode, reason: str) -> None:
        self.frames = []
        if not self.close_sent:
            self.conn.fail(code, reason)
            self.handle_parser_exception()


def _problem(code: ErrorCode, detail: str, headers: bytes) -> bytes:
    title = HTTPStatus(code.status).phrase
    body = orjson.dumps(
        {"type": "about:blank", "title": title, "status": code.status, "detail": detail, "code": code.value}
    )
    return b"".join(
        [
            f"HTTP/1.1 {code.status} {title}\r\ncontent-type: {PROBLEM_JSON}\r\n".encode(),
            f"content-length: {len(body)}\r\nconnection: close\r\n".encode(),
            headers,
            b"\r\n",
            body,
        ]
    )
