"""A stored ticket as it is read: raw rows become records, whatever another program has left out of them."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from operator import itemgetter
from typing import Any, get_type_hints

from documents.correction import MachineAnswer, TicketCorrection
from documents.ticket import SHOWN_FIELDS, MatchedRule, StatusCategory
from services.kit.stored_json import from_stored
from services.statuses import category_of
from services.tags import tags_in


@dataclass(slots=True)
class TicketRecord:
    """What clients see of a ticket; fields that are absent, or of a type that they cannot have, are None or empty.

    Not frozen: making one, of which a page has a hundred, would take twice as long.
    """

    id: Any
    external_id: str
    tenant_id: str
    source: str | None
    customer_id: str | None
    subject: str
    message: str
    replies: str
    status: str | None
    status_category: StatusCategory
    """Of the status as it is stored, whatever is stored as its category."""
    priority: str | None
    assignee: str | None
    tags: list[str]
    """Each once."""
    extra: dict[str, Any]
    urgency: str | None
    sentiment: str | None
    requires_action: bool
    language: str | None
    judged_by: str | None
    rules_version: str | None
    correction: TicketCorrection | None
    created_at: datetime | None
    updated_at: datetime | None
    matched: list[MatchedRule]


COLUMNS = tuple(field.name for field in fields(TicketRecord))
PROJECTION = {"_id": 1} | dict.fromkeys(SHOWN_FIELDS, 1)
"""What is read of a ticket."""


def to_record(row: Mapping[str, Any]) -> TicketRecord:
    """A row as a record."""
    row_id, read = row["_id"], row.get
    external_id = read("external_id")
    values = [as_declared(read(column)) for column, as_declared in _READERS]
    return TicketRecord(row_id, external_id if external_id.__class__ is str else str(row_id), row["tenant_id"], *values)


def _optional_text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _flag(value: Any) -> bool:
    return value is True


def _moment(value: Any) -> datetime | None:
    return value if isinstance(value, datetime) else None


def reasons_in(value: Any) -> list[MatchedRule]:
    """The reasons that are stored as a ticket's; none of what cannot be one."""
    if not value or not isinstance(value, list):
        return []
    return [reason for each in value if (reason := _reason(each)) is not None]


def _extra(value: Any) -> dict[str, Any]:
    return from_stored(value) if value and isinstance(value, dict) else {}


def _correction(value: Any) -> TicketCorrection | None:
    if not value or not isinstance(value, dict):
        return None
    machine = value.get("machine")
    return TicketCorrection(
        **_answer(value),
        by=_optional_text(value.get("by")),
        at=_moment(value.get("at")),
        note=_optional_text(value.get("note")),
        machine=MachineAnswer(**_answer(machine if isinstance(machine, dict) else {})),
    )


def _answer(value: Mapping[str, Any]) -> dict[str, Any]:
    action = value.get("requires_action")
    return {
        "urgency": _optional_text(value.get("urgency")),
        "sentiment": _optional_text(value.get("sentiment")),
        "requires_action": action if isinstance(action, bool) else None,
    }


def _reason(value: Any) -> MatchedRule | None:
    try:
        texts: tuple[str, str, str] = _texts_of(value)
    except (KeyError, TypeError):
        return None
    if tuple(map(type, texts)) != _TEXTS:
        return None
    field, start, end = map(value.get, ("field", "start", "end"))
    is_placed = field.__class__ is str and start.__class__ is int and end.__class__ is int
    reason = MatchedRule(*texts, field, start, end) if is_placed else MatchedRule(*texts)
    return _learned(reason, value) if "weight" in value else reason


def _learned(reason: MatchedRule, value: Mapping[str, Any]) -> MatchedRule:
    weight, label = value["weight"], value.get("label")
    is_told = isinstance(weight, int | float) and math.isfinite(weight) and isinstance(label, str)
    return replace(reason, weight=float(weight), label=label) if is_told else reason


_texts_of = itemgetter("rule", "keyword", "text")
_TEXTS = (str, str, str)
_BY_TYPE: dict[object, Callable[[Any], object]] = {
    str: _text,
    str | None: _optional_text,
    bool: _flag,
    datetime | None: _moment,
    list[MatchedRule]: reasons_in,
    TicketCorrection | None: _correction,
    list[str]: tags_in,
    StatusCategory: category_of,
    dict[str, Any]: _extra,
}
_READ_OFF = {"status_category": "status"}
"""Fields that are derived from another one."""
_KEYS = ("id", "external_id", "tenant_id")
_READERS: list[tuple[str, Callable[[Any], Any]]] = [
    (_READ_OFF.get(name, name), _BY_TYPE[kind])
    for name, kind in get_type_hints(TicketRecord).items()
    if name not in _KEYS
]
