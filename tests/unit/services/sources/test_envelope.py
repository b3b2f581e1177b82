import gzip
import json
import time
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from services.errors import UpstreamError
from services.sources.http import transport
from services.sources.http.transport import TransientError, UpstreamAnswer
from services.sources.pages import SourcePage
from services.sources.records.json_text import Unreadable
from services.sources.standard.envelope import read_deleted, read_page, salvaged_page
from services.sources.standard.salvage import MAX_RECORDS, salvage
from tests.properties import THOROUGH

TICKET = {"id": "T-1", "message": "café 🎫"}


def answer(body: bytes | str | Any, *, status: int = 200, **headers: str) -> UpstreamAnswer:
    if not isinstance(body, bytes | str):
        body = json.dumps(body)
    raw = body.encode() if isinstance(body, str) else body
    return UpstreamAnswer(status, httpx.Headers({name.replace("_", "-"): text for name, text in headers.items()}), raw)


def page(body: bytes | str | Any, *, number: int = 1, size: int = 5, **headers: str) -> SourcePage:
    return read_page(answer(body, **headers), number, size)


@pytest.mark.parametrize("body", [{"tickets": None, "next_page": None}, {"tickets": None}, {"tickets": []}])
def test_no_tickets_are_an_empty_page(body: Any) -> None:
    assert page(body) == SourcePage([], [], None)


@pytest.mark.parametrize("body", [[], 7, None, {}, {"items": []}, {"tickets": "many"}, {"tickets": {"a": 1}}])
def test_what_has_no_tickets_is_no_page(body: Any) -> None:
    with pytest.raises(TransientError, match="no list of tickets"):
        page(body)


@pytest.mark.parametrize(
    ("named", "following", "remarks"),
    [
        *[(named, None, 0) for named in (None, False, "")],
        *[(named, 2, 0) for named in (2, "2", 2.0)],
        (9, 9, 0),
        (1, 1, 0),
        *[(named, 4, 1) for named in (True, 0, -7, "abc", [2], {"page": 2}, 10**20, "9" * 30, 2.5)],
    ],
)
def test_the_next_page_is_what_upstream_names(named: Any, following: int | None, remarks: int) -> None:
    found = page({"tickets": [TICKET], "next_page": named}, number=3)
    assert (found.next, len(found.remarks)) == (following, remarks)


@pytest.mark.parametrize(
    ("count", "total", "remarks"),
    [
        *[(count, 200, 0) for count in (200, "200", 200.0)],
        (None, None, 0),
        *[(count, None, 1) for count in (10**20, -1, "many", [], True, 1.5, 2**31)],
    ],
)
def test_a_count_is_a_hint(count: Any, total: int | None, remarks: int) -> None:
    found = page({"tickets": [TICKET], "next_page": None, "total_count": count})
    assert (found.total, len(found.remarks)) == (total, remarks)


def test_how_many_pages_there_are_follows_from_the_size_that_pages_have() -> None:
    assert page({"tickets": [TICKET] * 5, "next_page": 2, "total_count": 200}, size=100).pages == 40
    assert page({"tickets": [TICKET] * 3, "next_page": None, "total_count": 3}, size=100).pages == 1
    assert page({"tickets": [TICKET], "next_page": 2}).pages is None


def test_records_are_told_apart_by_their_ids() -> None:
    records = [{"id": "T"}, {"id": 7}, {"id": True}, {"id": None}, {}, None, "T", {"id": ""}, {"id": 10**30}]
    assert page({"tickets": records}).ids == ["T", "7", *[None] * 7]


@pytest.mark.parametrize(
    ("encoding", "charset"),
    [
        ("utf-8", ""),
        ("utf-8", "utf-8"),
        ("utf-8-sig", ""),
        ("utf-8", "iso-8859-1"),
        ("utf-8", "no-such-charset"),
        ("utf-8", "punycode"),
        ("utf-16", ""),
        ("utf-16-le", ""),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", ""),
        ("gb18030", "GB18030"),
    ],
)
def test_charsets_are_honoured_and_content_is_believed_first(encoding: str, charset: str) -> None:
    body = json.dumps({"tickets": [TICKET]}, ensure_ascii=False).encode(encoding)
    headers = {"content_type": f"application/json; charset={charset}"} if charset else {}
    assert page(body, **headers).records == [TICKET]


@pytest.mark.parametrize("charset", ["iso-8859-1", '"windows-1252"', "latin1"])
def test_a_declared_single_byte_charset_is_read(charset: str) -> None:
    body = '{"tickets": [{"id": "café"}]}'.encode("latin-1")
    assert page(body, content_type=f"application/json;charset={charset}").ids == ["café"]


def test_bytes_in_no_charset_are_a_failure_that_may_heal() -> None:
    with pytest.raises(TransientError, match="not UTF-8 at position 15"):
        page(b'{"tickets": ["\xff\xfe\xfd"]}'.replace(b'["', b'[ "'))


BODY = json.dumps({"tickets": [TICKET]}).encode()


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        ("gzip", gzip.compress(BODY, mtime=0)),
        ("GZIP", gzip.compress(BODY, mtime=0) + b"trailing"),
        ("x-gzip", gzip.compress(BODY, mtime=0)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", zlib.compress(BODY)[2:-4]),
        ("identity", BODY),
        ("", BODY),
    ],
)
def test_compression_is_taken_off(name: str, packed: bytes) -> None:
    assert page(packed, content_encoding=name).records == [TICKET]


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        ("gzip", BODY),
        ("gzip", b""),
        ("gzip", gzip.compress(BODY, mtime=0)[:-9]),
        ("deflate", BODY),
        ("br", BODY),
        ("zstd", BODY),
        ("gzip, gzip", gzip.compress(gzip.compress(BODY, mtime=0), mtime=0)),
        ("gzip", gzip.compress(gzip.compress(BODY, mtime=0), mtime=0)),
    ],
    ids=["plain", "empty", "cut short", "not deflated", "br", "zstd", "twice", "twice, said once"],
)
def test_compression_that_lies_is_a_failure_that_may_heal(name: str, packed: bytes) -> None:
    with pytest.raises(TransientError):
        page(packed, content_encoding=name)


def test_a_bomb_is_a_failure_that_may_heal() -> None:
    with pytest.raises(TransientError):
        page(gzip.compress(b"[" * 40_000_000, compresslevel=1, mtime=0), content_encoding="gzip")


def test_a_page_that_is_large_is_read_like_a_small_one() -> None:
    records = [{"id": str(number), "message": "é" * 1_000} for number in range(1_200)]
    body = {"x": {"tickets": [1]}, "tickets": records, "next_page": 2, "total_count": 5_000}
    found = page(json.dumps(body, ensure_ascii=False))
    assert (found.records, found.next, found.total) == (records, 2, 5_000)
    with pytest.raises(TransientError, match="not JSON in one of its records"):
        page(json.dumps(body).replace('"7"', "'7'"))
    with pytest.raises(TransientError, match="no complete array"):
        page(json.dumps(body)[:-100_000])


def test_of_too_many_records_the_first_are_read() -> None:
    found = page(json.dumps({"tickets": [{"id": number} for number in range(100_000)], "next_page": 2}))
    assert (len(found.records), found.next) == (MAX_RECORDS, 2)
    assert found.remarks == (f"page 1 holds more than {MAX_RECORDS} records: the rest was not read",)


def test_a_record_that_is_too_large_is_set_aside_at_once() -> None:
    found = page({"tickets": [TICKET, {"id": "T-2", "message": "x" * 10_000_000}, {"id": "T-3"}], "next_page": None})
    assert [isinstance(record, Unreadable) for record in found.records] == [False, True, False]
    assert len(found.records[1]) < 100_000
    assert found.records[1].reason == "not readable as JSON: it is too large"


FLOODS: dict[str, Callable[[int], bytes]] = {
    "escaped quotes without an end": lambda size: b'{"tickets": [{"id": "' + b'\\"' * (size // 2),
    "one text": lambda size: b'{"tickets": [{"id": "' + b"x" * size + b'"}]}',
    "empty lists": lambda size: b'{"tickets": [' + b"[]," * (size // 3) + b"[]]}",
    "brackets": lambda size: b'{"tickets": ' + b"[" * size,
    "quotes": lambda size: b'{"tickets": [' + b'"' * size,
    "backslashes": lambda size: b'{"tickets": ["' + b"\\" * size,
    "numbers": lambda size: b'{"tickets": [' + b"0.1," * (size // 4) + b"0]}",
    "a flood beside the tickets": lambda size: b'{"tickets": [], "x": [' + b"[]," * (size // 3) + b"[]]}",
}


FLOOD, SECONDS = (16_000_000, 60) if THOROUGH else (200_000, 3)
"""Characters, and seconds of a processor: twenty times what they take of an idle one; quadratic ones take hours."""


@pytest.mark.thorough
@pytest.mark.parametrize("name", FLOODS)
def test_floods_are_read_in_bounded_time_and_memory(name: str) -> None:
    begin = time.process_time()
    found = salvaged_page(answer(FLOODS[name](FLOOD)), 1, 100)
    assert found is None or len(found.records) <= MAX_RECORDS
    assert time.process_time() - begin < SECONDS
    body = FLOODS[name](20_000)
    tracemalloc.start()
    try:
        salvaged_page(answer(body), 1, 100)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000


@pytest.mark.parametrize("repeats", [20_000])
def test_escaped_quotes_are_no_reason_to_look_again_and_again(repeats: int) -> None:
    with pytest.raises(ValueError, match="no complete array"):
        salvage(b'{"tickets": [{"id": ' + b'\\"' * repeats)


def test_the_list_of_deleted_tickets_is_bounded() -> None:
    assert read_deleted(answer({"deleted_ids": ["a", 1]})) == {"a", "1"}
    for flood in (b'{"deleted_ids": [' + b"[]," * 200_000 + b"[]]}", b'{"deleted_ids": ["' + b"x" * 9_000_000 + b'"]}'):
        with pytest.raises(UpstreamError, match="too large"):
            read_deleted(answer(flood))
    for wrong in ({}, [], {"deleted_ids": "T-1"}):
        with pytest.raises(TransientError):
            read_deleted(answer(wrong))


def test_what_is_sent_and_what_it_inflates_to_are_bounded_alike() -> None:
    assert transport.MAX_BODY_BYTES == 32 * 1024 * 1024
