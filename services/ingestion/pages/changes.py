"""What a page changes, as writes that are not yet made."""

from dataclasses import dataclass, field
from typing import Any

from pymongo import InsertOne, UpdateOne

from documents.database import Row
from documents.ingestion_job import RunCounts
from services.judging.corrections import correction_ids


@dataclass(slots=True)
class PageChanges:
    """The writes of one page, not yet made."""

    counts: RunCounts = field(default_factory=RunCounts)
    tickets: list[InsertOne[Row] | UpdateOne] = field(default_factory=list)
    recounted: list[Any] = field(default_factory=list)
    """The `_id`s of stored tickets that statistics are to count anew."""
    corrections: dict[Any, str] = field(default_factory=dict)
    """What people had said of those, when they were compared: by `_id`, the correction's id."""
    judged_by: dict[Any, Any] = field(default_factory=dict)
    """By which rules those were judged, when they were compared: by `_id`, the version."""
    seen: list[str] = field(default_factory=list)
    """Unchanged tickets, that only have to be marked as seen."""
    history: list[Row] = field(default_factory=list)
    notifications: list[Row] = field(default_factory=list)
    """Rows of the outbox, one for each ticket that became urgent."""
    used: list[Row] = field(default_factory=list)
    """Details that were worked in."""

    def replaces(self, known: Row) -> None:
        """Note that a stored ticket is written anew."""
        self.recounted.append(known["_id"])
        self.corrections |= correction_ids([known])
        self.judged_by[known["_id"]] = known.get("rules_version")
