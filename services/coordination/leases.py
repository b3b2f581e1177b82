"""Leases: who may write, for how long, by the database server's clock alone.

One atomic `findAndModify` takes a lease that is free or has run out. Every change of holder raises the fencing
token. A holder writes through `Leases.write` alone, whose transaction first proves and renews the lease: one that
slept through its lease's end writes nothing (Kleppmann, "How to do distributed locking", 2016).
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import uuid4

import structlog
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError, ExecutionTimeout, PyMongoError

from documents.database import Database, Row, Session, session_id_of
from documents.tenant_lock import TenantLock
from documents.transactions import FINAL, Ending
from services.coordination.lock_updates import give_back, renew, take_if_free
from services.coordination.resources import LockState, ingest_resource
from services.kit.tasks import abandon, to_its_end
from services.observing import UNOBSERVED, LeaseLost, Observer

_BLOCKED_MILLISECONDS = 1_000
"""A transaction that holds a lock for longer than this hangs: storing a page takes some 30 ms."""
_RENEWALS_PER_LEASE = 6
"""With a lease of 60 s: a renewal every 10 s."""
_SURRENDER_SHARE = 2 / 3
"""A holder that could not renew for this share of its lease stops by itself, well before it runs out."""
_PARTING_SECONDS = 5.0
"""How long giving a lease back may take at the end; then what its transaction waits for is ended."""
_UNDONE_SECONDS = 1.0
"""How long it may take after that; without it, the lease runs out by itself."""
_IS_HELD: Row = {"$expr": {"$gt": ["$expires_at", "$$NOW"]}}

T = TypeVar("T")
Work = Callable[[Session], Coroutine[Any, Any, T]]
"""What is done in a transaction; it can run more than once."""
Renewal = Callable[["Lease"], Awaitable[None]]

log = structlog.get_logger("services.leases")


class LeaseLostError(Exception):
    """Another holder has the lease, or it ran out or was given back: who had it must stop and may not write."""


@dataclass(slots=True, eq=False)
class Lease:
    """A lease as its holder knows it."""

    resource_id: str
    owner_id: str
    holder: str
    fence: int
    expires_at: datetime
    """When it would have run out, had nobody renewed it."""
    session: Session
    """Where the holder's transactions run, one after the other; its id stands in the lock."""
    proven_at: float
    """When it was last known to be held; in seconds of the monotonic clock."""
    is_lost: bool = False
    """Known to be lost, or not renewed for so long that it may be."""
    is_given_back: bool = False
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held during a transaction."""

    async def end(self) -> None:
        """Let go of the session, after the transaction at hand; the lease itself is left as it is."""
        async with self.turn:
            if self.session is not None:
                await self.session.end_session()


L = TypeVar("L", bound=Lease | None)


class Leases:
    """Leases of `ttl_seconds`: taken, kept, written under and given back."""

    def __init__(self, database: Database, *, ttl_seconds: float, observer: Observer = UNOBSERVED) -> None:
        self._database, self._observer = database, observer
        self._locks = database.collection(TenantLock)
        self.ttl_seconds = ttl_seconds

    async def acquire(self, resource_id: str, owner_id: str) -> Lease | None:
        """Take the lease for `owner_id` if nobody holds it; None if somebody does, even the same owner.

        Nobody renews it before it goes into `held`. What a holder before has left open, who died, is undone.
        """
        session, asked_at = await self._database.new_session(), time.monotonic()
        row = await self._take(resource_id, owner_id, uuid4().hex, session_id_of(session))
        if row is None:
            if session is not None:
                await session.end_session()
            return None
        if row["predecessor"]:
            await self._database.kill_session(row["predecessor"])
        return Lease(resource_id, owner_id, row["holder"], row["fence"], row["expires_at"], session, asked_at)

    async def write(self, lease: Lease, work: Work[T], *, last: bool = False, ending: Ending = FINAL) -> T:
        """Run `work` in a transaction that proves and renews the lease; `last`: that also gives it back.

        Transactions under one lease take turns, and go on even if the caller is cancelled.

        Raises:
            LeaseLostError: it is no longer held; nothing was written.
        """
        return await asyncio.shield(asyncio.create_task(self._write(lease, work, last=last, ending=ending)))

    async def give_back(self, lease: Lease) -> None:
        """Give the lease back without having anything to write; the fencing token stays.

        Raises:
            LeaseLostError: it was no longer held.
        """
        await self.write(lease, _nothing, last=True)

    @asynccontextmanager
    async def held(
        self, lease: L, *, renewal: Renewal | None = None, on_lost: Callable[[], None] = lambda: None
    ) -> AsyncIterator[L]:
        """Keep a lease that was just taken (`acquire`, which may have come to nothing) until the end of the block.

        At the end it is given back, unless its last write has done so. `renewal`: what is written instead of nothing.
        `on_lost` is told once if the lease is lost, or could not be renewed for so long that the holder has to stop.
        """
        if lease is None:
            yield lease
            return
        renewal = renewal or (lambda lease: self.write(lease, _nothing))
        renewing = asyncio.create_task(self._keep_renewed(lease, renewal, on_lost))
        try:
            yield lease
        finally:
            await abandon(renewing)
            await self._part_with(lease)

    async def state(self, tenant_id: str) -> LockState:
        """What the tenant's lease is at this moment."""
        row = await self._locks.find_one({"resource_id": ingest_resource(tenant_id), **_IS_HELD})
        if row is None:
            return LockState(tenant_id, locked=False)
        return LockState(tenant_id, True, row["owner_id"], row.get("acquired_at"), row["expires_at"])

    async def _take(self, resource_id: str, owner_id: str, holder: str, session_id: Row | None) -> Row | None:
        """The lock if it now belongs to `holder`."""
        for _ in range(2):
            try:
                row = await self._locks.find_one_and_update(
                    {"resource_id": resource_id},
                    take_if_free(owner_id, holder, session_id, self.ttl_seconds),
                    upsert=True,
                    return_document=ReturnDocument.AFTER,
                    maxTimeMS=_BLOCKED_MILLISECONDS,
                )
            except DuplicateKeyError:
                return None  # two callers created the lock at once, and this one came second
            except ExecutionTimeout:  # a transaction that has written the lock is open
                await self._end_stale_transaction(resource_id)
            else:
                return row if row.get("holder") == holder else None
        return None

    async def _end_stale_transaction(self, resource_id: str) -> None:
        """End what a holder that died in the middle of a transaction has left open, if its lease has run out."""
        row = await self._locks.find_one({"resource_id": resource_id, "$nor": [_IS_HELD]})
        if row is not None and row.get("session_id"):
            await self._database.kill_session(row["session_id"])

    async def _write(self, lease: Lease, work: Work[T], *, last: bool, ending: Ending) -> T:
        proven_at = 0.0

        async def proven(session: Session) -> T:
            nonlocal proven_at
            proven_at = time.monotonic()
            await self._change(lease, renew(self.ttl_seconds), session)
            result = await work(session)
            if last:
                await self._change(lease, give_back(), session)
            return result

        async with lease.turn:
            if lease.is_given_back:  # while this write waited for its turn
                raise LeaseLostError(f"the lease on {lease.resource_id} was given back")
            try:
                result = await self._database.in_transaction(proven, lease.session, ending=ending)
            except LeaseLostError:
                lease.is_lost = True
                raise
            lease.proven_at, lease.is_given_back = proven_at, last
        if last:
            await lease.end()
        return result

    async def _change(self, lease: Lease, update: list[Row], session: Session) -> None:
        # A write even where nothing changes: it makes a concurrent takeover and this transaction conflict.
        mine = {"resource_id": lease.resource_id, "holder": lease.holder, "fence": lease.fence}
        result = await self._locks.update_one({**mine, **_IS_HELD}, update, session=session)
        if result.matched_count == 0:
            raise LeaseLostError(f"the lease on {lease.resource_id} is no longer held")

    async def _keep_renewed(self, lease: Lease, renewal: Renewal, on_lost: Callable[[], None]) -> None:
        while not lease.is_lost:
            await asyncio.sleep(self.ttl_seconds / _RENEWALS_PER_LEASE)
            if lease.is_given_back:
                return
            try:
                async with asyncio.timeout(self._seconds_to_surrender(lease)):
                    await renewal(lease)
            except LeaseLostError:
                lease.is_lost = not lease.is_given_back
            except (PyMongoError, TimeoutError) as error:
                log.warning("heartbeat_failed", resource_id=lease.resource_id, error=str(error)[:200])
                lease.is_lost = self._seconds_to_surrender(lease) <= 0
        on_lost()

    async def _part_with(self, lease: Lease) -> None:
        if lease.is_lost:
            self._observer.note(LeaseLost(lease.resource_id.partition(":")[0]))
        await to_its_end(self._part(lease))

    async def _part(self, lease: Lease) -> None:
        parting = asyncio.create_task(self._hand_back(lease))
        await asyncio.wait([parting], timeout=_PARTING_SECONDS)
        if not parting.done() and (session_id := session_id_of(lease.session)) is not None:
            # A call hangs in its transaction, and would hold up the next holder, and the end of this process.
            with suppress(PyMongoError):
                await self._database.kill_session(session_id)
            await asyncio.wait([parting], timeout=_UNDONE_SECONDS)
        await abandon(parting)

    async def _hand_back(self, lease: Lease) -> None:
        with suppress(LeaseLostError, PyMongoError):
            if not (lease.is_given_back or lease.is_lost):
                await self.give_back(lease)
        await lease.end()

    def _seconds_to_surrender(self, lease: Lease) -> float:
        return lease.proven_at + self.ttl_seconds * _SURRENDER_SHARE - time.monotonic()


async def _nothing(session: Session) -> None:
    """What is written where a lease is only renewed or given back."""
