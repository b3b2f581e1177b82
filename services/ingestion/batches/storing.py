"""Tickets that a client sends as a file: stored on the same path as those of a run, portion after portion.

A batch is a job of its own, under the tenant's lease: no run goes on meanwhile, and it is logged, counted and can be
cancelled like one. Sending the same file again changes nothing.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

import structlog

from documents.ingestion_job import IngestionJob, JobStatus
from services.coordination.leases import LeaseLostError
from services.errors import AlreadyRunningError, ServiceError, UnavailableError
from services.ingestion.batches.files import FileRecord
from services.ingestion.jobs import Jobs
from services.ingestion.pages.commit import PageStore
from services.ingestion.pages.portions import Portion
from services.ingestion.run import Origin, Run, StopReason
from services.kit.faults import outline
from services.notifications.outbox import ANNOUNCE_ALL, AnnouncementPolicy
from services.observing import UNOBSERVED, Observer
from services.sources.pages import BEGINNING
from services.sources.records.records import PageRecords, sort_records

PORTION_LINES = 200
MAX_TOLD = 100
"""How many rejected lines an answer names; all of them are among the quarantined records."""

log = structlog.get_logger("services.batch")


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """A record of the file that could not be stored."""

    line: int
    reason: str


@dataclass(slots=True)
class BatchOutcome:
    """What became of a file."""

    job: IngestionJob
    rejected: list[RejectedLine] = field(default_factory=list)
    """The first ones, of which the job counts all."""


class Batches:
    """Stores files of tickets."""

    def __init__(
        self,
        jobs: Jobs,
        pages: PageStore,
        announce: AnnouncementPolicy = ANNOUNCE_ALL,
        *,
        observer: Observer = UNOBSERVED,
    ) -> None:
        self._jobs = jobs
        self._observer = observer
        self._announce = announce
        self._pages = pages

    async def store(
        self, tenant_id: str, records: Iterator[FileRecord], *, request_id: str | None = None
    ) -> BatchOutcome:
        """Store the tenant's tickets; a record that names no tenant is taken for the tenant's own.

        The job has ended afterwards: completed, or cancelled by somebody.

        Raises:
            AlreadyRunningError: the tenant has an active run, or another batch.
            InvalidInputError: the file is none; the records before that are stored.
            UnavailableError: the lease was lost; the records so far are stored.
        """
        job = await self._jobs.start(tenant_id, request_id=request_id, is_batch=True)
        claimed = await self._jobs.take(tenant_id, job.id)
        if claimed is None:  # somebody has cancelled it already, or was faster
            raise AlreadyRunningError(tenant_id, job.id)
        run = Run(*claimed, Origin(is_file=True, announce=self._announce), observer=self._observer)
        outcome = BatchOutcome(job)
        async with self._jobs.held(run.lease, on_lost=partial(run.stop, StopReason.LEASE_LOST)):
            try:
                await self._store(run, records, outcome)
            except LeaseLostError as error:
                raise UnavailableError("The storing was interrupted; send the file again.") from error
            except ServiceError as error:
                await self._jobs.finish(run.lease, JobStatus.FAILED, error=str(error))
                raise
            except Exception as error:
                log.error("batch_crashed", error=outline(error))  # noqa: TRY400  (no text of a record in the log)
                await self._jobs.finish(run.lease, JobStatus.FAILED, error=outline(error))
                raise
        outcome.job = await self._jobs.get(job.id)
        return outcome

    async def _store(self, run: Run, records: Iterator[FileRecord], outcome: BatchOutcome) -> None:
        number = 0
        # In threads: reading and parsing take as long as the disk and the records want.
        while lines := await asyncio.to_thread(list, islice(records, PORTION_LINES)):
            if await self._jobs.is_cancelled(run.job):
                await self._jobs.finish(run.lease, JobStatus.CANCELLED)
                return
            number += 1
            sorted_records = await asyncio.to_thread(_sorted, lines, run.tenant_id)
            page = await self._pages.prepare(run, _portion(number, sorted_records, len(lines)))
            await self._pages.commit(run, page)
            told = sorted_records.rejected[: MAX_TOLD - len(outcome.rejected)]
            outcome.rejected += [RejectedLine(lines[each.position].line, each.reason) for each in told]
        await self._jobs.finish(run.lease, JobStatus.COMPLETED)


def _sorted(lines: Sequence[FileRecord], tenant_id: str) -> PageRecords:
    return sort_records([_owned(each.record, tenant_id) for each in lines], tenant_id)


def _owned(record: Any, tenant_id: str) -> Any:
    """The record as the tenant's, unless it says that it is another's."""
    return {"tenant_id": tenant_id, **record} if isinstance(record, dict) else record


def _portion(number: int, records: PageRecords, size: int) -> Portion:
    return Portion(
        number=number,
        page=number,
        records=records,
        size=size,
        known=frozenset(),
        next=BEGINNING,
        last=None,
        total=None,
        pages=None,
        retries=0,
        remarks=(),
    )
