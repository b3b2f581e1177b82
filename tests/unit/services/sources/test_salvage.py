import json

import pytest

from services.sources.standard.salvage import Unreadable, salvage


def page(*records: str) -> bytes:
    return f'{{"total_count": 3, "tickets": [{", ".join(records)}], "next_page": 2}}'.encode()


@pytest.mark.parametrize(
    "broken",
    [
        '{"id": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"id": "\\x41"}',
        '{"id": 1e}',
        "{\"id\": 'T'}",
    ],
    ids=["deep nesting", "bad escape", "bad number", "wrong quotes"],
)
def test_the_records_around_a_broken_one_are_read(broken: str) -> None:
    found = salvage(page('{"id": "A, ]}"}', broken, '{"id": "B \\" ["}'))
    first, bad, last = found["tickets"]
    assert (first, last) == ({"id": "A, ]}"}, {"id": 'B " ['})
    assert isinstance(bad, Unreadable)
    assert bad == broken
    assert bad.reason.startswith("not readable as JSON")
    assert (found["next_page"], found["total_count"]) == (2, 3)


def test_bytes_that_are_not_utf_8_are_replaced() -> None:
    assert salvage(page('{"id": "caf\xe9"}').decode().encode("latin-1"))["tickets"] == [{"id": "caf\ufffd"}]


@pytest.mark.parametrize("records", [(), ('{"id": 1}',), ('"text"', "null", "[1, [2]]")])
def test_a_good_page_is_read_as_json_reads_it(records: tuple[str, ...]) -> None:
    assert salvage(page(*records)) == json.loads(page(*records))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html></html>",
        b"[]",
        b'{"items": []}',
        b'{"tickets": [{"id": 1}, {"id"',
        b'{"tickets": 7}',
        b"[" * 100_000,
    ],
)
def test_what_is_not_a_whole_page_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        salvage(body)
