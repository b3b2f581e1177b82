"""Notifications as others see them: lists and counts, and the way back from a dead letter."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pymongo import DESCENDING, ReturnDocument

from documents.database import Database, Row
from documents.destination import Destination
from documents.notification import DEFAULT_DESTINATION, UNSEEN, Notification, NotificationState, due_from
from services.errors import InvalidInputError, NotDeadError, NotificationNotFoundError
from services.lists.cursors import LIST_MILLISECONDS, time_limited
from services.lists.keyset import Slice, Window, read_slice
from services.lists.numbered import Page
from services.notifications.outbox import GIVE_UP_AFTER
from services.notifications.receivers.refusals import DestinationGoneError
from services.tenancy import Filter, owned, owned_by_any

MAX_IDS = 1_000
_DEAD = NotificationState.DEAD.value
_NEWEST_FIRST = [("created_at", DESCENDING), ("_id", DESCENDING)]


@dataclass(frozen=True, slots=True)
class NotificationFilter:
    """Which of a tenant's notifications are meant; what is None does not restrict."""

    state: NotificationState | None = None
    destination_id: str | None = None
    """Empty: those that go to the operator's notifier."""
    ticket_id: str | None = None
    last_status: int | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    """The end of the period, which is not part of it."""
    ids: Sequence[str] | None = None

    def conditions(self) -> Filter:
        """The same as a query, without the tenant.

        Raises:
            InvalidInputError: there are too many ids.
        """
        if self.ids is not None and len(self.ids) > MAX_IDS:
            raise InvalidInputError(f"Name at most {MAX_IDS:,} notifications.")
        exact = {name: getattr(self, name) for name in ("destination_id", "ticket_id", "last_status")}
        where: Filter = {name: value for name, value in exact.items() if value is not None}
        if self.state is not None:
            where["state"] = self.state.value
        if self.ids is not None:
            where["_id"] = {"$in": list(self.ids)}
        period = {"$gte": self.created_from, "$lt": self.created_to}
        if bounds := {name: moment for name, moment in period.items() if moment is not None}:
            where["created_at"] = bounds
        return where


class Notifications:
    """Reads one database's notifications, and redrives dead letters."""

    def __init__(self, database: Database) -> None:
        self._rows = database.collection(Notification)
        self._destinations = database.collection(Destination)

    async def get(self, notification_id: str) -> Notification:
        """One notification.

        Raises:
            NotificationNotFoundError: there is none with this id.
        """
        row = await self._rows.find_one({"_id": notification_id})
        if row is None:
            raise NotificationNotFoundError(notification_id)
        return _document(row)

    async def slice(self, tenant_id: str, wanted: NotificationFilter, window: Window) -> Slice[Notification]:
        """A stretch of the tenant's notifications, newest first.

        Raises:
            QueryTimeoutError: the database did not finish.
        """
        found = await read_slice(self._rows, owned(tenant_id, **wanted.conditions()), "created_at", window)
        return found.map(_document)

    async def page(
        self, tenant_id: str, wanted: NotificationFilter, *, page: int, page_size: int
    ) -> Page[Notification]:
        """A numbered page of the tenant's notifications, newest first.

        Raises:
            QueryTimeoutError: the database did not finish.
        """
        where = owned(tenant_id, **wanted.conditions())
        found = self._rows.find(where, max_time_ms=LIST_MILLISECONDS).sort(_NEWEST_FIRST)
        async with time_limited():
            rows, total = await asyncio.gather(
                found.skip((page - 1) * page_size).limit(page_size).to_list(None), self.count(tenant_id, wanted)
            )
        return Page([_document(row) for row in rows], page, page_size, total)

    async def count(self, tenant_id: str, wanted: NotificationFilter) -> int:
        """How many the tenant has.

        Raises:
            QueryTimeoutError: the database did not finish.
        """
        where = owned(tenant_id, **wanted.conditions())
        async with time_limited():
            return await self._rows.count_documents(where, maxTimeMS=LIST_MILLISECONDS)

    async def counts(self, tenant_ids: Sequence[str]) -> dict[str, dict[NotificationState, int]]:
        """How many each tenant has in each state.

        Raises:
            QueryTimeoutError: the database did not finish.
        """
        of_each = {"tenant": "$tenant_id", "state": "$state"}
        stages: list[Row] = [
            {"$match": owned_by_any(tenant_ids)},
            {"$group": {"_id": of_each, "count": {"$sum": 1}}},
        ]
        async with time_limited():
            rows = await self._rows.aggregate(stages, maxTimeMS=LIST_MILLISECONDS).to_list(None)
        found = {(row["_id"]["tenant"], row["_id"].get("state")): row["count"] for row in rows}
        return {
            tenant_id: {state: found.get((tenant_id, state.value), 0) for state in NotificationState}
            for tenant_id in tenant_ids
        }

    async def of_tickets(self, tenant_id: str, ticket_ids: Sequence[str]) -> dict[str, list[Notification]]:
        """The notifications of several of the tenant's tickets, each ticket's newest first."""
        where = owned(tenant_id, ticket_id={"$in": list(ticket_ids)})
        found: dict[str, list[Notification]] = {ticket_id: [] for ticket_id in ticket_ids}
        for row in await self._rows.find(where).sort(_NEWEST_FIRST).to_list(None):
            found[row["ticket_id"]].append(_document(row))
        return found

    async def redrive(self, notification_id: str) -> Notification:
        """Send a dead letter again, with all its attempts and 72 h before it.

        Raises:
            NotificationNotFoundError: there is none with this id.
            NotDeadError: it is pending or delivered.
            DestinationGoneError: its destination was deleted.
        """
        known = await self.get(notification_id)
        if known.destination_id not in await self._existing([known.destination_id]):
            raise DestinationGoneError(notification_id)
        row = await self._rows.find_one_and_update(
            owned(known.tenant_id, _id=notification_id, state=_DEAD),
            _redriven(),
            return_document=ReturnDocument.AFTER,
        )
        if row is None:
            raise NotDeadError(notification_id, (await self.get(notification_id)).state.value)
        return _document(row)

    async def redrive_many(self, tenant_id: str | None, wanted: NotificationFilter) -> int:
        """Send those of the tenant's, or of all, dead letters again that are wanted; returns how many there were.

        What belongs to a destination that was deleted stays dead.
        """
        conditions = {**wanted.conditions(), "state": _DEAD}
        where: Filter = conditions if tenant_id is None else owned(tenant_id, **conditions)
        existing = await self._existing(await self._rows.distinct("destination_id", where))
        somewhere = {"$and": [where, {"destination_id": {"$in": [*existing, None]}}]}
        return (await self._rows.update_many(somewhere, _redriven())).modified_count

    async def _existing(self, destination_ids: Sequence[str]) -> set[str]:
        """Those of the destinations that are still there; the operator's always is."""
        found = await self._destinations.find({"_id": {"$in": list(destination_ids)}}, {"_id": 1}).to_list(None)
        return {DEFAULT_DESTINATION, *(row["_id"] for row in found)}


def _document(row: Row) -> Notification:
    document: Notification = Notification.model_validate(row)
    if document.due_at == UNSEEN and document.ready_at is not None:
        document.due_at = document.ready_at
    return document


def _redriven() -> list[Row]:
    return [
        {
            "$set": {
                "state": NotificationState.PENDING.value,
                **due_from("$$NOW"),
                "give_up_at": {"$add": ["$$NOW", int(GIVE_UP_AFTER.total_seconds() * 1000)]},
                "claim": None,
                "attempts": 0,
                "refusals": 0,
                "rank": 0,
                "redrives": {"$add": ["$redrives", 1]},
            }
        }
    ]
