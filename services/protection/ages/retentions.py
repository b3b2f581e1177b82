"""How long a tenant's tickets are kept: the setting, what it would remove, and when it is carried out."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from pymongo import ReturnDocument

from documents.audit_entry import AuditAction, AuditOutcome
from documents.database import Database, Row
from documents.erasure import Erasure, ErasureScope, ErasureState
from documents.tenant_protection import TenantProtection
from documents.ticket import StatusCategory, Ticket
from documents.ticket_history import HistoryAction, TicketHistory
from documents.ticket_indexes import NEWEST_INDEX
from services.errors import InvalidInputError
from services.kit.clock import EPOCH, Clock
from services.lists.cursors import LIST_MILLISECONDS, time_limited
from services.protection.shields import Retention, shield_of
from services.protection.traces import Traces
from services.protection.trail import AuditTrail
from services.statuses import in_category
from services.tenancy import Filter, owned

SHORTEST_DAYS, LONGEST_DAYS = 30, 36_500
LOOK_EVERY = timedelta(days=1)
"""How often each tenant's tickets are looked at: none is kept for longer than a day more."""
OURSELVES = "retention"
"""The actor of the audit trail's entries."""
_LOOKED_AT = 1_000
"""Rows of the history that are looked at together."""


class Retentions:
    """Keeps and applies one database's retention settings; who may change them is for others to know."""

    def __init__(self, database: Database, trail: AuditTrail, clock: Clock) -> None:
        self._rows = database.collection(TenantProtection)
        self._tickets = database.collection(Ticket)
        self._history = database.collection(TicketHistory)
        self._erasures = database.collection(Erasure)
        self._traces = Traces(database)
        self._trail = trail
        self._clock = clock

    async def of(self, tenant_id: str) -> Retention | None:
        """The tenant's setting; None: its tickets are kept."""
        return shield_of(await self._rows.find_one({"_id": tenant_id})).retention

    async def save(self, tenant_id: str, wanted: Retention | None) -> Retention | None:
        """Change the setting; what is too old by then goes in the background, and does not come in any more.

        Raises:
            InvalidInputError: that is too short, or too long.
        """
        demand_sensible(wanted)
        setting = {"retention_days": None} if wanted is None else _stored(wanted)
        update = {"$set": setting | {"retention_looked_at": None}, "$inc": {"revision": 1}}
        row = await self._rows.find_one_and_update(
            {"_id": tenant_id}, update, upsert=True, return_document=ReturnDocument.AFTER
        )
        return shield_of(row).retention

    async def preview(self, tenant_id: str, wanted: Retention) -> int:
        """How many stored tickets would go now.

        Raises:
            InvalidInputError: that is too short, or too long.
            QueryTimeoutError: the database did not finish.
        """
        demand_sensible(wanted)
        where = aged(tenant_id, wanted.cutoff(self._clock.now()), closed_only=wanted.closed_only)
        async with time_limited():
            return await self._tickets.count_documents(where, hint=NEWEST_INDEX, maxTimeMS=LIST_MILLISECONDS)

    async def due(self) -> list[tuple[str, Retention]]:
        """The tenants whose tickets are to be looked at."""
        long_ago = self._clock.now() - LOOK_EVERY
        kept = {"retention_days": {"$gt": 0}, "is_erased": {"$ne": True}}
        looked_at = {"$or": [{"retention_looked_at": None}, {"retention_looked_at": {"$lte": long_ago}}]}
        rows = await self._rows.find({**kept, **looked_at}).to_list(None)
        return [(row["_id"], retention) for row in rows if (retention := shield_of(row).retention) is not None]

    async def apply(self, tenant_id: str, retention: Retention) -> bool:
        """Have what is too old erased, if there is any; returns whether there is."""
        now = self._clock.now()
        cutoff = retention.cutoff(now)
        has_any = await self._has_any(tenant_id, cutoff, retention)
        if has_any:
            await self._request(tenant_id, cutoff, retention, now)
        await self._rows.update_one({"_id": tenant_id}, {"$set": {"retention_looked_at": now}})
        return has_any

    async def _has_any(self, tenant_id: str, cutoff: datetime, retention: Retention) -> bool:
        where = aged(tenant_id, cutoff, closed_only=retention.closed_only)
        if await self._tickets.find_one(where, {"_id": 1}, hint=NEWEST_INDEX) is not None:
            return True
        return await self._has_purged(tenant_id, cutoff)

    async def _has_purged(self, tenant_id: str, cutoff: datetime) -> bool:
        """Whether the history tells of one that is not stored, and was deleted for the last time long ago."""
        rows = self._history.find(long_gone(tenant_id, cutoff), {"ticket_id": 1}, batch_size=_LOOKED_AT)
        try:
            while some := await rows.to_list(_LOOKED_AT):
                names = list({row.get("ticket_id") for row in some})
                if await self._traces.long_gone(tenant_id, names, cutoff):
                    return True
        finally:
            await rows.close()
        return False

    async def _request(self, tenant_id: str, cutoff: datetime, retention: Retention, now: datetime) -> None:
        row: Row = {
            "_id": f"era_{uuid4().hex}",
            "tenant_id": tenant_id,
            "scope": ErasureScope.AGE.value,
            "created_before": cutoff,
            "closed_only": retention.closed_only,
            "requested_at": now,
            "requested_by": None,
            "state": ErasureState.PENDING.value,
            "stage": 0,
            "counts": {},
        }
        act = await self._trail.begin(AuditAction.RETENTION_APPLIED, tenant_id, actor=OURSELVES, target=row["_id"])
        await self._erasures.insert_one(row)
        await self._trail.end(act, AuditOutcome.DONE)


def demand_sensible(wanted: Retention | None) -> None:
    """Demand that tickets are kept for a time that somebody can mean.

    Raises:
        InvalidInputError: that is too short, or too long.
    """
    if wanted is not None and not SHORTEST_DAYS <= wanted.days <= LONGEST_DAYS:
        raise InvalidInputError(f"days must be {SHORTEST_DAYS} to {LONGEST_DAYS:,}.")


def aged(tenant_id: str, created_before: datetime, *, closed_only: bool, **more: object) -> Filter:
    """The tenant's tickets that are too old, deleted ones whatever their status; `more` are further conditions."""
    is_over: list[Mapping[str, Any]] = [{"status": in_category(StatusCategory.CLOSED)}, {"deleted_at": {"$gt": EPOCH}}]
    also = {"$or": is_over} if closed_only else {}
    return owned(tenant_id, created_at={"$lt": created_before}, **also, **more)


def long_gone(tenant_id: str, before: datetime) -> Filter:
    """The rows of the tenant's history that tell of deletions before a moment; most of those tickets are purged."""
    return owned(tenant_id, action=HistoryAction.DELETED.value, recorded_at={"$lt": before})


def _stored(wanted: Retention) -> Row:
    return {"retention_days": wanted.days, "closed_only": wanted.closed_only}
