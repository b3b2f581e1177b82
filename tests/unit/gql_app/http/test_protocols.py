"""What a connection may send before there is a request, on a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from math import inf

import pytest
from fastapi import FastAPI, Request, WebSocket
from fastapi.responses import StreamingResponse
from starlette.websockets import WebSocketDisconnect

from gql_app.http import server as served
from gql_app.http.connections import OpenConnections, Stage
from gql_app.http.problems import Problems
from gql_app.http.protocols import MAX_FRAGMENTS, MAX_HEAD_BYTES, MAX_HEADERS, MAX_PIPELINED, MAX_QUEUED_MESSAGES
from tests.fakes import make_settings
from tests.raw_http import CHUNKED, CLOSE, HOST, UPGRADE, RawClient, connected, exchange, frames, head, serving
from tests.waiting import until

OK = head("GET /", CLOSE)
LARGE = 200_000


def make_app() -> FastAPI:
    """Answers, reads bodies, streams without end, and echoes over a WebSocket, all without a database."""
    app = FastAPI()
    app.state.settings = make_settings(max_body_bytes=LARGE)
    app.state.go_on = asyncio.Event()
    app.add_middleware(Problems)
    app.get("/")(lambda: "here")
    app.get("/endless")(lambda: StreamingResponse(endless()))
    app.websocket("/echo")(echo)

    @app.post("/size")
    async def size(request: Request) -> int:
        return len(await request.body())

    @app.get("/waiting")
    async def waiting() -> str:
        await app.state.go_on.wait()
        return "at last"

    @app.get("/seen")
    async def seen(request: Request) -> list[str]:
        await request.body()
        return sorted(request.headers)

    return app


async def endless() -> AsyncIterator[bytes]:
    while True:
        await asyncio.sleep(0)
        yield b"x" * 65_536


async def echo(socket: WebSocket) -> None:
    """Says again what it hears, from the moment on at which it may."""
    await socket.accept()
    with suppress(WebSocketDisconnect):
        while True:
            text = await socket.receive_text()
            await socket.app.state.go_on.wait()
            await socket.send_text(text)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every patience is a few tenths of a second."""
    monkeypatch.setattr(served, "SWEEP_SECONDS", 0.1)
    for stage in Stage:
        if stage.seconds < inf:
            monkeypatch.setattr(stage, "seconds", 0.3)


@pytest.fixture
async def app() -> FastAPI:
    return make_app()


@pytest.fixture
async def port(app: FastAPI) -> AsyncIterator[int]:
    async with serving(app) as (port, _):
        yield port


class TestHeads:
    async def test_the_most_headers_that_are_taken(self, port: int) -> None:
        assert (await exchange(port, head("GET /", CLOSE, *[b"A: b\r\n"] * (MAX_HEADERS - 2)))).status == 200

    async def test_the_largest_head_that_is_taken(self, port: int) -> None:
        assert (
            await exchange(port, head("GET /", CLOSE, b"A: " + b"x" * (MAX_HEAD_BYTES - 100) + b"\r\n"))
        ).status == 200

    @pytest.mark.parametrize("size", [1, 1_000, 100_000], ids=lambda size: f"{size} a time")
    async def test_heads_may_come_in_pieces_of_any_size(self, port: int, size: int) -> None:
        whole = head("GET /", CLOSE, b"A: " + b"x" * 3_000 + b"\r\n")
        assert (await exchange(port, *[whole[at : at + size] for at in range(0, len(whole), size)])).status == 200

    @pytest.mark.parametrize(
        "pieces",
        [
            [head("GET /", *[b"A: b\r\n"] * MAX_HEADERS)],
            [b"GET / HTTP/1.1\r\n", HOST, *[b"A: b\r\n"] * 100_000],
            [b"GET / HTTP/1.1\r\n", HOST, *[b"A: " + b"x" * 1_000 + b"\r\n"] * 10_000],
            [b"GET / HTTP/1.1\r\n", HOST + b"A: ", *[b"x" * 10_000] * 1_000],
            [head("GET /", b"A: " + b"x" * MAX_HEAD_BYTES + b"\r\n")],
            [b"GET / HTTP/1.1\r\n", HOST, *[b"x" * 10_000] * 1_000],
            [b"GET /", *[b"x" * 10_000] * 1_000],
            [head("GET /" + "x" * MAX_HEAD_BYTES)],
            [b"\r\n" * 1_000] * 1_000,
            [head("GET /seen", CHUNKED), b"1\r\nx\r\n0\r\n", *[b"A: b\r\n"] * 100_000],
            [head("GET /seen", CHUNKED), b"1\r\nx\r\n0\r\nA: ", *[b"x" * 10_000] * 1_000],
            [head("GET /seen", CHUNKED), b"1;a=", *[b"x" * 10_000] * 1_000],
        ],
        ids=[
            *("one too many", "small ones without end", "large ones without end", "one without end", "one too large"),
            *("a name without end", "a path without end", "a path too long", "blank lines without end"),
            *("trailers without end", "a trailer without end", "a chunk extension without end"),
        ],
    )
    async def test_more_is_refused_and_the_connection_closed(self, port: int, pieces: list[bytes]) -> None:
        answer = await exchange(port, *pieces)
        assert (answer.status, answer.code) == (431, "HEAD_TOO_LARGE")

    async def test_a_large_body_is_none_of_the_next_requests_head(self, port: int) -> None:
        body = b"x" * (LARGE - 1)
        first = head("POST /size", b"Content-Length: %d\r\n" % len(body)) + body
        answer = await exchange(port, first[:-10], first[-10:] + OK[:9], OK[9:])
        assert (answer.raw.count(b"HTTP/1.1 200"), b"here" in answer.raw) == (2, True)

    async def test_trailers_are_not_taken_for_headers(self, port: int) -> None:
        answer = await exchange(
            port, head("GET /seen", CHUNKED, CLOSE), b"1\r\nx\r\n", b"0\r\nAuthorization: Bearer x\r\n\r\n"
        )
        assert answer.status == 200
        assert b"authorization" not in answer.raw

    @pytest.mark.parametrize(
        "garbage",
        [
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"hello\r\n\r\n",
            b"GET\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
            b"GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
            b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
            head("POST /size", CHUNKED) + b"zz\r\n",
        ],
    )
    async def test_what_is_no_http_is_refused_in_our_words(self, port: int, garbage: bytes) -> None:
        answer = await exchange(port, garbage)
        assert (answer.status, answer.code) == (400, "BAD_REQUEST")

    async def test_requests_may_be_sent_ahead(self, port: int) -> None:
        assert (await exchange(port, head("GET /") * 10 + OK)).raw.count(b"here") == 11

    async def test_but_not_without_end(self, port: int) -> None:
        answer = await exchange(port, head("GET /waiting") * (MAX_PIPELINED + 2))
        assert answer.raw == b""


@pytest.mark.usefixtures("impatient")
class TestSlowClients:
    @pytest.mark.parametrize(
        ("beginning", "status"),
        [
            (b"", 0),
            (b"\r\n", 0),
            (b"GET / HT", 408),
            (b"GET / HTTP/1.1\r\nHost: x\r\n", 408),
            (head("POST /size", b"Content-Length: 100\r\n") + b"x", 408),
            (head("POST /size", CHUNKED) + b"64\r\nx", 408),
            (head("GET /", b"Content-Length: 100\r\n") + b"x", 200),
        ],
        ids=["silence", "a blank line", "a line", "a head", "a body", "a chunk", "a body that nobody waits for"],
    )
    async def test_who_begins_and_does_not_go_on_is_shown_out(self, port: int, beginning: bytes, status: int) -> None:
        assert (await exchange(port, beginning)).status == status

    @pytest.mark.parametrize(
        ("beginning", "drop"),
        [
            (b"GET / HTTP/1.1\r\nA: ", b"x"),
            (b"\r\n", b"\r\n"),
            (head("POST /size", b"Content-Length: 100000\r\n"), b"x"),
            (head("POST /size", CHUNKED), b"1\r\nx\r\n"),
        ],
        ids=["a head", "blank lines", "a body", "chunks"],
    )
    async def test_who_goes_on_drop_by_drop_too(self, port: int, beginning: bytes, drop: bytes) -> None:
        async with connected(port) as client:
            await client.send(beginning)
            ending = asyncio.create_task(client.rest())
            while not ending.done():
                await client.send(drop)
                await asyncio.sleep(0.02)
            assert (await ending).status in (0, 408)

    async def test_who_does_not_read_the_answer_too(self, app: FastAPI) -> None:
        async with serving(app) as (port, server), connected(port) as client:
            await client.send(head("GET /endless"))
            await until(lambda: server.server_state.connections)
            await until(lambda: not server.server_state.connections, "the end of the connection")

    async def test_who_waits_for_us_is_not(self, app: FastAPI) -> None:
        async with serving(app) as (port, _), connected(port) as waiting:
            await waiting.send(head("GET /waiting", CLOSE))
            assert (await exchange(port, b"")).raw == b""  # somebody else is, meanwhile
            assert (await exchange(port, b"")).raw == b""
            app.state.go_on.set()
            assert b"at last" in (await waiting.rest()).raw

    async def test_who_was_answered_may_come_back_later(self, app: FastAPI) -> None:
        app.state.settings = make_settings(keep_alive_seconds=3_600)
        async with serving(app) as (port, _), connected(port) as client:
            await client.send(head("GET /"))
            await client.reader.readuntil(b'"here"')
            for _ in range(2):  # longer than silence is borne
                assert (await exchange(port, b"")).raw == b""
            await client.send(OK)
            assert (await client.rest()).status == 200

    async def test_but_not_with_bytes_that_begin_no_request(self, app: FastAPI) -> None:
        app.state.settings = make_settings(keep_alive_seconds=3_600)
        async with serving(app) as (port, _), connected(port) as client:
            await client.send(head("GET /"))
            await client.reader.readuntil(b'"here"')
            await client.send(b"\r\n")
            assert (await client.rest()).raw == b""


class TestManyClients:
    async def test_who_only_keeps_a_connection_open_makes_room(self, app: FastAPI) -> None:
        async with serving(app) as (port, server):
            server.server_state.limit = 4
            held = [await open_raw(port, b"GET / HT") for _ in range(20)]
            assert (await exchange(port, OK)).status == 200
            assert len(server.server_state.connections) <= 5
            for client in held:
                client.writer.close()

    async def test_who_is_being_answered_does_not(self, app: FastAPI) -> None:
        async with serving(app) as (port, server):
            server.server_state.limit = 4
            served = [await open_raw(port, head("GET /waiting", CLOSE)) for _ in range(4)]
            await until(lambda: len(server.server_state.tasks) == 4)
            refused = await exchange(port, b"")
            assert (refused.status, refused.code) == (503, "UNAVAILABLE")
            app.state.go_on.set()
            assert [b"at last" in (await client.rest()).raw for client in served] == [True] * 4

    async def test_websockets_leave_room_for_requests(self, app: FastAPI) -> None:
        async with serving(app) as (port, server):
            server.server_state.limit = 4
            sockets = [await open_raw(port, head("GET /echo", UPGRADE)) for _ in range(2)]
            for socket in sockets:
                await socket.reader.readuntil(b"101")
            refused = await exchange(port, head("GET /echo", UPGRADE))
            assert (refused.status, refused.code) == (503, "UNAVAILABLE")
            assert (await exchange(port, OK)).status == 200
            for socket in sockets:
                socket.writer.close()


class TestWebSockets:
    async def test_a_message_that_is_too_large_ends_it(self, port: int) -> None:
        assert await close_code(port, b"\x81\xff" + (LARGE + 1).to_bytes(8, "big") + b"\0\0\0\0") == 1009

    async def test_one_whose_fragments_are_too_large_together_too(self, port: int) -> None:
        assert await close_code(port, *fragments(b"x" * 60_000, 4)) == 1009

    async def test_so_do_too_many_fragments_however_empty(self, port: int) -> None:
        assert await close_code(port, *fragments(b"", MAX_FRAGMENTS + 10)) == 1009

    async def test_so_do_too_many_messages_at_once(self, port: int) -> None:
        assert await close_code(port, b"".join(frames(*[b"x"] * (MAX_QUEUED_MESSAGES + 10)))) == 1008

    async def test_pings_of_a_client_that_reads_nothing_are_not_answered_for_ever(self, app: FastAPI) -> None:
        async with serving(app) as (port, server), connected(port) as client:
            await client.send(head("GET /echo", UPGRADE))
            await until(lambda: server.server_state.connections)
            pings = b"".join(frames(*[b"x" * 125] * 1_000, opcode=9))
            sending = asyncio.create_task(client.send(*[pings] * 1_000))
            await until(lambda: not server.server_state.connections, "the end of the connection")
            await sending

    @pytest.mark.usefixtures("impatient")
    async def test_half_a_frame_is_not_waited_for_for_ever(self, app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(served, "PING_SECONDS", 0.2)
        async with serving(app) as (port, _):
            assert await close_code(port, b"\x81") == 1011

    async def test_a_message_passes(self, app: FastAPI, port: int) -> None:
        app.state.go_on.set()
        async with connected(port) as client:
            await client.send(head("GET /echo", UPGRADE))
            await client.reader.readuntil(b"\r\n\r\n")
            await client.send(*frames(b"hello"))
            assert await client.reader.readuntil(b"\x81\x05hello")


class TestSweeps:
    async def test_one_line_tells_of_all_that_were_turned_away(self) -> None:
        connections = OpenConnections(limit=100)
        connections.turned_away.update(["head", "head", "HEAD_TOO_LARGE"])
        connections.sweep(0.0)
        assert not connections.turned_away


async def open_raw(port: int, beginning: bytes) -> RawClient:
    client = RawClient(*await asyncio.open_connection("127.0.0.1", port))
    await client.send(beginning)
    return client


def fragments(payload: bytes, count: int) -> list[bytes]:
    """A text message in pieces, which never ends."""
    return [*frames(payload, final=False), *frames(*[payload] * (count - 1), opcode=0, final=False)]


async def close_code(port: int, *pieces: bytes) -> int:
    """The code with which the server ends a WebSocket over which this is sent."""
    async with connected(port) as client:
        await client.send(head("GET /echo", UPGRADE))
        await client.reader.readuntil(b"\r\n\r\n")
        await client.send(*pieces)
        raw = (await client.rest()).raw
    at = raw.rindex(b"\x88")
    return int.from_bytes(raw[at + 2 : at + 4], "big")
