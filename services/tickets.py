"""Reading tickets: by id, in pages, along a cursor, with their history."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from pymongo import DESCENDING

from documents.database import Database, Row
from documents.ticket import Sentiment, Ticket, Urgency
from documents.ticket_history import TicketHistory
from services.errors import InvalidInputError, TicketNotFoundError
from services.paging import Page
from services.queries import LIST_MILLISECONDS, Cursor, time_limited
from services.tenancy import Filter, live, owned

NEWEST_FIRST = [("created_at", DESCENDING), ("_id", DESCENDING)]
MAX_SEARCH_CHARACTERS = 200
MAX_OFFSET = 1_000_000


@dataclass(frozen=True, slots=True)
class TicketRecord:
    """A stored ticket as it is read: fields that another program left out are None or empty."""

    id: Any
    external_id: str
    tenant_id: str
    source: str | None
    customer_id: str | None
    subject: str
    message: str
    status: str | None
    urgency: str | None
    sentiment: str | None
    requires_action: bool
    created_at: datetime | None
    updated_at: datetime | None
    matched: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """Conditions on a tenant's tickets; None does not restrict. Times: from (inclusive) and to (exclusive)."""

    status: str | None = None
    urgency: Urgency | None = None
    sentiment: Sentiment | None = None
    source: str | None = None
    requires_action: bool | None = None
    customer_id: str | None = None
    q: str | None = None
    """Words that all have to occur in the subject or the message."""
    created_from: datetime | None = None
    created_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class TicketSlice:
    """A stretch of the list on one side of a cursor, in the list's order."""

    tickets: list[TicketRecord]
    has_more: bool
    """Whether the list goes on in the direction that was asked for."""


class Tickets:
    """Reads one database's tickets, never another tenant's and never a soft-deleted one."""

    def __init__(self, database: Database) -> None:
        self._tickets = database.collection(Ticket)
        self._history = database.collection(TicketHistory)

    async def get(self, tenant_id: str, external_id: str) -> TicketRecord:
        """One live ticket.

        Raises:
            TicketNotFoundError: the tenant has none with this id.
        """
        row = await self._tickets.find_one(live(tenant_id, external_id=external_id), _PROJECTION)
        if row is None:
            raise TicketNotFoundError(external_id)
        return to_record(row)

    async def page(self, tenant_id: str, wanted: TicketFilter, *, page: int, page_size: int) -> Page[TicketRecord]:
        """One numbered page, newest first.

        Raises:
            InvalidInputError: the page lies beyond the millionth ticket, or the filter makes no sense.
            QueryTimeoutError: the database did not finish.
        """
        offset = (page - 1) * page_size
        if offset > MAX_OFFSET:
            raise InvalidInputError("Pages beyond the millionth ticket are not served; use filters.")
        where = condition(tenant_id, wanted)
        cursor = self._tickets.find(where, _PROJECTION, max_time_ms=LIST_MILLISECONDS).sort(NEWEST_FIRST)
        async with time_limited():
            rows, total = await asyncio.gather(
                cursor.skip(offset).limit(page_size).to_list(page_size), self.count(tenant_id, wanted)
            )
        return Page([to_record(row) for row in rows], page, page_size, total)

    async def count(self, tenant_id: str, wanted: TicketFilter) -> int:
        """How many tickets match.

        Raises:
            QueryTimeoutError: the database did not finish.
        """
        async with time_limited():
            return await self._tickets.count_documents(condition(tenant_id, wanted), maxTimeMS=LIST_MILLISECONDS)

    async def slice(
        self,
        tenant_id: str,
        wanted: TicketFilter,
        *,
        limit: int,
        newest_first: bool = True,
        after: Cursor | None = None,
        before: Cursor | None = None,
        from_end: bool = False,
    ) -> TicketSlice:
        """The first `limit` tickets between two cursors, or the last ones with `from_end`.

        Raises:
            InvalidInputError: the filter makes no sense.
            QueryTimeoutError: the database did not finish.
        """
        where = condition(tenant_id, wanted)
        bounds = [
            _beyond(cursor, descending=newest_first is not (cursor is before))
            for cursor in (after, before)
            if cursor is not None
        ]
        if bounds:
            where = {"$and": [where, *bounds]}
        direction = -1 if newest_first is not from_end else 1
        cursor = self._tickets.find(where, _PROJECTION, max_time_ms=LIST_MILLISECONDS)
        async with time_limited():
            rows = (
                await cursor.sort([("created_at", direction), ("_id", direction)]).limit(limit + 1).to_list(limit + 1)
            )
        records = [to_record(row) for row in rows[:limit]]
        return TicketSlice(records[::-1] if from_end else records, has_more=len(rows) > limit)

    async def history(self, tenant_id: str, external_id: str, *, limit: int) -> list[Row]:
        """What happened to a ticket, newest first; also of a soft-deleted one.

        Raises:
            TicketNotFoundError: the tenant never had a ticket with this id.
        """
        cursor = self._history.find(owned(tenant_id, ticket_id=external_id)).sort(
            [("recorded_at", DESCENDING), ("_id", DESCENDING)]
        )
        rows = await cursor.limit(limit).to_list(limit)
        if not rows and await self._tickets.find_one(owned(tenant_id, external_id=external_id), {"_id": 1}) is None:
            raise TicketNotFoundError(external_id)
        return rows


def condition(tenant_id: str, wanted: TicketFilter) -> Filter:
    """The query for a filter: typed values only, never an operator that a client made.

    Raises:
        InvalidInputError: the dates are reversed, or the search has no word.
    """
    equal = {
        name: value
        for name in ("status", "urgency", "sentiment", "source", "requires_action", "customer_id")
        if (value := getattr(wanted, name)) is not None
    }
    created = created_between(wanted.created_from, wanted.created_to)
    search = {} if wanted.q is None else {"$text": {"$search": all_words(wanted.q)}}
    return live(tenant_id, **equal, **created, **search)


def created_between(start: datetime | None, end: datetime | None) -> Filter:
    """The condition on `created_at`: from `start` (inclusive) to `end` (exclusive).

    Raises:
        InvalidInputError: a date is naive, or the two are reversed.
    """
    if any(moment is not None and moment.tzinfo is None for moment in (start, end)):
        raise InvalidInputError("Dates need a time zone, for instance 2026-02-05T13:00:00Z.")
    if start is not None and end is not None and start > end:
        raise InvalidInputError("The end of the period lies before its start.")
    bounds = {operator: moment for operator, moment in (("$gte", start), ("$lt", end)) if moment is not None}
    return {"created_at": bounds} if bounds else {}


def all_words(q: str) -> str:
    """A text search that demands every word: each is quoted, so that none is an operator.

    Raises:
        InvalidInputError: the text is too long or holds no word.
    """
    words = re.findall(r"\w+", q)
    if not words or len(q) > MAX_SEARCH_CHARACTERS:
        raise InvalidInputError(f"A search needs at least one word and at most {MAX_SEARCH_CHARACTERS} characters.")
    return " ".join(f'"{word}"' for word in words)


def cursor_of(ticket: TicketRecord) -> Cursor:
    """The ticket's place in a list."""
    return Cursor(ticket.created_at, ticket.id)


def to_record(row: Mapping[str, Any]) -> TicketRecord:
    """A row as a record, whatever another program has left out of it."""
    return TicketRecord(
        id=row["_id"],
        external_id=row.get("external_id") or str(row["_id"]),
        tenant_id=row["tenant_id"],
        source=row.get("source"),
        customer_id=row.get("customer_id"),
        subject=row.get("subject") or "",
        message=row.get("message") or "",
        status=row.get("status"),
        urgency=row.get("urgency"),
        sentiment=row.get("sentiment"),
        requires_action=bool(row.get("requires_action")),
        created_at=row.get("created_at"),
        updated_at=row.get("updated_at"),
        matched=row.get("matched") or [],
    )


def _beyond(cursor: Cursor, *, descending: bool) -> Filter:
    """The rows behind a cursor. A ticket without `created_at` sorts as the oldest."""
    operator = "$lt" if descending else "$gt"
    same_moment = {"created_at": cursor.moment, "_id": {operator: cursor.row_id}}
    if cursor.moment is None:
        return same_moment if descending else {"$or": [same_moment, {"created_at": {"$ne": None}}]}
    branches: list[Filter] = [{"created_at": {operator: cursor.moment}}, same_moment]
    return {"$or": [*branches, {"created_at": None}] if descending else branches}


_PROJECTION = {"_id": 1} | {field.name: 1 for field in fields(TicketRecord) if field.name != "id"}
