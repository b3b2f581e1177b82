"""Rollups: counts of tickets that no longer have to be counted one by one.

    counted one by one  --(a) roll up-->  rolled up  --(b) take back-->  counted one by one

(a) Many tickets at once, in the background, when a tenant has enough of them to pay for it. (b) Whoever changes or
deletes a ticket, in the same transaction; for other programs, who know nothing of this, whoever notices it.

Each step is one transaction over the ticket's mark, its receipt and the rows, so that every ticket is counted exactly
once at every moment. Two who touch the same ticket conflict, and one of them tries again on what the other has left.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from pymongo import DeleteMany, UpdateOne

from documents.database import Database, Row, Session
from documents.rolled_up_ticket import RolledUpTicket
from documents.ticket import COUNTED_FIELDS, StatusCategory, Ticket
from documents.ticket_history import TicketHistory
from documents.ticket_indexes import COUNTED_INDEX
from documents.ticket_rollup import TicketRollup
from services.kit.clock import EPOCH
from services.rollups.closes import last_closes
from services.rollups.lives import Lives
from services.rollups.rows import COUNTED_PROJECTION, COUNTING, additions, counted_as, negated, sum_rows
from services.statuses import category_of
from services.tenancy import BY_ID, deleted, deleted_of_any, live, live_of_any, owned

ROLL_UP_BATCH = 400
"""Tickets rolled up in one transaction, which takes about 0.3 s."""
ROLLED_UP = COUNTING
"""The mark of a ticket that is in the rollups."""
NOT_ROLLED_UP: Row = {"$ne": ROLLED_UP}
LIFE_IS_OVER = f"{COUNTING} over"
"""The mark of a deleted ticket whose life is in the rollups, as far as that has come."""
LIFE_NOT_OVER: Row = {"$ne": LIFE_IS_OVER}
_OTHER_TYPES = ["number", "bool", "object", "array", "binData", "objectId", "regex", "timestamp", "minKey", "maxKey"]
_ORDINARY: Row = {
    **{
        name: {"$not": {"$type": [*_OTHER_TYPES, "date"]}}
        for name in (*COUNTED_FIELDS, "keyword_key", "customer_id", "external_id")
    },
    "created_at": {"$not": {"$type": [*_OTHER_TYPES, "string"]}},
}
"""Tickets with values of types that no help desk uses are not rolled up: a query for a text would not find a number
under the same name, but would find the text inside of an array."""

_IS_DELETED = {"$and": [{"$eq": [{"$type": "$deleted_at"}, "date"]}, {"$gt": ["$deleted_at", EPOCH]}]}
_CHECKED = {**COUNTED_PROJECTION, "tenant_id": 1, "is_deleted": _IS_DELETED}


class Rollups:
    """Writes one database's rollups. On a server without transactions there are none to write."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tickets = database.collection(Ticket)
        self._history = database.collection(TicketHistory)
        self._receipts = database.collection(RolledUpTicket)
        self._rows = database.collection(TicketRollup)
        self._lives = Lives(database)

    async def backlog(self, tenant_id: str, *, limit: int, comment: str = "") -> int:
        """How many tickets are looked at one by one, live and deleted; of either it looks no further than `limit`."""
        alone = live(tenant_id, rolled_up=NOT_ROLLED_UP), deleted(tenant_id, rolled_up=LIFE_NOT_OVER)
        counts = [await self._tickets.count_documents(where, limit=limit, comment=comment) for where in alone]
        return sum(counts)

    async def total_backlog(self, tenant_ids: Sequence[str], *, at_most: int, milliseconds: int) -> int:
        """The same of all these tenants together, counted up to `at_most`; the server is given so long for either."""
        if not tenant_ids:
            return 0
        alone = (
            live_of_any(tenant_ids, rolled_up=NOT_ROLLED_UP),
            deleted_of_any(tenant_ids, rolled_up=LIFE_NOT_OVER),
        )
        counts = [
            await self._tickets.count_documents(where, limit=at_most, hint=COUNTED_INDEX, maxTimeMS=milliseconds)
            for where in alone
        ]
        return min(at_most, sum(counts))

    async def roll_up(self, tenant_id: str, *, at_most: int = ROLL_UP_BATCH, session: Session = None) -> int:
        """Roll up the next tickets, the oldest first, and then the lives of deleted ones; returns how many there were.

        `session`: that of the transaction in which it is done; without one, it is done in a transaction of its own.
        """

        async def work(session: Session) -> int:
            tickets = await self._next(live(tenant_id, rolled_up=NOT_ROLLED_UP, **_ORDINARY), at_most, session)
            if tickets:
                await self._count(tenant_id, tickets, session)
            if len(tickets) == at_most:
                return at_most
            gone = deleted(tenant_id, rolled_up=LIFE_NOT_OVER, **_ORDINARY)
            over = await self._next(gone, at_most - len(tickets), session)
            await self._end(tenant_id, over, session)
            return len(tickets) + len(over)

        return await (work(session) if session is not None else self._database.in_transaction(work))

    async def _next(self, where: Row, at_most: int, session: Session) -> list[Row]:
        pipeline: list[Row] = [{"$match": where}, {"$limit": at_most}, {"$project": COUNTED_PROJECTION}]
        return await self._tickets.aggregate(pipeline, session=session, hint=COUNTED_INDEX).to_list(None)

    async def _count(self, tenant_id: str, tickets: Sequence[Row], session: Session) -> None:
        """Put live tickets into the rollups."""
        ids = [row["_id"] for row in tickets]
        counted = await self._counted(tenant_id, tickets, session)
        receipts: list[Row] = [
            {"_id": receipt_id(ticket_id), "tenant_id": tenant_id, "counted": each}
            for ticket_id, each in zip(ids, counted, strict=True)
        ]
        await self._mark(tenant_id, ids, ROLLED_UP, session)
        await self._receipts.insert_many(receipts, session=session)
        # In a thread: it takes some 30 ms of computing, in which this process has requests to answer.
        await self._rows.bulk_write(await asyncio.to_thread(_additions, tenant_id, counted), session=session)
        await self._lives.settle(tenant_id, tickets, session)

    async def _end(self, tenant_id: str, tickets: Sequence[Row], session: Session) -> None:
        """Put the lives of deleted tickets into the rollups, and take the tickets themselves out."""
        ids = [row["_id"] for row in tickets]
        await self.take_back(tenant_id, ids, session)
        await self._lives.settle(tenant_id, tickets, session)
        if ids:
            await self._mark(tenant_id, ids, LIFE_IS_OVER, session)

    async def _mark(self, tenant_id: str, ticket_ids: Sequence[Any], mark: str, session: Session) -> None:
        among = owned(tenant_id, _id={"$in": ticket_ids})
        await self._tickets.update_many(among, {"$set": {"rolled_up": mark}}, session=session, hint=BY_ID)

    async def take_back(self, tenant_id: str, ticket_ids: Sequence[Any], session: Session) -> int:
        """Take those of the tickets that are rolled up out of the rollups; returns how many. `ticket_ids`: `_id`s."""
        if not ticket_ids:
            return 0
        among = owned(tenant_id, _id={"$in": [receipt_id(ticket_id) for ticket_id in ticket_ids]})
        receipts = await self._receipts.find(among, session=session).to_list(None)
        if not receipts:
            return 0
        await self._unmark(tenant_id, [receipt["_id"]["ticket"] for receipt in receipts], session)
        await self._receipts.delete_many(among, session=session)
        rows = negated(sum_rows(receipt["counted"] for receipt in receipts))
        await self._rows.bulk_write(additions(tenant_id, rows), session=session)
        return len(receipts)

    async def forget_lives(self, tenant_id: str, names: Sequence[Any], session: Session) -> int:
        """Take all out of the rollups that they tell of the past of these tickets (external ids), which are erased
        together with their history; returns of how many they told. The tickets are taken back besides."""
        return await self._lives.erase(tenant_id, names, session)

    async def check(self, ticket_ids: Sequence[Any], *, session: Session = None) -> int:
        """Take back whatever other programs have changed of these tickets; returns how many.

        `ticket_ids`: `_id`s. `session`: as in `roll_up`.
        """
        if not ticket_ids:
            return 0
        marked_ones = {"_id": {"$in": list(ticket_ids)}, "rolled_up": ROLLED_UP}
        gone: list[Row] = [
            {"$match": {"_id": {"$in": list(ticket_ids)}, "deleted_at": {"$gt": EPOCH}, **_ORDINARY}},
            {"$project": _CHECKED},
        ]
        their_receipts = {"_id": {"$in": [receipt_id(ticket_id) for ticket_id in ticket_ids]}}

        async def work(session: Session) -> int:
            found = await self._receipts.find(their_receipts, session=session).to_list(None)
            receipts = [receipt | {"_id": receipt["_id"]["ticket"]} for receipt in found]
            marked = await self._tickets.aggregate(
                [{"$match": marked_ones}, {"$project": _CHECKED}], session=session
            ).to_list(None)
            current = await self._counted_now([row for row in marked if not row["is_deleted"]], session)
            right = {_key(receipt) for receipt in receipts if current.get(_key(receipt)) == receipt["counted"]}
            for tenant_id, wrong in _by_tenant(receipt for receipt in receipts if _key(receipt) not in right):
                await self.take_back(tenant_id, [receipt["_id"] for receipt in wrong], session)
            # Tickets that are marked without being rolled up: copied so, or moved to another tenant.
            for tenant_id, wrong in _by_tenant(row for row in marked if _key(row) not in right):
                await self._unmark(tenant_id, [row["_id"] for row in wrong], session)
            for tenant_id, unchanged in _by_tenant(row for row in marked if _key(row) in right):
                await self._lives.settle(tenant_id, unchanged, session)
            for tenant_id, over in _by_tenant(await self._tickets.aggregate(gone, session=session).to_list(None)):
                await self._end(tenant_id, over, session)
            await self._lives.forget(ticket_ids, session)
            return len(receipts) - len(right)

        return await (work(session) if session is not None else self._database.in_transaction(work))

    async def _counted(self, tenant_id: str, tickets: Sequence[Row], session: Session) -> list[Row]:
        """As what a tenant's tickets are counted now, one after the other."""
        closed = [row.get("external_id") for row in tickets if category_of(row.get("status")) is StatusCategory.CLOSED]
        closed_at = await last_closes(self._history, tenant_id, closed, session)
        return [counted_as(row, closed_at.get(str(row.get("external_id")))) for row in tickets]

    async def _counted_now(self, tickets: Iterable[Row], session: Session) -> dict[str, Row]:
        """As what tickets of whatever tenants are counted now, by `_key`."""
        found: dict[str, Row] = {}
        for tenant_id, rows in _by_tenant(tickets):
            found |= zip(map(_key, rows), await self._counted(tenant_id, rows, session), strict=True)
        return found

    async def _unmark(self, tenant_id: str, ticket_ids: Sequence[Any], session: Session) -> None:
        among = owned(tenant_id, _id={"$in": ticket_ids})
        await self._tickets.update_many(among, {"$unset": {"rolled_up": ""}}, session=session, hint=BY_ID)


def _additions(tenant_id: str, counted: Iterable[Row]) -> list[UpdateOne | DeleteMany]:
    return additions(tenant_id, sum_rows(counted))


def is_name(tenant_id: object) -> bool:
    """Whether it can name a tenant: other programs may have written anything."""
    return isinstance(tenant_id, str) and tenant_id != ""


def receipt_id(ticket_id: Any) -> Row:
    """The `_id` of a ticket's receipt."""
    return {"counting": COUNTING, "ticket": ticket_id}


def _key(row: Row) -> str:
    """Names a ticket; other programs may have chosen ids that are no keys of a dict."""
    return repr((row.get("tenant_id"), row["_id"]))


def _by_tenant(rows: Iterable[Row]) -> Iterable[tuple[str, list[Row]]]:
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if is_name(row.get("tenant_id")):
            found[row["tenant_id"]].append(row)
    return found.items()
