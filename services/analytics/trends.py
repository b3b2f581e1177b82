"""Analytics beyond the fixed statistics: trends, customers, and how long tickets take to be closed.

Each is one command, computed by MongoDB; counts and trends are answered from covering indexes.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo.errors import OperationFailure

from documents.database import Database, Row
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from services.analytics.trend_pipelines import (
    CountedField,
    CustomerOrder,
    TrendUnit,
    closing_times,
    customer_counts,
    customer_index,
    trend_buckets,
)
from services.errors import InvalidInputError
from services.kit.clock import Clock
from services.lists.cursors import time_limited
from services.tenancy import live, owned
from services.tickets.filter import created_between

MAX_MILLISECONDS = 5_000
MAX_BUCKETS = 1_000
MAX_CUSTOMERS = 100
UNKNOWN_TIME_ZONE = 40485
_TIME_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]{0,63}|[+-](0[0-9]|1[0-4]):[0-5][0-9]")
_LENGTHS = {TrendUnit.HOUR: timedelta(hours=1), TrendUnit.DAY: timedelta(days=1), TrendUnit.WEEK: timedelta(weeks=1)}
_USUAL_BUCKETS = {TrendUnit.HOUR: 24, TrendUnit.DAY: 30, TrendUnit.WEEK: 12}


@dataclass(frozen=True, slots=True)
class TrendBucket:
    """The tickets created in one hour, day or week."""

    start: datetime
    count: int
    counts: list[tuple[str, int]]
    """By the value of the field that was asked for, most tickets first; only values that occur."""


@dataclass(frozen=True, slots=True)
class CustomerCount:
    """One customer's tickets in the period."""

    customer_id: str
    ticket_count: int
    share: float
    """Of all tickets of the period, from 0 to 1, with 3 decimals."""
    high_urgency_count: int
    negative_count: int
    not_closed_count: int


@dataclass(frozen=True, slots=True)
class TimeToClose:
    """From creation to the recorded change of status to closed, of the tickets that are closed now."""

    ticket_count: int
    median_seconds: float | None
    """None when no close was recorded."""
    p90_seconds: float | None


class Analytics:
    """Computes analytics of one database's tickets."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._tickets = database.at_one_moment(Ticket)
        self._history = database.collection(TicketHistory)
        self._clock = clock

    async def trend(
        self,
        tenant_id: str,
        *,
        unit: TrendUnit,
        created_from: datetime | None = None,
        created_to: datetime | None = None,
        time_zone: str = "UTC",
        breakdown: CountedField | None = None,
    ) -> list[TrendBucket]:
        """Tickets created per unit, oldest first, empty units included; units begin by the clock of `time_zone`.

        The period ends now and has 24 hours, 30 days or 12 weeks unless told otherwise; its first and last unit
        count only what lies in the period. Weeks begin on Monday.

        Raises:
            InvalidInputError: the period makes no sense or has more than 1,000 units, or the time zone is unknown.
            QueryTimeoutError: MongoDB did not finish within 5 s.
        """
        created_between(created_from, created_to)
        end = created_to or self._clock.now()
        start = created_from or end - _USUAL_BUCKETS[unit] * _LENGTHS[unit]
        period = created_between(start, end)
        if (end - start) / _LENGTHS[unit] > MAX_BUCKETS:
            raise InvalidInputError(f"A trend has at most {MAX_BUCKETS} units; take a shorter period or a longer unit.")
        if not _TIME_ZONE.fullmatch(time_zone):
            raise InvalidInputError("The time zone must be a name such as Europe/Paris, or an offset such as +02:00.")
        pipeline = trend_buckets(live(tenant_id, **period), start, end, unit, time_zone, breakdown)
        try:
            rows = await self._run(pipeline)
        except OperationFailure as error:
            if error.code == UNKNOWN_TIME_ZONE:
                raise InvalidInputError(f"There is no time zone {time_zone!r}.") from error
            raise
        return [TrendBucket(row["start"], row["count"], _counts(row["counts"])) for row in rows]

    async def customers(
        self,
        tenant_id: str,
        *,
        order: CustomerOrder,
        first: int,
        created_from: datetime | None = None,
        created_to: datetime | None = None,
    ) -> list[CustomerCount]:
        """The `first` customers by one of their counts, highest first.

        Raises:
            InvalidInputError: the period makes no sense, or `first` is not from 1 to 100.
            QueryTimeoutError: MongoDB did not finish within 5 s.
        """
        if not 1 <= first <= MAX_CUSTOMERS:
            raise InvalidInputError(f"Ask for 1 to {MAX_CUSTOMERS} customers.")
        where = live(tenant_id, **created_between(created_from, created_to))
        pipeline = customer_counts(self._tickets.name, where, order, first)
        rows = await self._run(pipeline, index=customer_index(order))
        return [CustomerCount(**row) for row in rows]

    async def time_to_close(
        self, tenant_id: str, *, created_from: datetime | None = None, created_to: datetime | None = None
    ) -> TimeToClose:
        """Median and 90th percentile over the tickets created in the period, exact, by nearest rank.

        A close is known as of the run that saw it. A ticket that was closed already when it was first ingested has
        no recorded change and does not count; of one that was closed several times the last time counts.

        Raises:
            InvalidInputError: the period makes no sense.
            QueryTimeoutError: MongoDB did not finish within 5 s.
        """
        where = live(tenant_id, **created_between(created_from, created_to))
        pipeline = closing_times(owned(tenant_id), where, self._history.name)
        rows = await self._run(pipeline)
        if not rows:
            return TimeToClose(0, None, None)
        return TimeToClose(rows[0]["count"], rows[0]["median"] / 1000, rows[0]["p90"] / 1000)

    async def _run(self, pipeline: list[Row], *, index: str | None = None) -> list[Row]:
        hint = {} if index is None else {"hint": index}
        async with time_limited():
            found = self._tickets.aggregate(pipeline, maxTimeMS=MAX_MILLISECONDS, **hint)
            rows: list[Row] = await found.to_list(None)
        return rows


def _counts(rows: list[Row]) -> list[tuple[str, int]]:
    return sorted(((str(row["value"]), row["count"]) for row in rows), key=lambda pair: (-pair[1], pair[0]))
