"""Who is named in the text of a record that could not be read as a ticket."""

import json
from collections.abc import Iterator
from typing import Any

MOST_VALUES = 10_000
"""So many values of a record are looked at."""
LONGEST_NAME = 1_000
"""Characters of a customer's id at most: what is longer is none."""


def names_in(raw: str) -> frozenset[str] | None:
    """The values of a record that can be ids: its texts and whole numbers, at whatever depth. None: nobody can read it.

    Keys count, too: an id may stand there.
    """
    try:
        record = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return frozenset(_values(record)) if isinstance(record, dict | list) else None


def names(raw: str, customer_id: str) -> bool:
    """Whether a record says anything of this customer; of what nobody can read, the letters have to do."""
    found = names_in(raw)
    return customer_id in raw if found is None else customer_id in found


def _values(record: Any) -> Iterator[str]:
    left, looked_at = [record], 0
    while left and looked_at < MOST_VALUES:
        value, looked_at = left.pop(), looked_at + 1
        match value:
            case dict():
                left += [*value.keys(), *value.values()]
            case list():
                left += value
            case str() if 0 < len(value) <= LONGEST_NAME:
                yield value
            case int() if not isinstance(value, bool):
                yield str(value)
