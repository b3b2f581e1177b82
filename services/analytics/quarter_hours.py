"""How many tickets were created when, to the quarter of an hour: what trends are made of.

Every zone's hours and days begin at a whole quarter of an hour UTC, at least since 1972. So the rollups, which hold
counts of that length, serve all of them; what they do not count is counted one by one, in the same command.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from documents.database import Row
from documents.ticket import SPARSE_FIELDS, Ticket
from documents.ticket_rollup import TicketRollup
from services.analytics.partition import QUARTER_HOUR, Partition
from services.analytics.values import tags_one_by_one
from services.kit.clock import EPOCH
from services.rollups.rows import QUARTERS_A_DAY, TAG, TOTALS, UNKNOWN, known_as, quarter_name
from services.tenancy import Filter

_QUARTER_SECONDS = int(QUARTER_HOUR.total_seconds())
_NAMES = [quarter_name(quarter) for quarter in range(QUARTERS_A_DAY)]


@dataclass(slots=True)
class UnitCounts:
    """The tickets of one hour, day, week or month."""

    total: int = 0
    by_value: Counter[str] = field(default_factory=Counter)
    """By the value of the field that was asked for; of tags, a ticket is under each of its own."""


class QuarterHours:
    """The tickets of a bounded period by when they were created and by their value in a counted field."""

    def __init__(self, of: Partition, counted: str = TOTALS, *, is_exact: bool = False) -> None:
        """`counted`: any of `COUNTED_FIELDS`, or `TAG`; of a mere total, the one with the fewest values.

        `is_exact`: to the second, which takes a partition without rollups.
        """
        self._of = of
        self._counted = counted
        # Of a sparse field, and of tags, no row is about tickets without a value: the total comes from another field.
        self._total = TOTALS if counted in (*SPARSE_FIELDS, TAG) else counted
        self._seconds = 1 if is_exact else _QUARTER_SECONDS

    def pipeline(self) -> list[Row]:
        """A pipeline on tickets, whose documents `by_unit` understands."""
        of = self._of
        further: list[tuple[str, list[Row]]] = []
        if self._counted == TAG:
            further += [(Ticket.Settings.name, tags) for tags in tags_one_by_one(of, start=self._start())]
        if of.gone is not None:
            rows: list[Row] = [
                {"$match": {**of.days, "field": {"$in": [*{self._counted, self._total}]}}},
                {"$project": {"_id": 0, "day": 1, "field": 1, "value": 1, "tickets": 1, "quarters": 1}},
            ]
            further.append((Ticket.Settings.name, self._single(of.gone, -1)))
            further.append((TicketRollup.Settings.name, rows))
        unions = [{"$unionWith": {"coll": collection, "pipeline": pipeline}} for collection, pipeline in further]
        return [*self._single(of.single), *unions]

    def by_unit(self, found: Sequence[Row], begins: Sequence[datetime]) -> list[UnitCounts]:
        """The tickets of each unit by their value; `begins`: when the units begin, and when the last of them ends."""
        units = [UnitCounts() for _ in begins[1:]]
        edges = [(begin - EPOCH) // QUARTER_HOUR for begin in begins]
        days: dict[int, _Day] = {}
        for row in found:
            if "day" not in row:
                unit = bisect_right(begins, row["_id"]["start"]) - 1
                self._add(units[max(0, unit)], row, row["_id"].get(row.get("field", "value")), row["count"])
                continue
            day = days.get(row["day"])
            if day is None:
                day = days[row["day"]] = _day(row["day"], self._bounds(), edges)
            if day.unit is not None:
                self._add(units[day.unit], row, row["value"], row["tickets"])
                continue
            shares: dict[int, int] = {}
            for name, count in row.get("quarters", {}).items():
                if name in day.units:
                    shares[day.units[name]] = shares.get(day.units[name], 0) + count
            for unit, count in shares.items():
                self._add(units[unit], row, row["value"], count)
        if self._counted in SPARSE_FIELDS:
            for counts in units:
                counts.by_value[UNKNOWN] += counts.total - counts.by_value.total()
        return units

    def _add(self, unit: UnitCounts, row: Row, value: object, count: int) -> None:
        """Add tickets to a unit. `row`: what tells of them; it names its field, if it is about one alone."""
        if row.get("field") in (None, self._total):
            unit.total += count
        if row.get("field") in (None, self._counted) and not (self._counted == TAG and value is None):
            unit.by_value[str(known_as(value))] += count  # other programs may have stored 5 and "5"

    def _start(self) -> Row:
        return {"$dateTrunc": {"date": "$created_at", "unit": "second", "binSize": self._seconds}}

    def _single(self, where: Filter, sign: int = 1) -> list[Row]:
        value = {} if self._counted == TAG else {"value": f"${self._counted}"}
        return [{"$match": where}, {"$group": {"_id": {"start": self._start(), **value}, "count": {"$sum": sign}}}]

    def _bounds(self) -> tuple[int, int]:
        if self._of.begin is None or self._of.end is None:
            raise TypeError("the period has to begin and to end")
        return self._of.begin, self._of.end


@dataclass(frozen=True, slots=True)
class _Day:
    """Where the tickets of a day belong."""

    unit: int | None
    """The number of the unit that has all of them, if one has."""
    units: dict[str, int]
    """The numbers of the units by the names of the quarters of an hour that belong to the period."""


def _day(day: int, bounds: tuple[int, int], edges: Sequence[int]) -> _Day:
    """`bounds`: of the period; `edges`: where its units begin, and where the last of them ends; all in quarters."""
    midnight, last = day * QUARTERS_A_DAY, len(edges) - 2
    quarter, end = max(bounds[0], midnight), min(bounds[1], midnight + QUARTERS_A_DAY)
    units: dict[str, int] = {}
    while quarter < end:
        unit = min(max(0, bisect_right(edges, quarter) - 1), last)
        stop = end if unit == last else min(end, edges[unit + 1])
        units |= dict.fromkeys(_NAMES[quarter - midnight : stop - midnight], unit)
        quarter = stop
    is_of_one = len(units) == QUARTERS_A_DAY and len(set(units.values())) == 1
    return _Day(units[_NAMES[0]] if is_of_one else None, units)
