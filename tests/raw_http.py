"""A client that sends whatever bytes it likes, and a server for it on a real socket."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

from fastapi import FastAPI

from gql_app.http.address import bind
from gql_app.http.server import Server, create_server
from tests.waiting import PATIENCE_SECONDS

HOST = b"Host: 127.0.0.1\r\n"
CLOSE = b"Connection: close\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
JSON = b"Content-Type: application/json\r\n"
UPGRADE = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n"
)


class Answer(NamedTuple):
    """All that came back until the server closed the connection."""

    raw: bytes

    @property
    def status(self) -> int:
        """Of the first answer; 0 if there was none."""
        return int(self.raw[9:12] or b"0")

    @property
    def code(self) -> str:
        """The code of a problem."""
        return self.raw.partition(b'"code":"')[2].partition(b'"')[0].decode()


def head(line: str, *headers: bytes) -> bytes:
    """A whole head with a good Host."""
    return f"{line} HTTP/1.1\r\n".encode() + HOST + b"".join(headers) + b"\r\n"


class RawClient:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, *pieces: bytes) -> None:
        """Send; a server that has closed the connection meanwhile is what some tests want."""
        with suppress(OSError):
            for piece in pieces:
                self.writer.write(piece)
                await self.writer.drain()

    async def rest(self) -> Answer:
        """What comes until the server closes the connection."""
        raw = b""
        with suppress(OSError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while piece := await self.reader.read(65_536):
                    raw += piece
        return Answer(raw)


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[RawClient]:
    """A connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield RawClient(reader, writer)
    finally:
        writer.close()


async def exchange(port: int, *pieces: bytes) -> Answer:
    """Send the pieces over a new connection and read until the server closes it."""
    async with connected(port) as client:
        await client.send(*pieces)
        return await client.rest()


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[tuple[int, Server]]:
    """The application on a port."""
    listener = bind("127.0.0.1", 0)
    server = create_server(app)
    task = asyncio.create_task(server.serve([listener]))
    try:
        await asyncio.wait_for(server.ready.wait(), PATIENCE_SECONDS)
        yield listener.getsockname()[1], server
    finally:
        server.stop()
        await task


def frames(*payloads: bytes, opcode: int = 1, final: bool = True) -> Iterable[bytes]:
    """WebSocket frames of a client, masked with zeros."""
    for payload in payloads:
        length = len(payload)
        size = bytes([0x80 | length]) if length < 126 else b"\xfe" + length.to_bytes(2, "big")
        yield bytes([(0x80 if final else 0) | opcode]) + size + b"\0\0\0\0" + payload
