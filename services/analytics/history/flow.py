"""How tickets came and went, unit by unit, and how many were not closed in between: both from the same events."""

from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from documents.database import Row
from documents.ticket import Ticket
from services.analytics.history.joins import created_or_deleted_since
from services.analytics.history.lives import lives
from services.analytics.history.units import Units
from services.statuses import is_closed
from services.tenancy import live


@dataclass(frozen=True, slots=True)
class FlowStep:
    """What happened to tickets in one unit, those that have been deleted since included.

    `created - created_closed + reopened + restored_not_closed - closed - deleted_not_closed` is by how many the tickets
    that are not closed have become more.
    """

    start: datetime
    created: int
    """Created upstream, whatever their status was."""
    created_closed: int
    """Those of them that were closed already when they were seen first: nobody knows when they were closed."""
    closed: int
    """Changes to a closed status from one that is not; of a ticket that was reopened, each."""
    reopened: int
    """Changes the other way round."""
    deleted_not_closed: int
    """Tickets that were deleted without having been closed."""
    restored_not_closed: int
    """Tickets that came back, and had not been closed when they were deleted."""


@dataclass(frozen=True, slots=True)
class BacklogPoint:
    """How many tickets were not closed at a moment."""

    at: datetime
    count: int


def flow_pipeline(tenant_id: str, units: Units) -> list[Row]:
    """Ends in one document a unit in which something happened: `{_id: its number, created, closed, ...}`.

    Number -1 has `before`: by how many more tickets were not closed when the first unit began than are not closed now.
    """
    tickets = created_or_deleted_since(tenant_id, units.start)
    counts = {name: {"$sum": {"$cond": [f"${name}", 1, 0]}} for name in _COUNTS}
    return [
        *lives(tenant_id, tickets, is_closed, units.start, with_changed=True),
        # One document an event from here on, {at, created, closed, ...}, with true for what it is; null is before all.
        {"$project": {"events": {"$concatArrays": [_within(units), _before(units.start)]}}},
        {"$unwind": "$events"},
        {"$replaceWith": "$events"},
        *units.grouped({**counts, "before": {"$sum": "$before"}}),
    ]


def backlog_pipeline(tenant_id: str, units: Units) -> list[Row]:
    """The same, with one more document of number -1 that has those that are not closed now; it begins with that."""
    return [
        {"$match": live(tenant_id)},
        {"$group": {"_id": "$status", "count": {"$sum": 1}}},
        {"$match": {"$expr": {"$not": [is_closed("$_id")]}}},
        {"$group": {"_id": None, "before": {"$sum": "$count"}}},
        {"$set": {"_id": -1}},
        {"$unionWith": {"coll": Ticket.Settings.name, "pipeline": flow_pipeline(tenant_id, units)}},
    ]


def to_flow(found: list[Row], units: Units) -> list[FlowStep]:
    """All units, oldest first, with what the pipeline found of each."""
    by_number = _by_number(found)
    return [
        FlowStep(start, **{name: by_number.get(number, _NOTHING)[name] for name in _COUNTS})
        for number, start in enumerate(units.edges[:-1])
    ]


def to_backlog(found: list[Row], units: Units) -> list[BacklogPoint]:
    """How many were not closed at each edge of the units: as what happened before the edge has left it."""
    by_number = _by_number(found)
    before = sum(row["before"] for row in found if row["_id"] == -1)
    growth = [_growth(by_number.get(number, _NOTHING)) for number in range(len(units.edges) - 1)]
    counts = accumulate(growth, initial=before)
    return [BacklogPoint(at, count) for at, count in zip(units.edges, counts, strict=True)]


_COUNTS = ("created", "created_closed", "closed", "reopened", "deleted_not_closed", "restored_not_closed")
_NOTHING: Row = dict.fromkeys(_COUNTS, 0)


def _by_number(found: list[Row]) -> dict[int, Row]:
    return {int(row["_id"]): row for row in found if row["_id"] >= 0}


def _growth(counts: Row) -> int:
    gone = counts["created_closed"] + counts["closed"] + counts["deleted_not_closed"]
    come = counts["created"] + counts["reopened"] + counts["restored_not_closed"]
    return int(come - gone)


def _within(units: Units) -> Row:
    """The expression for the events of a life in the period."""
    is_inside = {"$and": [{"$gte": ["$$this.at", units.start]}, {"$lt": ["$$this.at", units.end]}]}
    return {"$filter": {"input": {"$concatArrays": [[_birth()], _changes()]}, "cond": is_inside}}


def _before(start: datetime) -> Row:
    """The expression for what a ticket adds to the difference between then and now; nothing if it was what it is."""
    then = {"$last": {"$filter": {"input": "$steps", "cond": {"$lt": ["$$this.at", start]}}}}

    def is_open(state: str) -> Row:
        return {"$cond": [{"$and": [f"{state}.live", {"$not": [f"{state}.value"]}]}, 1, 0]}

    difference = {"$subtract": [is_open("$$then"), is_open("$present")]}
    event = {"$cond": [{"$eq": ["$$difference", 0]}, [], [{"at": None, "before": "$$difference"}]]}
    with_difference = {"$let": {"vars": {"difference": difference}, "in": event}}
    return {"$let": {"vars": {"then": then}, "in": with_difference}}


def _birth() -> Row:
    """The expression for the event that begins a life. Of one that begins with a return, nobody knows when it ended."""
    is_gone = {"$and": [{"$not": ["$$first.live"]}, {"$not": ["$$first.value"]}]}
    event = {"at": "$$first.at", "created": True, "created_closed": "$$first.value", "deleted_not_closed": is_gone}
    return {"$let": {"vars": {"first": {"$first": "$steps"}}, "in": event}}


def _changes() -> Row:
    """The expression for the events between steps; a step's value is whether the ticket is closed.

    Where a step changes both, a ticket is closed before it is deleted, and restored before it is closed.
    """
    step_before = {"$arrayElemAt": ["$steps", {"$subtract": ["$$number", 1]}]}
    ends = {"from": step_before, "to": {"$arrayElemAt": ["$steps", "$$number"]}}
    came_alive = {"$and": ["$$to.live", {"$not": ["$$from.live"]}]}
    died = {"$and": ["$$from.live", {"$not": ["$$to.live"]}]}
    is_known = {"$or": ["$$from.live", "$$to.live"]}
    event = {
        "at": "$$to.at",
        "closed": {"$and": [is_known, {"$not": ["$$from.value"]}, "$$to.value"]},
        "reopened": {"$and": [is_known, "$$from.value", {"$not": ["$$to.value"]}]},
        "deleted_not_closed": {"$and": [died, {"$not": ["$$to.value"]}]},
        "restored_not_closed": {"$and": [came_alive, {"$not": ["$$from.value"]}]},
    }
    numbers = {"$range": [1, {"$size": "$steps"}]}
    return {"$map": {"input": numbers, "as": "number", "in": {"$let": {"vars": ends, "in": event}}}}
