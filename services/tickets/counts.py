"""Counting tickets, and finding the place of a deep page, without walking there: both from the rollups.

That works for all tickets and for those with one value in one counted field. Like statistics, these functions count one
by one the tickets that are not rolled up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from documents.database import Database, Row
from documents.ticket import COUNTED_FIELDS, SPARSE_FIELDS, Ticket
from documents.ticket_indexes import COUNTED_INDEX, TAGGED_INDEX
from documents.ticket_rollup import EVERY_DAY, TicketRollup
from services.kit.clock import EPOCH
from services.lists.cursors import LIST_MILLISECONDS, time_limited
from services.rollups.rows import QUARTERS_A_DAY, TAG, TOTALS, UNKNOWN, quarters_since_epoch, rows_of_any
from services.rollups.write import NOT_ROLLED_UP, ROLLED_UP
from services.tenancy import Filter, deleted_of_any, live_of_any

Equal = Mapping[str, Mapping[str, Any]]
"""A counted field, or `tags`, and the condition on it; empty: all tickets."""
_TAGS = "tags"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a list of tickets, newest first."""

    total_count: int
    """Of the whole list."""
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
        groups = await self._sums(tenant_ids, equal, by="$tenant_id", rows_by="$tenant_id", rows={"day": EVERY_DAY})
        return dict.fromkeys(tenant_ids, 0) | {group["_id"]: group["single"] + group["rolled_up"] for group in groups}

    async def find_place(self, tenant_id: str, equal: Equal, offset: int) -> Place:
        """The place of the ticket that `offset` others precede; on whole days that precede it, nothing is walked.

        Raises:
            QueryTimeoutError: the database did not finish.
        """
        day = {"$toLong": {"$floor": {"$divide": [quarters_since_epoch("$created_at"), QUARTERS_A_DAY]}}}
        of_creation = {"$cond": [{"$eq": [{"$type": "$created_at"}, "date"]}, day, {"$type": "$created_at"}]}
        groups = await self._sums([tenant_id], equal, by=of_creation, rows_by="$day", rows={})
        total = sum(group["single"] + group["rolled_up"] * (group["_id"] == EVERY_DAY) for group in groups)
        days = {group["_id"]: group["single"] + group["rolled_up"] for group in groups}
        if {key for key in days if isinstance(key, str)} - {EVERY_DAY, "missing", "null"}:
            return Place(total, offset)  # values of other types may precede all dates
        before = 0
        for number in sorted((int(key) for key in days if not isinstance(key, str)), reverse=True):
            if before + days[number] > offset:
                not_from = _midnight_after(number)
                return Place(total, offset - before, not_from) if not_from else Place(total, offset)
            before += days[number]
        return Place(total, offset)

    async def _sums(self, tenant_ids: Sequence[str], equal: Equal, *, by: object, rows_by: str, rows: Row) -> list[Row]:
        """Tickets by an expression: `single` ones, and those `rolled_up`, of which `rows` of the rollups tell."""
        stored, value = next(iter(equal.items()), (TOTALS, None))
        field, index = (TAG, TAGGED_INDEX) if stored == _TAGS else (stored, COUNTED_INDEX)
        if value is not None:
            rows = rows | {"value": value}

        def summed(where: Filter, key: object, name: str, count: object) -> list[Row]:
            return [{"$match": where}, {"$group": {"_id": key, name: {"$sum": count}}}]

        gone = summed(deleted_of_any(tenant_ids, **equal, rolled_up=ROLLED_UP), by, "single", -1)
        rolled_up = summed(rows_of_any(tenant_ids, **rows, field=field), rows_by, "rolled_up", "$tickets")
        pipeline: list[Row] = [
            *summed(live_of_any(tenant_ids, **equal, rolled_up=NOT_ROLLED_UP), by, "single", 1),
            {"$unionWith": {"coll": Ticket.Settings.name, "pipeline": gone}},
            {"$unionWith": {"coll": TicketRollup.Settings.name, "pipeline": rolled_up}},
            {"$group": {"_id": "$_id", "single": {"$sum": "$single"}, "rolled_up": {"$sum": "$rolled_up"}}},
        ]
        async with time_limited():
            found = self._tickets.aggregate(pipeline, hint=index, maxTimeMS=LIST_MILLISECONDS)
            groups: list[Row] = await found.to_list(None)
        return groups


def is_countable(equal: Equal) -> bool:
    """Whether the rollups can tell how many tickets have these values, and no others."""
    if len(equal) != 1:
        return not equal
    [(field, condition)] = equal.items()
    if field == _TAGS:  # a ticket that has two of several tags would count twice
        return condition.keys() == {"$in"} and len(condition["$in"]) == 1
    if field not in COUNTED_FIELDS:
        return False
    listed = [condition.get(operator, ()) for operator in ("$in", "$nin")]
    has_no_row = field in SPARSE_FIELDS and listed[1]  # for tickets without a value
    return not has_no_row and not any(UNKNOWN in values for values in listed)


def _midnight_after(day: int) -> datetime | None:
    try:
        return EPOCH + timedelta(days=day + 1)
    except OverflowError:  # of a date that Python does not know
        return None
