"""When tickets come: by the weekday and the hour that a clock showed when they were created."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from documents.database import Row
from documents.ticket import Ticket
from documents.ticket_indexes import COUNTED_INDEX, NEWEST_INDEX
from documents.ticket_rollup import TicketRollup
from services.analytics.partition import QUARTER_HOUR, Partition
from services.kit.clock import EPOCH
from services.kit.hours_of_week import EPOCH_HOUR, HOURS_A_DAY, HOURS_A_WEEK, Offsets, hour_of_week
from services.rollups.rows import QUARTERS_A_DAY, TOTALS
from services.tenancy import Filter

_QUARTERS_AN_HOUR = 4
_SECOND = timedelta(seconds=1)


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
    offsets: Offsets

    @property
    def index(self) -> str:
        """The index that the pipeline begins on."""
        return COUNTED_INDEX if self._fits_rollups else NEWEST_INDEX

    def pipeline(self) -> list[Row]:
        """Ends in one document an hour of the week that has tickets which are counted one by one,
        `{_id: 0 to 167, from Monday 0:00; count}`, and in rows of the rollups, `{day, quarters}`."""
        if not self._fits_rollups:
            return self._placed(_pieces(self.of.all_tickets, _SECOND))
        pieces = _pieces(self.of.single, QUARTER_HOUR)
        if self.of.gone is None:
            return self._placed(pieces)
        rows: list[Row] = [
            {"$match": {**self.of.days, "field": TOTALS}},
            {"$project": {"_id": 0, "day": 1, "quarters": 1}},
        ]
        pieces.append(_union(_pieces(self.of.gone, QUARTER_HOUR, sign=-1), Ticket.Settings.name))
        return [*self._placed(pieces), _union(rows, TicketRollup.Settings.name)]

    def cells(self, found: list[Row]) -> list[HeatMapCell]:
        """All 168 cells, from Monday's first hour on, with what the pipeline found of each."""
        counts: Counter[int] = Counter()
        starts = [(moment - EPOCH) // QUARTER_HOUR for moment, _ in self.offsets]
        quarters_ahead = [offset // QUARTER_HOUR for _, offset in self.offsets]
        for row in found:
            if "day" not in row:
                counts[int(row["_id"])] += row["count"]
                continue
            for quarter, count in self._quarters(row):
                ahead = quarters_ahead[max(0, bisect_right(starts, quarter) - 1)]
                counts[((quarter + ahead) // _QUARTERS_AN_HOUR + EPOCH_HOUR) % HOURS_A_WEEK] += count
        return [
            HeatMapCell(weekday=number // HOURS_A_DAY + 1, hour=number % HOURS_A_DAY, count=counts[number])
            for number in range(HOURS_A_WEEK)
        ]

    def _placed(self, pieces: list[Row]) -> list[Row]:
        return [*pieces, {"$group": {"_id": hour_of_week("$_id", self.offsets), "count": {"$sum": "$count"}}}]

    def _quarters(self, row: Row) -> Iterator[tuple[int, int]]:
        """The quarters of an hour of a day's row that belong to the period, with their counts."""
        begin, end = self.of.begin, self.of.end
        for name, count in row["quarters"].items():
            quarter = row["day"] * QUARTERS_A_DAY + int(name)
            if (begin is None or begin <= quarter) and (end is None or quarter < end):
                yield quarter, count

    @property
    def _fits_rollups(self) -> bool:
        """Whether the quarters of an hour by which the rollups count are ones of this clock, too."""
        marks = [offset for _, offset in self.offsets] + [moment - EPOCH for moment, _ in self.offsets[1:]]
        return not any(mark % QUARTER_HOUR for mark in marks)


def _pieces(where: Filter, piece: timedelta, sign: int = 1) -> list[Row]:
    """Pieces of time, {_id: their start, count}, so that few are left to place on the clock."""
    start = {"$dateTrunc": {"date": "$created_at", "unit": "second", "binSize": int(piece.total_seconds())}}
    return [
        {"$match": where},
        {"$match": {"created_at": {"$type": "date"}}},
        {"$group": {"_id": start, "count": {"$sum": sign}}},
    ]


def _union(pipeline: list[Row], collection: str) -> Row:
    return {"$unionWith": {"coll": collection, "pipeline": pipeline}}
