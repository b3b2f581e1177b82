"""Reading JSON from outside, and a page of which one record is broken: nested too deeply, badly escaped, not UTF-8."""

import json
import re
from typing import Any

_NESTING = (dict, list)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)
RECORDS_KEY = '"tickets"'
MAX_RECORD_LEVELS = 512
"""How deeply lists and objects of one record may nest. Real ones have 1 to 3 levels. Python's own limit depends on its
version and on the depth of the call (3.11: 1,000 for both together), so without a bound of our own, well below all of
them, the fate of a record would depend on the interpreter."""
MAX_PAGE_LEVELS = MAX_RECORD_LEVELS + 2
"""The page and the list of its records come on top."""


class Unreadable(str):
    """The text of a record that is not JSON, or not JSON that can be read."""

    reason: str

    def __new__(cls, text: str, reason: str) -> "Unreadable":
        """`reason`: what the parser said."""
        made = super().__new__(cls, text)
        made.reason = reason
        return made


def read_json(text: str | bytes, *, levels: int) -> Any:
    """The value, whose lists and objects nest `levels` deep at most.

    Raises:
        ValueError: it is not JSON, or nests more deeply.
    """
    try:
        value = json.loads(text)
    except RecursionError:
        is_too_deep = True
    else:
        is_too_deep = _nests_deeper(value, levels)
    if is_too_deep:
        raise ValueError(f"nested more than {levels} levels deep")
    return value


def _nests_deeper(value: Any, levels: int) -> bool:
    """Looks at one level after the other, without recursion; a page of 100 flat records takes 0.03 ms."""
    layer = [value] if type(value) in _NESTING else []
    for _ in range(levels):
        if not layer:
            return False
        layer = [
            child
            for parent in layer
            for child in (parent.values() if type(parent) is dict else parent)
            if type(child) is not str and type(child) in _NESTING
        ]
    return bool(layer)


def salvage(body: bytes) -> dict[str, Any]:
    """The page as an object whose `tickets` are records, or `Unreadable` where a record cannot be read.

    Raises:
        ValueError: the page is not an object with an array of tickets, or is cut short.
    """
    text = body.decode("utf-8", "replace")
    start, end, spans = _find_records(text)
    page = read_json(f"{text[:start]}[]{text[end:]}", levels=MAX_PAGE_LEVELS)
    if not isinstance(page, dict):
        raise ValueError("the page is not an object")  # noqa: TRY004  (a fault of the text, not of the caller)
    return page | {"tickets": [_read(text[first:last]) for first, last in spans]}


def _read(text: str) -> Any:
    try:
        return read_json(text, levels=MAX_RECORD_LEVELS)
    except ValueError as error:
        return Unreadable(text.strip(), f"not readable as JSON: {error}"[:500])


def _find_records(text: str) -> tuple[int, int, list[tuple[int, int]]]:
    """Where the array of tickets begins and ends, and its elements; counts brackets and never recurses."""
    depth, is_next, start, first = 0, False, -1, -1
    spans: list[tuple[int, int]] = []
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark in "[{":
            depth += 1
            if depth == 2 and is_next and mark == "[":
                start, first = token.start(), token.end()
        elif mark in "]}":
            depth -= 1
            if depth == 1 and start >= 0:
                if text[first : token.start()].strip():
                    spans.append((first, token.start()))
                return start, token.end(), spans
        elif mark == ",":
            if depth == 2 and start >= 0:
                spans.append((first, token.start()))
                first = token.end()
        else:
            is_next = depth == 1 and mark == RECORDS_KEY
    raise ValueError("there is no complete array of tickets")
