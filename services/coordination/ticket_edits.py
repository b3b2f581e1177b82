"""Which of a tenant's tickets have changed, and how: collected for each follower until it takes them."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from documents.database import Row
from documents.ticket import SHOWN_FIELDS
from services.coordination.feeds import ChangeSignal
from services.kit.clock import Clock

MAX_EDITS = 100
"""Tickets that are collected for a follower; of more it learns only that there were more."""
SEEN_FIELDS = (*SHOWN_FIELDS, "keyword_key", "search_terms", "deleted_at")
"""What clients see of a ticket, or can filter by: an update of other fields (a run marks every ticket it sees) changes
nothing for them."""
_KEYS = frozenset(["tenant_id", "external_id"])


@dataclass(slots=True)
class TicketEdit:
    """What has happened to one ticket."""

    row_id: Any
    is_new: bool = False
    is_replaced: bool = False
    """Whether any field may have changed."""
    fields: set[str] = field(default_factory=set)
    """Those that have changed."""

    def touches(self, fields: frozenset[str]) -> bool:
        """Whether one of these may have changed."""
        return self.is_replaced or not fields.isdisjoint(self.fields)


@dataclass(frozen=True, slots=True)
class EditedTickets:
    """What has happened within a moment, in that order."""

    edits: list[TicketEdit]
    has_more: bool
    """Whether other tickets may have changed, too."""


NO_EDITS = EditedTickets([], has_more=False)


class TicketEdits(ChangeSignal):
    """Set when tickets have changed, and knows which."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._edits: dict[Hashable, TicketEdit] = {}
        self._has_more = False

    def note(self, change: Row | None) -> None:
        """Collect a change."""
        row_id = None if change is None else change["documentKey"]["_id"]
        if change is None or not isinstance(row_id, Hashable):
            self._has_more = True
        elif row_id in self._edits or len(self._edits) < MAX_EDITS:
            edit = self._edits.setdefault(row_id, TicketEdit(row_id))
            edit.is_new |= change["operationType"] == "insert"
            edit.is_replaced |= change["operationType"] == "replace"
            edit.fields.update(change.get("touched", ()))
        else:
            self._has_more = True
        self.set()

    def clear(self) -> None:
        """Forget changes so far."""
        self.take()

    def take(self) -> EditedTickets:
        """What was collected, which is forgotten here."""
        taken = EditedTickets(list(self._edits.values()), self._has_more)
        self._edits, self._has_more = {}, False
        super().clear()
        return taken


def seen_edits() -> list[Row]:
    """The stages that leave of a change stream what clients see: `documentKey`, `operationType`, `touched` (names of
    fields), and of an insert the tenant. Of an update the tenant is looked up: the stream needs `updateLookup`."""
    return [
        {"$match": {"operationType": {"$in": ["insert", "update", "replace", "delete"]}}},
        {"$set": {"touched": {"$setUnion": [_names_of_updated(), _names_of_removed(), _names_of_shortened()]}}},
        {"$match": {"$or": [{"operationType": {"$ne": "update"}}, {"touched": {"$in": list(SEEN_FIELDS)}}]}},
        {"$project": {"documentKey": 1, "operationType": 1, "touched": 1, "fullDocument.tenant_id": 1}},
    ]


def tenant_of_edit(change: Row) -> str | None:
    """The tenant whose ticket it is. Not told by a ticket that is gone by now, or that has moved."""
    tenant_id = (change.get("fullDocument") or {}).get("tenant_id")
    has_moved = not _KEYS.isdisjoint(change.get("touched", ()))
    return tenant_id if isinstance(tenant_id, str) and not has_moved else None


def _names_of_updated() -> Row:
    updated = {"$objectToArray": {"$ifNull": ["$updateDescription.updatedFields", {}]}}
    return {"$map": {"input": updated, "in": _outermost("$$this.k")}}


def _names_of_removed() -> Row:
    return {"$map": {"input": {"$ifNull": ["$updateDescription.removedFields", []]}, "in": _outermost("$$this")}}


def _names_of_shortened() -> Row:
    shortened = {"$ifNull": ["$updateDescription.truncatedArrays", []]}
    return {"$map": {"input": shortened, "in": _outermost("$$this.field")}}


def _outermost(path: str) -> Row:
    """Of a path like `extra.product` the field of the ticket."""
    return {"$arrayElemAt": [{"$split": [path, "."]}, 0]}
