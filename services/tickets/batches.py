"""Reading for many tickets or lists at once, so that nested fields cost one command and not one each."""

from collections.abc import Iterable, Iterator, Sequence

from documents.database import Database, Row
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from services.lists.cursors import LIST_MILLISECONDS, time_limited
from services.lists.keyset import Slice, Window, between_cursors, cut, parts_of, placed, sort_order
from services.tenancy import owned
from services.tickets.counting import counting
from services.tickets.filter import TicketFilter, condition
from services.tickets.ordering import Ordering
from services.tickets.record import PROJECTION, TicketRecord, to_record

_OF = "list_number"
"""Which of the lists that are read together a row is of."""


class TicketBatches:
    """Reads what belongs to several tickets, or several lists of tickets, of one tenant."""

    def __init__(self, database: Database) -> None:
        self._tickets = database.collection(Ticket)
        self._history = database.collection(TicketHistory)

    async def histories(self, tenant_id: str, external_ids: Sequence[str], *, limit: int) -> dict[str, list[Row]]:
        """The newest `limit` changes of each ticket that has any, newest first."""
        pipeline: list[Row] = [
            {"$match": owned(tenant_id, ticket_id={"$in": list(external_ids)})},
            {"$sort": {"ticket_id": 1, "recorded_at": -1, "_id": -1}},
            {"$group": {"_id": "$ticket_id", "rows": {"$firstN": {"n": limit, "input": "$$ROOT"}}}},
        ]
        async with time_limited():
            groups = await self._history.aggregate(pipeline, maxTimeMS=LIST_MILLISECONDS).to_list(None)
        return {group["_id"]: group["rows"] for group in groups}

    async def slices(
        self, tenant_id: str, lists: Sequence[TicketFilter], window: Window, order: Ordering
    ) -> dict[TicketFilter, Slice[TicketRecord]]:
        """The same window of each list.

        One pipeline a list (and part of it), joined in one command: each reads `limit + 1` entries of an index, however
        long the list is.

        Raises:
            InvalidInputError: a filter makes no sense.
            QueryTimeoutError: the database did not finish.
        """
        read: list[list[Row]] = [[] for _ in lists]
        async with time_limited():
            window = await placed(self._tickets, owned(tenant_id), order.moment, window)
        for row in await self._joined(
            pipeline
            for number, wanted in enumerate(lists)
            for pipeline in _stretches(tenant_id, wanted, window, order, number)
        ):
            read[row[_OF]].append(row)
        return {wanted: cut(own, window).map(to_record) for wanted, own in zip(lists, read, strict=True)}

    async def counts(self, tenant_id: str, lists: Sequence[TicketFilter]) -> dict[TicketFilter, int]:
        """How many tickets each list has.

        Raises:
            InvalidInputError: a filter makes no sense.
            QueryTimeoutError: the database did not finish.
        """
        found = await self._joined(
            [*counting(tenant_id, wanted), {"$set": {_OF: number}}] for number, wanted in enumerate(lists)
        )
        counts = [0] * len(lists)
        for row in found:
            counts[row[_OF]] += row["count"]
        return dict(zip(lists, counts, strict=True))

    async def _joined(self, pipelines: Iterable[list[Row]]) -> list[Row]:
        whole: list[Row] = []
        for pipeline in pipelines:
            whole += [{"$unionWith": {"coll": self._tickets.name, "pipeline": pipeline}}] if whole else pipeline
        if not whole:
            return []
        async with time_limited():
            rows: list[Row] = await self._tickets.aggregate(whole, maxTimeMS=LIST_MILLISECONDS).to_list(None)
        return rows


def _stretches(
    tenant_id: str, wanted: TicketFilter, window: Window, order: Ordering, number: int
) -> Iterator[list[Row]]:
    parts = order.parts(wanted)
    for part, stretch in parts_of(window, len(parts)):
        yield [
            {"$match": between_cursors(condition(tenant_id, parts[part]), order.moment, stretch)},
            {"$sort": sort_order(order.moment, window)},
            {"$limit": window.limit + 1},
            {"$project": PROJECTION},
            {"$set": {_OF: number}},
        ]
