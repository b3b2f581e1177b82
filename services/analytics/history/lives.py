"""What became of tickets: each ticket's life in steps, from what is stored of it and from its history.

A change is in force from when its source says, or else from when a run saw it, and not before the change that was
recorded before it. The first status that was seen is taken to have held since the ticket's creation. What other
programs have changed without a word in the history has happened when the ticket says that it was updated or deleted. A
ticket that was purged after its deletion lives on in the history; one that somebody else has removed is not known any
more.
"""

from collections.abc import Callable
from typing import Any

from bson import MinKey

from documents.database import Row
from documents.ticket_history import CHANGES_OF_KNOWN, HistoryAction, TicketHistory
from services.kit.clock import EPOCH
from services.tenancy import Filter, owned

Reading = Callable[[str], Any]
"""Makes the expression for what is to be known of a status, given the expression for the status."""

_ANYTHING = {"$gt": MinKey()}
"""Matches what is there, null included; unlike `$exists`, an index that holds the field answers it."""


def lives(tenant_id: str, tickets: Filter, read: Reading) -> list[Row]:
    """A pipeline on tickets. Ends in one document a ticket: `{ticket, is_stored, steps: [{at, value, live}]}`.

    `tickets` selects those whose present state is told. A step's `value` is what `read` makes of the status. The oldest
    step comes first and begins with the ticket, at null where its creation is not known. Purged tickets come with
    `is_stored: false`.

    Tickets and history are joined by grouping their union: a `$lookup` would seek once a ticket.
    """
    history = TicketHistory.Settings.name
    return [
        {"$match": tickets},
        {"$project": {"_id": 0, "ticket": "$external_id", "stored": _stored(read)}},
        {"$unionWith": {"coll": history, "pipeline": _status_changes(tenant_id, read)}},
        {"$unionWith": {"coll": history, "pipeline": _goings(tenant_id, read)}},
        # One document a ticket from here on, {_id: its id, stored: what is stored or null, rows: its history}.
        {"$group": {"_id": "$ticket", "stored": {"$max": "$stored"}, "rows": {"$push": "$row"}}},
        {"$set": {"rows": {"$sortArray": {"input": "$rows", "sortBy": {"recorded": 1, "rank": 1}}}}},
        {"$match": {"$expr": {"$or": [_IS_STORED, {"$eq": [{"$last": "$rows.live"}, False]}]}}},
        {"$set": {"start": _start(), "rows": {"$concatArrays": ["$rows", _present()]}}},
        {"$project": {"_id": 0, "ticket": "$_id", "is_stored": _IS_STORED, "steps": _steps()}},
    ]


def _stored(read: Reading) -> Row:
    return {
        "born": _date("$created_at"),
        "value": read("$status"),
        "died": {"$cond": [{"$gt": [_date("$deleted_at"), EPOCH]}, "$deleted_at", None]},
        "updated": _date("$updated_at"),
    }


def _status_changes(tenant_id: str, read: Reading) -> list[Row]:
    """From the rows that tell of a new status to `{ticket, row}`."""
    told = owned(tenant_id, **{"changes.status.new": _ANYTHING, "action": {"$in": list(CHANGES_OF_KNOWN)}})
    before, after = read("$changes.status.old"), read("$changes.status.new")
    return [
        {"$match": told},
        {"$project": _TIMES | {"before": before, "after": after}},
        *_as_rows({"rank": 1, "live": None, "before": "$before", "after": "$after", "has_after": True}),
    ]


def _goings(tenant_id: str, read: Reading) -> list[Row]:
    """From the rows that tell of a deletion or a return to `{ticket, row}`.

    Of a deletion they have the last values, of a return those that changed, which `_status_changes` tells of.
    """
    gone = HistoryAction.DELETED.value
    told = owned(tenant_id, action={"$in": [gone, HistoryAction.RESTORED.value]})
    is_gone = {"$eq": ["$action", gone]}
    last = {"before": read("$changes.status.old"), "born": "$changes.created_at.old", "is_gone": is_gone}
    # Of a ticket without a status we write its other last values alone; other programs may write none at all.
    tells = {"$or": [{"$gt": ["$changes.status.old", None]}, {"$gt": ["$changes.created_at.old", None]}]}
    row = {
        "rank": {"$cond": ["$is_gone", 2, 0]},
        "live": {"$not": ["$is_gone"]},
        "before": "$before",
        "has_before": {"$and": ["$is_gone", "$tells"]},
        "born": _date("$born"),
    }
    return [{"$match": told}, {"$project": _TIMES | last | {"tells": tells}}, *_as_rows(row)]


_TIMES: Row = {"_id": 0, "ticket": "$ticket_id", "occurred": "$occurred_at", "recorded": "$recorded_at"}


def _as_rows(row: Row) -> list[Row]:
    """Adds when it happened and was recorded; rows that do not tell are left out."""
    at = {"$ifNull": [_date("$occurred"), _date("$recorded")]}
    recorded = {"$ifNull": [_date("$recorded"), _date("$occurred")]}
    return [
        {"$replaceWith": {"ticket": "$ticket", "row": {"at": at, "recorded": recorded, **row}}},
        {"$match": {"row.at": {"$type": "date"}}},
    ]


def _date(moment: str) -> Row:
    return {"$cond": [{"$eq": [{"$type": moment}, "date"]}, moment, None]}


_IS_STORED: Row = {"$gt": ["$stored", None]}
_SAYS_BEFORE: Row = {"$or": ["$$this.has_after", "$$this.has_before"]}


def _start() -> Row:
    """The expression for the first step."""
    telling = {"$first": {"$filter": {"input": "$rows", "cond": _SAYS_BEFORE, "limit": 1}}}
    born_by_rows = {"$last": {"$filter": {"input": "$rows.born", "cond": {"$ne": ["$$this", None]}}}}
    first = {
        "at": {"$cond": [_IS_STORED, "$stored.born", {"$ifNull": [born_by_rows, None]}]},
        "value": {"$cond": [{"$eq": [{"$type": "$$telling"}, "object"]}, "$$telling.before", "$stored.value"]},
        "live": True,
    }
    return {"$let": {"vars": {"telling": telling}, "in": first}}


def _present() -> Row:
    """The expression for a last row: what the ticket is now, which changes nothing where the history is whole."""
    now = {
        "at": {"$ifNull": ["$stored.died", "$stored.updated"]},
        "live": {"$eq": ["$stored.died", None]},
        "after": "$stored.value",
        "has_after": True,
    }
    return {"$cond": [_IS_STORED, [now], []]}


def _steps() -> Row:
    """The expression for the steps: each row after the one before, and no earlier."""
    last = {"$last": "$$value"}
    step = {
        "at": {"$max": ["$$last.at", "$$this.at"]},
        "value": {"$cond": ["$$this.has_after", "$$this.after", "$$last.value"]},
        "live": {"$ifNull": ["$$this.live", "$$last.live"]},
    }
    following = {"$let": {"vars": {"last": last}, "in": {"$concatArrays": ["$$value", [step]]}}}
    return {"$reduce": {"input": "$rows", "initialValue": ["$start"], "in": following}}
