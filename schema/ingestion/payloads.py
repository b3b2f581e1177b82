"""Inputs and payloads of the mutations: expected failures are members of each mutation's result."""

from typing import Annotated

import strawberry

from documents.ingestion_job import JobStatus
from schema.ingestion.types import IngestionJob


@strawberry.interface(name="UserError", description="An expected failure, told as data.")
class Refusal:
    """What every expected failure has."""

    message: str = strawberry.field(description="What went wrong, for people.")


@strawberry.input(description="Which tenant to ingest.")
class StartIngestionInput:
    """The input of `startIngestion`."""

    tenant_id: str = strawberry.field(description="The tenant.")


@strawberry.type(description="The run was queued.")
class IngestionStarted:
    """A new job."""

    job: IngestionJob = strawberry.field(description="The job; follow it with the subscription `ingestionProgress`.")


@strawberry.type(description="The tenant has an active run already; nothing was started.")
class IngestionAlreadyRunning(Refusal):
    """There is an active job."""

    tenant_id: str = strawberry.field(description="The tenant.")
    job_id: str = strawberry.field(description="The job that is active.")


StartIngestionResult = Annotated[
    IngestionStarted | IngestionAlreadyRunning,
    strawberry.union("StartIngestionResult", description="What came of `startIngestion`."),
]


@strawberry.input(description="Which job to cancel.")
class CancelIngestionInput:
    """The input of `cancelIngestion`."""

    job_id: str = strawberry.field(description="The job's id (not its global id).")


@strawberry.type(description="The job has ended. What it had stored stays.")
class IngestionCancelled:
    """The job is cancelled."""

    job: IngestionJob = strawberry.field(description="The cancelled job.")


@strawberry.type(description="The job was told to end and will, within seconds.")
class IngestionCancelling:
    """The job is about to end."""

    job: IngestionJob = strawberry.field(description="The job as it is now.")


@strawberry.type(description="The job had ended before; nothing was changed.")
class IngestionAlreadyFinished(Refusal):
    """The job is over."""

    job_id: str = strawberry.field(description="The job.")
    status: JobStatus = strawberry.field(description="How it had ended.")


@strawberry.type(description="There is no such job that you may see.")
class IngestionJobNotFound(Refusal):
    """No such job."""

    job_id: str = strawberry.field(description="The id that was given.")


CancelIngestionResult = Annotated[
    IngestionCancelled | IngestionCancelling | IngestionAlreadyFinished | IngestionJobNotFound,
    strawberry.union("CancelIngestionResult", description="What came of `cancelIngestion`."),
]
