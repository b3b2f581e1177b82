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
from services.rollups.write import LIFE_NOT_OVER, NOT_ROLLED_UP
from services.tenancy import Filter, deleted, live, owned
from services.tickets.filter import both


def candidates(
    tenant_id: str, since: datetime, stored: Row, told: list[Row], events: str, *, rolled_up: bool
) -> list[Row]:
    """A pipeline on tickets: `{ticket, stored, rows, outdated, born}`, a document for each that may have changed since.

    `stored`: the projection of what is asked for of a stored ticket; null of those that are not stored any more.
    `told`: a pipeline from rows of the history to `{ticket, row}`; it is given those that were recorded since.
    `outdated`: the events of lives (`flow` or `stored`, as `events` says) that the rollups count and must not, of
    tickets `born` then. `rolled_up`: whether there are rollups at all.
    """
    read = {"$project": {"_id": 0, "ticket": "$external_id", "stored": stored}}
    recorded = owned(tenant_id, recorded_at={"$gte": since})
    lived = lives_among(tenant_id) if rolled_up else _NOTHING
    return [
        {"$match": live(tenant_id, rolled_up=NOT_ROLLED_UP) if rolled_up else live(tenant_id)},
        read,
        *(_union(Ticket, [{"$match": where}, read]) for where in _deleted(tenant_id, since, rolled_up=rolled_up)),
        _union(TicketHistory, _purged(tenant_id, recorded)),
        {"$group": {"_id": "$ticket", "stored": {"$max": "$stored"}}},
        *in_batches({"ticket": "$_id", "stored": "$stored"}),
        *joined(
            Joined(TicketLife, "ticket", ({"$match": lived}, {"$project": {**_LIVED, "events": f"${events}"}})),
            Joined(TicketHistory, "ticket_id", ({"$match": recorded}, *told)),
        ),
        {"$group": {"_id": "$ticket", **_JOINED}},
        {"$set": {"_id": "$$REMOVE", "ticket": "$_id", "outdated": {"$ifNull": ["$outdated", []]}}},
    ]


_NOTHING: Filter = {"_id": {"$in": []}}
_ONLY_TICKET: Row = {"$project": {"_id": 0, "ticket": 1}}
_LIVED: Row = {"_id": 0, "ticket": 1, "born": 1}
_JOINED: Row = {
    "stored": {"$max": "$stored"},
    "rows": {"$push": "$row"},
    "outdated": {"$max": "$events"},
    "born": {"$max": "$born"},
}
_ANY_MARK = {"$gt": MinKey()}
"""Matches everything; named so that the index on it and `deleted_at` is of use."""


def _deleted(tenant_id: str, since: datetime, *, rolled_up: bool) -> list[Filter]:
    """Queries for deleted tickets; one can match several. One for all would be slower: see `Partition.singles`."""
    among = deleted(tenant_id, rolled_up=LIFE_NOT_OVER if rolled_up else _ANY_MARK)
    return [both(among, {name: {"$gte": since}}) for name in ("created_at", "deleted_at")]


def _purged(tenant_id: str, recorded: Filter) -> list[Row]:
    """From the history to `{ticket}`, of those that were deleted, are not stored any more, and in no rollups."""
    only_ids: Row = {"$project": {"_id": 0, "ticket": "$external_id"}}
    stored = Joined(Ticket, "external_id", ({"$match": owned(tenant_id)}, only_ids))
    lived = Joined(TicketLife, "ticket", ({"$match": lives_among(tenant_id, over=True)}, _ONLY_TICKET))
    return [
        {"$match": {**recorded, "action": HistoryAction.DELETED.value}},
        {"$group": {"_id": "$ticket_id"}},
        *in_batches("$_id"),
        {"$lookup": looked_up(stored, "ids", "stored")},
        {"$lookup": looked_up(lived, "ids", "lived")},
        {"$project": {"ticket": {"$setDifference": ["$batch", {"$setUnion": ["$stored.ticket", "$lived.ticket"]}]}}},
        {"$unwind": "$ticket"},
    ]


def _union(document: type[Document], pipeline: list[Row]) -> Row:
    return {"$unionWith": {"coll": document.Settings.name, "pipeline": pipeline}}
