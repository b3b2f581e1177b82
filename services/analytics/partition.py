"""Where statistics find their tickets: which they count one by one, and which the rollups have counted.

Whole days come from the rollups. One by one are counted the tickets that are not rolled up, and those of the two days
that the period cuts. A rolled-up ticket that another program has soft-deleted is taken off until the rollups know.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from documents.ticket_rollup import EVERY_DAY
from services.kit.clock import EPOCH
from services.rollups.rows import HOUR
from services.rollups.write import NOT_ROLLED_UP
from services.tenancy import Filter, deleted, live, owned
from services.tickets.filter import created_between

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Partition:
    """The live tickets of a tenant and a period, twice: all of them, and shared out over what counts them."""

    all_tickets: Filter
    single: Filter
    """The tickets that the rollups do not count."""
    gone: Filter | None = None
    """Tickets that the rollups count and must not. None, as those below, where nothing is rolled up."""
    rollups: Filter | None = None
    """The rows of the rollups for the period's whole days."""
    rollup_hours: Filter | None = None
    """The rows of their hours."""
    is_all_time: bool = False


def partition_of(
    tenant_id: str, created_from: datetime | None, created_to: datetime | None, *, rolled_up: bool = True
) -> Partition:
    """Where the tickets created in the period are counted. `rolled_up`: whether there are rollups at all.

    Raises:
        InvalidInputError: the period makes no sense.
    """
    created = created_between(created_from, created_to)
    everything = live(tenant_id, **created)
    begin = _midnight_from(created_from) if created_from else None
    end = _midnight_until(created_to) if created_to else None
    if not rolled_up or (begin and end and begin >= end):
        return Partition(everything, everything)
    alone = live(tenant_id, **created, rolled_up=NOT_ROLLED_UP)
    gone = deleted(tenant_id, **created_between(begin, end), rolled_up=True)
    if not created:
        rows, hours = owned(tenant_id, day=EVERY_DAY), owned(tenant_id, field=HOUR)
        return Partition(everything, alone, gone, rows, hours, is_all_time=True)
    cut = [(start, stop) for start, stop in ((created_from, begin), (end, created_to)) if start != stop]
    edges = [live(tenant_id, **created_between(*period), rolled_up=True) for period in cut]
    days = {"$gte": _day_of(begin)} if begin else {}
    days |= {"$lt": _day_of(end)} if end else {}
    rows, hours = owned(tenant_id, day=days), owned(tenant_id, day=days, field=HOUR)
    return Partition(everything, {"$or": [alone, *edges]} if edges else alone, gone, rows, hours)


def _day_of(midnight: datetime) -> int:
    return (midnight - EPOCH) // DAY


def _midnight_until(moment: datetime) -> datetime:
    """The last midnight that is not after the moment."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _midnight_from(moment: datetime) -> datetime:
    """The first midnight that is not before the moment."""
    midnight = _midnight_until(moment)
    return midnight if midnight == moment else midnight + DAY
