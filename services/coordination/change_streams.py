"""Following changes in the database, whichever process makes them: one change stream a collection, shared.

A signal says only that something *may* have changed; whoever follows reads anew. So nothing is lost when many
changes come at once, or when the stream breaks: after it has been opened again, everybody gets a signal.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog
from pymongo.errors import PyMongoError

from documents.database import Collection, Database, Row
from documents.ingestion_job import IngestionJob
from documents.ticket import COUNTED_FIELDS, Ticket
from services.coordination.turns import Turns
from services.errors import UnavailableError
from services.kit.clock import Clock

AWAIT_MILLISECONDS = 500
"""How long the server waits for the next change before it answers that there is none; also how long an unused
stream lives on."""
OPEN_SECONDS = 5.0
REOPEN_SECONDS = 1.0
STATISTICS_REST_ON = ("tenant_id", "created_at", "deleted_at", *COUNTED_FIELDS, "keyword_key", "customer_id")
"""An update of other fields (a run marks every ticket it sees) changes no number."""

KeyOf = Callable[[Row], str | None]
log = structlog.get_logger("services.changes")


class ChangeSignal:
    """Set whenever what is followed may have changed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._event = asyncio.Event()
        self._last = clock.monotonic()

    def set(self) -> None:
        """Wake the follower, now or when it next waits."""
        self._event.set()

    def clear(self) -> None:
        """Forget changes so far."""
        self._event.clear()

    async def wait(self, *, at_least: float = 0.0) -> None:
        """Wait for a change, and until `at_least` so many seconds have passed since the last one was met."""
        await self._event.wait()
        await self._clock.sleep(max(0.0, self._last + at_least - self._clock.monotonic()))
        self.clear()
        self._last = self._clock.monotonic()


class Feed:
    """The changes of one collection, by key. Its stream is open while anybody follows."""

    def __init__(
        self, rows: Collection, pipeline: list[Row], key_of: KeyOf, clock: Clock, *, full_document: str = "default"
    ) -> None:
        """`key_of` names what a change is about; None: it may be about anything."""
        self._rows = rows
        self._pipeline = pipeline
        self._full_document = full_document
        self._key_of = key_of
        self._clock = clock
        self._followers: defaultdict[str, set[ChangeSignal]] = defaultdict(set)
        self._is_open = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None

    @property
    def follower_count(self) -> int:
        """How many follow at this moment."""
        return sum(map(len, self._followers.values()))

    @property
    def is_open(self) -> bool:
        """Whether there is a stream at this moment."""
        return self._watching is not None

    @asynccontextmanager
    async def follow(self, key: str) -> AsyncIterator[ChangeSignal]:
        """Follow what `key` names. Whatever changes after the block was entered gives a signal.

        Raises:
            UnavailableError: the stream cannot be opened.
        """
        signal = ChangeSignal(self._clock)
        self._followers[key].add(signal)
        try:
            await self._opened()
            signal.clear()  # what was before the block, its user reads anyhow
            yield signal
        finally:
            self._followers[key].discard(signal)
            if not self._followers[key]:
                del self._followers[key]

    async def close(self) -> None:
        """End the stream; followers get no more signals."""
        if self._watching is not None:
            self._followers.clear()
            await self._watching

    async def _opened(self) -> None:
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch())
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                await self._is_open.wait()
        except TimeoutError as error:
            raise UnavailableError("Changes cannot be followed at the moment; try again later.") from error

    async def _watch(self) -> None:
        try:
            while self._followers:
                try:
                    await self._pass_on_changes()
                except PyMongoError as error:
                    self._is_open.clear()
                    log.warning("change_stream_failed", collection=self._rows.name, error=str(error)[:200])
                    await self._clock.sleep(REOPEN_SECONDS)
        finally:
            self._is_open.clear()
            self._watching = None

    async def _pass_on_changes(self) -> None:
        async with self._rows.watch(
            self._pipeline, full_document=self._full_document, max_await_time_ms=AWAIT_MILLISECONDS
        ) as stream:
            self._is_open.set()
            self._signal(None)  # something may have changed while nobody watched
            while self._followers and stream.alive:
                change = await stream.try_next()
                if change is not None:
                    self._signal(self._key_of(change))
            self._is_open.clear()

    def _signal(self, key: str | None) -> None:
        keys = list(self._followers) if key is None else [key]
        for each in keys:
            for signal in self._followers.get(each, ()):
                signal.set()


class Changes:
    """What can be followed.

    Followers need a replica set: a standalone server keeps no record of its changes.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self.jobs = Feed(database.collection(IngestionJob), [{"$project": {"documentKey": 1}}], _job_of, clock)
        """Ingestion jobs, by their id."""
        self.tickets = Feed(
            database.collection(Ticket), _counted_changes(), _tenant_of, clock, full_document="updateLookup"
        )
        """Tickets, by their tenant, as far as statistics can change."""
        self.turns = Turns(clock)
        """When a follower may read anew; by client."""

    async def close(self) -> None:
        """End every stream."""
        await asyncio.gather(self.jobs.close(), self.tickets.close())


def counted_edits(*more: str) -> list[Row]:
    """The conditions, one of which an update meets that can change statistics, or removes one of the fields `more`."""
    touched: list[Row] = [
        {f"updateDescription.updatedFields.{field}": {"$exists": True}} for field in STATISTICS_REST_ON
    ]
    return [*touched, {"updateDescription.removedFields": {"$in": [*STATISTICS_REST_ON, *more]}}]


def _counted_changes() -> list[Row]:
    whole = {"operationType": {"$in": ["insert", "replace", "delete"]}}
    return [
        {"$match": {"$or": [whole, *counted_edits()]}},
        {"$project": {"documentKey": 1, "fullDocument.tenant_id": 1}},
    ]


def _job_of(change: Row) -> str | None:
    """A change of the collection as a whole is about no single job."""
    return change["documentKey"]["_id"] if "documentKey" in change else None


def _tenant_of(change: Row) -> str | None:
    """A change of a ticket that is gone by now does not tell its tenant."""
    tenant_id = (change.get("fullDocument") or {}).get("tenant_id")
    return tenant_id if isinstance(tenant_id, str) else None
