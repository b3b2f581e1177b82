"""The tickets of which the rollups do not know what became, with what their history tells.

These are live tickets that are not rolled up, and tickets that were deleted. They are joined with their history, and
with what the rollups know of them by mistake: lives from before they changed.
"""

from datetime import datetime

from beanie import Document
from bson import MinKey

from documents.database import Row
from documents.ticket import Ticket
from documents.ticket_history import HistoryAction, TicketHistory
from documents.ticket_life import TicketLife
from services.rollups.joins import Joined, in_batches, joined, looked_up
from services.rollups.lives import lives_among
from services.rollups.write import NOT_ROLLED_UP
from services.tenancy import Filter, deleted, live, owned


def candidates(tenant_id: str, since: datetime | None, stored: Row, told: list[Row], *, rolled_up: bool) -> list[Row]:
    """A pipeline on tickets: `{ticket, stored, rows, outdated, born}`, a document for each that may have changed since.

    `stored`: the projection of what is asked for of a stored ticket; null of those that are not stored any more.
    `told`: a pipeline from rows of the history to `{ticket, row}`; it is given those that were recorded since, or all.
    `outdated`: the events of lives that the rollups count and must not, of tickets `born` then. `rolled_up`: whether
    there are rollups at all.
    """
    read = {"$project": {"_id": 0, "ticket": "$external_id", "stored": stored}}
    recorded = owned(tenant_id, recorded_at={"$type": "date"} if since is None else {"$gte": since})
    lived = lives_among(tenant_id) if rolled_up else _NOTHING
    return [
        {"$match": live(tenant_id, rolled_up=NOT_ROLLED_UP) if rolled_up else live(tenant_id)},
        read,
        _union(Ticket, [{"$match": _deleted(tenant_id, since)}, read]),
        _union(TicketHistory, _purged(tenant_id, recorded)),
        {"$group": {"_id": "$ticket", "stored": {"$max": "$stored"}}},
        *in_batches({"ticket": "$_id", "stored": "$stored"}),
        *joined(
            Joined(TicketHistory, "ticket_id", ({"$match": recorded}, *told)),
            Joined(TicketLife, "ticket", ({"$match": lived}, _EVENTS)),
        ),
        {"$group": {"_id": "$ticket", **_JOINED}},
        {"$set": {"_id": "$$REMOVE", "ticket": "$_id", "outdated": {"$ifNull": ["$outdated", []]}}},
    ]


_NOTHING: Filter = {"_id": {"$in": []}}
_EVENTS: Row = {"$project": {"_id": 0, "ticket": 1, "events": 1, "born": 1}}
_JOINED: Row = {
    "stored": {"$max": "$stored"},
    "rows": {"$push": "$row"},
    "outdated": {"$max": "$events"},
    "born": {"$max": "$born"},
}
ANY_MARK = {"$gt": MinKey()}
"""Matches everything; named so that the index on it and `deleted_at` is of use."""


def _deleted(tenant_id: str, since: datetime | None) -> Filter:
    gone = deleted(tenant_id, rolled_up=ANY_MARK)
    since_then = {"$or": [{name: {"$gte": since}} for name in ("created_at", "deleted_at")]}
    return gone if since is None else {**gone, **since_then}


def _purged(tenant_id: str, recorded: Filter) -> list[Row]:
    """From the history to `{ticket}`, of those that have been deleted and are not stored any more."""
    only_ids: Row = {"$project": {"_id": 0, "ticket": "$external_id"}}
    stored = Joined(Ticket, "external_id", ({"$match": owned(tenant_id)}, only_ids))
    return [
        {"$match": {**recorded, "action": HistoryAction.DELETED.value}},
        {"$group": {"_id": "$ticket_id"}},
        *in_batches("$_id"),
        {"$lookup": looked_up(stored, "ids", "stored")},
        {"$project": {"ticket": {"$setDifference": ["$batch", "$stored.ticket"]}}},
        {"$unwind": "$ticket"},
    ]


def _union(document: type[Document], pipeline: list[Row]) -> Row:
    return {"$unionWith": {"coll": document.Settings.name, "pipeline": pipeline}}
