"""Which tickets have to be looked at, and how they are joined with their history."""

from datetime import datetime

from documents.database import Row
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from services.tenancy import Filter, owned

_BATCH = 5_000
"""Tickets that are looked up at once: each lookup costs the choice of an index, and its ids fit into a query."""


def created_or_deleted_since(tenant_id: str, since: datetime) -> list[Filter]:
    """The tickets that may not have been there all the time since, whether the history tells of them or not."""
    of_any_kind = {"$in": [True, False, None]}  # so that the index on it and `deleted_at` is of use
    return [
        owned(tenant_id, created_at={"$gte": since}),
        owned(tenant_id, rolled_up=of_any_kind, deleted_at={"$gte": since}),
    ]


def joined(tenant_id: str, tickets: list[Filter], stored: Row, rows: list[Row], *, with_changed: bool) -> list[Row]:
    """A pipeline on tickets: one document a ticket, `{_id: its id, stored: what is asked for of it or null, rows}`.

    `rows` is a pipeline on the history that ends in `{ticket, rows}`. `with_changed` has the tickets looked up of which
    it tells; others than `tickets` are left out otherwise, unless they are not there any more.
    """
    read = {"$project": {"_id": 0, "ticket": "$external_id", "stored": stored}}
    selected = [[{"$match": each}, read] for each in tickets]
    further = [_union(Ticket, each) for each in selected[1:]] + [_union(TicketHistory, rows)]
    if with_changed:
        further.append(_union(TicketHistory, [*rows, *_looked_up(tenant_id, read)]))
    # Joined by grouping: a lookup of each ticket would take a hundred times as long.
    together = {"$group": {"_id": "$ticket", "stored": {"$max": "$stored"}, "rows": {"$max": "$rows"}}}
    return [*selected[0], *further, together]


def _looked_up(tenant_id: str, read: Row) -> list[Row]:
    """From `{ticket}` to `{ticket, stored}`, of those that are stored."""
    batch = {"$floor": {"$divide": ["$number", _BATCH]}}
    lookup = {
        "from": Ticket.Settings.name,
        "localField": "tickets",
        "foreignField": "external_id",
        # Sorted for the planner alone, so that it takes the index on the ids: tickets of late are the first ones of the
        # index for lists, too, and it has been seen to begin there, and to go on through all of a tenant's tickets.
        "pipeline": [{"$match": owned(tenant_id)}, {"$sort": {"external_id": 1}}, read],
        "as": "found",
    }
    return [
        {"$setWindowFields": {"sortBy": {"ticket": 1}, "output": {"number": {"$documentNumber": {}}}}},
        {"$group": {"_id": batch, "tickets": {"$push": "$ticket"}}},
        {"$lookup": lookup},
        {"$unwind": "$found"},
        {"$replaceWith": "$found"},
    ]


def _union(document: type[Ticket | TicketHistory], pipeline: list[Row]) -> Row:
    return {"$unionWith": {"coll": document.Settings.name, "pipeline": pipeline}}
