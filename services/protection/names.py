"""Who is named in the text of a record that could not be read as a ticket."""

import json
import re
from collections.abc import Iterator
from typing import Any

from services.kit.words import word_of

_JSON = json.JSONDecoder()
_LENIENT = json.JSONDecoder(strict=False)
_BETWEEN_QUOTES = re.compile(r'(?:[^"\\]|\\.)+', re.DOTALL)
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)', re.DOTALL)
_BARE_VALUE = re.compile(r"[^\s,:\[\]{}]+")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
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
    """Whether a record says anything of this customer.

    Of what nobody can read, because it was cut or is no JSON, each value that can be told counts. Letters within a
    longer text do only where nothing says whose the record is, as words: what is gone may say that it is theirs.
    """
    found = names_in(raw)
    if found is not None:
        return customer_id in found
    texts = [_unescaped(text) for text in _BETWEEN_QUOTES.findall(raw)]
    if customer_id in map(_word, texts) or customer_id in _bare_values(raw):
        return True
    if _owner_of(raw) is not None:
        return False
    as_words = re.compile(rf"(?<!\w){re.escape(customer_id)}(?!\w)")
    return any(map(as_words.search, (raw, *texts)))


def _bare_values(raw: str) -> Iterator[str | None]:
    """The values beside the texts, which are not in quotes: numbers, and what was to be one."""
    for value in _BARE_VALUE.findall(_TEXT.sub("", raw)):
        try:
            yield _word(json.loads(value))
        except ValueError:
            yield value


def _unescaped(text: str) -> str:
    """What stands between two quotes, whichever of them begin a text and whichever end one."""
    if "\\" not in text:
        return text
    try:
        return str(_LENIENT.decode(f'"{text}"'))
    except ValueError:  # JSON knows no such escape, or it was cut
        return _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else " ", text)


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
