"""Reading a page of which one record is broken beyond JSON: nested too deeply, badly escaped, not UTF-8."""

import json
import re
from typing import Any

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)
RECORDS_KEY = '"tickets"'


class Unreadable(str):
    """The text of a record that is not JSON, or not JSON that can be read."""

    reason: str

    def __new__(cls, text: str, reason: str) -> "Unreadable":
        """`reason`: what the parser said."""
        made = super().__new__(cls, text)
        made.reason = reason
        return made


def salvage(body: bytes) -> dict[str, Any]:
    """The page as an object whose `tickets` are records, or `Unreadable` where a record cannot be read.

    Raises:
        ValueError: the page is not an object with an array of tickets, or is cut short.
    """
    text = body.decode("utf-8", "replace")
    start, end, spans = _find_records(text)
    page = json.loads(f"{text[:start]}[]{text[end:]}")
    if not isinstance(page, dict):
        raise ValueError("the page is not an object")  # noqa: TRY004  (a fault of the text, not of the caller)
    return page | {"tickets": [_read(text[first:last]) for first, last in spans]}


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
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
