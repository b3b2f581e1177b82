"""Who is named in the text of a record that could not be read as a ticket."""

import json
from collections.abc import Iterator
from typing import Any

from services.kit.words import word_of

_JSON = json.JSONDecoder()
_CUSTOMER_FIELD = "customer_id"
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


def belongs_to(raw: str, customer_id: str) -> bool:
    """Whether a record is this customer's to see: the one whose ticket it would have been.

    Where it names none as that, whoever is named in it at all; but nobody where it was cut, as the part that is gone
    may say that it is another's.
    """
    owner = _owner_of(raw)
    return customer_id in (names_in(raw) or ()) if owner is None else owner == customer_id


def _owner_of(raw: str) -> str | None:
    """The customer of the ticket that a record would have been, also of one that was cut behind that."""
    for name, value in _leading_fields(raw):
        if name == _CUSTOMER_FIELD:
            return _word(value)
    return None


def _leading_fields(raw: str) -> Iterator[tuple[str, Any]]:
    """The fields of an object in JSON, up to where the text cannot be read any further."""
    try:
        place = _after(raw, 0)
        while raw[place] in "{,":
            name, place = _JSON.raw_decode(raw, _after(raw, place + 1))
            if raw[colon := _after(raw, place)] != ":":
                return
            value, place = _JSON.raw_decode(raw, _after(raw, colon + 1))
            place = _after(raw, place)
            if raw[place] not in ",}":  # of a number that was cut, a part is a number, too
                return
            yield name, value
    except (ValueError, IndexError, RecursionError):
        return


def _after(raw: str, place: int) -> int:
    """Behind the white space at a place."""
    while raw[place].isspace():
        place += 1
    return place


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
