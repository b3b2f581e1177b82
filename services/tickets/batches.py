"""Reading for many tickets or customers at once, so that nested fields cost one command and not one each."""

from collections.abc import Sequence

from documents.database import Database, Row
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from services.lists.cursors import LIST_MILLISECONDS, time_limited
from services.lists.keyset import Slice, Window, between_cursors, cut, sort_order
from services.tenancy import live, owned
from services.tickets.reading import MOMENT
from services.tickets.record import PROJECTION, TicketRecord, to_record


class TicketBatches:
    """Reads what belongs to several tickets or customers of one tenant."""

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

    async def of_customers(
        self, tenant_id: str, customer_ids: Sequence[str], window: Window
    ) -> dict[str, Slice[TicketRecord]]:
        """The same window of each customer's live tickets.

        One pipeline a customer, joined in one command: each reads `limit + 1` entries of the index, however many
        tickets the customer has.
        """
        pipelines = [self._of_customer(tenant_id, customer_id, window) for customer_id in customer_ids]
        joined = [{"$unionWith": {"coll": self._tickets.name, "pipeline": one}} for one in pipelines[1:]]
        async with time_limited():
            rows = await self._tickets.aggregate([*pipelines[0], *joined], maxTimeMS=LIST_MILLISECONDS).to_list(None)
        read: dict[str, list[Row]] = {customer_id: [] for customer_id in customer_ids}
        for row in rows:
            read[row["customer_id"]].append(row)
        return {customer_id: cut(own, window).map(to_record) for customer_id, own in read.items()}

    async def count_of_customers(self, tenant_id: str, customer_ids: Sequence[str]) -> dict[str, int]:
        """How many live tickets each customer has; 0 for those that have none."""
        pipeline: list[Row] = [
            {"$match": live(tenant_id, customer_id={"$in": list(customer_ids)})},
            {"$group": {"_id": "$customer_id", "count": {"$sum": 1}}},
        ]
        async with time_limited():
            groups = await self._tickets.aggregate(pipeline, maxTimeMS=LIST_MILLISECONDS).to_list(None)
        return dict.fromkeys(customer_ids, 0) | {group["_id"]: group["count"] for group in groups}

    @staticmethod
    def _of_customer(tenant_id: str, customer_id: str, window: Window) -> list[Row]:
        return [
            {"$match": between_cursors(live(tenant_id, customer_id=customer_id), MOMENT, window)},
            {"$sort": sort_order(MOMENT, window)},
            {"$limit": window.limit + 1},
            {"$project": PROJECTION},
        ]
