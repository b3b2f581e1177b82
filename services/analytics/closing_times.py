"""How long tickets take to be closed, exactly, from their history.

The rollups know how many took how long, to 4 %. So the bucket is known that holds a rank, and the exact time is read
from the receipts' index, which has them in order. Tickets that are not rolled up, and those of the days that a period
cuts, are put in between one by one.
"""

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from documents.database import Database, Row, Session
from documents.rolled_up_ticket import CLOSED_AFTER_INDEX, CREATED_INDEX, RolledUpTicket
from documents.ticket import StatusCategory, Ticket
from documents.ticket_history import TicketHistory
from documents.ticket_indexes import COUNTED_INDEX
from documents.ticket_rollup import EVERY_DAY, TicketRollup
from services.analytics.partition import CutDay, Partition, partition_of
from services.lists.cursors import time_limited
from services.rollups.closes import closes, last_closes
from services.rollups.rows import BUCKETS, CLOSED_AFTER, COUNTING, QUARTERS_A_DAY, bucket_of
from services.rollups.write import receipt_id
from services.statuses import in_category
from services.tenancy import Filter, owned
from services.tickets.filter import both

MAX_SINGLE = 5_000
"""Where more tickets are not rolled up, times are computed anew from the whole history."""
_TOOK, _CREATED = f"counted.{CLOSED_AFTER}", "counted.quarter"
_CLOSED = in_category(StatusCategory.CLOSED)


@dataclass(frozen=True, slots=True)
class TimeToClose:
    """From creation to the recorded change to a closed status, of the tickets that are closed now."""

    ticket_count: int
    median_seconds: float | None
    """None when no close was recorded."""
    p90_seconds: float | None


@dataclass(frozen=True, slots=True)
class _Times:
    """Times to close in milliseconds, of which most are known by their bucket alone."""

    buckets: Counter[int]
    """How many there are in each bucket."""
    more: Sequence[int]
    """Times that receipts of whole days do not tell, in order."""
    gone: Sequence[int]
    """Times that they tell, or that are among `more`, and must not count; in order."""


class ClosingTimes:
    """Computes one database's times to close."""

    def __init__(self, database: Database, *, max_milliseconds: int, max_single: int = MAX_SINGLE) -> None:
        self._database = database
        self._tickets = database.collection(Ticket)
        self._history = database.collection(TicketHistory)
        self._rows = database.collection(TicketRollup)
        self._receipts = database.collection(RolledUpTicket)
        self._limit = max_milliseconds
        self._max_single = max_single

    async def time_to_close(
        self, tenant_id: str, created_from: datetime | None, created_to: datetime | None, where: Filter | None = None
    ) -> TimeToClose:
        """Of the tickets created in the period: how many were closed, and the times that half and 90 % of them took.

        `where`: the query for a part of them.

        Raises:
            InvalidInputError: the period makes no sense.
            QueryTimeoutError: MongoDB did not finish in time.
        """
        rolled_up = self._database.transactional
        of = partition_of(tenant_id, created_from, created_to, rolled_up=rolled_up, where=where)
        async with time_limited(), self._database.at_this_moment() as session:
            times = await self._times(of, session)
            if times is None:
                found = self._tickets.aggregate(_every_time(of), session=session, maxTimeMS=self._limit)
                return _of_all(await found.to_list(1))
            count = times.buckets.total()
            if count == 0:
                return TimeToClose(0, None, None)
            median, p90 = [await self._at_rank(of, times, math.ceil(count * share), session) for share in (0.5, 0.9)]
        return TimeToClose(count, median / 1000, p90 / 1000)

    async def _times(self, of: Partition, session: Session) -> _Times | None:
        """None: too much is not in the rollups."""
        if (gone := await self._gone(of, session)) is None or (single := await self._single(of, session)) is None:
            return None
        buckets: Counter[int] = Counter()
        if of.whole_days is not None:
            for row in await self._rows.find({**of.whole_days, "field": CLOSED_AFTER}, session=session).to_list(None):
                buckets.update({int(bucket): count for bucket, count in row.get("buckets", {}).items()})
        for day in of.cut_days:
            single += await self._of_part(of, day, session)
        buckets.update(map(bucket_of, single))
        buckets.subtract(map(bucket_of, gone))
        return _Times(+buckets, sorted(single), sorted(gone))

    async def _single(self, of: Partition, session: Session) -> list[int] | None:
        """The times of tickets that are not in the rollups."""
        pipeline: list[Row] = [
            {"$match": of.single},
            {"$match": {"status": _CLOSED, "created_at": {"$type": "date"}}},
            {"$limit": self._max_single + 1},
            {"$project": {"external_id": 1, "created": {"$toLong": "$created_at"}}},
        ]
        found = self._tickets.aggregate(pipeline, session=session, hint=COUNTED_INDEX, maxTimeMS=self._limit)
        tickets = await found.to_list(None)
        if len(tickets) > self._max_single or not all(isinstance(each.get("external_id"), str) for each in tickets):
            return None
        names = [ticket["external_id"] for ticket in tickets]
        closed_at = await last_closes(self._history, of.tenant_id, names, session)
        took = [closed_at.get(ticket["external_id"], -math.inf) - ticket["created"] for ticket in tickets]
        return [int(time) for time in took if time >= 0]

    async def _gone(self, of: Partition, session: Session) -> list[int] | None:
        """The times of tickets that are in the rollups and must not."""
        if of.gone is None:
            return None
        found = self._tickets.find(of.gone, {"_id": 1}, session=session, hint=COUNTED_INDEX, max_time_ms=self._limit)
        tickets = await found.limit(self._max_single + 1).to_list(None)
        if len(tickets) > self._max_single:
            return None
        of_these = {"$in": [receipt_id(ticket["_id"]) for ticket in tickets]}
        receipts = self._receipts.find(owned(of.tenant_id, _id=of_these), {_TOOK: 1}, session=session)
        counted = [receipt["counted"] for receipt in await receipts.to_list(None)]
        return [each[CLOSED_AFTER] for each in counted if CLOSED_AFTER in each]

    async def _of_part(self, of: Partition, cut: CutDay, session: Session) -> list[int]:
        """The times of the tickets that are in the rollups and were created in a part of a day."""
        midnight = cut.day * QUARTERS_A_DAY
        created = {"$gte": midnight + cut.begin, "$lt": midnight + cut.end}
        pipeline: list[Row] = [
            {"$match": _receipts_of(of, created=created)},
            {"$group": {"_id": None, "times": {"$push": f"${_TOOK}"}}},
        ]
        found = self._receipts.aggregate(pipeline, session=session, hint=CREATED_INDEX, maxTimeMS=self._limit)
        return [time for row in await found.to_list(1) for time in row["times"]]

    async def _at_rank(self, of: Partition, times: _Times, rank: int, session: Session) -> int:
        """The time that so many, counted from 1, do not exceed."""
        buckets = sorted(times.buckets.items())
        number = next(place for place, total in enumerate(accumulate(count for _, count in buckets)) if total >= rank)
        bucket = buckets[number][0]
        rank -= sum(count for _, count in buckets[:number])
        more, gone = _within(bucket, times.more), _within(bucket, times.gone)
        # Of the receipts in this order, those before are too short whatever is put in, and those behind too long.
        before = max(0, rank - 1 - len(more))
        around = await self._receipts_from(of, bucket, before, rank + len(gone) - before, session)
        return next(
            time
            for time in sorted({*around, *more})
            if before + bisect_right(around, time) + bisect_right(more, time) - bisect_right(gone, time) >= rank
        )

    async def _receipts_from(self, of: Partition, bucket: int, skipped: int, count: int, session: Session) -> list[int]:
        """So many times of a bucket and of whole days, in order, after the first ones."""
        if of.whole_days is None:
            return []
        begin, end = _bounds(bucket)
        took = {"$gte": begin, "$lt": end}
        days = of.whole_days["day"]
        created = {} if days == EVERY_DAY else {"created": {bound: day * QUARTERS_A_DAY for bound, day in days.items()}}
        pipeline: list[Row] = [
            {"$match": _receipts_of(of, took=took, **created)},
            {"$sort": {_TOOK: 1}},
            {"$skip": skipped},
            {"$limit": count},
            {"$project": {"_id": 0, "time": f"${_TOOK}"}},
        ]
        found = self._receipts.aggregate(pipeline, session=session, hint=CLOSED_AFTER_INDEX, maxTimeMS=self._limit)
        return [row["time"] for row in await found.to_list(None)]


def _bounds(bucket: int) -> tuple[int, float]:
    """Where a bucket begins and ends."""
    return BUCKETS[bucket], BUCKETS[bucket + 1] if bucket + 1 < len(BUCKETS) else math.inf


def _within(bucket: int, times: Sequence[int]) -> Sequence[int]:
    """Those of the times, which are in order, that a bucket holds."""
    begin, end = _bounds(bucket)
    return times[bisect_left(times, begin) : bisect_left(times, end)]


def _receipts_of(of: Partition, *, took: Filter | None = None, created: Filter | None = None) -> Filter:
    wanted: Filter = {_TOOK: took or {"$gte": 0}} | ({_CREATED: created} if created else {})
    return owned(of.tenant_id, **{"_id.counting": COUNTING, **wanted})


def _every_time(of: Partition) -> list[Row]:
    """A pipeline on tickets: `{count, median, p90}`, the two in milliseconds from creation to the last recorded close.

    Tickets and history are joined by grouping their union, which reads each covering index once; a `$lookup` would
    seek once a ticket. MongoDB 6 has no `$percentile`: the times are sorted and the two ranks picked from an array,
    which takes about 16 MB of the server's memory for a million closed tickets.
    """
    moments = {"created_at": {"$max": "$created_at"}, "closed_at": {"$max": "$closed_at"}}
    return [
        {"$match": both(of.all_tickets, {"status": _CLOSED})},
        {"$project": {"_id": 0, "ticket": "$external_id", "created_at": 1}},
        {"$unionWith": {"coll": TicketHistory.Settings.name, "pipeline": closes(of.tenant_id)}},
        {"$group": {"_id": "$ticket", **moments}},
        {"$match": {"created_at": {"$type": "date"}, "closed_at": {"$type": "date"}}},
        {"$project": {"_id": 0, "time": {"$subtract": ["$closed_at", "$created_at"]}}},
        {"$match": {"time": {"$gte": 0}}},
        {"$sort": {"time": 1}},
        {"$group": {"_id": None, "count": {"$sum": 1}, "times": {"$push": "$time"}}},
        {"$project": {"_id": 0, "count": 1, "median": nearest_rank(0.5), "p90": nearest_rank(0.9)}},
    ]


def nearest_rank(share: float) -> Row:
    """The element of the sorted `times` below or at which this share of the `count` elements lies."""
    return {"$arrayElemAt": ["$times", {"$subtract": [{"$ceil": {"$multiply": ["$count", share]}}, 1]}]}


def _of_all(found: list[Row]) -> TimeToClose:
    """What the pipeline's one document says, or that there was none."""
    if not found:
        return TimeToClose(0, None, None)
    return TimeToClose(found[0]["count"], found[0]["median"] / 1000, found[0]["p90"] / 1000)
