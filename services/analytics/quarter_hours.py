"""How many tickets were created when, to the quarter of an hour: what trends are made of.

Every zone's hours and days begin at a whole quarter of an hour UTC, at least since 1972. So the rollups, which hold
counts of that length, serve all of them; what they do not count is counted one by one, in the same command.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Sequence
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
    """The tickets of a bounded period by when they were created and by their values in counted fields."""

    def __init__(self, of: Partition, counted: Collection[str] = (TOTALS,), *, is_exact: bool = False) -> None:
        """`counted`: any of `COUNTED_FIELDS`, and `TAG`; of a mere total, the one with the fewest values.

        `is_exact`: to the second, which takes a partition without rollups.
        """
        self._of = of
        self._counted = sorted(counted)
        self._seconds = 1 if is_exact else _QUARTER_SECONDS

    def pipelines(self) -> list[tuple[list[str], list[Row]]]:
        """Pipelines on tickets, each with the fields that it tells of; `by_unit` understands their documents.

        Beside rollups, few tickets are counted one by one, so all fields are told of by one pipeline. Without them it
        may be all tickets: there are more combinations of values than values, so each field has one of its own.
        """
        together = [self._counted] if self._of.gone is not None else [[field] for field in self._counted]
        return [(fields, self._pipeline(fields)) for fields in together]

    def by_unit(self, found: Sequence[Row], begins: Sequence[datetime], counted: str = TOTALS) -> list[UnitCounts]:
        """The tickets of each unit by their value in one of the fields; `begins`: when the units begin, and when the
        last of them ends."""
        units = [UnitCounts() for _ in begins[1:]]
        edges = [(begin - EPOCH) // QUARTER_HOUR for begin in begins]
        days: dict[int, _Day] = {}
        told = {None, counted, _total_of(counted)}
        for row in (row for row in found if row.get("field") in told):
            if "day" not in row:
                unit = bisect_right(begins, row["_id"]["start"]) - 1
                _add(units[max(0, unit)], row, counted, row["_id"].get(counted), row["count"])
                continue
            day = days.get(row["day"])
            if day is None:
                day = days[row["day"]] = _day(row["day"], self._bounds(), edges)
            if day.unit is not None:
                _add(units[day.unit], row, counted, row["value"], row["tickets"])
                continue
            for unit, count in day.shares(row).items():
                _add(units[unit], row, counted, row["value"], count)
        if counted in SPARSE_FIELDS:
            for counts in units:
                counts.by_value[UNKNOWN] += counts.total - counts.by_value.total()
        return units

    def _pipeline(self, fields: Sequence[str]) -> list[Row]:
        of = self._of
        further: list[tuple[str, list[Row]]] = []
        if TAG in fields:
            further += [(Ticket.Settings.name, tags) for tags in tags_one_by_one(of, start=self._start())]
        if of.gone is not None:
            rows: list[Row] = [
                {"$match": {**of.days, "field": {"$in": sorted({*fields, *map(_total_of, fields)})}}},
                {"$project": {"_id": 0, "day": 1, "field": 1, "value": 1, "tickets": 1, "quarters": 1}},
            ]
            further.append((Ticket.Settings.name, self._single(of.gone, fields, -1)))
            further.append((TicketRollup.Settings.name, rows))
        unions = [{"$unionWith": {"coll": collection, "pipeline": pipeline}} for collection, pipeline in further]
        return [*self._single(of.single, fields), *unions]

    def _start(self) -> Row:
        return {"$dateTrunc": {"date": "$created_at", "unit": "second", "binSize": self._seconds}}

    def _single(self, where: Filter, fields: Sequence[str], sign: int = 1) -> list[Row]:
        values = {field: f"${field}" for field in fields if field != TAG}
        return [{"$match": where}, {"$group": {"_id": {"start": self._start(), **values}, "count": {"$sum": sign}}}]

    def _bounds(self) -> tuple[int, int]:
        if self._of.begin is None or self._of.end is None:
            raise TypeError("the period has to begin and to end")
        return self._of.begin, self._of.end


def _total_of(counted: str) -> str:
    """The field whose rows tell the total: of a sparse field, and of tags, no row is about tickets without a value."""
    return TOTALS if counted in (*SPARSE_FIELDS, TAG) else counted


def _add(unit: UnitCounts, row: Row, counted: str, value: object, count: int) -> None:
    """Add tickets to a unit. `row`: what tells of them; it names its field, if it is about one alone."""
    if row.get("field") in (None, _total_of(counted)):
        unit.total += count
    if row.get("field") in (None, counted) and not (counted == TAG and value is None):
        unit.by_value[str(known_as(value))] += count  # other programs may have stored 5 and "5"


@dataclass(frozen=True, slots=True)
class _Day:
    """Where the tickets of a day belong."""

    unit: int | None
    """The number of the unit that has all of them, if one has."""
    units: dict[str, int]
    """The numbers of the units by the names of the quarters of an hour that belong to the period."""

    def shares(self, row: Row) -> Counter[int]:
        """How many of a row's tickets belong to which unit."""
        shares: Counter[int] = Counter()
        for name, count in row.get("quarters", {}).items():
            if name in self.units:
                shares[self.units[name]] += count
        return shares


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
