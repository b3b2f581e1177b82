"""Made-up bytes over raw sockets: heads, bodies, chunks and frames, broken in every way that chance thinks of.

What is looked for: an answer that is a fault of ours, a connection that is never closed, memory that grows, and a
service that does not answer others any more.
"""

import random
import socket
import time
from collections.abc import Callable

CONNECTIONS = 1_000
MAX_SECONDS = 120.0
"""After which no further connection is begun."""
ANSWER_SECONDS = 30.0
"""How long a connection may stay open that the client has half closed; the service's patience is 10 s."""
SILENCE_SECONDS = 0.1
"""How long an answer is waited for before the client hangs up."""
MAX_GROWTH_BYTES = 150_000_000
_PATHS = [
    "/",
    "/health/live",
    "/graphql",
    "/ingest/run?tenant_id=t",
    "/tickets",
    "/%00",
    "/../x",
    "*",
    "http://x/",
    "/é",
]
_METHODS = ["GET", "POST", "DELETE", "OPTIONS", "CONNECT", "PRI", "get", "", "X" * 300]
_VERSIONS = ["HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/0.9", "", "HTTP/1.1 "]
_ENDS = [b"\r\n", b"\n", b"\r", b"\r\n ", b"\0"]
_HEADERS = [
    b"Host: 127.0.0.1",
    b"Host: evil.example",
    b"Content-Length: 10",
    b"Content-Length: -1",
    b"Content-Length: 99999999999999999999",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: gzip, chunked",
    b"Expect: 100-continue",
    b"Connection: close",
    b"Connection: Upgrade",
    b"Upgrade: websocket",
    b"Upgrade: h2c",
    b"Sec-WebSocket-Version: 13",
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    b"Sec-WebSocket-Protocol: graphql-transport-ws",
    b"Content-Type: application/json",
    b"Content-Encoding: gzip",
    b"Authorization: Bearer a.b.c",
    b"X-Request-ID: \x1b[2J",
    b": no name",
    b"no colon",
]
Maker = Callable[[random.Random], bytes]


def make_head(chance: random.Random) -> bytes:
    """A request's head, good or bad."""
    line = " ".join(chance.choice(parts) for parts in (_METHODS, _PATHS, _VERSIONS)).encode()
    headers = chance.choices(_HEADERS, k=chance.choice([0, 3, 8, 120]))
    headers += [b"X: " + b"x" * chance.choice([0, 100, 70_000])]
    return b"".join(
        part + (b"\r\n" if chance.random() < 0.95 else chance.choice(_ENDS)) for part in (line, *headers, b"")
    )


def make_body(chance: random.Random) -> bytes:
    """A GraphQL request whose body is not what its head says."""
    body = chance.choice([b"{}", b'{"query": "{ __typename }"}', b"[" * 1_000, chance.randbytes(500), b""])
    length = max(0, len(body) + chance.choice([-5, 0, 0, 7, 10**6]))
    return _good_head("POST /graphql", b"Content-Type: application/json", b"Content-Length: %d" % length) + body


def make_chunks(chance: random.Random) -> bytes:
    """A body in chunks, some of them no chunks."""
    sizes = [b"5", b"0", b"FFFFFFFFFFFFFFFFF", b"-1", b"5;a=b", b"5;" + b"x" * 70_000, b"g", b""]
    chunks = [chance.choice(sizes) + b"\r\nhello\r\n" for _ in range(chance.choice([0, 1, 5, 200]))]
    end = chance.choice([b"0\r\n\r\n", b"0\r\nTrailer: x\r\n\r\n", b"0\r\n" + b"T: x\r\n" * 200, b""])
    path = chance.choice(["/graphql", "/ingest/run?tenant_id=fuzz%00"])
    return _good_head(f"POST {path}", b"Transfer-Encoding: chunked") + b"".join(chunks) + end


def make_frames(chance: random.Random) -> bytes:
    """A WebSocket and frames over it, most of which break a rule."""
    frames = b""
    for _ in range(chance.choice([1, 5, 500])):
        payload = chance.choice([b"", b'{"type":"connection_init"}', b'{"type":"subscribe"}', b"\xff\xfe", b"[" * 90])
        length = chance.choice([len(payload), len(payload), 126, 127])
        frames += bytes([chance.choice([0x81, 0x01, 0x00, 0x80, 0x82, 0x88, 0x89, 0x8A, 0xC1, 0xFF, 0x83])])
        frames += bytes([chance.choice([0x80, 0x80, 0]) | length]) + b"\0\0\0\0" + payload
    return _good_head("GET /graphql", *_HEADERS[9:11], *_HEADERS[12:15]) + frames


def make_noise(chance: random.Random) -> bytes:
    """Anything."""
    return chance.randbytes(chance.choice([1, 100, 10_000]))


MAKERS: list[Maker] = [make_head, make_body, make_chunks, make_frames, make_noise]


def fuzz_sockets(port: int, resident_bytes: Callable[[], int], seed: int) -> list[str]:
    """Send it all; the faults that were found, each with what had been sent."""
    chance, faults, before = random.Random(seed), [], resident_bytes()
    end = time.monotonic() + MAX_SECONDS
    for number in range(CONNECTIONS):
        if time.monotonic() > end:
            break
        sent = chance.choice(MAKERS)(chance)
        if fault := _fault(port, sent, chance):
            faults.append(f"connection {number}: {fault} after {sent[:300]!r}")
    if (growth := resident_bytes() - before) > MAX_GROWTH_BYTES:
        faults.append(f"{growth / 1e6:.0f} MB of memory were not given back")
    if not _exchange(port, _good_head("GET /health/live", b"Connection: close"), b"").startswith(b"HTTP/1.1 200"):
        faults.append("the service does not answer any more")
    return faults


def _good_head(line: str, *headers: bytes) -> bytes:
    return b"\r\n".join([f"{line} HTTP/1.1".encode(), b"Host: 127.0.0.1", *headers, b"", b""])


def _fault(port: int, sent: bytes, chance: random.Random) -> str | None:
    cut = chance.randrange(len(sent) + 1)
    try:
        answer = _exchange(port, sent[:cut], sent[cut:] if chance.random() < 0.8 else b"")
    except TimeoutError:
        return f"still open after {ANSWER_SECONDS:.0f} s"
    return answer[:100].decode(errors="replace") if answer.startswith((b"HTTP/1.1 5", b"HTTP/1.0 5")) else None


def _receive(connection: socket.socket) -> bytes:
    """The next piece; where none comes, hang up one way, and wait for the other side to do the same."""
    try:
        return connection.recv(65_536)
    except TimeoutError:
        connection.settimeout(ANSWER_SECONDS)
        connection.shutdown(socket.SHUT_WR)
        return connection.recv(65_536)


def _exchange(port: int, *pieces: bytes) -> bytes:
    """Send, and read until the other side closes the connection."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
            connection.settimeout(SILENCE_SECONDS)
            while piece := _receive(connection):
                answer += piece
        except ConnectionError:
            pass  # it has had enough
    return answer
