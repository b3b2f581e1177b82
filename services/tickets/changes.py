"""A row of a ticket's history as it is read, whatever another program has left out of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.kit.stored_json import from_stored


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """One thing that happened to a ticket; what is absent, or of a type that it cannot have, is None or empty."""

    action: str | None
    """A `HistoryAction`, or another program's word."""
    values: dict[str, tuple[Any, Any]]
    """The old and the new value of each field."""
    occurred_at: datetime | None
    recorded_at: datetime | None
    job_id: str | None
    actor: str | None
    """Who has done it, where it was a person."""


def read_change(row: Mapping[str, Any]) -> RecordedChange:
    """A row as a record."""
    changes = row.get("changes")
    return RecordedChange(
        action=_as(str, row.get("action")),
        values={name: _values(change) for name, change in changes.items()} if isinstance(changes, dict) else {},
        occurred_at=_as(datetime, row.get("occurred_at")),
        recorded_at=_as(datetime, row.get("recorded_at")),
        job_id=_as(str, row.get("job_id")),
        actor=_as(str, row.get("actor")),
    )


def _values(change: Any) -> tuple[Any, Any]:
    """A change that is told as a mere value is the new one."""
    if isinstance(change, dict) and change.keys() <= {"old", "new"}:
        return from_stored(change.get("old")), from_stored(change.get("new"))
    return None, from_stored(change)


def _as(kind: type, value: Any) -> Any:
    return value if isinstance(value, kind) else None
