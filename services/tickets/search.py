"""Tickets by how well they fit a search."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from documents.database import Database, Row
from documents.search_indexes import SEARCH_INDEX
from documents.ticket import Ticket
from services.errors import InvalidInputError
from services.lists.cursors import LIST_MILLISECONDS, Cursor, time_limited
from services.lists.keyset import Slice, Window, cut, read_rows
from services.search.leading import led_by_rarest
from services.search.places import RankedSpan, SearchPlace
from services.search.query import SearchQuery, parse_search
from services.search.ranking import RANKED_CHARACTERS, fit, found_words
from services.search.terms import SEARCHED_TEXTS
from services.tenancy import Filter, live
from services.tickets.filter import TicketFilter, condition
from services.tickets.ordering import NEWEST_FIRST
from services.tickets.record import PROJECTION, TicketRecord, to_record

RANKED_TICKETS = 500
"""So many of the newest matches are ranked; those that are older follow them, the newest first."""
_MOMENT = NEWEST_FIRST.moment


def _beginning_of(field: str) -> Row:
    is_text = {"$eq": [{"$type": f"${field}"}, "string"]}
    return {"$cond": [is_text, {"$substrCP": [f"${field}", 0, RANKED_CHARACTERS]}, ""]}


_RANKED = {_MOMENT: 1, "subject": 1, **{field: _beginning_of(field) for field in ("message", "replies")}}


@dataclass(frozen=True, slots=True)
class RelevantTicket:
    """A ticket that a search has found."""

    ticket: TicketRecord
    words: list[str]
    """What of its texts was found, as it stands there."""
    place: SearchPlace


class Search:
    """Searches one database's tickets, never another tenant's and never a soft-deleted one."""

    def __init__(self, database: Database, *, ranked: int = RANKED_TICKETS) -> None:
        """`ranked`: how many of the newest matches are ranked."""
        self._tickets = database.collection(Ticket)
        self._ranked = ranked

    async def by_relevance(self, tenant_id: str, wanted: TicketFilter, window: Window) -> Slice[RelevantTicket]:
        """A stretch of the matching tickets, the best fit first, along cursors made by `place`.

        Raises:
            InvalidInputError: the filter makes no sense, or has no `q`.
            InvalidCursorError: a cursor is none of this list.
            QueryTimeoutError: the database did not finish.
        """
        if wanted.q is None:
            raise InvalidInputError("says what to search for; it is needed.", argument="q")
        query = parse_search(wanted.q)
        where = await led_by_rarest(self._tickets, tenant_id, condition(tenant_id, wanted))
        after, before = _decoded(window.after), _decoded(window.before)
        known = after or before
        if after is not None and after.fit is None:
            listing = _Listing([], after.span, start=after.own)
        else:
            listing = await self._listing(query, where, known.span if known else None)
        found = await self._stretch(where, listing, after, before, window)
        return Slice(await self._shown(tenant_id, query, found.items), found.has_more)

    async def _listing(self, query: SearchQuery, where: Filter, span: RankedSpan | None) -> "_Listing":
        """The ranked beginning of a list; without a span, of a new one."""
        matches = where if span is None else _within(span, where)
        newest = self._tickets.find(matches, _RANKED, hint=SEARCH_INDEX, max_time_ms=LIST_MILLISECONDS)
        async with time_limited():
            rows = await newest.sort(NEWEST_FIRST.sort).limit(self._ranked + 1).to_list(None)
        if span is None and rows:
            oldest = _place_of(rows[self._ranked - 1]) if len(rows) > self._ranked else None
            span = RankedSpan(_place_of(rows[0]), oldest)
        if span is None:
            return _Listing([], None)
        return _Listing(await asyncio.to_thread(_ranked, query, rows[: self._ranked], span), span)

    async def _stretch(
        self, where: Filter, listing: "_Listing", after: SearchPlace | None, before: SearchPlace | None, window: Window
    ) -> Slice[SearchPlace]:
        """The window, which may begin in the ranked part of the list and end in the rest."""
        ranked = listing.between(after, before)
        if window.from_end:
            rest = await self._rest(where, listing, before, window)
            room = window.limit - len(rest.items)
            items = [*ranked[max(0, len(ranked) - room) :], *rest.items]
            return Slice(items, rest.has_more or len(ranked) > room)
        if len(ranked) > window.limit:
            return Slice(ranked[: window.limit], has_more=True)
        rest = await self._rest(where, listing, before, replace(window, limit=window.limit - len(ranked)))
        return Slice([*ranked, *rest.items], rest.has_more)

    async def _rest(
        self, where: Filter, listing: "_Listing", before: SearchPlace | None, window: Window
    ) -> Slice[SearchPlace]:
        """A stretch of the matches that are not ranked, the newest first."""
        span = listing.span
        if span is None or span.oldest is None or (before is not None and before.fit is not None):
            return Slice([], has_more=False)
        part = replace(window, after=listing.start or span.oldest, before=None if before is None else before.own)
        rows = await read_rows(self._tickets, where, _MOMENT, part, {_MOMENT: 1}, SEARCH_INDEX)
        return cut(rows, part).map(lambda row: SearchPlace(_place_of(row), None, span))

    async def _shown(self, tenant_id: str, query: SearchQuery, places: Sequence[SearchPlace]) -> list[RelevantTicket]:
        by_id = {place.own.row_id: place for place in places}
        same = live(tenant_id, _id={"$in": list(by_id)})
        found = self._tickets.find(same, PROJECTION, hint="_id_", max_time_ms=LIST_MILLISECONDS)
        async with time_limited():
            tickets = {row["_id"]: to_record(row) for row in await found.to_list(None)}
        shown = [(tickets[row_id], place) for row_id, place in by_id.items() if row_id in tickets]
        return await asyncio.to_thread(
            lambda: [
                RelevantTicket(ticket, found_words(query, ticket.subject, ticket.message, ticket.replies), place)
                for ticket, place in shown
            ]
        )


def place(found: RelevantTicket) -> Cursor:
    """The ticket's place in the list by relevance."""
    return found.place.encode()


@dataclass(frozen=True, slots=True)
class _Listing:
    """The beginning of a list by relevance."""

    ranked: list[SearchPlace]
    """The best fit first; of those that fit equally well, the newest."""
    span: RankedSpan | None
    """None: nothing matches."""
    start: Cursor | None = None
    """Where the rest of the list begins, if not behind the span."""

    def between(self, after: SearchPlace | None, before: SearchPlace | None) -> list[SearchPlace]:
        """The ranked ones behind one place and before another; the two are ranked, or in the rest of the list."""
        start = 0 if after is None else self._position(after, behind=True)
        end = len(self.ranked) if before is None or before.fit is None else self._position(before, behind=False)
        return self.ranked[start:end]

    def _position(self, place: SearchPlace, *, behind: bool) -> int:
        """How many precede it, and itself if `behind`; it may no longer be there."""
        for position, each in enumerate(self.ranked):
            if each.own.row_id == place.own.row_id:
                return position + behind
        return sum(_precedes(each, place) for each in self.ranked)


def _decoded(cursor: Cursor | None) -> SearchPlace | None:
    return None if cursor is None else SearchPlace.decode(cursor)


def _precedes(one: SearchPlace, other: SearchPlace) -> bool:
    if one.fit != other.fit:
        return (one.fit or 0) > (other.fit or 0)
    return _sortable(one.own.moment) >= _sortable(other.own.moment)


def _sortable(moment: datetime | float | None) -> float:
    return moment.timestamp() if isinstance(moment, datetime) else -math.inf


def _within(span: RankedSpan, where: Filter) -> Filter:
    """The query for the matches that are in the span, its ends included.

    One range of the index; what shares its moment with an end is told apart by expressions, as a list of alternatives
    would become as many walks along the whole index.
    """
    newest, oldest = span.newest, span.oldest
    moments: Row = {_MOMENT: None} if newest.moment is None else {_MOMENT: {"$not": {"$gt": newest.moment}}}
    if oldest is not None and oldest.moment is not None:
        moments = {_MOMENT: {"$lte": newest.moment, "$gte": oldest.moment}}
    beyond = [_beyond_end(newest, "$gt"), *([] if oldest is None else [_beyond_end(oldest, "$lt")])]
    return {"$and": [where, moments, {"$expr": {"$not": [{"$or": beyond}]}}]}


def _beyond_end(end: Cursor, operator: str) -> Row:
    same_moment = {"$eq": [{"$ifNull": [f"${_MOMENT}", None]}, end.moment]}
    return {"$and": [same_moment, {operator: ["$_id", {"$literal": end.row_id}]}]}


def _ranked(query: SearchQuery, rows: list[Row], span: RankedSpan) -> list[SearchPlace]:
    """The places of matches, of which the newest comes first."""
    fits = [fit(query, *(_text_of(row, field) for field in SEARCHED_TEXTS)) for row in rows]
    places = [SearchPlace(_place_of(row), each, span) for row, each in zip(rows, fits, strict=True)]
    return sorted(places, key=lambda place: -(place.fit or 0))


def _place_of(row: Row) -> Cursor:
    moment = row.get(_MOMENT)
    return Cursor(moment if isinstance(moment, datetime) else None, row["_id"])


def _text_of(row: Row, field: str) -> str:
    text = row.get(field)
    return text if isinstance(text, str) else ""
