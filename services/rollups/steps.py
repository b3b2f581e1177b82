"""What became of tickets: each ticket's life in steps, from what is stored of it and from its history.

A change is in force from when its source says, or else from when a run saw it; not before the change that was recorded
before it, and not after it was recorded itself. The first status that was seen is taken to have held since the ticket's
creation. What other programs have changed without a word in the history counts from the last change that it tells of,
or was always so. A ticket that was purged after its deletion lives on in the history; one that somebody else has
removed is not known any more.
"""

from typing import Any

from documents.database import Row
from documents.ticket_history import CHANGES_OF_KNOWN, HistoryAction
from services.kit.clock import EPOCH
from services.rollups.rows import UNKNOWN

TELLS_OF_LIFE = (*CHANGES_OF_KNOWN, HistoryAction.DELETED.value)
"""The actions whose rows tell what became of a ticket."""


def stored_life() -> Row:
    """The projection of a stored ticket that `steps` needs as `stored`."""
    return {
        "born": as_date("$created_at"),
        "value": known_status("$status"),
        "died": {"$cond": [{"$gt": [as_date("$deleted_at"), EPOCH]}, "$deleted_at", None]},
    }


def told_rows() -> list[Row]:
    """From rows of the history to `{ticket, row}`, one or two for each that tells anything of a life.

    A row is `{at, recorded, rank, live, before, after, tells_before, tells_after, born}`; some are left out.
    """
    is_going = {"$in": ["$action", [HistoryAction.DELETED.value, HistoryAction.RESTORED.value]]}
    # `$exists` would not do: another index may have been chosen than the one that has nothing but new statuses.
    is_change = {
        "$and": [{"$in": ["$action", list(CHANGES_OF_KNOWN)]}, {"$ne": [{"$type": "$changes.status.new"}, "missing"]}]
    }
    told = [{"$cond": [is_going, [_going()], []]}, {"$cond": [is_change, [_status_change()], []]}]
    times = {"at": {"$min": [as_date("$occurred_at"), "$recorded_at"]}, "recorded": "$recorded_at"}
    return [
        {"$match": {"action": {"$in": list(TELLS_OF_LIFE)}}},
        {"$project": {"_id": 0, "ticket": "$ticket_id", "times": times, "row": {"$concatArrays": told}}},
        {"$unwind": "$row"},
        {"$project": {"ticket": 1, "row": {"$mergeObjects": ["$times", "$row"]}}},
    ]


def _status_change() -> Row:
    before, after = known_status("$changes.status.old"), known_status("$changes.status.new")
    return {"rank": 1, "before": before, "after": after, "tells_before": True, "tells_after": True}


def _going() -> Row:
    """Of a deletion the history has the last values, of a return those that changed, which `_status_change` tells."""
    is_gone = {"$eq": ["$action", HistoryAction.DELETED.value]}
    # Of a ticket without a status we write its other last values alone; other programs may write none at all.
    tells = {"$or": [{"$gt": ["$changes.status.old", None]}, {"$gt": ["$changes.created_at.old", None]}]}
    return {
        "rank": {"$cond": [is_gone, 2, 0]},
        "live": {"$not": [is_gone]},
        "before": known_status("$changes.status.old"),
        "tells_before": {"$and": [is_gone, tells]},
        "born": as_date("$changes.created_at.old"),
    }


def lives() -> list[Row]:
    """From `{stored, rows}` to the same with `steps: [{at, value, live}]` and `present`, which is null of purged ones.

    `stored` is as `stored_life` reads it, or null; `rows` are those of `told_rows`, in any order. A step's `value` is
    the status. The oldest step comes first and begins with the ticket, at null where its creation is not known; the
    last one is `present`. Of those that are not known any more there are no steps.
    """
    ends_deleted = {"$eq": [{"$last": "$rows.live"}, False]}
    return [
        {"$set": {"rows": {"$cond": [{"$gt": [{"$size": "$rows"}, 1]}, _in_order("$rows"), "$rows"]}}},
        {"$set": {"steps": {"$cond": [{"$or": [_IS_STORED, ends_deleted]}, _steps(), []]}, "present": _present()}},
    ]


def known_status(status: str) -> Row:
    """The expression for a status, or for the name of those that have none."""
    return {"$ifNull": [status, UNKNOWN]}


def as_date(moment: str) -> Row:
    """The expression for a date; null for what is none."""
    return {"$cond": [{"$eq": [{"$type": moment}, "date"]}, moment, None]}


def _in_order(rows: str) -> Row:
    return {"$sortArray": {"input": rows, "sortBy": {"recorded": 1, "rank": 1}}}


_IS_STORED: Row = {"$gt": ["$stored", None]}


def _present() -> Row:
    """The expression for what a stored ticket is now."""
    return {"$cond": [_IS_STORED, {"value": "$stored.value", "live": {"$eq": ["$stored.died", None]}}, None]}


def _steps() -> Row:
    """The expression for the steps of a life; of most tickets, nothing is told."""
    alone = [{"at": "$stored.born", "value": "$stored.value", "live": True}]
    is_quiet = {"$and": [{"$eq": ["$rows", []]}, {"$eq": ["$stored.died", None]}]}
    return {"$cond": [is_quiet, alone, _told_steps()]}


def _told_steps() -> Row:
    """The expression for the first step and those that follow: each row after the one before, and no earlier."""
    last_row = {"at": "$stored.died", "live": {"$eq": ["$stored.died", None]}, "after": "$stored.value"}
    present = {"$cond": [_IS_STORED, [{**last_row, "tells_after": True}], []]}
    step = {
        "at": {"$max": ["$$last.at", "$$this.at"]},
        "value": {"$cond": ["$$this.tells_after", "$$this.after", "$$last.value"]},
        "live": {"$ifNull": ["$$this.live", "$$last.live"]},
    }
    following = {"$let": {"vars": {"last": {"$last": "$$value"}}, "in": {"$concatArrays": ["$$value", [step]]}}}
    rows: Any = {"$concatArrays": ["$rows", present]}
    return {"$reduce": {"input": rows, "initialValue": [_first_step()], "in": following}}


def _first_step() -> Row:
    """The expression for what the ticket was before the first thing that is told of it."""
    telling = {"$first": {"$filter": {"input": "$rows", "cond": "$$this.tells_before", "limit": 1}}}
    births = {"$filter": {"input": "$rows.born", "cond": {"$ne": ["$$this", None]}}}
    first = {
        "at": {"$cond": [_IS_STORED, "$stored.born", {"$ifNull": [{"$last": births}, None]}]},
        "value": {"$cond": [{"$eq": [{"$type": "$$telling"}, "object"]}, "$$telling.before", "$stored.value"]},
        "live": _was_live(),
    }
    return {"$let": {"vars": {"telling": telling}, "in": first}}


def _was_live() -> Row:
    """The expression for whether the ticket was live before the first row: not if that is one of its return."""
    goings = {"$filter": {"input": "$rows", "cond": {"$ne": [{"$ifNull": ["$$this.live", None]}, None]}, "limit": 1}}
    return {"$not": [{"$ifNull": [{"$getField": {"field": "live", "input": {"$first": goings}}}, False]}]}
