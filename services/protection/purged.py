"""What the history tells of tickets that are not stored any more, and of customers that a ticket had before."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from pymongo import ASCENDING

from documents.database import Database, Row, Session
from documents.ticket import Ticket
from documents.ticket_history import TICKET_INDEX, TicketHistory
from services.kit.clock import Clock
from services.protection.removal import REMOVED_BATCH, Removal, Removed, name_of
from services.protection.steps import ErasureSteps, ErasureUnderWay
from services.tenancy import owned

_LOOKED_AT = 5_000
"""Rows of the history that are looked through at once."""
_OLD, _NEW = "changes.customer_id.old", "changes.customer_id.new"


class PurgedTickets:
    """Erases what only the history tells.

    Soft-deleted tickets are purged after a while, and their history stays. Of a tenant all of that goes; of a customer
    what is told of tickets that were theirs at the end, and from others their name.
    """

    def __init__(self, database: Database, removal: Removal, steps: ErasureSteps, clock: Clock) -> None:
        self._tickets = database.collection(Ticket)
        self._history = database.collection(TicketHistory)
        self._removal = removal
        self._steps = steps
        self._clock = clock

    async def of_tenant(self, work: ErasureUnderWay) -> bool:
        """Everything; returns whether it came to the end."""
        async for names in self._names(work.tenant_id, None):
            for some in _batches(names):
                if work.is_over():
                    return False

                async def step(session: Session, some: Sequence[Any] = some) -> Removed:
                    return await self._removal.told(work.tenant_id, some, self._clock.now(), session)

                await self._steps.make(work, step)
        return not work.is_over()

    async def of_customer(self, work: ErasureUnderWay) -> bool:
        """A customer's; returns whether it came to the end."""
        async for names in self._names(work.tenant_id, work.customer_id):
            for some in _batches(names):
                if work.is_over():
                    return False

                async def step(session: Session, some: Sequence[Any] = some) -> Removed:
                    return await self._forget_customer(work.tenant_id, work.customer_id, some, session)

                await self._steps.make(work, step)
        return not work.is_over()

    async def _names(self, tenant_id: str, customer_id: str | None) -> AsyncIterator[list[Any]]:
        """The external ids in the history, or those of rows that name the customer, some at a time."""
        is_told = {"$or": [{"$eq": [f"${field}", {"$literal": customer_id}]} for field in (_OLD, _NEW)]}
        shown: Row = {"_id": 0, "ticket_id": 1, "is_told": {"$literal": True} if customer_id is None else is_told}
        rows = self._history.find(owned(tenant_id), shown, hint=TICKET_INDEX, batch_size=_LOOKED_AT)
        while some := await rows.to_list(_LOOKED_AT):
            if found := list(dict.fromkeys(row.get("ticket_id") for row in some if row["is_told"])):
                yield found

    async def _forget_customer(
        self, tenant_id: str, customer_id: str, names: Sequence[Any], session: Session
    ) -> Removed:
        among = owned(tenant_id, external_id={"$in": list(names)})
        rows = await self._tickets.find(among, {"external_id": 1, "customer_id": 1}, session=session).to_list(None)
        stored = {row["external_id"]: row.get("customer_id") for row in rows}
        last = await self._last_customers(tenant_id, [name for name in names if name not in stored], session)
        theirs = [name for name, customer in last.items() if customer == customer_id]
        removed = await self._removal.told(tenant_id, theirs, self._clock.now(), session) if theirs else Removed()
        # A ticket that they have written since is theirs still.
        others = [name for name in names if name not in theirs and stored.get(name) != customer_id]
        for field in (_OLD, _NEW):
            naming = owned(tenant_id, ticket_id={"$in": others}, **{field: customer_id})
            done = await self._history.update_many(naming, {"$set": {field: None}}, session=session)
            removed[name_of(TicketHistory)] += done.modified_count
        return removed

    async def _last_customers(self, tenant_id: str, names: Sequence[Any], session: Session) -> dict[Any, Any]:
        """Whose these tickets were, as far as their history tells."""
        telling = owned(tenant_id, ticket_id={"$in": list(names)}, **{"changes.customer_id": {"$type": "object"}})
        rows = self._history.find(telling, {"ticket_id": 1, "changes.customer_id": 1}, session=session)
        last: defaultdict[Any, Any] = defaultdict(lambda: None)
        async for row in rows.sort("recorded_at", ASCENDING):
            change = row["changes"]["customer_id"]
            last[row["ticket_id"]] = change.get("old") if change.get("new") is None else change["new"]
        return dict(last)


def _batches(names: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (names[start : start + REMOVED_BATCH] for start in range(0, len(names), REMOVED_BATCH))
