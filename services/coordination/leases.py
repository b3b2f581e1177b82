"""Leases: who may write, for how long, by the database server's clock alone.

One atomic `findAndModify` takes a lease that is free or has run out. Every change of holder raises the
fencing token; a write goes into one transaction with `confirm`, so that a holder that slept through its
lease's end writes nothing (Kleppmann, "How to do distributed locking", 2016).
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError, ExecutionTimeout

from documents.database import Database, Row, Session, session_id_of
from documents.tenant_lock import TenantLock

BLOCKED_MILLISECONDS = 1_000
"""A transaction that holds a lock for longer than this hangs: storing a page takes some 30 ms."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LeaseLostError(Exception):
    """Another holder has the lease, or it ran out: the present holder must stop and may not write."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease as its holder knows it."""

    resource_id: str
    owner_id: str
    holder: str
    fence: int
    expires_at: datetime
    session: Session
    """Where the holder's transactions run; its id stands in the lock."""

    async def end(self) -> None:
        """Let go of the session; the lease itself is released, lost or left to run out."""
        if self.session is not None:
            await self.session.end_session()


@dataclass(frozen=True, slots=True)
class LockState:
    """A lease as anybody sees it."""

    tenant_id: str
    locked: bool
    owner_id: str | None = None
    acquired_at: datetime | None = None
    expires_at: datetime | None = None


def ingest_resource(tenant_id: str) -> str:
    """The resource whose lease makes its holder the one writer of a tenant's tickets."""
    return f"ingest:{tenant_id}"


class Locks:
    """Takes, renews, confirms and gives back leases of `ttl_seconds`."""

    def __init__(self, database: Database, *, ttl_seconds: float = 60.0) -> None:
        self._database = database
        self._locks = database.collection(TenantLock)
        self.ttl_seconds = ttl_seconds

    async def acquire(self, resource_id: str, owner_id: str) -> Lease | None:
        """Take the lease for `owner_id` if nobody holds it; None if somebody does, even the same owner.

        A holder before that did not give it back is taken for dead: what it has left open in its session is undone.
        """
        session = await self._database.new_session()
        for _ in range(2):
            try:
                row = await self._take(resource_id, owner_id, uuid4().hex, session_id_of(session))
            except ExecutionTimeout:
                await self._end_stale_transaction(resource_id)
                continue
            if row is not None:
                if row["predecessor"]:
                    await self._database.kill_session(row["predecessor"])
                return Lease(resource_id, owner_id, row["holder"], row["fence"], row["expires_at"], session)
            break
        if session is not None:
            await session.end_session()
        return None

    async def _take(self, resource_id: str, owner_id: str, holder: str, session_id: Row | None) -> Row | None:
        """The lock if it now belongs to `holder`.

        Raises:
            ExecutionTimeout: a transaction that has written the lock is open, and stays open.
        """
        is_free = {"$lte": [{"$ifNull": ["$expires_at", EPOCH]}, "$$NOW"]}

        def if_free(taken: object, kept: str) -> Row:
            return {"$cond": ["$is_free", taken, kept]}

        update: list[Row] = [
            {"$set": {"is_free": is_free}},
            {
                "$set": {
                    "owner_id": if_free(owner_id, "$owner_id"),
                    "holder": if_free(holder, "$holder"),
                    "predecessor": if_free({"$ifNull": ["$session_id", None]}, "$predecessor"),
                    "session_id": if_free({"$literal": session_id}, "$session_id"),
                    "fence": if_free({"$add": [{"$ifNull": ["$fence", 0]}, 1]}, "$fence"),
                    "acquired_at": if_free("$$NOW", "$acquired_at"),
                    "expires_at": if_free(self._from_now(), "$expires_at"),
                }
            },
            {"$unset": "is_free"},
        ]
        try:
            row = await self._locks.find_one_and_update(
                {"resource_id": resource_id},
                update,
                upsert=True,
                return_document=ReturnDocument.AFTER,
                maxTimeMS=BLOCKED_MILLISECONDS,
            )
        except DuplicateKeyError:
            return None  # two callers created the lock at once, and this one came second
        return row if row.get("holder") == holder else None

    async def _end_stale_transaction(self, resource_id: str) -> None:
        """End what a holder that died in the middle of a transaction has left open, if its lease has run out."""
        row = await self._locks.find_one({"resource_id": resource_id, "$expr": {"$lte": ["$expires_at", "$$NOW"]}})
        if row is not None and row.get("session_id"):
            await self._database.kill_session(row["session_id"])

    async def confirm(self, lease: Lease, session: Session = None) -> None:
        """Renew the lease if it is still held; inside a transaction this fences all its writes.

        Raises:
            LeaseLostError: it ran out or was taken over.
        """
        await self._set_end(lease, self._from_now(), session)

    async def release(self, lease: Lease, session: Session = None) -> None:
        """Give the lease back; the fencing token stays.

        Raises:
            LeaseLostError: it was no longer held.
        """
        await self._set_end(lease, "$$NOW", session, session_id=None)

    async def state(self, tenant_id: str) -> LockState:
        """What the tenant's lease is at this moment."""
        rows = await self._locks.aggregate(
            [
                {"$match": {"resource_id": ingest_resource(tenant_id)}},
                {"$set": {"held": {"$gt": ["$expires_at", "$$NOW"]}}},
            ]
        ).to_list(1)
        if not rows or not rows[0]["held"]:
            return LockState(tenant_id, locked=False)
        row = rows[0]
        return LockState(tenant_id, True, row["owner_id"], row.get("acquired_at"), row["expires_at"])

    async def _set_end(self, lease: Lease, expires_at: object, session: Session, **more: object) -> None:
        # A write even where nothing changes: it makes a concurrent takeover and this transaction conflict.
        result = await self._locks.update_one(
            {
                "resource_id": lease.resource_id,
                "holder": lease.holder,
                "fence": lease.fence,
                "$expr": {"$gt": ["$expires_at", "$$NOW"]},
            },
            [{"$set": {"expires_at": expires_at, **more}}],
            session=session,
        )
        if result.matched_count == 0:
            raise LeaseLostError(f"the lease on {lease.resource_id} is no longer held")

    def _from_now(self) -> Row:
        return {"$add": ["$$NOW", int(self.ttl_seconds * 1000)]}
