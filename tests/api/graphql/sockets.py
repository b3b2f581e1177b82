"""The application on a real socket, and a client of the protocol graphql-transport-ws."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from gql_app.http.address import bind, url_of
from gql_app.http.server import create_server
from tests.fakes import make_settings
from tests.waiting import PATIENCE_SECONDS

PROTOCOL = Subprotocol("graphql-transport-ws")
FEW_AT_ONCE = make_settings(graphql_max_subscriptions=3)
"""Of the services of the fixture `quiet`: so many subscriptions at once."""


@asynccontextmanager
async def served(app: FastAPI, port: int = 0) -> AsyncIterator[str]:
    """Serve the application with uvicorn; yields its URL, without the scheme."""
    listener = bind("127.0.0.1", port)
    server = create_server(app)
    task = asyncio.create_task(server.serve([listener]))
    try:
        await asyncio.wait_for(server.ready.wait(), PATIENCE_SECONDS)
        yield url_of(listener).removeprefix("http://")
    finally:
        server.stop()
        await task


class Socket:
    """One connection; answers are sorted by the operation that they belong to."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, kind: str, **parts: Any) -> None:
        await self.connection.send(json.dumps({"type": kind, **parts}))

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_SECONDS):
            message: dict[str, Any] = json.loads(await self.connection.recv())
        return message

    async def init(self, payload: dict[str, Any] | None = None) -> dict[str, Any]:
        """Introduce ourselves; the server's answer."""
        await self.send("connection_init", **({} if payload is None else {"payload": payload}))
        return await self.receive()

    async def subscribe(self, query: str, *, id: str = "1", **variables: Any) -> None:
        """Start an operation."""
        await self.send("subscribe", id=id, payload={"query": query, "variables": variables})

    async def next_data(self) -> Any:
        """The data of the next result, which has to be a good one."""
        message = await self.receive()
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"]

    async def closed(self) -> tuple[int, str]:
        """Wait until the server closes the connection; why it did."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.connection.wait_closed()
        return self.connection.close_code or 0, self.connection.close_reason or ""


@asynccontextmanager
async def opened(
    address: str, *, init: bool = True, protocol: str | None = PROTOCOL, headers: dict[str, str] | None = None
) -> AsyncIterator[Socket]:
    """A connection to the endpoint, introduced already unless `init` is off."""
    protocols = None if protocol is None else [Subprotocol(protocol)]
    async with connect(
        f"ws://{address}/graphql",
        subprotocols=protocols,
        additional_headers=headers,
        open_timeout=PATIENCE_SECONDS,
        ping_interval=None,
    ) as connection:
        socket = Socket(connection)
        if init:
            assert (await socket.init())["type"] == "connection_ack"
        yield socket
