"""Answers in gzip, over a plain application."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from gql_app.http.compression import SMALLEST_BYTES, Compressed, takes_gzip

LONG = b"ticket " * 1_000
THIS_FILE = Path(__file__).read_bytes()
GZIP = {"accept-encoding": "gzip"}
CHUNKS = [LONG, b"", b"x", LONG]


async def long(_: Request) -> Response:
    return Response(LONG, headers={"etag": '"1"', "vary": "accept"})


async def stream(_: Request) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        for chunk in CHUNKS:
            yield chunk

    return StreamingResponse(chunks())


async def sized(request: Request) -> Response:
    return Response(b"x" * int(request.path_params["bytes"]))


async def empty(request: Request) -> Response:
    return Response(status_code=int(request.path_params["status"]))


async def packed(_: Request) -> Response:
    return Response(gzip.compress(LONG), headers={"content-encoding": "gzip"})


async def this_file(_: Request) -> Response:
    return FileResponse(Path(__file__))


ROUTES = [
    *(Route(f"/{each.__name__}", each, methods=["GET", "HEAD"]) for each in (long, stream, packed, this_file)),
    Route("/sized/{bytes}", sized),
    Route("/empty/{status}", empty),
]
APP = Compressed(Starlette(routes=ROUTES))


async def ask(path: str, headers: Mapping[str, str] = GZIP, method: str = "GET") -> tuple[httpx.Response, bytes]:
    """An answer, and its body as it was sent."""
    async with (
        httpx.AsyncClient(transport=httpx.ASGITransport(APP), base_url="http://test") as client,
        client.stream(method, path, headers={"accept-encoding": "identity", **headers}) as response,
    ):
        return response, b"".join([chunk async for chunk in response.aiter_raw()])


async def test_long_answer_is_compressed_for_who_takes_it() -> None:
    response, body = await ask("/long")
    assert gzip.decompress(body) == LONG
    assert len(body) < len(LONG) / 10
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["content-length"] == str(len(body))
    assert response.headers["etag"] == 'W/"1"'  # other bytes than those of "1"


async def test_long_answer_is_sent_as_it_is_to_others() -> None:
    response, body = await ask("/long", {})
    assert body == LONG
    assert "content-encoding" not in response.headers
    assert response.headers["etag"] == '"1"'


@pytest.mark.parametrize("headers", [GZIP, {}])
async def test_caches_are_told_what_the_answer_depends_on(headers: dict[str, str]) -> None:
    response, _ = await ask("/long", headers)
    assert {each.strip().lower() for each in response.headers["vary"].split(",")} == {"accept", "accept-encoding"}


async def test_stream_is_compressed_chunk_by_chunk() -> None:
    sent: list[bytes] = []

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.body":
            assert isinstance(message["body"], bytes)
            sent.append(message["body"])

    async def receive() -> dict[str, object]:
        await asyncio.Event().wait()  # the client sends nothing more, and stays
        return {}

    scope = {"type": "http", "method": "GET", "path": "/stream", "query_string": b"", "root_path": ""}
    await APP({**scope, "headers": [(b"accept-encoding", b"gzip")]}, receive, send)  # type: ignore[arg-type]
    reader = zlib.decompressobj(16 + zlib.MAX_WBITS)
    read = [reader.decompress(chunk) for chunk in sent]
    assert read[: len(CHUNKS)] == CHUNKS  # each is there at once, and not when more has come
    assert reader.eof


@pytest.mark.parametrize(("size", "is_compressed"), [(SMALLEST_BYTES - 1, False), (SMALLEST_BYTES, True)])
async def test_small_answer_is_not_worth_it(size: int, is_compressed: bool) -> None:
    response, _ = await ask(f"/sized/{size}")
    assert ("content-encoding" in response.headers) == is_compressed


@pytest.mark.parametrize("status", [204, 304])
async def test_answer_without_a_body_stays_without(status: int) -> None:
    response, body = await ask(f"/empty/{status}")
    assert (response.status_code, body) == (status, b"")
    assert "content-encoding" not in response.headers


async def test_what_is_compressed_is_not_compressed_again() -> None:
    response, body = await ask("/packed")
    assert gzip.decompress(body) == LONG
    assert response.headers["content-encoding"] == "gzip"


async def test_head_is_answered_without_compressing_anything() -> None:
    response, body = await ask("/long", method="HEAD")
    assert body in (b"", LONG)  # the server drops it
    assert response.headers["content-length"] == str(len(LONG))


async def test_part_of_a_file_is_sent_as_it_is() -> None:
    response, body = await ask("/this_file", {**GZIP, "range": "bytes=3-9"})
    assert response.status_code == 206
    assert body == THIS_FILE[3:10]
    response, body = await ask("/this_file")
    assert gzip.decompress(body) == THIS_FILE
    assert response.headers["etag"].startswith('W/"')


async def test_sockets_are_let_alone() -> None:
    given: list[object] = []

    async def inner(*arguments: object) -> None:
        given.extend(arguments)

    async def send(_: object) -> None: ...

    async def receive() -> dict[str, object]:
        return {}

    scope = {"type": "websocket", "headers": [(b"accept-encoding", b"gzip")]}
    await Compressed(inner)(scope, receive, send)
    assert given == [scope, receive, send]


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        ("", False), ("gzip", True), ("GZIP", True), ("x-gzip", True), ("identity", False), ("br", False), ("*", True),
        ("gzip;q=0", False), ("gzip; q=0.0", False), ("gzip;q=0.001", True), ("*;q=0", False), ("gzip;q=0, *", False),
        ("br, gzip;q=0.8", True), ("deflate, br;q=1.0, *;q=0.5", True), ("identity, *;q=0", False), ("gzipped", False),
    ],
)  # fmt: skip
def test_who_takes_gzip(header: str, takes: bool) -> None:
    assert takes_gzip(header) is takes


@given(st.text())
def test_nonsense_is_read_as_something(header: str) -> None:
    assert takes_gzip(header) in (True, False)
