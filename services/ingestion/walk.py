"""One run of ingestion: the walk over upstream's pages from the checkpoint to the end, and what ends it."""

import asyncio

import structlog
from pymongo.errors import PyMongoError

from documents.ingestion_job import JobStatus
from services.coordination.leases import LeaseLostError
from services.errors import UpstreamError
from services.ingestion.commit import PageStore, PreparedPage
from services.ingestion.jobs import Jobs
from services.ingestion.run import Run, RunUpstream, StoppedError, StopReason
from services.ingestion.sweep import Deletions
from services.kit.clock import Clock
from services.kit.tasks import abandon
from services.sources.standard.client import ExternalApi
from services.sources.standard.next_page import next_step
from services.sources.standard.records import UpstreamPage

_CANCEL_POLL_SECONDS = 0.5

log = structlog.get_logger("services.ingestion")


class Ingestion:
    """Carries claimed jobs to their end."""

    def __init__(
        self,
        jobs: Jobs,
        api: ExternalApi,
        pages: PageStore,
        deletions: Deletions,
        clock: Clock,
        *,
        page_size: int,
    ) -> None:
        self._jobs = jobs
        self._api = api
        self._pages = pages
        self._deletions = deletions
        self._clock = clock
        self._page_size = page_size

    async def execute(self, run: Run) -> None:
        """Walk, sweep and end the job; or leave it to another worker when told to, or when the lease is lost.

        Whoever calls keeps the lease meanwhile (`Jobs.held`).

        Raises:
            PyMongoError: the database failed; the job goes on at its checkpoint when it is back.
        """
        upstream = RunUpstream(self._api, self._jobs, run, page_size=self._page_size)
        watch = asyncio.create_task(self._watch_for_cancel(run))
        try:
            await self._walk(run, upstream)
            remarks = await self._deletions.sweep(run, upstream)
            await self._jobs.finish(run.lease, JobStatus.COMPLETED, remarks=remarks)
            log.info("run_completed")
        except StoppedError as stopped:
            await self._end_early(run, stopped.reason)
        except UpstreamError as error:
            log.warning("run_failed", error=str(error))
            await self._jobs.finish(run.lease, JobStatus.FAILED, error=str(error))
        except LeaseLostError:
            log.warning("lease_lost")
        finally:
            await abandon(watch)

    async def _walk(self, run: Run, upstream: RunUpstream) -> None:
        """Fetch and store page after page; the next one is fetched and prepared while the present one is stored."""
        if run.job.next_page is None:
            return
        page = await self._prepare(run, upstream, run.job.next_page, None)
        while True:
            storing = asyncio.create_task(self._pages.commit(run, page))
            try:
                following = None
                if page.step.next_page is not None:
                    following = await self._prepare(run, upstream, page.step.next_page, page)
            finally:
                await storing  # a page at hand is finished, also when the run is told to stop
            if following is None:
                return
            if following.shares_tickets_with(page):
                following = await self._pages.prepare(run, following.fetched, following.step)
            page = following

    async def _prepare(
        self, run: Run, upstream: RunUpstream, number: int, previous: PreparedPage | None
    ) -> PreparedPage:
        fetched = await upstream.page(number)
        repeats = previous is not None and _ids(previous.fetched.page) == _ids(fetched.page)
        step = next_step(number, fetched.page, page_size=self._page_size, repeats_previous=repeats)
        return await self._pages.prepare(run, fetched, step)

    async def _end_early(self, run: Run, reason: StopReason) -> None:
        log.info("run_stopped", reason=reason.value)
        if reason is StopReason.CANCELLED:
            await self._jobs.finish(run.lease, JobStatus.CANCELLED)
        elif reason is StopReason.SHUTDOWN:
            await self._jobs.hand_back(run.lease)

    async def _watch_for_cancel(self, run: Run) -> None:
        while True:
            await self._clock.sleep(_CANCEL_POLL_SECONDS)
            try:
                if await self._jobs.is_cancelled(run.job.id):
                    run.stop(StopReason.CANCELLED)
            except PyMongoError as error:
                log.warning("cancel_unknown", error=str(error)[:200])


def _ids(page: UpstreamPage) -> list[object]:
    return [record.get("id") if isinstance(record, dict) else record for record in page.tickets]
