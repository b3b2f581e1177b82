"""One run of ingestion: the walks over its sources' pages from the checkpoint to the end, and what ends it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import structlog
from pymongo.errors import PyMongoError

from documents.ingestion_job import JobStatus
from services.coordination.leases import LeaseLostError
from services.errors import UpstreamError
from services.ingestion.courses.course import Course
from services.ingestion.courses.stream import StreamCourse
from services.ingestion.jobs import Jobs
from services.ingestion.legs import Legs, RunLeg, legs_left
from services.ingestion.pages.commit import PageStore, PreparedPage
from services.ingestion.pages.portions import Portion, portions
from services.ingestion.run import Run, RunUpstream, StoppedError, StopReason
from services.ingestion.sweep import Deletions
from services.kit.clock import Clock
from services.kit.faults import outline
from services.kit.tasks import abandon
from services.protection.shields import TenantErasedError
from services.sources.pages import PagePlace
from services.sources.source import Source

_CANCEL_POLL_SECONDS = 0.5

log = structlog.get_logger("services.ingestion")


class Ingestion:
    """Carries claimed jobs to their end."""

    def __init__(
        self,
        jobs: Jobs,
        legs: Legs,
        pages: PageStore,
        deletions: Deletions,
        clock: Clock,
        *,
        max_pages: int,
    ) -> None:
        """`max_pages`: a run that has read so many ends its walk, however many more upstream names."""
        self._jobs = jobs
        self._legs = legs
        self._pages = pages
        self._deletions = deletions
        self._clock = clock
        self._max_pages = max_pages

    async def execute(self, run: Run) -> StopReason | None:
        """Walk, sweep and end the job; or leave it to another worker when told to, or when the lease is lost.

        Whoever calls keeps the lease meanwhile (`Jobs.held`). Returns why the run was stopped, if it was.

        Raises:
            PyMongoError: the database failed; the job goes on at its checkpoint when it is back.
        """
        watch = asyncio.create_task(self._watch_for_cancel(run))
        try:
            remarks = [remark for number in legs_left(run.job) for remark in await self._read(run, number)]
            await self._jobs.finish(run.lease, JobStatus.COMPLETED, remarks=remarks)
        except StoppedError as stopped:
            await self._end_early(run, stopped.reason)
            return stopped.reason
        except UpstreamError as error:
            await self._jobs.finish(run.lease, JobStatus.FAILED, error=str(error))
        except TenantErasedError as error:
            await self._jobs.finish(run.lease, JobStatus.CANCELLED, error=str(error))
        except LeaseLostError:
            log.warning("lease_lost")
            return StopReason.LEASE_LOST
        finally:
            await abandon(watch)
        return None

    async def _read(self, run: Run, number: int) -> list[str]:
        """Read one leg; returns remarks for the log, which are no fault of the run.

        Raises:
            UpstreamError: it cannot be read, and nothing else could be.
        """
        try:
            leg = await self._legs.begin(run, number)
            run.begin_leg(leg.origin, is_resumed=leg.is_resumed)
            upstream = RunUpstream(leg.source, self._jobs, run)
            await self._walk(run, leg, upstream)
            remarks = await self._deletions.sweep(run, upstream)
        except UpstreamError as error:
            if run.job.connections:
                log.warning("connection_failed", connection_id=run.job.connections[number], problem=error.problem.value)
                await self._legs.end(run, number, error)
                run.failed_legs += 1
            if run.failed_legs >= len(run.job.connections):
                raise
            return []
        if run.job.connections:
            await self._legs.end(run, number)
        return remarks

    async def _walk(self, run: Run, leg: RunLeg, upstream: RunUpstream) -> None:
        """Walk to the end of the list, and again where it has moved meanwhile."""
        place = leg.begins_at
        if place is None:
            return
        course = self._course(leg.source)
        if leg.is_resumed:
            course.resume(place, run.job.last_page, run.job.upstream_total, await self._pages.seen_ids(run))
        while place is not None:
            await self._walk_on(run, upstream, course, place)
            step = course.ended(await upstream.deleted_now() if course.has_seen_anything else None)
            place = step.next
            await self._pages.note_end(run, step, moved=course.has_moved)

    def _course(self, source: Source) -> Course | StreamCourse:
        if source.capabilities.is_incremental:
            return StreamCourse(max_pages=self._max_pages)
        return Course(may_shift=source.capabilities.list_may_shift, max_pages=self._max_pages)

    async def _walk_on(self, run: Run, upstream: RunUpstream, course: Course | StreamCourse, start: PagePlace) -> None:
        """Store page after page; the next one is fetched and prepared while the present one is stored.

        The one after that is asked for as soon as the present one is stored, while the next one may still be prepared:
        there are never more than two that were fetched and are not stored.
        """
        async with aclosing(portions(run, upstream, course, start)) as following:
            page: PreparedPage | None = await self._pages.prepare(run, await anext(following))
            reading = asyncio.create_task(_read_on(following))
            try:
                while page is not None:
                    storing = asyncio.create_task(self._pages.commit(run, page))
                    try:
                        portion = await reading
                        reading = asyncio.create_task(_read_on(following, storing))
                        prepared = None if portion is None else await self._pages.prepare(run, portion)
                    finally:
                        await storing  # a page at hand is finished, also when the run is told to stop
                    if prepared is not None and prepared.shares_tickets_with(page):
                        prepared = await self._pages.prepare(run, prepared.portion)
                    page = prepared
            finally:
                await abandon(reading)

    async def _end_early(self, run: Run, reason: StopReason) -> None:
        log.info("run_stopped", reason=reason.value)
        if reason is StopReason.CANCELLED:
            await self._jobs.finish(run.lease, JobStatus.CANCELLED)
        elif reason in (StopReason.SHUTDOWN, StopReason.ROLLED_BACK):
            await self._jobs.hand_back(run.lease)

    async def _watch_for_cancel(self, run: Run) -> None:
        while True:
            await self._clock.sleep(_CANCEL_POLL_SECONDS)
            try:
                if await self._jobs.is_cancelled(run.job):
                    run.stop(StopReason.CANCELLED)
            except PyMongoError as error:
                log.warning("cancel_unknown", error=outline(error))


async def _read_on(
    following: AsyncGenerator[Portion, None], storing: asyncio.Task[None] | None = None
) -> Portion | None:
    """The next portion, asked for once another one is stored, if one is; None: there is none."""
    if storing is not None:
        await asyncio.shield(storing)
    return await anext(following, None)
