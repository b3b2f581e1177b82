"""Giving tickets the terms that they are found by, where ingestion has not done so.

Other programs store tickets without terms, and change texts; earlier versions made other terms, or none. The terms are
made of what a transaction reads, so whoever changes the ticket meanwhile conflicts with it.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from pymongo import UpdateOne

from documents.database import Database, Row, Session
from documents.search_indexes import SEARCH_BACKLOG_INDEX
from documents.ticket import Ticket
from services.lists.cursors import LIST_MILLISECONDS, time_limited
from services.search.terms import INDEXED_CHARACTERS, MAX_LABELS, SEARCH_VERSION, SEARCHED_TEXTS, search_fields
from services.tenancy import Filter, owned, owned_by_any

INDEX_BATCH = 200
"""Tickets that get their terms in one transaction."""
_LARGEST_BYTES = 15 * 1024 * 1024
"""MongoDB stores at most 16 MB as one ticket."""
_OUTDATED: Row = {"$not": {"$gte": SEARCH_VERSION}}
"""Not what a later version has made: processes of two versions would make everything in turns."""


def _beginning(field: str) -> Row:
    """A text as far as it is searched, whatever is stored there and however large it is."""
    is_text = {"$eq": [{"$type": f"${field}"}, "string"]}
    return {"$cond": [is_text, {"$substrCP": [f"${field}", 0, INDEXED_CHARACTERS]}, ""]}


_READ: Row = {
    **dict.fromkeys(("tenant_id", "search_terms", "search_version"), 1),
    **{field: _beginning(field) for field in (*SEARCHED_TEXTS, "keyword_key")},
    "matched": {"$cond": [{"$isArray": "$matched"}, {"$slice": ["$matched", MAX_LABELS]}, []]},
    "is_unfit": {
        "$or": [
            # No index takes two lists of one ticket.
            *({"$isArray": f"${field}"} for field in ("tenant_id", "created_at", "deleted_at")),
            {"$gt": [{"$bsonSize": "$$ROOT"}, _LARGEST_BYTES]},
        ]
    },
}


class SearchIndex:
    """What one database's tickets are found by."""

    def __init__(self, database: Database) -> None:
        self._tickets = database.collection(Ticket)

    async def backlogs(self, tenant_ids: Sequence[str]) -> dict[str, int]:
        """How many tickets of each tenant no search can find yet, soft-deleted ones among them.

        Raises:
            QueryTimeoutError: the database did not finish.
        """
        pipeline: list[Row] = [
            {"$match": owned_by_any(tenant_ids, search_version=_OUTDATED)},
            {"$group": {"_id": "$tenant_id", "tickets": {"$sum": 1}}},
        ]
        async with time_limited():
            found = self._tickets.aggregate(pipeline, hint=SEARCH_BACKLOG_INDEX, maxTimeMS=LIST_MILLISECONDS)
            groups: list[Row] = await found.to_list(None)
        return dict.fromkeys(tenant_ids, 0) | {group["_id"]: group["tickets"] for group in groups}

    async def total_backlog(self, tenant_ids: Sequence[str], *, at_most: int, milliseconds: int) -> int:
        """The same of all of them together, counted up to `at_most`; the server is given so long."""
        if not tenant_ids:
            return 0
        outdated = owned_by_any(tenant_ids, search_version=_OUTDATED)
        return await self._tickets.count_documents(
            outdated, limit=at_most, hint=SEARCH_BACKLOG_INDEX, maxTimeMS=milliseconds
        )

    async def has_backlog(self, tenant_id: str, *, comment: str = "") -> bool:
        """Whether there are any."""
        outdated = owned(tenant_id, search_version=_OUTDATED)
        counted = self._tickets.count_documents(outdated, limit=1, hint=SEARCH_BACKLOG_INDEX, comment=comment)
        return await counted > 0

    async def index_next(self, tenant_id: str, *, at_most: int = INDEX_BATCH, session: Session = None) -> int:
        """Give the tenant's next tickets their terms; returns how many there were.

        `session`: that of the transaction in which it is done.
        """
        outdated = owned(tenant_id, search_version=_OUTDATED)
        found = self._tickets.find(outdated, _READ, hint=SEARCH_BACKLOG_INDEX, session=session)
        rows = [row | {"tenant_id": tenant_id} for row in await found.limit(at_most).to_list(None)]
        await self._write(rows, session)
        return len(rows)

    async def check(self, ticket_ids: Sequence[Any], *, session: Session = None) -> int:
        """Give those of the tickets other terms whose texts have changed; returns how many that were.

        `ticket_ids`: `_id`s. `session`: as in `index_next`.
        """
        if not ticket_ids:
            return 0
        pipeline: list[Row] = [{"$match": {"_id": {"$in": list(ticket_ids)}}}, {"$project": _READ}]
        rows = await self._tickets.aggregate(pipeline, session=session).to_list(None)
        ours = [row for row in rows if isinstance(tenant_id := row.get("tenant_id"), str) and tenant_id]
        return await self._write(ours, session)

    async def _write(self, rows: list[Row], session: Session) -> int:
        updates = await asyncio.to_thread(_updates, rows)  # a batch of long texts takes a while
        if updates:
            await self._tickets.bulk_write(updates, ordered=False, session=session)
        return len(updates)


def _updates(rows: list[Row]) -> list[UpdateOne]:
    """The writes for those of the tickets, read with `_READ`, that are found by something else than they should be."""
    updates = []
    for row in rows:
        fields = search_fields(row)
        if row["is_unfit"]:  # it is not found
            fields["search_terms"] = None
        if any(row.get(name) != value for name, value in fields.items()):
            updates.append(UpdateOne(_same(row), {"$set": fields}, hint="_id_"))
    return updates


def _same(row: Row) -> Filter:
    """The ticket, unless somebody has indexed it meanwhile: where there are no transactions, that may be."""
    return owned(row["tenant_id"], _id=row["_id"], search_version=row.get("search_version"))
