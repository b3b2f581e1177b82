"""Keeping something that is made of the tickets: making it of new ones, and following what other programs do to others.

One process at a time does it, under a lease. That only spares work: two at once have to be safe as well.

Programs that know nothing of us may edit or remove any ticket. The database's change stream tells. Where it was read
to is stored; when there is no such place, when the server no longer remembers it, or when something else is made of
the tickets now, every ticket is checked once.
"""

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import uuid4

import structlog
from pymongo.errors import OperationFailure, PyMongoError

from documents.database import ChangeStream, Collection, Database, Row, Session
from documents.following import changes_there
from documents.rollup_bookmark import RollupBookmark
from documents.ticket import Ticket
from services.coordination.leases import Lease, LeaseLostError, Leases
from services.kit.background import Background
from services.kit.clock import Clock

LONGEST_LEASE_SECONDS = 10.0
"""A keeper that dies in the middle of a batch keeps others from writing its tickets until its lease has run out."""
_LOOK_SECONDS = 2.0
_LARGEST_SHARE = 0.05
"""Looking for something to do takes at most this share of the time."""
_AWAIT_MILLISECONDS = 100
"""Changes that follow each other so closely are checked together."""
_STANDBY_SECONDS = 2.0
_CHANGE_STREAM_FATAL_ERROR = 280
_PLACE_IS_LOST = frozenset([260, _CHANGE_STREAM_FATAL_ERROR, 286])
"""InvalidResumeToken, ChangeStreamFatalError and ChangeStreamHistoryLost."""
_ENDS = ["drop", "rename"]
ONLY_IDS: Row = {"$project": {"_id": 1}}
_BOOKMARK_SECONDS = 30.0
"""A bookmark is itself a change, so it is not moved at every look."""
_PROGRESS_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept."""

    resource: str
    """The resource whose lease makes its holder the keeper; what is logged begins with it."""
    name: str
    """The logger's, but for `_keeper`."""
    bookmark: str
    """The `_id` of its row among the bookmarks."""
    made_as: str
    """What is made of a ticket, in words. Where it differs from what it was, every ticket is checked."""
    changes: dict[str, Row]
    """By collection, the condition for changes after which tickets have to be checked; few others may slip in."""
    needs_transactions: bool
    """Whether there is nothing to do on a standalone server."""
    rest_share: float
    """After a batch it rests for so many times as long as that took: others want the database too."""
    comment: str
    """Tells whoever looks at the server's commands what these are for."""

    @property
    def followed(self) -> list[Row]:
        """The pipeline on the database's changes: those of `changes`, and the end of a collection."""
        of_any = [
            {"ns.coll": name, "$or": [condition, {"operationType": {"$in": _ENDS}}]}
            for name, condition in self.changes.items()
        ]
        return [{"$match": {"$or": of_any}}, {"$project": {"documentKey": 1, "ns": 1, "operationType": 1}}]


class Keeper(Background):
    """Keeps something until it is shut down; one for each process that has a worker."""

    kept: ClassVar[Kept]

    def __init__(self, database: Database, leases: Leases, clock: Clock, *, batch: int) -> None:
        """`batch`: how many tickets are worked on or checked in one transaction."""
        super().__init__(structlog.get_logger(f"services.{self.kept.name}_keeper"))
        self._is_transactional = database.transactional
        self._leases = leases
        self._clock = clock
        self._batch = batch
        self._tickets = database.collection(Ticket)
        self._bookmarks = database.collection(RollupBookmark)
        self._bookmarked_at = clock.monotonic()

    @abstractmethod
    async def _has_work(self, tenant_id: str) -> bool:
        """Whether it is worth while to work on the tenant's tickets."""

    @abstractmethod
    async def _work_on_next(self, tenant_id: str, session: Session) -> int:
        """Work on the tenant's next batch of tickets; returns how many there were."""

    @abstractmethod
    async def _mend(self, ticket_ids: Sequence[Any], session: Session) -> int:
        """Mend what was made of those of the tickets that have changed; returns how many that were."""

    @abstractmethod
    def _made(self) -> list[tuple[Collection, list[Row]]]:
        """Collections, with pipelines that yield the `_id`s of the tickets of which something was made."""

    async def _touched(self, changes: list[Row]) -> list[Any]:
        """The `_id`s of the tickets that the changes are about."""
        return [change["documentKey"]["_id"] for change in changes]

    async def _clean_up(self, lease: Lease) -> None:
        """Remove what earlier versions have left; called when every ticket has been checked."""

    async def _round(self) -> None:
        """Work until shut down, or see whether whoever does has ended."""
        try:
            if self._is_transactional or not self.kept.needs_transactions:
                async with self._leases.held(await self._leases.acquire(self.kept.resource, uuid4().hex)) as lease:
                    if lease is not None:
                        await self._keep(lease)
        except* (PyMongoError, LeaseLostError) as errors:
            self._log.warning(f"{self.kept.resource}_interrupted", error=str(errors.exceptions[0])[:200])
        await self.rest(_STANDBY_SECONDS)

    async def _keep(self, lease: Lease) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._work_off_all(lease))
            if self._is_transactional:  # a standalone server keeps no record of its changes
                tasks.create_task(self._follow(lease))

    def _must_end(self, lease: Lease) -> bool:
        return self.is_shut_down or lease.is_lost

    async def _work_off_all(self, lease: Lease) -> None:
        while not self._must_end(lease):
            began = self._clock.monotonic()
            for tenant_id in await self._tickets.distinct("tenant_id", comment=self.kept.comment):
                if isinstance(tenant_id, str) and tenant_id and not self._must_end(lease):
                    await self._work_off(lease, tenant_id)
            await self.rest(max(_LOOK_SECONDS, (self._clock.monotonic() - began) / _LARGEST_SHARE))

    async def _work_off(self, lease: Lease, tenant_id: str) -> None:
        if not await self._has_work(tenant_id):
            return

        async def batch(session: Session) -> int:
            return await self._work_on_next(tenant_id, session)

        count, total, told = self._batch, 0, self._clock.monotonic()
        while count == self._batch and not self._must_end(lease):
            began = self._clock.monotonic()
            count = await self._leases.write(lease, batch)
            total += count
            await self.rest((self._clock.monotonic() - began) * self.kept.rest_share)
            if began - told > _PROGRESS_SECONDS:
                told = began
                self._log.info(f"{self.kept.resource}_going_on", tenant_id=tenant_id, tickets=total)
        self._log.info(f"{self.kept.resource}_up_to_date", tenant_id=tenant_id, tickets=total)

    async def _follow(self, lease: Lease) -> None:
        """Check what other programs change; changes that come at once are checked together."""
        bookmark = await self._bookmarks.find_one({"_id": self.kept.bookmark})
        is_current = bookmark is not None and bookmark.get("counting") == self.kept.made_as
        token = bookmark["resume_token"] if bookmark and is_current else None
        watching = self._tickets.database.watch(
            self.kept.followed,
            resume_after=token,
            max_await_time_ms=_AWAIT_MILLISECONDS,
            comment=self.kept.comment,
        )
        try:
            async with watching as stream, asyncio.TaskGroup() as tasks:
                # The first look opens the stream: from then on nothing is missed.
                touched = await self._touched(await _next_changes(stream, at_most=self._batch))
                checking = tasks.create_task(self._check_all(lease) if token is None else asyncio.sleep(0, True))
                has_bookmark, is_last = token is not None, False
                while not is_last:
                    is_last = self._must_end(lease)
                    await self._check(lease, touched)
                    is_due = bool(touched) or is_last or not has_bookmark or self._is_bookmark_due()
                    if is_due and checking.done() and checking.result():
                        await self._put_bookmark(lease, stream.resume_token)
                        has_bookmark = True
                    changes = [] if is_last else await _next_changes(stream, at_most=self._batch)
                    touched = await self._touched(changes)
        except* OperationFailure as errors:
            if any(isinstance(error, OperationFailure) and error.code in _PLACE_IS_LOST for error in errors.exceptions):
                await self._put_bookmark(lease, None)
            raise

    async def _check_all(self, lease: Lease) -> bool:
        """Check every ticket of which something was made; returns whether it came to the end."""
        for rows, pipeline in self._made():
            await self._in_batches(lease, rows, pipeline, self._check)
        if not self._must_end(lease):
            await self._clean_up(lease)
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

    async def _check(self, lease: Lease, ticket_ids: list[Any]) -> None:
        async def work(session: Session) -> int:
            return await self._mend(ticket_ids, session)

        if ticket_ids and (stale := await self._leases.write(lease, work)):
            self._log.info(f"{self.kept.resource}_mended", tickets=stale)

    def _is_bookmark_due(self) -> bool:
        return self._clock.monotonic() - self._bookmarked_at > _BOOKMARK_SECONDS

    async def _put_bookmark(self, lease: Lease, token: Row | None) -> None:
        """Store where the changes were read to; None: that place is lost."""
        mine: Row = {"_id": self.kept.bookmark}

        async def work(session: Session) -> None:
            if token is None:
                await self._bookmarks.delete_one(mine, session=session)
            else:
                new = {"$set": {"resume_token": token, "counting": self.kept.made_as}}
                await self._bookmarks.update_one(mine, new, upsert=True, session=session)

        await self._leases.write(lease, work)
        self._bookmarked_at = self._clock.monotonic()


async def _next_changes(stream: ChangeStream, *, at_most: int) -> list[Row]:
    """The next changes, as soon as no more follow; none if there are none for a moment.

    Raises:
        OperationFailure: a collection was dropped or renamed, so the place in the stream tells nothing.
    """
    changes = await changes_there(stream, at_most=at_most)
    # The stub of motor makes `alive` a method.
    if not stream.alive or any(change["operationType"] in _ENDS for change in changes):  # type: ignore[truthy-function]
        raise OperationFailure("a collection was dropped or renamed", _CHANGE_STREAM_FATAL_ERROR)
    return changes
