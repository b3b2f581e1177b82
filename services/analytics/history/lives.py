"""What became of tickets since a moment: each ticket's life in steps, from what is stored of it and from its history.

A change is in force from when its source says, or else from when a run saw it; not before the change that was recorded
before it, and not after it was recorded itself. The first status that was seen is taken to have held since the ticket's
creation. What other programs have changed without a word in the history counts from the last change that it tells of,
or was always so. A ticket that was purged after its deletion lives on in the history; one that somebody else has
removed is not known any more.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bson import MinKey

from documents.database import Row
from documents.ticket_history import CHANGES_OF_KNOWN, HistoryAction, TicketHistory
from services.analytics.history.joins import joined
from services.kit.clock import EPOCH
from services.tenancy import Filter, owned

Reading = Callable[[str], Any]
"""Makes the expression for what is to be known of a status, given the expression for the status."""

_ANYTHING = {"$gt": MinKey()}
"""Matches everything, nothing at all included; unlike `$exists`, an index that holds the field answers it."""


def lives(
    tenant_id: str, tickets: list[Filter], read: Reading, since: datetime | None, *, with_changed: bool
) -> list[Row]:
    """A pipeline on tickets. Ends in one document a ticket: `{ticket, present, steps: [{at, value, live}]}`.

    `tickets` selects tickets that are asked for whether anything happened to them or not. What was recorded from
    `since` on is told, or all; `with_changed` adds the other tickets of which something was recorded since, so that
    those that do not come at all have been for that long what they are now.

    A step's `value` is what `read` makes of the status. The oldest step comes first and begins with the ticket, at null
    where its creation is not known; the last one is `present`, which is null of purged tickets.
    """
    rows = _rows(tenant_id, read, since)
    return [
        *joined(tenant_id, tickets, _stored(read), rows, with_changed=with_changed),
        {"$match": {"$expr": {"$or": [_IS_STORED, _ENDS_DELETED] if with_changed else [_IS_STORED]}}},
        {"$project": {"_id": 0, "ticket": "$_id", "steps": _steps(), "present": _present()}},
    ]


def _stored(read: Reading) -> Row:
    return {
        "born": _date("$created_at"),
        "value": read("$status"),
        "died": {"$cond": [{"$gt": [_date("$deleted_at"), EPOCH]}, "$deleted_at", None]},
    }


def _rows(tenant_id: str, read: Reading, since: datetime | None) -> list[Row]:
    """From rows of the history to one document a ticket: `{ticket, rows}`, oldest row first.

    A row is `{at, recorded, rank, live, before, after, tells_before, tells_after, born}`; some are left out.
    """
    goings = {"coll": TicketHistory.Settings.name, "pipeline": _goings(tenant_id, read, since)}
    return [
        *_status_changes(tenant_id, read, since),
        {"$unionWith": goings},
        {"$group": {"_id": "$ticket", "rows": {"$push": "$row"}}},
        {"$project": {"_id": 0, "ticket": "$_id", "rows": _sorted("$rows")}},
    ]


def _sorted(rows: str) -> Row:
    in_order = {"$sortArray": {"input": rows, "sortBy": {"recorded": 1, "rank": 1}}}
    return {"$cond": [{"$gt": [{"$size": rows}, 1]}, in_order, rows]}


def _status_changes(tenant_id: str, read: Reading, since: datetime | None) -> list[Row]:
    """From the rows that tell of a new status to `{ticket, row}`."""
    changed = owned(tenant_id, **_recorded(since), action={"$in": list(CHANGES_OF_KNOWN)})
    # Another index may be chosen than the one that has nothing but new statuses, so it is looked at once more.
    is_told = {"$ne": [{"$type": "$changes.status.new"}, "missing"]}
    values = {"before": read("$changes.status.old"), "after": read("$changes.status.new"), "is_told": is_told}
    row = {"rank": 1, "before": "$before", "after": "$after", "tells_before": True, "tells_after": True}
    return [
        {"$match": changed | {"changes.status.new": _ANYTHING}},
        {"$project": _TIMES | values},
        {"$match": {"is_told": True}},
        *_as_rows(row),
    ]


def _goings(tenant_id: str, read: Reading, since: datetime | None) -> list[Row]:
    """From the rows that tell of a deletion or a return to `{ticket, row}`.

    Of a deletion they have the last values, of a return those that changed, which `_status_changes` tells of.
    """
    gone = HistoryAction.DELETED.value
    told = owned(tenant_id, action={"$in": [gone, HistoryAction.RESTORED.value]}, **_recorded(since))
    is_gone = {"$eq": ["$action", gone]}
    # Of a ticket without a status we write its other last values alone; other programs may write none at all.
    tells = {"$or": [{"$gt": ["$changes.status.old", None]}, {"$gt": ["$changes.created_at.old", None]}]}
    last = {"before": read("$changes.status.old"), "born": "$changes.created_at.old", "is_gone": is_gone}
    row = {
        "rank": {"$cond": ["$is_gone", 2, 0]},
        "live": {"$not": ["$is_gone"]},
        "before": "$before",
        "tells_before": {"$and": ["$is_gone", "$tells"]},
        "born": _date("$born"),
    }
    return [{"$match": told}, {"$project": _TIMES | last | {"tells": tells}}, *_as_rows(row)]


def _recorded(since: datetime | None) -> Filter:
    """The condition on what may have happened since: at the latest, it happened when it was recorded."""
    return {"recorded_at": {"$type": "date"} if since is None else {"$gte": since}}


_TIMES: Row = {"_id": 0, "ticket": "$ticket_id", "occurred": "$occurred_at", "recorded": "$recorded_at"}


def _as_rows(row: Row) -> list[Row]:
    """Adds when it happened."""
    at = {"$min": [_date("$occurred"), "$recorded"]}
    return [{"$replaceWith": {"ticket": "$ticket", "row": {"at": at, "recorded": "$recorded", **row}}}]


def _date(moment: str) -> Row:
    return {"$cond": [{"$eq": [{"$type": moment}, "date"]}, moment, None]}


_IS_STORED: Row = {"$gt": ["$stored", None]}
_ENDS_DELETED: Row = {"$eq": [{"$last": "$rows.live"}, False]}


def _present() -> Row:
    """The expression for what a stored ticket is now."""
    return {"$cond": [_IS_STORED, {"value": "$stored.value", "live": {"$eq": ["$stored.died", None]}}, None]}


def _steps() -> Row:
    """The expression for the steps of a life; of most tickets, nothing is told."""
    alone = [{"at": "$stored.born", "value": "$stored.value", "live": True}]
    is_quiet = {"$and": [{"$eq": [{"$ifNull": ["$rows", None]}, None]}, {"$eq": ["$stored.died", None]}]}
    return {"$cond": [is_quiet, alone, _told_steps()]}


def _told_steps() -> Row:
    """The expression for the first step and those that follow: each row after the one before, and no earlier."""
    rows = {"$ifNull": ["$rows", []]}
    last_row = {"at": "$stored.died", "live": {"$eq": ["$stored.died", None]}, "after": "$stored.value"}
    present = {"$cond": [_IS_STORED, [{**last_row, "tells_after": True}], []]}
    step = {
        "at": {"$max": ["$$last.at", "$$this.at"]},
        "value": {"$cond": ["$$this.tells_after", "$$this.after", "$$last.value"]},
        "live": {"$ifNull": ["$$this.live", "$$last.live"]},
    }
    following = {"$let": {"vars": {"last": {"$last": "$$value"}}, "in": {"$concatArrays": ["$$value", [step]]}}}
    return {"$reduce": {"input": {"$concatArrays": [rows, present]}, "initialValue": [_first_step()], "in": following}}


def _first_step() -> Row:
    """The expression for what the ticket was before the first thing that is told of it."""
    rows = {"$ifNull": ["$rows", []]}
    telling = {"$first": {"$filter": {"input": rows, "cond": "$$this.tells_before", "limit": 1}}}
    births = {"$filter": {"input": {"$ifNull": ["$rows.born", []]}, "cond": {"$ne": ["$$this", None]}}}
    first = {
        "at": {"$cond": [_IS_STORED, "$stored.born", {"$ifNull": [{"$last": births}, None]}]},
        "value": {"$cond": [{"$eq": [{"$type": "$$telling"}, "object"]}, "$$telling.before", "$stored.value"]},
        "live": _was_live(rows),
    }
    return {"$let": {"vars": {"telling": telling}, "in": first}}


def _was_live(rows: Row) -> Row:
    """The expression for whether the ticket was live before the first row: not if that is one of its return."""
    goings = {"$filter": {"input": rows, "cond": {"$ne": [{"$ifNull": ["$$this.live", None]}, None]}, "limit": 1}}
    return {"$not": [{"$ifNull": [{"$getField": {"field": "live", "input": {"$first": goings}}}, False]}]}
