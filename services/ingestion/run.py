"""One run as its process knows it: the job, the lease, the order to stop, and upstream as the run sees it."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

from documents.ingestion_job import IngestionJob
from services.classification.judging import Judge
from services.coordination.leases import Lease
from services.errors import UpstreamError
from services.ingestion.jobs import Jobs
from services.kit.tasks import abandon
from services.notifications.outbox import ANNOUNCE_ALL, AnnouncementPolicy
from services.observing import UNOBSERVED, Observer
from services.protection.shields import Shield
from services.sources.pages import PagePlace, SourcePage, UpstreamCaller
from services.sources.source import Source

T = TypeVar("T")


class StopReason(Enum):
    """Why a run ends before its last page."""

    CANCELLED = "cancelled"
    """Somebody asked for it."""
    SHUTDOWN = "shutdown"
    """The process ends; another one goes on."""
    ROLLED_BACK = "rolled back"
    """The database has lost what the run had stored last, as in a failover; the run goes on where that leaves it."""
    LEASE_LOST = "lease lost"
    """The lease could not be renewed in time, so another process may have it."""

    @property
    def label(self) -> str:
        """The reason as figures are counted by it."""
        return self.name.lower()


class StoppedError(Exception):
    """The run was told to stop."""

    def __init__(self, reason: StopReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Origin:
    """Where tickets come from: one of the tenant's connections, the contract's API, or a file."""

    announce: AnnouncementPolicy = ANNOUNCE_ALL
    connection_id: str | None = None
    """None: the contract's API, or a file."""
    is_file: bool = False
    """A file that a client sent says nothing of what upstream has."""
    tells_moments: bool = False
    """Whether it tells what happened, and when: of a ticket that was changed, deleted or brought back, the source's own
    moment counts."""
    is_whole: bool = True
    """Whether the walk goes over all that there is, and not only over what has changed."""
    keeps_cursor: bool = False
    """Whether the pages say nothing of where the next run begins: they show again what is known."""


CONTRACT = Origin()


class Run:
    """A job under a lease, until it is told to stop."""

    def __init__(
        self, job: IngestionJob, lease: Lease, origin: Origin = CONTRACT, *, observer: Observer = UNOBSERVED
    ) -> None:
        self.observer = observer
        """Who is told of what the run does."""
        self.job = job
        """As it was claimed; counts and checkpoint go on in the database."""
        self.lease = lease
        self.origin = origin
        """Where what it reads at present comes from."""
        self.failed_legs = job.failed_legs
        """How many of its connections could not be read."""
        self.bounds: tuple[Judge, Shield] | None = None
        """Who judges the tenant's tickets, and what may not be stored of them, as far as the run has heard: whoever
        stores something demands that it is still so."""
        self.stored_portions = job.portions
        """How many portions are stored, as far as the run has heard."""
        self._pages = job.processed_pages
        self._portions = max(job.portions, job.processed_pages)
        self._counted = job.last_page
        self._stop: asyncio.Future[StopReason] = asyncio.get_running_loop().create_future()

    @property
    def tenant_id(self) -> str:
        """The tenant whose tickets the run ingests."""
        return self.job.tenant_id

    def begin_leg(self, origin: Origin, *, is_resumed: bool) -> None:
        """Go on with what is to be read next, or with what another process has read some of."""
        self.origin = origin
        self._counted = self.job.last_page if is_resumed else None

    def begin_page(self, place: PagePlace) -> int | None:
        """The number of the page at `place`, from 1 and in the order of reading; None: it has one already.

        It has if whoever had the job before has stored it, or a part of it, and nothing after it.
        """
        is_counted, self._counted = place == self._counted, None
        if is_counted:
            return None
        self._pages += 1
        return self._pages

    def begin_portion(self) -> int:
        """The number of the next portion, from 1; never the same twice in a job."""
        self._portions += 1
        return self._portions

    def stop(self, reason: StopReason) -> None:
        """Tell the run to stop; the first reason counts."""
        if not self._stop.done():
            self._stop.set_result(reason)

    def go_on(self) -> None:
        """Called between two steps that take long.

        Raises:
            StoppedError: the run was told to stop.
        """
        if self._stop.done():
            raise StoppedError(self._stop.result())

    async def unless_stopped(self, work: Coroutine[Any, Any, T]) -> T:
        """Do what may wait long, but not longer than the run goes on.

        Raises:
            StoppedError: the run was told to stop; `work` was abandoned.
        """
        task = asyncio.ensure_future(work)
        try:
            waited: list[asyncio.Future[Any]] = [task, self._stop]
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if self._stop.done():
                raise StoppedError(self._stop.result())
            return task.result()
        finally:
            await abandon(task)


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """A page as it came."""

    page: SourcePage
    retries: int
    """How often it had to be asked for again."""


class RunUpstream:
    """The source on behalf of one run: calls end when the run is told to stop."""

    def __init__(self, source: Source, jobs: Jobs, run: Run) -> None:
        self.source = source
        self._jobs = jobs
        self._run = run
        self._retries = 0
        self._is_waiting = False
        self._deleted: set[str] | UpstreamError | None = None
        self._caller = UpstreamCaller(run.tenant_id, self._note_wait, self._count_retry)

    async def page(self, place: PagePlace) -> FetchedPage:
        """One page; the next one may be asked for while this one is being stored, but not two at once."""
        before = self._retries
        with self._run.observer.span("fetch page") as step:
            if isinstance(place, int):  # others are the source's own: tokens, addresses
                step.add(place=place)
            page = await self._answer(self.source.page(self._caller, place))
        return FetchedPage(page, self._retries - before)

    async def deleted_ids(self) -> set[str]:
        """The ids that upstream names as deleted, of all tenants, as they were when they were last asked for.

        Raises:
            UpstreamError: they could not be had.
        """
        if self._deleted is None:
            await self.deleted_now()
        if isinstance(self._deleted, UpstreamError):
            raise self._deleted
        return self._deleted or set()

    async def deleted_now(self) -> set[str] | None:
        """The same, asked for anew; None if they cannot be had."""
        if not self.source.capabilities.names_deleted:
            self._deleted = set()
            return None
        try:
            self._deleted = await self._answer(self.source.deleted_ids(self._caller))
        except UpstreamError as error:
            self._deleted = error
            return None
        return self._deleted

    async def is_gone(self, external_id: str) -> bool:
        """Whether upstream says that it does not have this ticket."""
        return await self._answer(self.source.is_gone(self._caller, external_id))

    async def _answer(self, request: Coroutine[Any, Any, T]) -> T:
        answer = await self._run.unless_stopped(request)
        if self._is_waiting:
            self._is_waiting = False
            await self._jobs.note_waiting(self._run.lease, None)
        return answer

    async def _note_wait(self, until: datetime) -> None:
        self._is_waiting = True
        await self._jobs.note_waiting(self._run.lease, until)

    def _count_retry(self) -> None:
        self._retries += 1
