"""Serves the application with uvicorn inside an event loop of ours, on a socket of ours."""

import asyncio
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from gql_app.http.address import AddressError
from gql_app.http.connections import SWEEP_SECONDS, OpenConnections, connection_limit
from gql_app.http.protocols import HttpConnection, SocketConnection
from gql_app.settings import Settings

GRACE_SECONDS = 2
"""How long requests that are being answered may go on after the order to stop."""
PING_SECONDS = 15.0
"""How often a WebSocket's client is pinged, and how long it may take to answer: after twice that a dead one is gone."""
MAX_BACKLOG = 2048
TICKS_A_SECOND = 10
"""How often uvicorn calls `on_tick`."""


class Server(uvicorn.Server):
    """uvicorn, telling when it serves and leaving the signals alone (it would end the process by the signal)."""

    def __init__(self, config: uvicorn.Config, connections: OpenConnections) -> None:
        super().__init__(config)
        self.server_state = self._connections = connections
        self.ready = asyncio.Event()
        """Set once connections are accepted."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then listen.

        Raises:
            AddressError: another process listens there since a moment ago.
        """
        try:
            await super().startup(sockets)
        except OSError as error:
            raise AddressError(f"Cannot listen: {error.strerror}") from error
        self.ready.set()

    async def on_tick(self, counter: int) -> bool:
        """Look after the connections now and then; true when it is time to end."""
        if counter % round(SWEEP_SECONDS * TICKS_A_SECOND) == 0:
            self._connections.sweep(asyncio.get_running_loop().time())
        return await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing: `stop` is called instead."""
        yield

    def stop(self) -> None:
        """Stop listening, and end after the requests at hand."""
        self.should_exit = True


def create_server(app: Starlette) -> Server:
    """A server with the limits of the application's settings; the application logs its requests itself."""
    settings: Settings = app.state.settings
    limit = connection_limit(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    config = uvicorn.Config(
        app,
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=settings.keep_alive_seconds,
        http=HttpConnection,
        ws=SocketConnection,
        ws_max_size=settings.max_body_bytes,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        # Accepted at once, at worst, before the limit is looked at; half as many as there are files to spare.
        backlog=min(MAX_BACKLOG, limit // 2),
        # uvicorn itself would believe whoever connects from this machine.
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
    )
    return Server(config, OpenConnections(limit))
