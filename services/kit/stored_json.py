"""JSON of any making in MongoDB, which refuses some of it: keys with NUL, numbers beyond 64 bits, halves of characters.

A key that begins with `$` would be taken for an operator or a reference: such keys are written with a full-width
dollar sign in front, and lose it when they are read.
"""

import math
from datetime import datetime
from typing import Any

_ESCAPE = "\uff04"
_MAX_INT64 = 2**63 - 1


def to_stored(value: Any) -> Any:
    """A JSON value as it can be stored, and comes back equal to itself: what is no number of MongoDB is its text."""
    kind = type(value)
    if kind is str:
        return _encodable(value)
    if kind is dict:
        return {_stored_key(key): to_stored(item) for key, item in value.items()}
    if kind is list:
        return [to_stored(item) for item in value]
    if value is None or kind is bool:
        return value
    return value if _is_number(value) else str(value)


def from_stored(value: Any) -> Any:
    """A stored value as JSON: what other programs may have stored and JSON does not know becomes a text."""
    if isinstance(value, dict):
        return {key.removeprefix(_ESCAPE): from_stored(item) for key, item in value.items()}
    if isinstance(value, list):
        return [from_stored(item) for item in value]
    if value is None or isinstance(value, (str, bool)) or _is_number(value):
        return value
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)


def _is_number(value: Any) -> bool:
    if isinstance(value, int):
        return -_MAX_INT64 - 1 <= value <= _MAX_INT64
    return isinstance(value, float) and math.isfinite(value)


def _stored_key(key: str) -> str:
    key = _encodable(key).replace("\x00", "")
    return f"{_ESCAPE}{key}" if key.startswith(("$", _ESCAPE)) else key


def _encodable(text: str) -> str:
    """Without the halves of characters that JSON can smuggle in and UTF-8 lacks."""
    return text if text.isascii() else text.encode("utf-8", "ignore").decode()
