"""Keeping the rollups: rolling tickets up in the background, and noticing what other programs do to them.

One process at a time keeps the rollups, under a lease. That only spares work: two at once would be safe as well.

Programs that know nothing of rollups may edit or remove a ticket that is in them. The change stream of the tickets
tells, so statistics are right again within moments. Where it was read to is stored; when the server no longer
remembers that place, every ticket in the rollups is checked once.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

import structlog
from pymongo.errors import OperationFailure, PyMongoError

from documents.database import ChangeStream, Database, Row
from documents.rolled_up_ticket import RolledUpTicket
from documents.rollup_bookmark import RollupBookmark
from documents.ticket import Ticket
from services.coordination.change_streams import counted_edits
from services.coordination.leases import Lease, LeaseLostError, Locks
from services.kit.clock import Clock
from services.rollups.write import BATCH, Rollups

RESOURCE = "rollups"
COMMENT = "looking for tickets to roll up"
"""Tells whoever looks at the server's commands what these are for."""
ROLL_UP_FROM = 2_000
"""Fewer tickets of a tenant are counted one by one without anybody's noticing: 1,000 take some 4 ms."""
LOOK_SECONDS = 2.0
LARGEST_SHARE = 0.05
"""Looking for something to do takes at most this share of the time."""
AWAIT_MILLISECONDS = 100
"""Changes that follow each other so closely are checked together."""
STANDBY_SECONDS = 2.0
LONGEST_LEASE_SECONDS = 10.0
"""A keeper that dies while it rolls up keeps others from writing these tickets until its lease has run out."""
CHANGE_STREAM_FATAL_ERROR = 280
PLACE_IS_LOST = frozenset([260, CHANGE_STREAM_FATAL_ERROR, 286])
"""InvalidResumeToken, ChangeStreamFatalError and ChangeStreamHistoryLost."""
BOOKMARK = "tickets"
BOOKMARK_SECONDS = 30.0
"""A bookmark is itself a change, so it is not moved at every look."""

log = structlog.get_logger("services.rollup_keeper")


class RollupKeeper:
    """Keeps the rollups until it is shut down; one for each process that has a worker."""

    def __init__(
        self,
        database: Database,
        rollups: Rollups,
        locks: Locks,
        clock: Clock,
        *,
        roll_up_from: int = ROLL_UP_FROM,
        batch: int = BATCH,
    ) -> None:
        """`roll_up_from`: how many tickets of a tenant have to be counted one by one before they are rolled up.

        `batch`: how many tickets are rolled up or checked in one transaction.
        """
        self._is_possible = database.transactional
        self._rollups = rollups
        self._locks = locks
        self._clock = clock
        self._roll_up_from = roll_up_from
        self._batch = batch
        self._tickets = database.collection(Ticket)
        self._receipts = database.collection(RolledUpTicket)
        self._bookmarks = database.collection(RollupBookmark)
        self._bookmarked_at = clock.monotonic()
        self._writing = asyncio.Lock()  # a session has one transaction at a time
        self._shut_down = asyncio.Event()

    def shut_down(self) -> None:
        """Finish the tickets at hand, and return from `work`."""
        self._shut_down.set()

    async def work(self) -> None:
        """Keep the rollups, or wait for whoever does to end, until `shut_down`."""
        while self._is_possible and not self._shut_down.is_set():
            try:
                async with self._lease() as lease:
                    if lease is not None:
                        await self._keep(lease)
            except* (PyMongoError, LeaseLostError) as errors:
                log.warning("rollups_interrupted", error=str(errors.exceptions[0])[:200])
            await self._rest(STANDBY_SECONDS)

    @asynccontextmanager
    async def _lease(self) -> AsyncIterator[Lease | None]:
        lease = await self._locks.acquire(RESOURCE, uuid4().hex)
        try:
            yield lease
        finally:
            if lease is not None:
                with suppress(PyMongoError, LeaseLostError):
                    await self._locks.release(lease)
                await lease.end()

    async def _keep(self, lease: Lease) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._hold(lease))
            tasks.create_task(self._roll_up_all(lease))
            tasks.create_task(self._follow(lease))

    async def _hold(self, lease: Lease) -> None:
        while not self._shut_down.is_set():
            await self._locks.confirm(lease)
            await self._rest(self._locks.ttl_seconds / 4)

    async def _roll_up_all(self, lease: Lease) -> None:
        while not self._shut_down.is_set():
            began = self._clock.monotonic()
            for tenant_id in await self._tickets.distinct("tenant_id", comment=COMMENT):
                if isinstance(tenant_id, str) and tenant_id and not self._shut_down.is_set():
                    await self._roll_up(lease, tenant_id)
            await self._rest(max(LOOK_SECONDS, (self._clock.monotonic() - began) / LARGEST_SHARE))

    async def _roll_up(self, lease: Lease, tenant_id: str) -> None:
        """Roll up all that the tenant has, if it is enough."""
        if await self._rollups.backlog(tenant_id, limit=self._roll_up_from, comment=COMMENT) < self._roll_up_from:
            return
        count, total = self._batch, 0
        while count == self._batch and not self._shut_down.is_set():
            began = self._clock.monotonic()
            async with self._writing:
                count = await self._rollups.roll_up(tenant_id, at_most=self._batch, session=lease.session)
            total += count
            await self._rest(self._clock.monotonic() - began)  # others want the database too
        log.info("rolled_up", tenant_id=tenant_id, tickets=total)

    async def _follow(self, lease: Lease) -> None:
        """Check what other programs change; changes that come at once are checked together."""
        bookmark = await self._bookmarks.find_one({"_id": BOOKMARK})
        token = bookmark["resume_token"] if bookmark else None
        watching = self._tickets.watch(
            _foreign_changes(), resume_after=token, max_await_time_ms=AWAIT_MILLISECONDS, comment=COMMENT
        )
        try:
            async with watching as stream, asyncio.TaskGroup() as tasks:
                # The first look opens the stream: from then on nothing is missed.
                touched = await _next_changes(stream, at_most=self._batch)
                checking = tasks.create_task(self._check_all(lease) if token is None else asyncio.sleep(0, True))
                is_last = False
                while not is_last:
                    is_last = self._shut_down.is_set()
                    await self._check(lease, touched)
                    if checking.done() and checking.result() and (touched or is_last or self._is_bookmark_due()):
                        await self._put_bookmark(stream.resume_token)
                    touched = [] if is_last else await _next_changes(stream, at_most=self._batch)
        except* OperationFailure as errors:
            if any(isinstance(error, OperationFailure) and error.code in PLACE_IS_LOST for error in errors.exceptions):
                await self._bookmarks.delete_one({"_id": BOOKMARK})
            raise

    async def _check_all(self, lease: Lease) -> bool:
        """Check every ticket that is in the rollups, or is marked as if it were; returns whether it came to the end."""
        for rows, where in ((self._receipts, {}), (self._tickets, {"rolled_up": True})):
            cursor = rows.aggregate([{"$match": where}, {"$project": {"_id": 1}}], batchSize=self._batch)
            while not self._shut_down.is_set() and (batch := await cursor.to_list(self._batch)):
                began = self._clock.monotonic()
                await self._check(lease, [row["_id"] for row in batch])
                await self._rest(self._clock.monotonic() - began)
        return not self._shut_down.is_set()

    async def _check(self, lease: Lease, ticket_ids: list[Any]) -> None:
        async with self._writing:
            stale = await self._rollups.check(ticket_ids, session=lease.session)
        if stale:
            log.info("rollups_mended", tickets=stale)

    def _is_bookmark_due(self) -> bool:
        return self._clock.monotonic() - self._bookmarked_at > BOOKMARK_SECONDS

    async def _put_bookmark(self, token: Row) -> None:
        await self._bookmarks.update_one({"_id": BOOKMARK}, {"$set": {"resume_token": token}}, upsert=True)
        self._bookmarked_at = self._clock.monotonic()

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._shut_down.wait()


async def _next_changes(stream: ChangeStream, *, at_most: int) -> list[Any]:
    """The `_id`s of tickets that have changed, as soon as no more follow; none if there are none for a moment."""
    touched: list[Any] = []
    while len(touched) < at_most and (change := await stream.try_next()) is not None:
        touched.append(change["documentKey"]["_id"])
    if not stream.alive:  # type: ignore[truthy-function]  # motor's stub makes it a method
        raise OperationFailure("the collection of tickets was dropped or renamed", CHANGE_STREAM_FATAL_ERROR)
    return touched


def _foreign_changes() -> list[Row]:
    """Changes that ingestion and rolling up do not make; few others slip in, which costs a look."""
    copied = {"operationType": "insert", "fullDocument.rolled_up": True}
    return [
        {"$match": {"$or": [{"operationType": {"$in": ["replace", "delete"]}}, *counted_edits("rolled_up"), copied]}},
        {"$project": {"documentKey": 1}},
    ]
