import json

import pytest

from services.sources.records.json_text import MAX_PAGE_LEVELS, MAX_RECORD_LEVELS, Unreadable, read_json
from services.sources.standard.salvage import salvage


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


def nested(levels: int) -> str:
    """A record of so many levels."""
    return '{"a":' * (levels // 2) + "[" * (levels - levels // 2) + "]" * (levels - levels // 2) + "}" * (levels // 2)


def test_the_depth_that_is_read_is_ours_and_not_the_interpreters() -> None:
    deep, too_deep = nested(MAX_RECORD_LEVELS), nested(MAX_RECORD_LEVELS + 1)
    readable, unreadable = salvage(page(deep, too_deep))["tickets"]
    assert readable == json.loads(deep)
    assert unreadable.reason == "not readable as JSON: nested more than 512 levels deep"
    assert read_json(page(deep), levels=MAX_PAGE_LEVELS) == json.loads(page(deep))
    for body in (page(too_deep), page(nested(100_000))):
        with pytest.raises(ValueError, match="nested more than 514 levels deep"):
            read_json(body, levels=MAX_PAGE_LEVELS)


def test_wide_is_not_deep() -> None:
    wide = f"[{', '.join(['[[{}]]'] * 10_000)}]"
    assert read_json(wide, levels=4) == json.loads(wide)


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
