"""One run of ingestion: the walk over upstream's pages from the checkpoint to the end, and what ends it."""

import asyncio

import structlog
from pymongo.errors import PyMongoError

from documents.ingestion_job import JobStatus
from services.coordination.leases import LeaseLostError, Locks
from services.errors import UpstreamError
from services.ingestion.commit import FetchedPage, PageStore, PreparedPage
from services.ingestion.jobs import Jobs
from services.ingestion.run import Run, RunUpstream, StoppedError, StopReason, abandon
from services.ingestion.sweep import Deletions
from services.kit.clock import Clock
from services.sources.standard.client import ExternalApi
from services.sources.standard.next_page import next_step
from services.sources.standard.records import UpstreamPage

CANCEL_POLL_SECONDS = 0.5
HEARTBEATS_PER_LEASE = 6
"""With a lease of 60 s: a heartbeat every 10 s."""
SURRENDER_SHARE = 2 / 3
"""A holder that could not renew for this share of its lease stops by itself, well before it runs out."""

log = structlog.get_logger("services.ingestion")


class Ingestion:
    """Carries claimed jobs to their end."""

    def __init__(
        self,
        jobs: Jobs,
        locks: Locks,
        api: ExternalApi,
        pages: PageStore,
        deletions: Deletions,
        clock: Clock,
        *,
        page_size: int,
    ) -> None:
        self._jobs = jobs
        self._lease_seconds = locks.ttl_seconds
        self._api = api
        self._pages = pages
        self._deletions = deletions
        self._clock = clock
        self._page_size = page_size

    async def execute(self, run: Run) -> None:
        """Walk, sweep and end the job; or leave it to another worker when told to, or when the lease is lost.

        Raises:
            PyMongoError: the database failed; the job goes on at its checkpoint when it is back.
        """
        upstream = RunUpstream(self._api, self._jobs, run, page_size=self._page_size)
        keeper = asyncio.create_task(self._keep(run))
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
            await abandon(keeper)

    async def _walk(self, run: Run, upstream: RunUpstream) -> None:
        """Fetch and store page after page; the next one is fetched and prepared while the present one is stored."""
        if run.job.next_page is None:
            return
        page = await self._prepare(run, upstream, run.job.next_page, None)
        while True:
            storing = asyncio.create_task(self._pages.commit(run.lease, page))
            try:
                following = None
                if page.fetched.step.next_page is not None:
                    following = await self._prepare(run, upstream, page.fetched.step.next_page, page)
            finally:
                await storing  # a page at hand is finished, also when the run is told to stop
            if following is None:
                return
            if following.shares_tickets_with(page):
                following = await self._pages.prepare(run.lease, run.tenant_id, following.fetched)
            page = following

    async def _prepare(
        self, run: Run, upstream: RunUpstream, number: int, previous: PreparedPage | None
    ) -> PreparedPage:
        received = await upstream.page(number)
        repeats = previous is not None and _ids(previous.fetched.page) == _ids(received.page)
        step = next_step(number, received.page, page_size=self._page_size, repeats_previous=repeats)
        return await self._pages.prepare(
            run.lease, run.tenant_id, FetchedPage(number, received.page, step, received.retries)
        )

    async def _end_early(self, run: Run, reason: StopReason) -> None:
        log.info("run_stopped", reason=reason.value)
        if reason is StopReason.CANCELLED:
            await self._jobs.finish(run.lease, JobStatus.CANCELLED)
        elif reason is StopReason.SHUTDOWN:
            await self._jobs.hand_back(run.lease)

    async def _keep(self, run: Run) -> None:
        """Renew the lease, and watch for a cancel, until the run ends."""
        renewed = self._clock.monotonic()
        while True:
            await self._clock.sleep(CANCEL_POLL_SECONDS)
            now = self._clock.monotonic()
            try:
                if await self._jobs.is_cancelled(run.job.id):
                    run.stop(StopReason.CANCELLED)
                if now - renewed >= self._lease_seconds / HEARTBEATS_PER_LEASE:
                    await self._jobs.heartbeat(run.lease)
                    renewed = now
            except LeaseLostError:
                run.stop(StopReason.LEASE_LOST)
            except PyMongoError as error:
                log.warning("heartbeat_failed", error=str(error)[:200])
                if now - renewed >= self._lease_seconds * SURRENDER_SHARE:
                    run.stop(StopReason.LEASE_LOST)


def _ids(page: UpstreamPage) -> list[object]:
    return [record.get("id") if isinstance(record, dict) else record for record in page.tickets]
