"""Routes about ingestion. A run belongs to the service, not to the request that started it."""

import re
from typing import Annotated

from fastapi import APIRouter, Header, Response, status

from documents.ingestion_job import IngestionJob, JobStatus
from documents.ingestion_log import IngestionLog
from documents.quarantined_record import QuarantinedRecord
from gql_app.rest.answers.ingestion import (
    AcceptedAnswer,
    CancelAnswer,
    LockAnswer,
    LogPage,
    ProgressAnswer,
    QuarantinePage,
    RunAnswer,
    StateAnswer,
)
from gql_app.rest.parameters import ContextOf, PageNumber, PageSize, TenantId, problems
from gql_app.rest.strict import StrictRoute
from resolvers import ingestion as resolvers
from services.errors import ConflictError, UpstreamError

RESPOND_ASYNC = "respond-async"
_WAIT = re.compile("wait *= *([0-9]{1,6})")

router = APIRouter(tags=["ingestion"], route_class=StrictRoute)


class RunFailedError(UpstreamError):
    """The run that the client waited for was given up."""

    def __init__(self, job: IngestionJob) -> None:
        text = f"The ingestion failed: {job.error or 'no reason was recorded'}"
        super().__init__(text, job_id=job.id, job_status=job.status.value)


class RunCancelledError(ConflictError):
    """Somebody cancelled the run that the client waited for."""

    def __init__(self, job: IngestionJob) -> None:
        text = "The ingestion was cancelled; what it had ingested stays."
        super().__init__(text, job_id=job.id, job_status=job.status.value)


@router.post(
    "/ingest/run",
    response_model=RunAnswer,
    responses=problems(409, 502) | {202: {"model": AcceptedAnswer, "description": "Queued"}},
)
async def run(
    context: ContextOf,
    tenant_id: TenantId,
    prefer: Annotated[str, Header(description="RFC 7240. `respond-async`: do not wait; `wait=10`: 10 s at most.")] = "",
) -> RunAnswer | Response:
    """Start a run and wait for its end; or for so long, or not at all, if that is preferred: then 202.

    The run goes on when the client hangs up. 409: the tenant has an active run, whose `job_id` is given; or the
    run was cancelled by somebody while the client waited (`job_status` is `cancelled`). 502: upstream was given up on.
    """
    preferences = [preference.strip().lower() for preference in prefer.split(",")]
    job = await resolvers.start_ingestion(context, tenant_id)
    if RESPOND_ASYNC in preferences:
        return _accepted(job, RESPOND_ASYNC)
    wait = next(filter(None, map(_WAIT.fullmatch, preferences)), None)
    job = await resolvers.run_to_end(context, job.id, seconds=int(wait[1]) if wait else None)
    if wait and job.active:
        return _accepted(job, wait[0])
    if job.status is JobStatus.FAILED:
        raise RunFailedError(job)
    if job.status is JobStatus.CANCELLED:
        raise RunCancelledError(job)
    return RunAnswer.of(job)


def _accepted(job: IngestionJob, preference: str) -> Response:
    answer = AcceptedAnswer(status=job.status, job_id=job.id, tenant_id=job.tenant_id)
    headers = {"location": f"/ingest/progress/{job.id}", "preference-applied": preference}
    return Response(answer.model_dump_json(), status.HTTP_202_ACCEPTED, headers, media_type="application/json")


@router.get("/ingest/status", responses=problems())
async def get_state(context: ContextOf, tenant_id: TenantId) -> StateAnswer:
    """What the tenant's ingestion does at this moment."""
    return StateAnswer.of(await resolvers.get_state(context, tenant_id))


@router.get("/ingest/progress/{job_id}", responses=problems(404))
async def get_progress(context: ContextOf, job_id: str) -> ProgressAnswer:
    """How far a job is."""
    return ProgressAnswer.of(await resolvers.get_job(context, job_id))


@router.get("/ingest/lock/{tenant_id:path}", responses=problems())
async def get_lock(context: ContextOf, tenant_id: str) -> LockAnswer:
    """The lease under which the tenant is ingested."""
    return LockAnswer.model_validate(await resolvers.get_lock(context, tenant_id))


@router.get("/ingest/logs", responses=problems())
async def list_logs(context: ContextOf, tenant_id: TenantId, page: PageNumber = 1, page_size: PageSize = 20) -> LogPage:
    """The tenant's ended runs, newest first."""
    return LogPage.of(await resolvers.list_runs(context, IngestionLog, tenant_id, page=page, page_size=page_size))


@router.get("/ingest/quarantine", responses=problems())
async def list_quarantined(
    context: ContextOf,
    tenant_id: TenantId,
    job_id: str | None = None,
    page: PageNumber = 1,
    page_size: PageSize = 20,
) -> QuarantinePage:
    """Records of upstream that could not be stored, newest first, with the reasons."""
    found = await resolvers.list_runs(
        context, QuarantinedRecord, tenant_id, page=page, page_size=page_size, job_id=job_id
    )
    return QuarantinePage.of(found)


@router.delete(
    "/ingest/{job_id}",
    responses=problems(404, 409) | {202: {"model": CancelAnswer, "description": "Told to stop, not yet stopped"}},
)
async def cancel(context: ContextOf, response: Response, job_id: str) -> CancelAnswer:
    """Stop a job and wait up to 2 s for its end; what it has ingested stays. 409: it has ended already."""
    answer = CancelAnswer.of(await resolvers.cancel_ingestion(context, job_id))
    if answer.status == "cancelling":
        response.status_code = status.HTTP_202_ACCEPTED
    return answer
