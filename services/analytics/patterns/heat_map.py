"""When tickets come: by the weekday and the hour that a clock showed when they were created."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from documents.database import Row
from documents.ticket import COUNTED_INDEX, NEWEST_INDEX, Ticket
from documents.ticket_rollup import TicketRollup
from services.analytics.partition import Partition
from services.kit.clock import EPOCH
from services.rollups.rows import HOUR_MILLISECONDS, HOURS_A_DAY
from services.tenancy import Filter

_HOURS_A_WEEK = 7 * HOURS_A_DAY
_EPOCH_HOUR = 3 * HOURS_A_DAY
"""The hour of the week, from Monday, in which 1970 began: on a Thursday."""
_HOUR, _QUARTER, _SECOND = timedelta(hours=1), timedelta(minutes=15), timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class HeatMapCell:
    """The tickets created in one hour of one weekday."""

    weekday: int
    """By ISO 8601: Monday is 1, Sunday is 7."""
    hour: int
    """0 to 23, by the clock. The hour that a clock has twice counts twice, the one that it leaves out never."""
    count: int


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Which tickets are to be placed on which clock."""

    of: Partition
    offsets: list[tuple[datetime, timedelta]]
    """The clock's, oldest first, from `offset_changes`: what lies before them all has the first, what lies behind the
    last."""

    @property
    def index(self) -> str:
        """The index that the pipeline begins on."""
        return COUNTED_INDEX if self._fits_rollups else NEWEST_INDEX

    def pipeline(self) -> list[Row]:
        """Ends in one document an hour of the week that has tickets: `{_id: 0 to 167, from Monday 0:00; count}`."""
        # Pieces of time first, {_id: their start, count}, so that few are left to place on the clock.
        if self._fits_rollups:
            pieces = _pieces(self.of.single, _HOUR)
            if self.of.gone:
                pieces.append(_union(_pieces(self.of.gone, _HOUR, sign=-1), Ticket.Settings.name))
            if self.of.rollup_hours:
                pieces.append(_union(_rolled_up(self.of.rollup_hours), TicketRollup.Settings.name))
        else:
            pieces = _pieces(self.of.all_tickets, self._piece)
        return [
            *pieces,
            {"$group": {"_id": _hour_of_week(self.offsets), "count": {"$sum": "$count"}}},
            {"$match": {"count": {"$gt": 0}}},
        ]

    @property
    def _piece(self) -> timedelta:
        """The longest of an hour, a quarter and a second that the clock never cuts."""
        marks = [offset for _, offset in self.offsets] + [moment - EPOCH for moment, _ in self.offsets[1:]]
        return next((piece for piece in (_HOUR, _QUARTER) if not any(mark % piece for mark in marks)), _SECOND)

    @property
    def _fits_rollups(self) -> bool:
        """Whether the hours of UTC, by which the rollups count, are hours of this clock, too."""
        return self._piece == _HOUR


def to_heat_map(found: list[Row]) -> list[HeatMapCell]:
    """All 168 cells, from Monday's first hour on, with what the pipeline found of each."""
    counts = {int(row["_id"]): row["count"] for row in found}
    return [
        HeatMapCell(weekday=number // HOURS_A_DAY + 1, hour=number % HOURS_A_DAY, count=counts.get(number, 0))
        for number in range(_HOURS_A_WEEK)
    ]


def _pieces(where: Filter, piece: timedelta, sign: int = 1) -> list[Row]:
    start = {"$dateTrunc": {"date": "$created_at", "unit": "second", "binSize": int(piece.total_seconds())}}
    return [
        {"$match": where},
        {"$match": {"created_at": {"$type": "date"}}},
        {"$group": {"_id": start, "count": {"$sum": sign}}},
    ]


def _rolled_up(hours: Filter) -> list[Row]:
    start = {"$add": [EPOCH, {"$multiply": ["$value", HOUR_MILLISECONDS]}]}
    return [{"$match": hours}, {"$project": {"_id": start, "count": "$tickets"}}]


def _union(pipeline: list[Row], collection: str) -> Row:
    return {"$unionWith": {"coll": collection, "pipeline": pipeline}}


def _hour_of_week(offsets: list[tuple[datetime, timedelta]]) -> Row:
    """The expression for the hour of the week that the clock showed at the moment `_id`."""
    milliseconds = {"$add": [{"$toLong": "$_id"}, _offset_at(offsets)]}
    hours = {"$floor": {"$divide": [milliseconds, HOUR_MILLISECONDS]}}
    of_week = {"$mod": [{"$add": [hours, _EPOCH_HOUR]}, _HOURS_A_WEEK]}
    return {"$mod": [{"$add": [of_week, _HOURS_A_WEEK]}, _HOURS_A_WEEK]}  # before 1970 it is negative


def _offset_at(offsets: list[tuple[datetime, timedelta]]) -> Row | int:
    """The expression for the offset at the moment `_id`, in milliseconds; the newest, which most need, come first."""
    (_, first), *changes = offsets
    default = first // timedelta(milliseconds=1)
    if not changes:
        return default
    branches = [
        {"case": {"$gte": ["$_id", moment]}, "then": offset // timedelta(milliseconds=1)}
        for moment, offset in reversed(changes)
    ]
    return {"$switch": {"branches": branches, "default": default}}
