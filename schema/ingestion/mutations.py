"""GraphQL mutations of ingestion: expected failures become members of the result."""

from typing import Annotated

import strawberry

from documents.ingestion_job import JobStatus
from resolvers.ingestion import cancel_ingestion, start_ingestion
from schema.base.cost import Cost
from schema.base.info import Info
from schema.ingestion.payloads import (
    CancelIngestionInput,
    CancelIngestionResult,
    IngestionAlreadyFinished,
    IngestionAlreadyRunning,
    IngestionCancelled,
    IngestionCancelling,
    IngestionJobNotFound,
    IngestionStarted,
    StartIngestionInput,
    StartIngestionResult,
)
from schema.ingestion.types import to_job
from services.errors import AlreadyRunningError, JobFinishedError, JobNotFoundError

StartInput = Annotated[StartIngestionInput, strawberry.argument(description="Which tenant to ingest.")]
CancelInput = Annotated[CancelIngestionInput, strawberry.argument(description="Which job to cancel.")]


@strawberry.type
class IngestionMutations:
    """The root fields that start and end runs."""

    @strawberry.mutation(
        description="Queues a run of ingestion and returns at once; needs the scope `ingest:run`.",
        directives=[Cost(weight=50)],
    )
    async def start_ingestion(self, info: Info, input: StartInput) -> StartIngestionResult:
        """Queue a run."""
        try:
            return IngestionStarted(job=to_job(await start_ingestion(info.context, input.tenant_id)))
        except AlreadyRunningError as error:
            return IngestionAlreadyRunning(message=str(error), tenant_id=input.tenant_id, job_id=error.job_id)

    @strawberry.mutation(
        description="Ends a queued or running job and waits up to 2 s for that; needs the scope `ingest:run`.",
        directives=[Cost(weight=50)],
    )
    async def cancel_ingestion(self, info: Info, input: CancelInput) -> CancelIngestionResult:
        """Cancel a run."""
        try:
            job = await cancel_ingestion(info.context, input.job_id)
        except JobNotFoundError as error:
            return IngestionJobNotFound(message=str(error), job_id=input.job_id)
        except JobFinishedError as error:
            return IngestionAlreadyFinished(message=str(error), job_id=error.job_id, status=JobStatus(error.status))
        if job.status is JobStatus.CANCELLED:
            return IngestionCancelled(job=to_job(job))
        if job.active is None:  # it came to its end before it saw the order
            over = JobFinishedError(job.id, job.status.value)
            return IngestionAlreadyFinished(message=str(over), job_id=job.id, status=job.status)
        return IngestionCancelling(job=to_job(job))
