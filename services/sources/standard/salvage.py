"""Reading a page of which one record is broken, or that is too large to be read in one go.

Everything here takes time and memory in proportion to the text at most, whatever the text is, and lets other threads
run meanwhile: Python's own parser holds them up for as long as it reads.
"""

import re
from collections.abc import Iterator
from typing import Any

from services.sources.records.json_text import (
    MAX_PAGE_LEVELS,
    MAX_RECORD_LEVELS,
    Unreadable,
    UnreadableBodyError,
    read_json,
)

MAX_RECORDS = 20_000
"""Of one page; upstream is asked for 100 at most, and may send more."""
MAX_RECORD_BYTES = 1024 * 1024
MAX_RECORD_VALUES = 50_000
MAX_READ_BYTES = 16 * 1024 * 1024
"""Of all records of one page together."""
MAX_MARKS = 2_000_000
"""Brackets, commas and texts of one page that are looked at: some 1.5 s of a processor."""
CUT_OFF = "rest_of_page"
"""The key, in a page as `salvage` returns it, that says that nothing behind the first `MAX_RECORDS` was looked at."""
MAX_UNREADABLE_CHARACTERS = 64 * 1024

_MARK = re.compile(rb'["\[\]{},]')
_STRETCH_OF_TEXT = re.compile(rb'(?:[^"\\]++|\\.){0,4096}+', re.DOTALL)
"""A part of a text, short enough that other threads get their turn; possessive, so that no way back is kept."""
_TOO_LARGE = "not readable as JSON: it is too large"
_NOWHERE = -1
_RECORDS_KEY = b'"tickets"'


def salvage(body: bytes | bytearray) -> dict[str, Any]:
    """The page as an object whose `tickets` are records, or `Unreadable` where a record cannot be read.

    After `MAX_RECORDS` nothing more is looked at: the page then has the key `CUT_OFF`.

    Raises:
        ValueError: the page is not an object with an array of tickets, or is cut short.
    """
    start, end, spans = _find_records(body)
    is_cut_off = end == _NOWHERE
    rest = b"}" if is_cut_off else bytes(body[end:])
    if start + len(rest) > MAX_RECORD_BYTES:
        raise UnreadableBodyError("there is too much beside its tickets")
    page = read_json((bytes(body[:start]) + b"[]" + rest).decode("utf-8", "replace"), levels=MAX_PAGE_LEVELS)
    if not isinstance(page, dict):
        raise UnreadableBodyError("the page is not an object")
    return page | {"tickets": list(_read_each(body, spans))} | ({CUT_OFF: True} if is_cut_off else {})


def _read_each(body: bytes | bytearray, spans: list[tuple[int, int]]) -> Iterator[Any]:
    left = MAX_READ_BYTES
    for first, last in spans:
        if last - first > min(left, MAX_RECORD_BYTES):
            excerpt = bytes(body[first : first + 4 * MAX_UNREADABLE_CHARACTERS]).decode("utf-8", "replace")
            yield Unreadable(excerpt.strip()[:MAX_UNREADABLE_CHARACTERS], _TOO_LARGE, is_too_large=True)
            continue
        left -= last - first
        yield _read(bytes(body[first:last]))


def _read(record: bytes) -> Any:
    text = record.decode("utf-8", "replace")
    if sum(map(record.count, (b",", b"[", b"{"))) > MAX_RECORD_VALUES:
        return Unreadable(text.strip(), "not readable as JSON: it holds too many values", is_too_large=True)
    try:
        return read_json(text, levels=MAX_RECORD_LEVELS)
    except ValueError as error:
        return Unreadable(text.strip(), f"not readable as JSON: {error}"[:500])


def _find_records(body: bytes | bytearray) -> tuple[int, int, list[tuple[int, int]]]:
    """Where the array of tickets begins and ends, and its elements; counts brackets and never recurses.

    The end is `_NOWHERE` if there are more than `MAX_RECORDS` elements.
    """
    depth, is_next, start, first = 0, False, -1, -1
    spans: list[tuple[int, int]] = []
    for begin, end in _marks(body):
        mark = body[begin : begin + 1]
        if mark in b"[{":
            depth += 1
            if depth == 2 and is_next and mark == b"[":
                start, first = begin, end
        elif mark in b"]}":
            depth -= 1
            if depth == 1 and start >= 0:
                if body[first:begin].strip():
                    spans.append((first, begin))
                return start, end, spans
        elif mark == b",":
            if depth == 2 and start >= 0:
                spans.append((first, begin))
                if len(spans) == MAX_RECORDS:
                    return start, _NOWHERE, spans
                first = end
        else:
            is_next = depth == 1 and end - begin == len(_RECORDS_KEY) and body[begin:end] == _RECORDS_KEY
    raise UnreadableBodyError("there is no complete array of tickets")


def _marks(body: bytes | bytearray) -> Iterator[tuple[int, int]]:
    """Where brackets, commas and texts begin and end."""
    position = 0
    for _ in range(MAX_MARKS):
        mark = _MARK.search(body, position)
        if mark is None:
            return
        begin, position = mark.span()
        if body[begin] == ord('"'):
            position = _end_of_text(body, position)
        yield begin, position
    raise UnreadableBodyError("it holds too many values")


def _end_of_text(body: bytes | bytearray, position: int) -> int:
    while stretch := _STRETCH_OF_TEXT.match(body, position):
        if stretch.end() == position:
            break
        position = stretch.end()
    if body[position : position + 1] != b'"':
        raise UnreadableBodyError("there is no complete array of tickets")
    return position + 1
