"""What may not be stored for a tenant, as whoever stores something has to know it.

Whoever stores looks at the shield before, leaves out what it forbids, and demands in the transaction in which it is
stored that the shield is still the same. Whoever raises one does so in a transaction that is ordered with all that is
stored under the tenant's lease (`services/coordination/interventions.py`). So of two that meet, either the first is
stored, and found by the erasure, or it sees the shield and is compared anew.
"""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from pymongo import UpdateOne

from documents.database import Database, Row, Session
from documents.erased_ticket import ErasedTicket
from documents.erasure import Erasure, ErasureScope
from documents.tenant_protection import TenantProtection
from documents.transactions import PlainSession
from services.errors import ConflictError, ErrorCode
from services.protection.digests import DigestKeys
from services.tenancy import owned

_ASKED_FOR = 10_000
"""Customers that are asked for in one query; records that nobody can read as tickets may name any number."""


class TenantErasedError(ConflictError):
    """The tenant was erased, and nothing is stored for it until somebody reopens it."""

    code = ErrorCode.TENANT_ERASED

    def __init__(self, tenant_id: str) -> None:
        super().__init__(f"Tenant {tenant_id!r} was erased; reopen it before anything is stored for it.")


class ShieldedMeanwhileError(Exception):
    """Since something was compared with the shield, the shield has become another one; nothing was written."""


@dataclass(frozen=True, slots=True)
class Retention:
    """For how long a tenant's tickets are kept."""

    days: int
    """Since their creation."""
    closed_only: bool
    """Whether open and pending ones are kept for ever."""

    def cutoff(self, now: datetime) -> datetime:
        """Tickets that were created before are too old."""
        return now - timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class Shield:
    """What a tenant is protected from, at one moment."""

    revision: int = 0
    has_erasures: bool = False
    is_erased: bool = False
    retention: Retention | None = None


NO_SHIELD = Shield()


@dataclass(frozen=True, slots=True)
class ErasedOnes:
    """Which of those that were asked for were erased."""

    customers: dict[str, datetime]
    """By customer, until when: what they wrote later is new."""
    tickets: frozenset[str]
    """By external id."""


class Shields:
    """Reads one database's shields."""

    def __init__(self, database: Database) -> None:
        self._rows = database.collection(TenantProtection)
        self._erasures = database.collection(Erasure)
        self._tickets = database.collection(ErasedTicket)
        self._keys = DigestKeys(database)

    async def of(self, tenant_id: str, *, session: Session = None) -> Shield:
        """The tenant's shield as of now."""
        return shield_of(await self._rows.find_one({"_id": tenant_id}, session=session))

    async def demand_open(self, tenant_id: str) -> None:
        """Demand that something may be stored for the tenant.

        Raises:
            TenantErasedError: it was erased.
        """
        if (await self.of(tenant_id)).is_erased:
            raise TenantErasedError(tenant_id)

    def demand_same(self, tenant_id: str, shield: Shield, session: PlainSession) -> None:
        """Demand that the shield is still this one, in one of pymongo's calls. `session`: that of the transaction in
        which something is stored.

        Raises:
            ShieldedMeanwhileError: it is another one.
        """
        row = self._rows.delegate.find_one({"_id": tenant_id}, {"revision": 1}, session=session)
        if (row or {}).get("revision", 0) != shield.revision:
            raise ShieldedMeanwhileError

    async def erased(self, tenant_id: str, customers: Iterable[str], tickets: Collection[str]) -> ErasedOnes:
        """Which of these customers and tickets were erased, or are to be."""
        digester = await self._keys.digester()
        until: dict[str, datetime] = {}
        names = iter(customers)
        while some := list(islice(names, _ASKED_FOR)):
            until |= await self._erased_customers(tenant_id, some)
        named = {digester.ticket(tenant_id, name): name for name in tickets}
        rows = (
            await self._tickets.find(owned(tenant_id, _id={"$in": list(named)}), {"_id": 1}).to_list(None)
            if named
            else []
        )
        return ErasedOnes(until, frozenset(named[row["_id"]] for row in rows))

    async def _erased_customers(self, tenant_id: str, customers: Iterable[str]) -> dict[str, datetime]:
        digester = await self._keys.digester()
        # In a thread: this process has requests to answer.
        by_digest = await asyncio.to_thread(lambda: {digester.customer(tenant_id, name): name for name in customers})
        found = self._erasures.find(
            owned(tenant_id, scope=ErasureScope.CUSTOMER.value, customer_digest={"$in": list(by_digest)}),
            {"customer_digest": 1, "requested_at": 1},
        )
        until: dict[str, datetime] = {}
        async for row in found:
            name = by_digest[row["customer_digest"]]
            until[name] = max(row["requested_at"], until.get(name, row["requested_at"]))
        return until

    async def ticket_marks(self, tenant_id: str, external_ids: Iterable[str]) -> list[Row]:
        """The rows by which these tickets are known as erased."""
        digester = await self._keys.digester()
        return [{"_id": digester.ticket(tenant_id, name), "tenant_id": tenant_id} for name in external_ids]


def marking(marks: Iterable[Row]) -> list[UpdateOne]:
    """The writes that store such rows; some may be there already."""
    return [UpdateOne(owned(mark["tenant_id"], _id=mark["_id"]), {"$setOnInsert": {}}, upsert=True) for mark in marks]


def shield_of(row: Row | None) -> Shield:
    """A tenant's shield, of its row."""
    if row is None:
        return NO_SHIELD
    days = row.get("retention_days")
    retention = None if days is None else Retention(days, bool(row.get("closed_only", True)))
    return Shield(row.get("revision", 0), row.get("erasures", 0) > 0, bool(row.get("is_erased")), retention)
