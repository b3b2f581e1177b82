"""What waits where: which destinations and tenants have something due, and the addressing of what pages wrote.

A page writes one row for an urgent ticket, in its transaction and without knowing any destination. Where the tenant
has destinations of its own, the row is addressed to the first of them before it is sent, and copied for each further
one; their ids follow from the row's, so that two processes that do it at once make the same rows.
"""

from collections.abc import Sequence

from pymongo import UpdateOne

from documents.database import Database, Row, Session
from documents.destination import Destination
from documents.notification import DEFAULT_DESTINATION, Notification, NotificationState
from documents.writes import Writes
from services.notifications.outbox import notification_id
from services.tenancy import owned

_PENDING = NotificationState.PENDING.value
_IS_DUE: Row = {"$expr": {"$lte": ["$due_at", "$$NOW"]}}
ADDRESSED_AT_ONCE = 500
_UNSEEN_DESTINATIONS: list[Row] = [
    {"$match": {"state": _PENDING, "ready_at": {"$exists": True}}},
    {"$sort": {"state": 1, "destination_id": 1, "ready_at": 1}},
    {"$group": {"_id": "$destination_id", "due": {"$first": "$ready_at"}}},
]
"""The destinations that are to be told of spikes, along the index `unseen`."""


class Lanes:
    """Looks through one database's pending notifications, along the index `lanes`: one step for each lane."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.collection(Notification)

    async def due_destinations(self) -> list[str]:
        """The destinations for which something is due; the default one also if it only has something pending."""
        groups = await self._rows.aggregate(
            [
                {"$match": {"state": _PENDING}},
                {"$sort": {"state": 1, "destination_id": 1, "tenant_id": 1, "due_at": 1}},
                {"$group": {"_id": "$destination_id", "due": {"$first": "$due_at"}}},
                {"$unionWith": {"coll": self._rows.name, "pipeline": _UNSEEN_DESTINATIONS}},
                # Each destination is one tenant's, so its first row is its next one; but not of the default one.
                {"$match": {"$expr": {"$or": [{"$eq": ["$_id", DEFAULT_DESTINATION]}, _first_is_due()]}}},
            ]
        ).to_list(None)
        return sorted({group["_id"] for group in groups if group["_id"] is not None})

    async def due_tenants(self, destination_id: str = DEFAULT_DESTINATION) -> list[str]:
        """The tenants that have something due at a destination."""
        groups = await self._rows.aggregate(
            [
                {"$match": {"state": _PENDING, "destination_id": destination_id}},
                {"$sort": {"state": 1, "destination_id": 1, "tenant_id": 1, "due_at": 1}},
                {"$group": {"_id": "$tenant_id", "due": {"$first": "$due_at"}}},
                {"$match": {"$expr": _first_is_due()}},
            ]
        ).to_list(None)
        return sorted(group["_id"] for group in groups)

    async def address(self, tenant_id: str, destinations: Sequence[Destination]) -> None:
        """Address what is due of a tenant and not addressed yet to all of its destinations, which are at least one.

        What is being sent at this moment stays where it is. One transaction for some of them: whoever erases a row
        meanwhile leaves no copy of it behind.
        """
        unaddressed = owned(tenant_id, destination_id=DEFAULT_DESTINATION, state=_PENDING, **_IS_DUE)
        first, *others = destinations

        async def work(session: Session) -> int:
            rows = await self._rows.find(unaddressed, session=session).limit(ADDRESSED_AT_ONCE).to_list(None)
            # The copies first: where there are no transactions, a crash repeats them, which their ids prevent.
            copies = [_addressed(row, destination) for row in rows for destination in others]
            made = [UpdateOne(owned(tenant_id, _id=row["_id"]), {"$setOnInsert": row}, upsert=True) for row in copies]
            to_first = {"$set": {"destination_id": first.id, "kind": first.format.value}}
            moved = [UpdateOne({"_id": row["_id"], **unaddressed}, to_first) for row in rows]
            await self._database.write(Writes(Notification, made), Writes(Notification, moved), session=session)
            return len(rows)

        while await self._database.in_transaction(work):
            pass


def _first_is_due() -> Row:
    return {"$lte": ["$due", "$$NOW"]}


def _addressed(row: Row, destination: Destination) -> Row:
    """A copy of a row that a page wrote, for one more destination."""
    key = notification_id(row["tenant_id"], row["ticket_id"], row["version"], destination.id)
    return {**row, "_id": key, "destination_id": destination.id, "kind": destination.format.value}
