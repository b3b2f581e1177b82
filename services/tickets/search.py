"""Tickets by relevance to a search."""

from dataclasses import dataclass

from documents.database import Database, Row
from documents.ticket import Ticket
from services.errors import InvalidInputError
from services.lists.cursors import LIST_MILLISECONDS, Cursor, time_limited
from services.lists.keyset import Slice, Window, between_cursors, cut, sort_order
from services.tickets.filter import TicketFilter, condition
from services.tickets.record import PROJECTION, TicketRecord, to_record


@dataclass(frozen=True, slots=True)
class RelevantTicket:
    """A ticket and how well it fits: MongoDB's text score, which is higher for rarer and more frequent matches."""

    ticket: TicketRecord
    score: float


class Search:
    """Searches one database's tickets, never another tenant's and never a soft-deleted one."""

    def __init__(self, database: Database) -> None:
        self._tickets = database.collection(Ticket)

    async def by_relevance(self, tenant_id: str, wanted: TicketFilter, window: Window) -> Slice[RelevantTicket]:
        """A stretch of the matching tickets, the best fit first, along cursors made by `place`.

        Every page computes and sorts the scores of all matches; but it hands over no more than the page.

        Raises:
            InvalidInputError: the filter makes no sense, or has no `q`.
            QueryTimeoutError: the database did not finish.
        """
        if wanted.q is None:
            raise InvalidInputError("There is nothing to search for.")
        pipeline: list[Row] = [
            {"$match": condition(tenant_id, wanted)},
            {"$project": {**PROJECTION, "score": {"$meta": "textScore"}}},
            {"$match": between_cursors({}, "score", window)},
            {"$sort": sort_order("score", window)},
            {"$limit": window.limit + 1},
        ]
        async with time_limited():
            read = await self._tickets.aggregate(pipeline, maxTimeMS=LIST_MILLISECONDS).to_list(None)
        return cut(read, window).map(lambda row: RelevantTicket(to_record(row), row["score"]))


def place(found: RelevantTicket) -> Cursor:
    """The ticket's place in the list by relevance."""
    return Cursor(found.score, found.ticket.id)
