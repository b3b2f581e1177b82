"""The rows of the history: where and when a run saw something, and what a page writes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from documents.database import Row
from documents.ticket import KEPT_FIELDS
from documents.ticket_history import HistoryAction
from services.classification.judging import RULES_ALONE, Judge
from services.ingestion.run import CONTRACT, Origin

Happened = tuple[HistoryAction, Row, datetime]
"""What happened to a ticket, its changes (`{name: {old, new}}`), and when by the source's clock."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where in which run something was seen."""

    tenant_id: str
    job_id: str
    page: int
    now: datetime
    origin: Origin = CONTRACT
    judge: Judge = RULES_ALONE
    trace: str | None = None
    """The step of a trace that saw it."""


def history_rows(at: Position, external_id: str, happened: Sequence[Happened]) -> list[Row]:
    """What happened to a ticket, oldest first, as rows whose ids make a replay of the page write the same rows.

    The order in which they were recorded is the order in which they happened: each has a millisecond of its own.
    """
    last = len(happened) - 1
    return [
        {
            "_id": f"{at.job_id}:{at.page}:{external_id}" + (f":{number:05}" if number else ""),
            "ticket_id": external_id,
            "tenant_id": at.tenant_id,
            "action": action.value,
            "changes": changes,
            "occurred_at": occurred_at,
            "recorded_at": at.now - timedelta(milliseconds=last - number) if last else at.now,
            "job_id": at.job_id,
        }
        for number, (action, changes, occurred_at) in enumerate(happened)
    ]


def end_of(known: Row, when: datetime) -> Happened:
    """The end of a ticket, with its last values. `known`: as it is stored."""
    last = {name: {"old": known[name], "new": None} for name in KEPT_FIELDS if known.get(name) is not None}
    return HistoryAction.DELETED, last, when


def as_gone(at: Position, known: Row) -> Row:
    """The history row of a ticket of which we learn now that it is gone."""
    updated_at = known.get("updated_at")
    when = max(at.now, updated_at) if isinstance(updated_at, datetime) else at.now
    return history_rows(at, known["external_id"], [end_of(known, when)])[0]
