"""Counting tickets, and finding the place of a deep page, without walking there: both from the rollups.

That works for all tickets and for those with one value in one counted field. Like statistics, these functions count one
by one the tickets that are not rolled up.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from documents.database import Database, Row
from documents.ticket import Ticket
from documents.ticket_rollup import EVERY_DAY, TicketRollup
from services.queries import LIST_MILLISECONDS, time_limited
from services.rollup_rows import COUNTED_FIELDS, UNKNOWN, hours_since_epoch
from services.rollups import NOT_ROLLED_UP
from services.tenancy import EPOCH, Filter, deleted_of_any, live_of_any, owned_by_any

INDEX = "tenant_counted"
Equal = Mapping[str, str]
"""A counted field and its value; empty: all tickets."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a list of tickets, newest first."""

    offset: int
    """So many tickets are to be skipped,"""
    not_from: datetime | None = None
    """after those created then or later, which are not to be looked at. None: from the beginning of the list."""


class TicketCounts:
    """Counts one database's live tickets."""

    def __init__(self, database: Database) -> None:
        self._tickets = database.at_one_moment(Ticket)

    async def count(self, tenant_ids: Sequence[str], equal: Equal) -> dict[str, int]:
        """How many tickets each tenant has.

        Raises:
            QueryTimeoutError: the database did not finish.
        """
        groups = await self._sums(tenant_ids, equal, by="$tenant_id", row_by="$tenant_id", day=EVERY_DAY)
        return dict.fromkeys(tenant_ids, 0) | groups

    async def find_place(self, tenant_id: str, equal: Equal, offset: int) -> Place:
        """The place of the ticket that `offset` others precede; on whole days that precede it, nothing is walked.

        Raises:
            QueryTimeoutError: the database did not finish.
        """
        hour = hours_since_epoch("$created_at")
        day = {"$toLong": {"$floor": {"$divide": [hour, 24]}}}
        of_creation = {"$cond": [{"$eq": [{"$type": "$created_at"}, "date"]}, day, {"$type": "$created_at"}]}
        days = await self._sums([tenant_id], equal, by=of_creation, row_by="$day", day={"$type": "number"})
        if {key for key in days if isinstance(key, str)} - {"missing", "null"}:
            return Place(offset)  # values of other types may precede all dates
        before = 0
        for number in sorted((int(key) for key in days if not isinstance(key, str)), reverse=True):
            if before + days[number] > offset:
                return _place(offset, before, number)
            before += days[number]
        return Place(offset)

    async def _sums(
        self, tenant_ids: Iterable[str], equal: Equal, *, by: object, row_by: str, day: object
    ) -> dict[Any, int]:
        """The counts of tickets by an expression, and with them those of the rollups' rows for `day`."""
        tenant_ids = list(tenant_ids)
        field, value = next(iter(equal.items()), (COUNTED_FIELDS[0], None))
        rows = owned_by_any(tenant_ids, field=field, day=day, **({} if value is None else {"value": value}))

        def summed(where: Filter, key: object, count: object) -> list[Row]:
            return [{"$match": where}, {"$group": {"_id": key, "count": {"$sum": count}}}]

        gone = summed(deleted_of_any(tenant_ids, **equal, rolled_up=True), by, -1)
        pipeline: list[Row] = [
            *summed(live_of_any(tenant_ids, **equal, rolled_up=NOT_ROLLED_UP), by, 1),
            {"$unionWith": {"coll": Ticket.Settings.name, "pipeline": gone}},
            {"$unionWith": {"coll": TicketRollup.Settings.name, "pipeline": summed(rows, row_by, "$tickets")}},
            {"$group": {"_id": "$_id", "count": {"$sum": "$count"}}},
        ]
        async with time_limited():
            found = await self._tickets.aggregate(pipeline, hint=INDEX, maxTimeMS=LIST_MILLISECONDS).to_list(None)
        return {group["_id"]: group["count"] for group in found}


def is_countable(equal: Equal) -> bool:
    """Whether the rollups can tell how many tickets have these values, and no others."""
    return len(equal) <= 1 and set(equal) <= set(COUNTED_FIELDS) and UNKNOWN not in equal.values()


def _place(offset: int, before: int, day: int) -> Place:
    try:
        return Place(offset - before, EPOCH + timedelta(days=day + 1))
    except OverflowError:  # a date that Python does not know
        return Place(offset)
