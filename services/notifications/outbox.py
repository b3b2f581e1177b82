"""Notifications as others see them: the outbox's rows, their lists and counts, and the way back from a dead letter."""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo import ASCENDING, DESCENDING, ReturnDocument

from documents.database import Database, Row
from documents.notification import DEFAULT_DESTINATION, DEFAULT_KIND, Notification, NotificationState
from documents.ticket import Urgency
from services.classification.classifier import RULES
from services.errors import NotDeadError, NotificationNotFoundError
from services.kit.clock import EPOCH
from services.lists.cursors import LIST_MILLISECONDS, time_limited
from services.lists.keyset import Slice, Window, read_slice
from services.tenancy import Filter, owned

GIVE_UP_AFTER = timedelta(hours=72)
MAX_REASON_CHARACTERS = 500


def notification_row(
    tenant_id: str, ticket_id: str, *, version: str, matched: Sequence[Mapping[str, str]], now: datetime
) -> Row:
    """The outbox's row for a ticket that became urgent; the same announcement has the same id."""
    return {
        "_id": notification_id(tenant_id, ticket_id, version),
        "tenant_id": tenant_id,
        "ticket_id": ticket_id,
        "version": version,
        "destination_id": DEFAULT_DESTINATION,
        "kind": DEFAULT_KIND,
        "urgency": Urgency.HIGH.value,
        "reason": reason(matched),
        "state": NotificationState.PENDING.value,
        "created_at": now,
        # Long ago by anybody's clock: the servers that write rows and the one that says what is due may differ.
        "due_at": EPOCH,
        "give_up_at": now + GIVE_UP_AFTER,
        "attempts": 0,
        "refusals": 0,
        "rank": 0,
        "redrives": 0,
    }


def notification_id(tenant_id: str, ticket_id: str, version: str, *further: str) -> str:
    """The id of an announcement, which is also its idempotency key: any text can be part of it, a header stays safe.

    `further`: the destination of a copy.
    """
    parts = [tenant_id, ticket_id, version, *further]
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()


def reason(matched: Sequence[Mapping[str, str]]) -> str:
    """The rules that make a ticket urgent, with the keywords they found: `legal threat: sue; outage: down`."""
    urgent = [match for match in matched if RULES.rules[match["rule"]].urgency is Urgency.HIGH]
    parts = dict.fromkeys(f"{match['rule'].replace('_', ' ')}: {match['keyword']}" for match in urgent)
    return "; ".join(parts)[:MAX_REASON_CHARACTERS]


@dataclass(frozen=True, slots=True)
class Outbox:
    """All tenants' notifications at this moment."""

    counts: dict[NotificationState, int]
    """In each state; that of the delivered ones is an estimate (what is neither pending nor dead)."""
    oldest_pending: datetime | None
    """When the one that has waited longest was written; None if nothing waits."""


class Notifications:
    """Reads one database's notifications, and redrives dead letters."""

    def __init__(self, database: Database) -> None:
        self._rows = database.collection(Notification)

    async def get(self, notification_id: str) -> Notification:
        """One notification.

        Raises:
            NotificationNotFoundError: there is none with this id.
        """
        row = await self._rows.find_one({"_id": notification_id})
        if row is None:
            raise NotificationNotFoundError(notification_id)
        return _document(row)

    async def slice(self, tenant_id: str, state: NotificationState | None, window: Window) -> Slice[Notification]:
        """A stretch of the tenant's notifications, newest first; of one state if it is given.

        Raises:
            QueryTimeoutError: the database did not finish.
        """
        found = await read_slice(self._rows, _of(tenant_id, state), "created_at", window)
        return found.map(_document)

    async def count(self, tenant_id: str, state: NotificationState | None) -> int:
        """How many the tenant has; of one state if it is given.

        Raises:
            QueryTimeoutError: the database did not finish.
        """
        async with time_limited():
            return await self._rows.count_documents(_of(tenant_id, state), maxTimeMS=LIST_MILLISECONDS)

    async def counts(self, tenant_id: str) -> dict[NotificationState, int]:
        """How many the tenant has in each state.

        Raises:
            QueryTimeoutError: the database did not finish.
        """
        stages: list[Row] = [{"$match": owned(tenant_id)}, {"$group": {"_id": "$state", "count": {"$sum": 1}}}]
        async with time_limited():
            rows = await self._rows.aggregate(stages, maxTimeMS=LIST_MILLISECONDS).to_list(None)
        found = {row["_id"]: row["count"] for row in rows}
        return {state: found.get(state.value, 0) for state in NotificationState}

    async def outbox(self) -> Outbox:
        """All tenants' notifications, at the price of counting those that are not delivered."""
        pending, dead, total, oldest = await asyncio.gather(
            self._rows.count_documents({"state": NotificationState.PENDING.value}),
            self._rows.count_documents({"state": NotificationState.DEAD.value}),
            self._rows.estimated_document_count(),
            self._rows.find_one(
                {"state": NotificationState.PENDING.value}, {"created_at": 1}, sort=[("created_at", ASCENDING)]
            ),
        )
        delivered = max(0, total - pending - dead)
        counts = dict(zip(NotificationState, (pending, delivered, dead), strict=True))
        return Outbox(counts, None if oldest is None else oldest["created_at"])

    async def of_tickets(self, tenant_id: str, ticket_ids: Sequence[str]) -> dict[str, list[Notification]]:
        """The notifications of several of the tenant's tickets, each ticket's newest first."""
        where = owned(tenant_id, ticket_id={"$in": list(ticket_ids)})
        found: dict[str, list[Notification]] = {ticket_id: [] for ticket_id in ticket_ids}
        for row in await self._rows.find(where).sort([("created_at", DESCENDING), ("_id", DESCENDING)]).to_list(None):
            found[row["ticket_id"]].append(_document(row))
        return found

    async def redrive(self, notification_id: str) -> Notification:
        """Send a dead letter again, with all its attempts and 72 h before it.

        Raises:
            NotificationNotFoundError: there is none with this id.
            NotDeadError: it is pending or delivered.
        """
        row = await self._rows.find_one_and_update(
            {"_id": notification_id, "state": NotificationState.DEAD.value},
            _redriven(),
            return_document=ReturnDocument.AFTER,
        )
        if row is None:
            raise NotDeadError(notification_id, (await self.get(notification_id)).state.value)
        return _document(row)

    async def redrive_all(self, tenant_id: str | None = None) -> int:
        """Send the tenant's, or all, dead letters again; returns how many there were."""
        dead = NotificationState.DEAD
        where = {"state": dead.value} if tenant_id is None else _of(tenant_id, dead)
        return (await self._rows.update_many(where, _redriven())).modified_count


def _document(row: Row) -> Notification:
    document: Notification = Notification.model_validate(row)
    return document


def _of(tenant_id: str, state: NotificationState | None) -> Filter:
    return owned(tenant_id) if state is None else owned(tenant_id, state=state.value)


def _redriven() -> list[Row]:
    return [
        {
            "$set": {
                "state": NotificationState.PENDING.value,
                "due_at": "$$NOW",
                "give_up_at": {"$add": ["$$NOW", int(GIVE_UP_AFTER.total_seconds() * 1000)]},
                "claim": None,
                "attempts": 0,
                "redrives": {"$add": ["$redrives", 1]},
            }
        }
    ]
