"""How tickets came and went, unit by unit, and how many were not closed in between: both from the same events."""

from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from documents.database import Row
from services.analytics.history.lives import lives
from services.analytics.history.units import Units
from services.statuses import is_closed
from services.tenancy import owned


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

    Number -1 has what was before the first unit.
    """
    events: list[Row] = [
        # One document an event from here on, {at, created, closed, ...}, with true for what it is.
        {"$project": {"events": {"$concatArrays": [[_birth()], _changes()]}}},
        {"$unwind": "$events"},
        {"$replaceWith": "$events"},
        {"$match": {"$expr": {"$lt": ["$at", units.end]}}},
    ]
    counts = {name: {"$sum": {"$cond": [f"${name}", 1, 0]}} for name in _COUNTS}
    return [*lives(tenant_id, owned(tenant_id), is_closed), *events, *units.grouped(counts)]


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
    growth = [_growth(by_number.get(number, _NOTHING)) for number in range(-1, len(units.edges) - 1)]
    return [BacklogPoint(at, count) for at, count in zip(units.edges, accumulate(growth), strict=True)]


_COUNTS = ("created", "created_closed", "closed", "reopened", "deleted_not_closed", "restored_not_closed")
_NOTHING: Row = dict.fromkeys(_COUNTS, 0)


def _by_number(found: list[Row]) -> dict[int, Row]:
    return {int(row["_id"]): row for row in found}


def _growth(counts: Row) -> int:
    gone = counts["created_closed"] + counts["closed"] + counts["deleted_not_closed"]
    come = counts["created"] + counts["reopened"] + counts["restored_not_closed"]
    return int(come - gone)


def _birth() -> Row:
    """The expression for the event that begins a life."""
    return {
        "$let": {
            "vars": {"first": {"$first": "$steps"}},
            "in": {"at": "$$first.at", "created": True, "created_closed": "$$first.value"},
        }
    }


def _changes() -> Row:
    """The expression for the events between steps; a step's value is whether the ticket is closed.

    Where a step changes both, a ticket is closed before it is deleted, and restored before it is closed.
    """
    pairs = {"$zip": {"inputs": ["$steps", {"$slice": ["$steps", 1, {"$size": "$steps"}]}]}}
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
    ends = {"from": {"$first": "$$this"}, "to": {"$last": "$$this"}}
    return {"$map": {"input": pairs, "in": {"$let": {"vars": ends, "in": event}}}}
