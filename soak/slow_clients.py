"""Clients that keep a connection open without ever finishing what they began, while others want to be served."""

import asyncio
import contextlib
import itertools
import resource
import socket
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from soak.cluster import Cluster
from soak.verdict import Verdict

GONE_SECONDS = 45.0
SERVED_SECONDS = 2.0
FILES_TO_SPARE = 200
TRICKLE_SECONDS = 1.0
KEEPALIVE_SECONDS = 5
_HOST = b"Host: 127.0.0.1\r\n"
_UPGRADE = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
_SOCKET = _UPGRADE + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n"
BEGINNINGS: dict[str, tuple[bytes, bytes]] = {
    "silent": (b"", b""),
    "half a head": (b"GET /tickets HTTP/1.1\r\n" + _HOST, b""),
    "a head in drops": (b"GET /tickets HTTP/1.1\r\n" + _HOST + b"X-Drops: ", b"x"),
    "half a body": (b"POST /graphql HTTP/1.1\r\n" + _HOST + b"Content-Type: application/json\r\n"
                    b"Content-Length: 5000\r\n\r\n{", b""),
    "a body in drops": (b"POST /ingest/run?tenant_id=t HTTP/1.1\r\n" + _HOST + b"Content-Length: 5000\r\n\r\n", b"x"),
    "half a chunk": (b"POST /graphql HTTP/1.1\r\n" + _HOST + b"Content-Type: application/json\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\n100\r\n{", b""),
    "blank lines": (b"\r\n", b"\r\n"),
    "half a frame": (b"GET /graphql HTTP/1.1\r\n" + _HOST + _SOCKET + b"\r\n", b"\x81"),
}  # fmt: skip
"""What each kind of client sends at once, and what it sends every second from then on."""


@dataclass
class _Siege:
    """Everything that was measured."""

    began: float = field(default_factory=time.monotonic)
    gone: int = 0
    last_gone: float = 0.0
    answers: list[float] = field(default_factory=list)
    """The seconds that each of the others waited for its answer; infinite where it got none."""


def besieged(count: int = 1_050, *, open_files: int = 1_024, slack: float = 1.0) -> Verdict:
    """Open `count` connections to a service that may have `open_files` files, and see who is served meanwhile.

    `slack`: by how much the promised seconds are stretched, for a machine that is busy with other things.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, count + FILES_TO_SPARE), most))
    with Cluster(mock={"ticket_count": 0}) as cluster:
        _, service = cluster.service(open_files=open_files)
        siege = asyncio.run(_besiege(urlsplit(str(service.base_url)).port or 80, count, GONE_SECONDS * slack))
    measured = (
        f"{count} connections under nofile {open_files}: {siege.gone} gone within {siege.last_gone:.0f} s, "
        f"{len(siege.answers)} others served meanwhile, the slowest within {max(siege.answers):.2f} s"
    )
    held = siege.gone == count and max(siege.answers) <= SERVED_SECONDS * slack
    return Verdict("slow clients are shown out, others are served", measured, held)


async def _besiege(port: int, count: int, seconds: float) -> _Siege:
    siege = _Siege()
    kinds = itertools.cycle(BEGINNINGS.values())
    slow = [asyncio.create_task(_be_slow(siege, port, *next(kinds))) for _ in range(count)]
    others = asyncio.create_task(_ask_again_and_again(siege, port))
    _, left = await asyncio.wait(slow, timeout=seconds)
    for task in (*left, others):
        task.cancel()
    await asyncio.gather(*slow, others, return_exceptions=True)
    return siege


async def _be_slow(siege: _Siege, port: int, beginning: bytes, drop: bytes) -> None:
    """Begin something, go on drop by drop, and note when the service has had enough."""
    with contextlib.suppress(OSError):  # being thrown out is what is expected
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        _notice_silence(writer.get_extra_info("socket"))
        dripping = asyncio.create_task(_drip(writer, drop))
        try:
            writer.write(beginning)
            while await reader.read(65_536):
                pass
        finally:
            dripping.cancel()
            writer.close()
    siege.gone += 1
    siege.last_gone = time.monotonic() - siege.began


def _notice_silence(connection: socket.socket) -> None:
    """Ask the other kernel now and then: where the queue of the listening socket is full, it forgets a connection that
    this side takes for open, and a client that sends nothing would never learn it."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL):
        connection.setsockopt(socket.IPPROTO_TCP, option, KEEPALIVE_SECONDS)


async def _drip(writer: asyncio.StreamWriter, drop: bytes) -> None:
    while drop:
        await asyncio.sleep(TRICKLE_SECONDS)
        writer.write(drop)


async def _ask_again_and_again(siege: _Siege, port: int) -> None:
    """Be an ordinary client: a connection, a request, an answer."""
    while True:
        await asyncio.sleep(0.1)
        began = time.monotonic()
        answer = b""
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /health/ready HTTP/1.1\r\n" + _HOST + b"Connection: close\r\n\r\n")
            answer = await reader.read()
            writer.close()
        siege.answers.append(time.monotonic() - began if answer.startswith(b"HTTP/1.1 200") else float("inf"))
