"""Who is named in the text of a record that could not be read as a ticket."""

import json
from collections.abc import Iterator
from typing import Any

from services.kit.words import word_of

MOST_VALUES = 10_000
"""A record with more values is one that nobody can read."""


def names_in(raw: str) -> frozenset[str] | None:
    """The values of a record that can be ids: its texts and numbers, at whatever depth, as a ticket's customer is read.
    None: nobody can read it.

    Keys count, too: an id may stand there.
    """
    try:
        record = json.loads(raw)
        return frozenset(_values(record)) if isinstance(record, dict | list) else None
    except (ValueError, RecursionError):
        return None


def names(raw: str, customer_id: str) -> bool:
    """Whether a record says anything of this customer; of what nobody can read, the letters have to do, as they are or
    as JSON escapes them."""
    found = names_in(raw)
    if found is not None:
        return customer_id in found
    return customer_id in raw or json.dumps(customer_id)[1:-1].lower() in raw.lower()


def _values(record: Any) -> Iterator[str]:
    """Raises ValueError: there are too many."""
    left, looked_at = [record], 0
    while left:
        value, looked_at = left.pop(), looked_at + 1
        if looked_at > MOST_VALUES:
            raise ValueError
        if isinstance(value, dict):
            left += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            left += value
        elif (word := _word(value)) is not None:
            yield word


def _word(value: object) -> str | None:
    try:
        return word_of(value)
    except ValueError:  # too long for an id
        return None
