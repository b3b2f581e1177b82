"""Keeping the rollups: rolling tickets up in the background, and noticing what other programs do to them.

One process at a time keeps the rollups, under a lease. That only spares work: two at once would be safe as well.

Programs that know nothing of rollups may edit or remove a ticket that is in them. The database's change stream
tells, so statistics are right again within moments. Where it was read to is stored; when the server no longer
remembers that place, every ticket in the rollups is checked once. When tickets are now counted as something else, all
are rolled up anew, and what was written before is removed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import uuid4

import structlog
from pymongo.errors import OperationFailure, PyMongoError

from documents.database import Collection, Database, Row, Session
from documents.rolled_up_ticket import RolledUpTicket
from documents.rollup_bookmark import RollupBookmark
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from documents.ticket_rollup import TicketRollup
from services.coordination.leases import Lease, LeaseLostError, Leases
from services.kit.background import Background
from services.kit.clock import Clock
from services.rollups.foreign import PLACE_IS_LOST, foreign_changes, is_of, next_changes
from services.rollups.rows import COUNTING
from services.rollups.write import ROLL_UP_BATCH, ROLLED_UP, Rollups, is_name
from services.tenancy import owned

ROLLUPS_RESOURCE = "rollups"
"""The resource whose lease makes its holder the keeper."""
ROLLUP_COMMENT = "looking for tickets to roll up"
"""Tells whoever looks at the server's commands what these are for."""
ROLL_UP_FROM = 1_000
"""Fewer tickets of a tenant are counted one by one without anybody's noticing: 1,000 take some 4 ms."""
_LOOK_SECONDS = 2.0
_REST_SHARE = 2.0
"""After rolling up a batch it rests for so many times as long as that took."""
_LARGEST_SHARE = 0.05
"""Looking for something to do takes at most this share of the time."""
_AWAIT_MILLISECONDS = 100
"""Changes that follow each other so closely are checked together."""
_STANDBY_SECONDS = 2.0
LONGEST_LEASE_SECONDS = 10.0
"""A keeper that dies while it rolls up keeps others from writing these tickets until its lease has run out."""
_BOOKMARK: Row = {"_id": "tickets"}
_ONLY_IDS: Row = {"$project": {"_id": 1}}
_BOOKMARK_SECONDS = 30.0
"""A bookmark is itself a change, so it is not moved at every look."""

log = structlog.get_logger("services.rollup_keeper")


class RollupKeeper(Background):
    """Keeps the rollups until it is shut down; one for each process that has a worker."""

    def __init__(
        self,
        database: Database,
        rollups: Rollups,
        leases: Leases,
        clock: Clock,
        *,
        roll_up_from: int = ROLL_UP_FROM,
        batch: int = ROLL_UP_BATCH,
    ) -> None:
        """`roll_up_from`: how many tickets of a tenant have to be counted one by one before they are rolled up.

        `batch`: how many tickets are rolled up or checked in one transaction.
        """
        super().__init__(log)
        self._is_possible = database.transactional
        self._rollups = rollups
        self._leases = leases
        self._clock = clock
        self._roll_up_from = roll_up_from
        self._batch = batch
        self._tickets = database.collection(Ticket)
        self._history = database.collection(TicketHistory)
        self._receipts = database.collection(RolledUpTicket)
        self._rows = database.collection(TicketRollup)
        self._bookmarks = database.collection(RollupBookmark)
        self._bookmarked_at = clock.monotonic()

    async def _round(self) -> None:
        """Keep the rollups until shut down, or see whether whoever does has ended."""
        try:
            if self._is_possible:
                async with self._leases.held(await self._leases.acquire(ROLLUPS_RESOURCE, uuid4().hex)) as lease:
                    if lease is not None:
                        await self._keep(lease)
        except* (PyMongoError, LeaseLostError) as errors:
            log.warning("rollups_interrupted", error=str(errors.exceptions[0])[:200])
        await self.rest(_STANDBY_SECONDS)

    async def _keep(self, lease: Lease) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._roll_up_all(lease))
            tasks.create_task(self._follow(lease))

    def _must_end(self, lease: Lease) -> bool:
        return self.is_shut_down or lease.is_lost

    async def _roll_up_all(self, lease: Lease) -> None:
        while not self._must_end(lease):
            began = self._clock.monotonic()
            for tenant_id in await self._tickets.distinct("tenant_id", comment=ROLLUP_COMMENT):
                if is_name(tenant_id) and not self._must_end(lease):
                    await self._roll_up(lease, tenant_id)
            await self.rest(max(_LOOK_SECONDS, (self._clock.monotonic() - began) / _LARGEST_SHARE))

    async def _roll_up(self, lease: Lease, tenant_id: str) -> None:
        """Roll up all that the tenant has, if it is enough."""
        backlog = await self._rollups.backlog(tenant_id, limit=self._roll_up_from, comment=ROLLUP_COMMENT)
        if backlog < self._roll_up_from:
            return

        async def batch(session: Session) -> int:
            return await self._rollups.roll_up(tenant_id, at_most=self._batch, session=session)

        count, total = self._batch, 0
        while count == self._batch and not self._must_end(lease):
            began = self._clock.monotonic()
            count = await self._leases.write(lease, batch)
            total += count
            await self.rest(_REST_SHARE * (self._clock.monotonic() - began))  # others want the database too
        log.info("rolled_up", tenant_id=tenant_id, tickets=total)

    async def _follow(self, lease: Lease) -> None:
        """Check what other programs change; changes that come at once are checked together."""
        bookmark = await self._bookmarks.find_one(_BOOKMARK)
        is_current = bookmark is not None and bookmark.get("counting") == COUNTING
        token = bookmark["resume_token"] if bookmark and is_current else None
        watching = self._tickets.database.watch(
            foreign_changes(), resume_after=token, max_await_time_ms=_AWAIT_MILLISECONDS, comment=ROLLUP_COMMENT
        )
        try:
            async with watching as stream, asyncio.TaskGroup() as tasks:
                # The first look opens the stream: from then on nothing is missed.
                touched = await self._touched(await next_changes(stream, at_most=self._batch))
                checking = tasks.create_task(self._mend(lease, is_lost=token is None))
                is_last = False
                while not is_last:
                    is_last = self._must_end(lease)
                    await self._check(lease, touched)
                    if checking.done() and checking.result() and (touched or is_last or self._is_bookmark_due()):
                        await self._put_bookmark(lease, stream.resume_token)
                    changes = [] if is_last else await next_changes(stream, at_most=self._batch)
                    touched = await self._touched(changes)
        except* OperationFailure as errors:
            if any(isinstance(error, OperationFailure) and error.code in PLACE_IS_LOST for error in errors.exceptions):
                await self._put_bookmark(lease, None)
            raise

    async def _touched(self, changes: list[Row]) -> list[Any]:
        """The `_id`s of the tickets that the changes are about; a new row of the history can tell of a close."""
        ids = [change["documentKey"]["_id"] for change in changes if is_of(Ticket, change)]
        of_history = [change["documentKey"]["_id"] for change in changes if is_of(TicketHistory, change)]
        for start in range(0, len(of_history), self._batch):
            of_any_tenant: list[Row] = [
                {"$match": {"_id": {"$in": of_history[start : start + self._batch]}}},
                {"$project": {"tenant_id": 1, "ticket_id": 1}},
            ]
            rows = await self._history.aggregate(of_any_tenant).to_list(None)
            for tenant_id in {row["tenant_id"] for row in rows if is_name(row.get("tenant_id"))}:
                names = [row.get("ticket_id") for row in rows if row.get("tenant_id") == tenant_id]
                told = self._tickets.find(owned(tenant_id, external_id={"$in": names}), {"_id": 1})
                ids += [ticket["_id"] for ticket in await told.to_list(None)]
        return ids

    async def _mend(self, lease: Lease, *, is_lost: bool) -> bool:
        """If the place in the change stream is lost, or is one of another counting: check every ticket that is in the
        rollups, or is marked as if it were, and remove what other versions have left; returns whether all was done."""
        if not is_lost:
            return True
        of_ours: list[Row] = [{"$match": {"_id.counting": COUNTING}}, {"$project": {"_id": "$_id.ticket"}}]
        await self._in_batches(lease, self._receipts, of_ours, self._check)
        await self._in_batches(lease, self._tickets, [{"$match": {"rolled_up": ROLLED_UP}}, _ONLY_IDS], self._check)
        for rows, counting in ((self._rows, "counting"), (self._receipts, "_id.counting")):
            outdated: list[Row] = [{"$match": {counting: {"$ne": COUNTING}}}, _ONLY_IDS]
            await self._in_batches(lease, rows, outdated, partial(self._remove, rows))
        return not self._must_end(lease)

    async def _in_batches(
        self, lease: Lease, rows: Collection, pipeline: list[Row], work: Callable[[Lease, list[Any]], Awaitable[None]]
    ) -> None:
        """Do something with the `_id`s that the pipeline ends in, and rest for as long as it takes."""
        cursor = rows.aggregate(pipeline, batchSize=self._batch)
        while not self._must_end(lease) and (batch := await cursor.to_list(self._batch)):
            began = self._clock.monotonic()
            await work(lease, [row["_id"] for row in batch])
            await self.rest(self._clock.monotonic() - began)

    async def _remove(self, rows: Collection, lease: Lease, row_ids: list[Any]) -> None:
        async def work(session: Session) -> None:
            await rows.delete_many({"_id": {"$in": row_ids}}, session=session)

        await self._leases.write(lease, work)

    async def _check(self, lease: Lease, ticket_ids: list[Any]) -> None:
        async def work(session: Session) -> int:
            return await self._rollups.check(ticket_ids, session=session)

        if ticket_ids and (stale := await self._leases.write(lease, work)):
            log.info("rollups_mended", tickets=stale)

    def _is_bookmark_due(self) -> bool:
        return self._clock.monotonic() - self._bookmarked_at > _BOOKMARK_SECONDS

    async def _put_bookmark(self, lease: Lease, token: Row | None) -> None:
        """Store where the changes were read to; None: that place is lost."""

        async def work(session: Session) -> None:
            if token is None:
                await self._bookmarks.delete_one(_BOOKMARK, session=session)
            else:
                new = {"$set": {"resume_token": token, "counting": COUNTING}}
                await self._bookmarks.update_one(_BOOKMARK, new, upsert=True, session=session)

        await self._leases.write(lease, work)
        self._bookmarked_at = self._clock.monotonic()
