"""Where analytics find their tickets: which they count one by one, and which the rollups have counted.

Whole days come from the rollups, and of the days that a period cuts, whole quarters of an hour. One by one are counted
the tickets that are not rolled up, and those of the quarters that are cut. A rolled-up ticket that another program has
soft-deleted is taken off until the rollups know.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from documents.ticket_rollup import EVERY_DAY
from services.kit.clock import EPOCH
from services.rollups.rows import QUARTER_MILLISECONDS, QUARTERS_A_DAY, SPAN_DAYS, rows_of, span_of
from services.rollups.write import NOT_ROLLED_UP, ROLLED_UP
from services.tenancy import Filter, deleted, live
from services.tickets.filter import created_in_period

QUARTER_HOUR = timedelta(milliseconds=QUARTER_MILLISECONDS)
MAX_SPANS = 64
"""Of a longer period, the customers' tickets that are older than 5.6 years are counted one by one."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CutDay:
    """A day of which a period has only some quarters of an hour: from `begin` to before `end`, from midnight on."""

    day: int
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Partition:
    """The live tickets of a tenant and a period, twice: all of them, and shared out over what counts them."""

    tenant_id: str
    all_tickets: Filter
    single: Filter
    """The tickets that the rollups do not count."""
    gone: Filter | None = None
    """Tickets that the rollups count and must not. None, as those below, where nothing comes from the rollups."""
    whole_days: Filter | None = None
    """The rows of the rollups for whole days; None also where the period has none."""
    cut_days: tuple[CutDay, ...] = ()
    begin: int | None = None
    """The first quarter that comes from the rollups, in quarters since 1970; None: there is no first one."""
    end: int | None = None
    """The first quarter that no longer does."""

    @property
    def singles(self) -> list[Filter]:
        """Queries for the tickets that the rollups do not count; no two have a ticket in common.

        Where no index can be named, as for a part of a pipeline, one for each: before MongoDB answers all of them
        together, it tries each index for one with each for the others, which has been seen to take 30 ms.
        """
        return self.single["$or"] if self.single.keys() == {"$or"} else [self.single]

    @property
    def days(self) -> Filter:
        """The rows of the rollups for all days of which they have to tell anything."""
        return rows_of(self.tenant_id, day=_range(self.begin, self.end, last=True))


def partition_of(
    tenant_id: str,
    created_from: datetime | None,
    created_to: datetime | None,
    *,
    rolled_up: bool = True,
    where: Filter | None = None,
) -> Partition:
    """Where the tickets created in the period are counted. `rolled_up`: whether there are rollups at all.

    `where`: the query for a part of the tickets, which are counted one by one.

    Raises:
        InvalidInputError: the period makes no sense.
    """
    created = created_in_period(created_from, created_to)
    everything = live(tenant_id, **created) if where is None else where
    begin = -((EPOCH - created_from) // QUARTER_HOUR) if created_from else None
    end = (created_to - EPOCH) // QUARTER_HOUR if created_to else None
    if not rolled_up or where is not None or (begin is not None and end is not None and begin >= end):
        return Partition(tenant_id, everything, everything)
    alone = live(tenant_id, **created, rolled_up=NOT_ROLLED_UP)
    if not created:
        gone, rows = deleted(tenant_id, rolled_up=ROLLED_UP), rows_of(tenant_id, day=EVERY_DAY)
        return Partition(tenant_id, everything, alone, gone, rows)
    first, last = _moment(begin), _moment(end)
    cut = [(start, stop) for start, stop in ((created_from, first), (last, created_to)) if start != stop]
    edges = [live(tenant_id, **created_in_period(*period), rolled_up=ROLLED_UP) for period in cut]
    return Partition(
        tenant_id,
        everything,
        {"$or": [alone, *edges]} if edges else alone,
        deleted(tenant_id, **created_in_period(first, last), rolled_up=ROLLED_UP),
        *_days(tenant_id, begin, end),
        begin,
        end,
    )


@dataclass(frozen=True, slots=True)
class CustomerPartition:
    """The live tickets of a tenant and a period, shared out over what counts them by customer."""

    tenant_id: str
    all_tickets: Filter
    alone: tuple[Filter, ...]
    """Tickets that no row of the rollups is about, also of the days that the period cuts; as in `Partition.singles`."""
    counted: tuple[Filter, ...] = ()
    """What is counted one by one beside the rows: of the days that the period cuts, everything."""
    gone: Filter | None = None
    """Tickets that the rollups count and must not. None: nothing comes from the rollups."""
    spans: tuple[int | str, ...] = ()
    """The `day`s of the rows."""
    first_day: int | None = None
    """The first whole day of the period; None: of all time, rows count as a whole."""
    last_day: int | None = None
    """The day after the last whole one."""


def customer_partition(
    tenant_id: str,
    created_from: datetime | None,
    created_to: datetime | None,
    now: datetime,
    *,
    rolled_up: bool = True,
    where: Filter | None = None,
) -> CustomerPartition:
    """Where the tickets created in the period are counted by customer. `rolled_up` and `where`: as in `partition_of`.

    Raises:
        InvalidInputError: the period makes no sense.
    """
    created = created_in_period(created_from, created_to)
    if where is not None:
        return CustomerPartition(tenant_id, where, (where,))
    everything = live(tenant_id, **created)
    alone = live(tenant_id, **created, rolled_up=NOT_ROLLED_UP)
    if rolled_up and not created:
        gone = deleted(tenant_id, rolled_up=ROLLED_UP)
        return CustomerPartition(tenant_id, everything, (alone,), (alone,), gone, (EVERY_DAY,))
    last = (created_to - EPOCH) // _DAY if created_to else (now - EPOCH) // _DAY + 1
    earliest = span_of(last) - MAX_SPANS * SPAN_DAYS
    first = max(-((EPOCH - created_from) // _DAY), earliest) if created_from else earliest
    if not rolled_up or first >= last:
        return CustomerPartition(tenant_id, everything, (everything,))
    begin, end = EPOCH + first * _DAY, EPOCH + last * _DAY
    remote, cut = _beside(tenant_id, created_from, created_to, begin, end, is_earliest=first == earliest)
    whole = created_in_period(begin, end)
    return CustomerPartition(
        tenant_id,
        everything,
        (alone, *remote),
        (live(tenant_id, **whole, rolled_up=NOT_ROLLED_UP), *remote, *cut),
        deleted(tenant_id, **whole, rolled_up=ROLLED_UP),
        tuple(range(span_of(first - 1), last + 1, SPAN_DAYS)),
        first,
        last,
    )


def _beside(
    tenant_id: str,
    created_from: datetime | None,
    created_to: datetime | None,
    begin: datetime,
    end: datetime,
    *,
    is_earliest: bool,
) -> tuple[list[Filter], list[Filter]]:
    """What of a period lies beside its whole days: so far away that no rows are about it, and what it cuts of days."""
    before, after = created_in_period(created_from, begin), created_in_period(end, created_to)
    remote = [live(tenant_id, **before)] if is_earliest else []
    remote += [] if created_to else [live(tenant_id, **after)]
    cut = [live(tenant_id, **before)] if not is_earliest and created_from != begin else []
    cut += [live(tenant_id, **after)] if created_to and created_to != end else []
    return remote, cut


def _days(tenant_id: str, begin: int | None, end: int | None) -> tuple[Filter | None, tuple[CutDay, ...]]:
    """The rows of the whole days between two quarters, and the days of which only a part is between them."""
    if begin is not None and end is not None and begin // QUARTERS_A_DAY == (end - 1) // QUARTERS_A_DAY:
        day, first = divmod(begin, QUARTERS_A_DAY)
        part = CutDay(day, first, end - day * QUARTERS_A_DAY)
        if part.end - part.begin < QUARTERS_A_DAY:
            return None, (part,)
    cut = []
    if begin is not None and begin % QUARTERS_A_DAY:
        cut.append(CutDay(begin // QUARTERS_A_DAY, begin % QUARTERS_A_DAY, QUARTERS_A_DAY))
        begin += -begin % QUARTERS_A_DAY
    if end is not None and end % QUARTERS_A_DAY:
        cut.append(CutDay(end // QUARTERS_A_DAY, 0, end % QUARTERS_A_DAY))
        end -= end % QUARTERS_A_DAY
    is_empty = begin is not None and begin == end
    return None if is_empty else rows_of(tenant_id, day=_range(begin, end)), tuple(cut)


def _range(begin: int | None, end: int | None, *, last: bool = False) -> Filter:
    """The condition on a day between two quarters; `last`: that which the end cuts belongs to them.

    It admits numbers alone, also where it has only one bound, or none.
    """
    first = {"$gte": begin // QUARTERS_A_DAY if begin is not None else float("-inf")}
    if end is None:
        return first
    return first | {"$lt": -(-end // QUARTERS_A_DAY) if last else end // QUARTERS_A_DAY}


def _moment(quarter: int | None) -> datetime | None:
    return None if quarter is None else EPOCH + quarter * QUARTER_HOUR
