"""The ways in which the mock spoils a record, each on a copy."""

from collections.abc import Callable
from typing import Any

Record = dict[str, Any]


def _without(field: str) -> Callable[[Record, int], Any]:
    return lambda record, _: {name: value for name, value in record.items() if name != field}


def _with(field: str, value: Any) -> Callable[[Record, int], Any]:
    return lambda record, _: {**record, field: value}


def _prefixed(field: str, prefix: str) -> Callable[[Record, int], Any]:
    return lambda record, _: {**record, field: f"{prefix}{record[field]}"}


def _nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


KINDS: dict[str, Callable[[Record, int], Any]] = {
    "missing_id": _without("id"),
    "missing_created_at": _without("created_at"),
    "missing_tenant_id": _without("tenant_id"),
    "null_id": _with("id", None),
    "empty_id": _with("id", ""),
    "object_as_id": _with("id", {"$ne": None}),
    "garbage_created_at": _with("created_at", "the day before yesterday"),
    "impossible_created_at": _with("created_at", "2026-02-30T25:61:00Z"),
    "list_as_updated_at": _with("updated_at", ["2026-02-05T13:00:00Z"]),
    "unknown_status": _with("status", "exploded"),
    "number_as_status": _with("status", 7),
    "list_as_message": _with("message", ["part one", "part two"]),
    "null_subject": _with("subject", None),
    "deeply_nested_subject": _with("subject", _nested(200)),
    "dollar_key": _with("$where", "sleep(1000)"),
    "nul_in_message": _prefixed("message", "before\x00after "),
    "bidi_in_message": _prefixed("message", "\u202eright to left\u202c "),
    "huge_message": lambda record, chars: {**record, "message": (record["message"] or "x").ljust(chars, "x")},
    "not_an_object": lambda record, _: record["id"],
    "null_record": lambda _record, _: None,
}
"""Kind of fault, and the function that makes it of a good record and `huge_message_chars`."""

_NAMES = tuple(KINDS)


def kind_for(rank: int) -> str:
    """Return the kind of fault for the `rank`-th ticket to be spoiled; the kinds take turns."""
    return _NAMES[rank % len(_NAMES)]


def spoil(record: Record, kind: str, huge_message_chars: int) -> Any:
    """Return a copy of `record` with the fault `kind`; the result need not be an object any more."""
    return KINDS[kind](record, huge_message_chars)
