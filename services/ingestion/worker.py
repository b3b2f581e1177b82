"""The worker: claims jobs and runs several at once, in the API's process or in one of its own."""

import asyncio

import structlog
from pymongo.errors import PyMongoError
from structlog.contextvars import bind_contextvars

from documents.ingestion_job import IngestionJob
from services.coordination.leases import Lease, LeaseLostError
from services.ingestion.jobs import Jobs
from services.ingestion.run import Run, StopReason
from services.ingestion.walk import Ingestion
from services.kit.clock import Clock

POLL_SECONDS = 0.5
HAND_BACK_TRIES = 60
HAND_BACK_PAUSE_SECONDS = 1.0

log = structlog.get_logger("services.worker")


class Worker:
    """Runs up to `concurrency` jobs until it is shut down."""

    def __init__(self, jobs: Jobs, ingestion: Ingestion, clock: Clock, *, concurrency: int = 4) -> None:
        self._jobs = jobs
        self._ingestion = ingestion
        self._clock = clock
        self._concurrency = concurrency
        self._runs: dict[str, Run] = {}
        self._wake = asyncio.Event()
        self._is_shut_down = False

    def wake(self) -> None:
        """There may be something to do: look now rather than at the next poll."""
        self._wake.set()

    def shut_down(self) -> None:
        """Finish the pages at hand, hand the jobs back, and return from `work`."""
        self._is_shut_down = True
        for run in self._runs.values():
            run.stop(StopReason.SHUTDOWN)
        self.wake()

    async def work(self) -> None:
        """Claim and run jobs until `shut_down`."""
        async with asyncio.TaskGroup() as tasks:
            while not self._is_shut_down:
                self._wake.clear()  # before looking: a call that comes meanwhile must not be lost
                claimed = await self._claim()
                if claimed is None:
                    await self._rest()
                    continue
                run = Run(*claimed)
                self._runs[run.job.id] = run
                tasks.create_task(self._carry(run))
                if self._is_shut_down:  # the order came during the claim
                    run.stop(StopReason.SHUTDOWN)

    async def _claim(self) -> tuple[IngestionJob, Lease] | None:
        if len(self._runs) >= self._concurrency:
            return None
        try:
            return await self._jobs.claim(self._runs.keys())
        except (PyMongoError, LeaseLostError) as error:
            log.warning("claim_failed", error=str(error)[:200])
            return None

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _carry(self, run: Run) -> None:
        """Run one job; whatever goes wrong with it, the worker goes on and the job is not stuck."""
        # The task has a context of its own: every log line of the run tells whose it is and who asked for it.
        bind_contextvars(job_id=run.job.id, tenant_id=run.tenant_id, request_id=run.job.request_id)
        log.info("run_started", page=run.job.next_page)
        try:
            await self._ingestion.execute(run)
        except PyMongoError as error:
            log.warning("database_failed", error=str(error)[:200])
            await self._hand_back(run, None)
        except Exception as error:
            log.exception("run_crashed")
            await self._hand_back(run, f"{type(error).__name__}: {error}"[:500])
        finally:
            await run.lease.end()
            del self._runs[run.job.id]
            self.wake()

    async def _hand_back(self, run: Run, fault: str | None) -> None:
        """Give the job to whoever comes next, as soon as the database listens."""
        for _ in range(HAND_BACK_TRIES):
            try:
                return await self._jobs.hand_back(run.lease, fault=fault)
            except LeaseLostError:
                return None
            except PyMongoError:
                if self._is_shut_down:
                    return None
                await self._clock.sleep(HAND_BACK_PAUSE_SECONDS)
        return None
