"""What the history tells of whose tickets were, also of those that are not stored any more."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from pymongo import ASCENDING

from documents.database import Database, Row, Session
from documents.ticket import Ticket
from documents.ticket_history import TICKET_INDEX, HistoryAction, TicketHistory
from services.tenancy import owned

OLD_CUSTOMER, NEW_CUSTOMER = "changes.customer_id.old", "changes.customer_id.new"
_LOOKED_AT = 5_000
"""Rows of the history that are looked through at once."""


class Traces:
    """Reads one database's history."""

    def __init__(self, database: Database) -> None:
        self._tickets = database.collection(Ticket)
        self._history = database.collection(TicketHistory)

    async def names(self, tenant_id: str, customer_id: str | None) -> AsyncIterator[list[Any]]:
        """The external ids in a tenant's history, or those of rows that name a customer, some at a time."""
        named = [{"$eq": [f"${field}", {"$literal": customer_id}]} for field in (OLD_CUSTOMER, NEW_CUSTOMER)]
        is_told = {"$literal": True} if customer_id is None else {"$or": named}
        shown: Row = {"_id": 0, "ticket_id": 1, "is_told": is_told}
        rows = self._history.find(owned(tenant_id), shown, hint=TICKET_INDEX, batch_size=_LOOKED_AT)
        while some := await rows.to_list(_LOOKED_AT):
            if found := list(dict.fromkeys(row.get("ticket_id") for row in some if row["is_told"])):
                yield found

    async def stored(self, tenant_id: str, names: Sequence[Any], session: Session = None) -> dict[Any, Any]:
        """Those of these tickets that are stored, with their customers."""
        among = owned(tenant_id, external_id={"$in": list(names)})
        rows = await self._tickets.find(among, {"external_id": 1, "customer_id": 1}, session=session).to_list(None)
        return {row["external_id"]: row.get("customer_id") for row in rows}

    async def long_gone(
        self, tenant_id: str, names: Sequence[Any], before: datetime, session: Session = None
    ) -> list[Any]:
        """Those of these tickets that are not stored, and of which nothing tells of a deletion since a moment: one that
        came back may have been deleted again."""
        stored = await self.stored(tenant_id, names, session)
        purged = [name for name in names if name not in stored]
        since = owned(
            tenant_id,
            action=HistoryAction.DELETED.value,
            ticket_id={"$in": purged},
            recorded_at={"$gte": before},
        )
        lately = await self._history.distinct("ticket_id", since, session=session)
        return [name for name in purged if name not in lately]

    async def last_customers(self, tenant_id: str, names: Sequence[Any], session: Session = None) -> dict[Any, Any]:
        """Whose these tickets were at the end, as far as their history tells."""
        telling = owned(tenant_id, ticket_id={"$in": list(names)}, **{"changes.customer_id": {"$type": "object"}})
        rows = self._history.find(telling, {"ticket_id": 1, "changes.customer_id": 1}, session=session)
        last: defaultdict[Any, Any] = defaultdict(lambda: None)
        async for row in rows.sort("recorded_at", ASCENDING):
            change = row["changes"]["customer_id"]
            last[row["ticket_id"]] = change.get("old") if change.get("new") is None else change["new"]
        return dict(last)
