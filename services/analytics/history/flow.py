"""How tickets came and went, unit by unit, and how many were not closed in between: both from the same events."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from documents.database import Row
from documents.ticket import CountedField, Ticket
from services.analytics.history.candidates import candidates
from services.analytics.history.counted_events import CountedEvents, milliseconds
from services.analytics.history.units import Units
from services.analytics.partition import QUARTER_HOUR, partition_of
from services.analytics.pipeline import combined_counts
from services.analytics.values import counted_by
from services.kit.clock import EPOCH
from services.rollups.events import FLOW, FLOW_COUNTS, GROWTH
from services.rollups.rows import QUARTERS_A_DAY
from services.rollups.steps import lives, stored_life, told_rows
from services.statuses import is_closed


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


@dataclass(frozen=True, slots=True)
class FlowQuestion:
    """What of a tenant's flow is asked for."""

    tenant_id: str
    units: Units
    rolled_up: bool
    """Whether there are rollups at all."""

    def pipeline(self) -> list[Row]:
        """A pipeline on tickets. Ends in one document a unit in which something happened to tickets that are looked at
        one by one: `{_id: its number, created, closed, ..., before}`, and in rows of the rollups.

        Number -1 is outside of the units. `before` adds up to by how many more tickets were not closed when the first
        unit began than are not closed now.
        """
        counts = {name: {"$sum": {"$cond": [f"${name}", "$sign", 0]}} for name in FLOW_COUNTS}
        one_by_one = candidates(
            self.tenant_id, self.units.start, stored_life(), told_rows(), FLOW, rolled_up=self.rolled_up
        )
        return [
            *one_by_one,
            *lives(),
            {"$set": {"steps": _closed_or_not("$steps"), "present.value": is_closed("$present.value")}},
            # One document an event from here on, {at, sign, created, closed, ..., before}; null is outside.
            {"$project": {"events": {"$concatArrays": [self._fresh(), self._outdated()]}}},
            {"$unwind": "$events"},
            {"$replaceWith": "$events"},
            *(self._lived.single([{"$replaceWith": self._counted("$event", 1)}]) if self.rolled_up else []),
            *self.units.grouped({**counts, "before": {"$sum": "$before"}}),
            *(self._lived.rows() if self.rolled_up else []),
        ]

    def backlog_pipeline(self) -> list[Row]:
        """The same, with documents of number -1 that have those that are not closed now."""
        now = partition_of(self.tenant_id, None, None, rolled_up=self.rolled_up)
        not_closed: list[Row] = [
            *combined_counts(now, [CountedField.STATUS]),
            *counted_by(CountedField.STATUS),
            {"$match": {"$expr": {"$not": [is_closed("$_id")]}}},
            {"$project": {"_id": {"$literal": -1}, "before": "$count"}},
        ]
        return [*self.pipeline(), {"$unionWith": {"coll": Ticket.Settings.name, "pipeline": not_closed}}]

    def flow(self, found: list[Row]) -> list[FlowStep]:
        """All units, oldest first, with what the pipeline found of each."""
        counts = self._by_number(found)
        return [FlowStep(start, **counts[number]) for number, start in enumerate(self.units.edges[:-1])]

    def backlog(self, found: list[Row]) -> list[BacklogPoint]:
        """How many were not closed at each edge of the units: as what happened before the edge has left it."""
        rolled_up = sum(GROWTH[name] * count for _, name, count in self._of_rows(found))
        before = sum(row["before"] for row in found if "before" in row) - rolled_up
        growth = [sum(GROWTH[name] * count for name, count in counts.items()) for counts in self._by_number(found)]
        counts = accumulate(growth, initial=before)
        return [BacklogPoint(at, count) for at, count in zip(self.units.edges, counts, strict=True)]

    @property
    def _lived(self) -> CountedEvents:
        edges = self.units.edges
        is_fine = any((edge - EPOCH) % QUARTER_HOUR for edge in edges[1:-1])  # some zones' were, before 1972
        return CountedEvents(self.tenant_id, FLOW, edges[0], (edges[-1],), one_by_one=is_fine)

    def _by_number(self, found: list[Row]) -> list[dict[str, int]]:
        counts = [dict.fromkeys(FLOW_COUNTS, 0) for _ in self.units.edges[:-1]]
        for row in found:
            if row.get("_id", -1) >= 0:
                for name in FLOW_COUNTS:
                    counts[int(row["_id"])][name] += row[name]
        for number, name, count in self._of_rows(found):
            if number is not None:
                counts[number][name] += count
        return counts

    def _of_rows(self, found: list[Row]) -> Iterator[tuple[int | None, str, int]]:
        """From rows of the rollups to the number of the unit (None: after the last one), the event and its count."""
        begins = [-((EPOCH - edge) // QUARTER_HOUR) for edge in self.units.edges]
        cut = set(self._lived.cut_quarters)
        for row in found:
            midnight = row["day"] * QUARTERS_A_DAY if "day" in row else 0
            for name, count in row.get("quarters", {}).items():
                quarter = midnight + int(name)
                if quarter >= begins[0] and quarter not in cut:
                    number = bisect_right(begins, quarter) - 1
                    yield number if number < len(begins) - 1 else None, row["value"], count

    def _fresh(self) -> Row:
        """The expression for the events of a life that is told one by one."""
        events = {"$concatArrays": [_within(self.units), _before(self.units.start)]}
        return {"$cond": [{"$eq": ["$steps", []]}, [], events]}

    def _outdated(self) -> Row:
        """The expression for what has to be taken off, as the rollups count it and must not."""
        return {"$map": {"input": self._lived.since("$outdated"), "in": self._counted("$$this", -1)}}

    def _counted(self, event: str, sign: int) -> Row:
        """The expression for an event that a life has, in the form of the others."""
        is_inside = {"$lt": [f"{event}.at", milliseconds(self.units.end)]}
        growth = {"$cond": [{"$in": [f"{event}.value", _GROWING]}, -sign, sign]}
        return {
            "at": {"$cond": [is_inside, {"$toDate": f"{event}.at"}, None]},
            "sign": {"$cond": [is_inside, sign, 0]},
            "before": growth,
            **{name: {"$eq": [f"{event}.value", name]} for name in FLOW_COUNTS},
        }


_GROWING = [name for name, growth in GROWTH.items() if growth > 0]


def _closed_or_not(steps: str) -> Row:
    """The expression for steps whose value is whether the ticket is closed."""
    step = {"at": "$$this.at", "live": "$$this.live", "value": is_closed("$$this.value")}
    return {"$map": {"input": steps, "in": step}}


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
    event = {
        "at": "$$first.at",
        "sign": {"$literal": 1},
        "created": {"$literal": True},
        "created_closed": "$$first.value",
        "deleted_not_closed": is_gone,
    }
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
        "sign": {"$literal": 1},
        "closed": {"$and": [is_known, {"$not": ["$$from.value"]}, "$$to.value"]},
        "reopened": {"$and": [is_known, "$$from.value", {"$not": ["$$to.value"]}]},
        "deleted_not_closed": {"$and": [died, {"$not": ["$$to.value"]}]},
        "restored_not_closed": {"$and": [came_alive, {"$not": ["$$from.value"]}]},
    }
    numbers = {"$range": [1, {"$size": "$steps"}]}
    return {"$map": {"input": numbers, "as": "number", "in": {"$let": {"vars": ends, "in": event}}}}
