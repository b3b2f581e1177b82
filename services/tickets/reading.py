"""Reading tickets: by id, in pages, along a cursor, with their history."""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from bson import ObjectId
from pymongo import DESCENDING

from documents.database import Database, Row
from documents.search_indexes import SEARCH_INDEX
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from services.errors import InvalidInputError, TicketNotFoundError
from services.lists.cursors import LIST_MILLISECONDS, time_limited
from services.lists.keyset import Slice, Window, cut, parts_of, read_rows
from services.lists.numbered import Page
from services.search.leading import led_by_rarest
from services.tenancy import Filter, deleted, live, owned
from services.tickets.counting import counting
from services.tickets.counts import TicketCounts
from services.tickets.filter import TicketFilter, condition, created_between
from services.tickets.ordering import NEWEST_FIRST, Ordering
from services.tickets.record import PROJECTION, TicketRecord, to_record

MAX_OFFSET = 1_000_000
_INT64_DIGITS = 19
SEEK_FROM = 1_000
"""Walking to a page before this ticket takes less than looking for its place."""


class Tickets:
    """Reads one database's tickets, never another tenant's and never a soft-deleted one."""

    def __init__(self, database: Database, *, seek_from: int = SEEK_FROM) -> None:
        """`seek_from`: from this ticket on, numbered pages are looked up instead of walked to."""
        self._seek_from = seek_from
        self._tickets = database.collection(Ticket)
        self._at_one_moment = database.at_one_moment(Ticket)
        self._history = database.collection(TicketHistory)
        self._counts = TicketCounts(database)

    async def get(self, tenant_id: str, external_id: str) -> TicketRecord:
        """One live ticket, by its id upstream, or else by the `id` that lists show.

        Raises:
            TicketNotFoundError: the tenant has none with this id.
        """
        row = await self._tickets.find_one(live(tenant_id, external_id=external_id), PROJECTION)
        if row is None:
            row = await self._tickets.find_one(live(tenant_id, _id={"$in": _row_ids(external_id)}), PROJECTION)
        if row is None:
            raise TicketNotFoundError(external_id)
        return to_record(row)

    async def page(
        self, tenant_id: str, wanted: TicketFilter, *, page: int, page_size: int, order: Ordering = NEWEST_FIRST
    ) -> Page[TicketRecord]:
        """One numbered page.

        Raises:
            InvalidInputError: the page lies beyond the millionth ticket, or the filter makes no sense.
            QueryTimeoutError: the database did not finish.
        """
        offset = (page - 1) * page_size
        if offset > MAX_OFFSET:
            raise InvalidInputError("those beyond the millionth ticket are not served; use filters.", argument="page")
        async with time_limited():
            if order.urgencies:
                total, rows = await self._page_of_parts(tenant_id, order, wanted, offset, page_size)
            elif offset >= self._seek_from and wanted.is_countable and order is NEWEST_FIRST:
                place = await self._counts.find_place(tenant_id, wanted.by_field, offset)
                before = [] if place.not_from is None else [{order.moment: {"$not": {"$gte": place.not_from}}}]
                total = place.total_count
                rows = await self._rows(tenant_id, order, wanted, place.offset, page_size, *before)
            else:
                total, rows = await asyncio.gather(
                    self.count(tenant_id, wanted), self._rows(tenant_id, order, wanted, offset, page_size)
                )
        return Page([to_record(row) for row in rows], page, page_size, total)

    async def _page_of_parts(
        self, tenant_id: str, order: Ordering, wanted: TicketFilter, offset: int, limit: int
    ) -> tuple[int, list[Row]]:
        parts = order.parts(wanted)
        counts = await asyncio.gather(*(self.count(tenant_id, part) for part in parts))
        rows: list[Row] = []
        for part, count in zip(parts, counts, strict=True):
            if offset < count and len(rows) < limit:
                rows += await self._rows(tenant_id, order, part, offset, limit - len(rows))
            offset = max(0, offset - count)
        return sum(counts), rows

    async def _rows(
        self,
        tenant_id: str,
        order: Ordering,
        wanted: TicketFilter,
        offset: int,
        limit: int,
        *further: Filter,
    ) -> list[Row]:
        """Some rows of the list. Only the index is walked up to `offset`; what is skipped is not read."""
        where = await self._where(tenant_id, wanted, *further)
        index = order.index(wanted)
        skipped = self._tickets.find(where, {"_id": 1}, hint=index, max_time_ms=LIST_MILLISECONDS).sort(order.sort)
        ids = [row["_id"] for row in await skipped.skip(offset).limit(limit).to_list(limit)]
        same = live(tenant_id, _id={"$in": ids})
        found = self._tickets.find(same, PROJECTION, hint="_id_", max_time_ms=LIST_MILLISECONDS)
        by_id = {row["_id"]: row for row in await found.to_list(limit)}
        return [by_id[row_id] for row_id in ids if row_id in by_id]

    async def count(self, tenant_id: str, wanted: TicketFilter) -> int:
        """How many tickets match.

        Raises:
            QueryTimeoutError: the database did not finish.
        """
        created = created_between(wanted.created_from, wanted.created_to)
        where = await self._where(tenant_id, wanted)
        async with time_limited():
            if wanted.is_countable:
                return (await self._counts.count([tenant_id], wanted.by_field))[tenant_id]
            if wanted.q is not None:
                return await self._matching(where, SEARCH_INDEX)
            if wanted != TicketFilter(created_from=wanted.created_from, created_to=wanted.created_to):
                found = self._at_one_moment.aggregate(counting(tenant_id, wanted), maxTimeMS=LIST_MILLISECONDS)
                return sum([row["count"] async for row in found])
            # Without a condition on each of them, index entries are counted three times as fast.
            everything, gone = await asyncio.gather(
                self._matching(owned(tenant_id, **created)), self._matching(deleted(tenant_id, **created))
            )
        return everything - gone

    async def _where(self, tenant_id: str, wanted: TicketFilter, *further: Filter) -> Filter:
        return await led_by_rarest(self._tickets, tenant_id, condition(tenant_id, wanted, *further))

    async def _matching(self, where: Filter, index: str | None = None) -> int:
        options: dict[str, Any] = {} if index is None else {"hint": index}
        return await self._tickets.count_documents(where, maxTimeMS=LIST_MILLISECONDS, **options)

    async def slice(
        self,
        tenant_id: str,
        wanted: TicketFilter,
        window: Window,
        *,
        order: Ordering = NEWEST_FIRST,
        omit: Collection[str] = (),
    ) -> Slice[TicketRecord]:
        """A stretch of the list along its cursors, made by `order.place`. The fields to `omit` are not read: they are
        empty.

        Raises:
            InvalidInputError: the filter makes no sense.
            QueryTimeoutError: the database did not finish.
        """
        projection = {name: 1 for name in PROJECTION if name not in omit}
        parts = order.parts(wanted)
        read: list[Row] = []
        for number, stretch in parts_of(window, len(parts)):
            missing = replace(stretch, limit=window.limit - len(read))
            where, index = await self._where(tenant_id, parts[number]), order.index(parts[number])
            read += await read_rows(self._tickets, where, order.moment, missing, projection, index)
            if len(read) > window.limit:
                break
        return cut(read, window).map(to_record)

    async def history(self, tenant_id: str, external_id: str, *, limit: int) -> list[Row]:
        """What happened to a ticket, newest first; also of a soft-deleted one. Ids are those of `get`.

        Raises:
            TicketNotFoundError: the tenant never had a ticket with this id.
        """
        cursor = self._history.find(owned(tenant_id, ticket_id=external_id)).sort(
            [("recorded_at", DESCENDING), ("_id", DESCENDING)]
        )
        rows = await cursor.limit(limit).to_list(limit)
        if rows or await self._tickets.find_one(owned(tenant_id, external_id=external_id), {"_id": 1}) is not None:
            return rows
        listed = owned(tenant_id, _id={"$in": _row_ids(external_id)})
        named = await self._tickets.find_one(listed, {"external_id": 1})
        if named is None:
            raise TicketNotFoundError(external_id)
        if named.get("external_id") in (None, external_id):
            return []
        return await self.history(tenant_id, named["external_id"], limit=limit)


def _row_ids(text: str) -> list[Any]:
    """The `_id`s that are shown as this text: other programs may have chosen ids of their own."""
    ids: list[Any] = [text]
    if ObjectId.is_valid(text):
        ids.append(ObjectId(text))
    if text.isascii() and text.isdecimal() and len(text) < _INT64_DIGITS:
        ids.append(int(text))
    return ids
