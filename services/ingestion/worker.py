"""The worker: claims jobs and runs several at once, in the API's process or in one of its own."""

from contextlib import suppress
from functools import partial

import structlog
from pymongo.errors import PyMongoError
from structlog.contextvars import bind_contextvars

from documents.ingestion_job import IngestionJob
from services.coordination.leases import Lease, LeaseLostError
from services.ingestion.jobs import Jobs
from services.ingestion.run import Run, StopReason
from services.ingestion.walk import Ingestion
from services.kit.background import FAULT_PAUSE_SECONDS, Background
from services.kit.faults import outline, trace
from services.observing import UNOBSERVED, Observer, RunLeft, RunTaken

_POLL_SECONDS = 0.5
_HAND_BACK_TRIES = 60

log = structlog.get_logger("services.worker")


class Worker(Background):
    """Runs up to `concurrency` jobs until it is shut down."""

    def __init__(self, jobs: Jobs, ingestion: Ingestion, *, concurrency: int, observer: Observer = UNOBSERVED) -> None:
        super().__init__(log)
        self._observer = observer
        self._jobs = jobs
        self._ingestion = ingestion
        self._concurrency = concurrency
        self._runs: dict[str, Run] = {}

    def shut_down(self) -> None:
        """Finish the pages at hand, hand the jobs back, and return from `work`."""
        super().shut_down()
        for run in self._runs.values():
            run.stop(StopReason.SHUTDOWN)

    async def _round(self) -> None:
        claimed = await self._claim()
        if claimed is None:
            await self.rest(_POLL_SECONDS)
            return
        run = Run(*claimed, observer=self._observer)
        self._runs[run.job.id] = run
        self._start(self._carry(run))
        if self.is_shut_down:  # the order came during the claim
            run.stop(StopReason.SHUTDOWN)

    async def _claim(self) -> tuple[IngestionJob, Lease] | None:
        if len(self._runs) >= self._concurrency:
            return None
        try:
            return await self._jobs.claim(self._runs.keys())
        except (PyMongoError, LeaseLostError) as error:
            log.warning("claim_failed", error=outline(error))
            return None

    async def _carry(self, run: Run) -> None:
        """Run one job under its lease."""
        # The task has a context of its own: every log line of the run tells whose it is and who asked for it.
        ids = {"job_id": run.job.id, "tenant_id": run.tenant_id}
        bind_contextvars(**ids, request_id=run.job.request_id)
        log.info("run_started", page=run.job.next_page)
        self._observer.note(RunTaken())
        reason: str | None = StopReason.SHUTDOWN.label  # if it is cancelled
        try:
            with self._observer.span("ingestion run", parent=run.job.trace, **ids):
                async with self._jobs.held(run.lease, on_lost=partial(run.stop, StopReason.LEASE_LOST)):
                    reason = await self._execute(run)
        finally:
            self._observer.note(RunLeft(reason))
            del self._runs[run.job.id]
            self.wake()

    async def _execute(self, run: Run) -> str | None:
        """Whatever goes wrong with the run, the worker goes on and the job is not stuck; returns why it was left."""
        try:
            stopped = await self._ingestion.execute(run)
        except PyMongoError as error:
            log.warning("database_failed", error=outline(error))
            await self._hand_back(run, None)
            return "database"
        except Exception as error:  # noqa: BLE001  (it is logged)
            # Neither its text nor a traceback with it: they may quote what upstream sent.
            log.error("run_crashed", error=outline(error), trace=trace(error))  # noqa: TRY400
            await self._hand_back(run, outline(error))
            return "crash"
        return None if stopped in (None, StopReason.CANCELLED) else stopped.label

    async def _hand_back(self, run: Run, fault: str | None) -> None:
        """Give the job to whoever comes next, as soon as the database listens."""
        with suppress(LeaseLostError):
            for _ in range(_HAND_BACK_TRIES):
                try:
                    await self._jobs.hand_back(run.lease, fault=fault)
                except PyMongoError:
                    if self.is_shut_down:
                        return
                    await self.pause(FAULT_PAUSE_SECONDS)
                else:
                    return
