"""How many tickets were created when, to the quarter of an hour: what trends are made of.

Every zone's hours and days begin at a whole quarter of an hour UTC, at least since 1972. So the rollups, which hold
counts of that length, serve all of them; what they do not count is counted one by one, in the same command.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from documents.database import Row
from documents.ticket import SPARSE_FIELDS, Ticket
from documents.ticket_rollup import TicketRollup
from services.analytics.partition import QUARTER_HOUR, Partition
from services.analytics.values import tags_one_by_one
from services.kit.clock import EPOCH
from services.rollups.rows import QUARTERS_A_DAY, TAG, TOTALS, UNKNOWN, known_as
from services.tenancy import Filter

_QUARTER_SECONDS = int(QUARTER_HOUR.total_seconds())


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
        quarters = [(begin - EPOCH) // QUARTER_HOUR for begin in begins]
        of_days: dict[int, list[int]] = {}
        for row in found:
            if "day" not in row:
                unit = bisect_right(begins, row["_id"]["start"]) - 1
                self._add(units[max(0, unit)], row, row["_id"].get(row.get("field", "value")), row["count"])
                continue
            day = row["day"]
            if day not in of_days:
                of_days[day] = _units_of_day(day, quarters)
            if self._is_whole(day) and of_days[day][0] == of_days[day][-1]:
                self._add(units[of_days[day][0]], row, row["value"], row["tickets"])
                continue
            shares: dict[int, int] = {}
            for quarter, count in self._quarters(row):
                unit = of_days[day][quarter]
                shares[unit] = shares.get(unit, 0) + count
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

    def _is_whole(self, day: int) -> bool:
        begin, end = self._bounds()
        return begin <= day * QUARTERS_A_DAY and (day + 1) * QUARTERS_A_DAY <= end

    def _quarters(self, row: Row) -> Iterator[tuple[int, int]]:
        """The quarters of a day's row that belong to the period, counted from midnight, with their counts."""
        begin, end = self._bounds()
        midnight = row["day"] * QUARTERS_A_DAY
        for name, count in row.get("quarters", {}).items():
            if begin <= midnight + int(name) < end:
                yield int(name), count

    def _bounds(self) -> tuple[int, int]:
        if self._of.begin is None or self._of.end is None:
            raise TypeError("the period has to begin and to end")
        return self._of.begin, self._of.end


def _units_of_day(day: int, quarters: Sequence[int]) -> list[int]:
    """The number of the unit that holds each quarter of a day; `quarters`: when the units begin."""
    midnight, last = day * QUARTERS_A_DAY, len(quarters) - 2
    numbers = (bisect_right(quarters, midnight + each) - 1 for each in range(QUARTERS_A_DAY))
    return [min(max(0, number), last) for number in numbers]
