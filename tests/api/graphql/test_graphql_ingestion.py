"""Ingestion over GraphQL: starting, following, cancelling, and reading about runs."""

from datetime import UTC, datetime
from typing import Any

from documents.database import Database
from documents.ingestion_job import IngestionJob, JobStatus
from resolvers.context import Services
from services.coordination.resources import ingest_resource
from tests.api.graphql.client import Api
from tests.fakes import MockApi, app_with, at_rest, bearer, make_jwt_settings, make_settings, open_client
from tests.waiting import PATIENCE_SECONDS, until

START = """mutation ($tenant: String!) { startIngestion(input: {tenantId: $tenant}) {
  __typename
  ... on IngestionStarted { job { jobId tenantId status progress } }
  ... on IngestionAlreadyRunning { message tenantId jobId }
  ... on UserError { message } } }"""
CANCEL = """mutation ($job: String!) { cancelIngestion(input: {jobId: $job}) {
  __typename
  ... on IngestionCancelled { job { jobId status } }
  ... on IngestionCancelling { job { jobId status cancelRequested } }
  ... on IngestionAlreadyFinished { message jobId status }
  ... on IngestionJobNotFound { message jobId } } }"""


async def start(api: Api, tenant_id: str = "tenant_a") -> dict[str, Any]:
    result: dict[str, Any] = (await api.data(START, tenant=tenant_id))["startIngestion"]
    return result


async def cancel(api: Api, job_id: str) -> dict[str, Any]:
    result: dict[str, Any] = (await api.data(CANCEL, job=job_id))["cancelIngestion"]
    return result


async def started(api: Api, tenant_id: str = "tenant_a") -> str:
    job_id: str = (await start(api, tenant_id))["job"]["jobId"]
    return job_id


async def test_started_ingestion_runs_to_its_end(fresh: Api) -> None:
    result = await start(fresh)
    assert result["__typename"] == "IngestionStarted"
    assert result["job"]["status"] == "QUEUED"
    job = await fresh.services.jobs.wait(result["job"]["jobId"], seconds=PATIENCE_SECONDS)
    assert job.status is JobStatus.COMPLETED


async def test_completed_job_tells_what_it_did(fresh: Api) -> None:
    job_id = await started(fresh)
    await fresh.services.jobs.wait(job_id, seconds=PATIENCE_SECONDS)
    query = """query ($id: String!) { ingestionJob(jobId: $id) { status progress processedPages totalPages
      counts { newIngested updated unchanged deleted skipped errors } error irregularities cancelRequested
      log { status pages counts { newIngested } job { jobId } } } }"""
    job = (await fresh.data(query, id=job_id))["ingestionJob"]
    own = len(fresh.mock_api.live_ids("tenant_a"))
    assert job == {
        "status": "COMPLETED",
        "progress": 100,
        "processedPages": 2,
        "totalPages": 2,
        "counts": {"newIngested": own, "updated": 0, "unchanged": 0, "deleted": 0, "skipped": 0, "errors": 0},
        "error": None,
        "irregularities": [],
        "cancelRequested": False,
        "log": {"status": "SUCCESS", "pages": 2, "counts": {"newIngested": own}, "job": {"jobId": job_id}},
    }


async def test_second_start_is_told_which_job_runs(fresh: Api) -> None:
    fresh.mock_api.hold()
    job_id = await started(fresh)
    result = await start(fresh)
    assert result == {
        "__typename": "IngestionAlreadyRunning",
        "message": "An ingestion of tenant 'tenant_a' is already running.",
        "tenantId": "tenant_a",
        "jobId": job_id,
    }
    await cancel(fresh, job_id)


async def test_tenant_name_that_makes_no_sense_is_an_error(resting: Api) -> None:
    assert await resting.code(START, tenant="") == "INVALID_INPUT"


async def test_queued_job_is_cancelled_at_once(services: Services, mock_api: MockApi, db: Database) -> None:
    async with open_client(app_with(at_rest(services), make_settings())) as client:
        job_id = (await services.jobs.start("idle tenant")).id
        result = await cancel(Api(client, services, mock_api, db), job_id)
    assert result["__typename"] == "IngestionCancelled"
    assert result["job"] == {"jobId": job_id, "status": "CANCELLED"}


async def test_job_that_does_not_stop_in_time_is_cancelling(resting: Api) -> None:
    held = await resting.services.locks.acquire(ingest_resource("tenant_a"), "job-1")  # by a worker that hangs
    assert held is not None
    now = datetime.now(UTC)
    job = {"_id": "job-1", "tenant_id": "tenant_a", "status": "running", "active": True}
    await resting.db.collection(IngestionJob).insert_one({**job, "queued_at": now, "heartbeat_at": now})
    result = await cancel(resting, "job-1")
    assert result["__typename"] == "IngestionCancelling"
    assert result["job"]["cancelRequested"] is True


async def test_cancelling_an_ended_job_tells_how_it_ended(fresh: Api) -> None:
    job_id = await started(fresh, "tenant_d")
    await fresh.services.jobs.wait(job_id, seconds=PATIENCE_SECONDS)
    assert await cancel(fresh, job_id) == {
        "__typename": "IngestionAlreadyFinished",
        "message": "The job has already ended: completed.",
        "jobId": job_id,
        "status": "COMPLETED",
    }


async def test_cancelling_an_unknown_job_is_told(resting: Api) -> None:
    result = await cancel(resting, "none")
    assert (result["__typename"], result["jobId"]) == ("IngestionJobNotFound", "none")


async def test_status_and_lock_show_the_running_job(fresh: Api) -> None:
    fresh.mock_api.hold()
    job_id = await started(fresh)
    query = """{ ingestionStatus(tenantId: "tenant_a") { status jobId startedAt job { jobId } }
                 lock(tenantId: "tenant_a") { locked ownerId acquiredAt expiresAt } }"""

    async def running() -> dict[str, Any] | None:
        shown: dict[str, Any] = await fresh.data(query)
        return shown if shown["ingestionStatus"]["status"] == "RUNNING" else None

    found = await until(running, "a running job")
    assert found["ingestionStatus"]["status"] == "RUNNING"
    assert found["ingestionStatus"]["job"] == {"jobId": job_id}
    assert found["lock"]["ownerId"] == job_id
    assert found["lock"]["expiresAt"] > found["lock"]["acquiredAt"]
    await cancel(fresh, job_id)


async def test_idle_tenant_has_no_job_and_no_lock(resting: Api) -> None:
    query = """{ ingestionStatus(tenantId: "t") { status jobId startedAt job { jobId } }
                 lock(tenantId: "t") { locked ownerId acquiredAt expiresAt } }"""
    assert await resting.data(query) == {
        "ingestionStatus": {"status": "IDLE", "jobId": None, "startedAt": None, "job": None},
        "lock": {"locked": False, "ownerId": None, "acquiredAt": None, "expiresAt": None},
    }


async def test_unknown_job_is_null_with_a_code(resting: Api) -> None:
    answer = await resting.ask('{ ingestionJob(jobId: "none") { jobId } }')
    assert answer["data"] == {"ingestionJob": None}
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_jobs_and_logs_are_paged_newest_first(fresh: Api) -> None:
    job_ids = []
    for _ in range(3):
        job_ids.append(await started(fresh, "tenant_d"))
        await fresh.services.jobs.wait(job_ids[-1], seconds=PATIENCE_SECONDS)
    for field in ("ingestionJobs", "ingestionLogs"):
        query = f"""query ($after: String) {{ {field}(tenantId: "tenant_d", first: 2, after: $after) {{
          totalCount nodes {{ jobId }} pageInfo {{ hasNextPage endCursor }} }} }}"""
        first = (await fresh.data(query))[field]
        second = (await fresh.data(query, after=first["pageInfo"]["endCursor"]))[field]
        assert [node["jobId"] for node in first["nodes"] + second["nodes"]] == job_ids[::-1]
        assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (3, True)
        assert second["pageInfo"]["hasNextPage"] is False


async def test_cursor_of_jobs_is_no_cursor_of_logs(fresh: Api) -> None:
    job_id = await started(fresh, "tenant_d")
    await fresh.services.jobs.wait(job_id, seconds=PATIENCE_SECONDS)
    jobs = (await fresh.data('{ ingestionJobs(tenantId: "tenant_d") { edges { cursor } } }'))["ingestionJobs"]
    query = 'query ($c: String!) { ingestionLogs(tenantId: "tenant_d", after: $c) { nodes { id } } }'
    assert await fresh.code(query, c=jobs["edges"][0]["cursor"]) == "INVALID_CURSOR"


async def test_quarantined_records_are_listed_by_run(fresh: Api) -> None:
    fresh.mock_api.change(malformed_share=0.2)
    first = await started(fresh)
    errors = (await fresh.services.jobs.wait(first, seconds=PATIENCE_SECONDS)).errors
    second = await started(fresh)
    await fresh.services.jobs.wait(second, seconds=PATIENCE_SECONDS)
    query = """query ($job: String) { quarantinedRecords(tenantId: "tenant_a", jobId: $job, first: 100) {
      totalCount nodes { jobId page position reason raw state timesSeen } } }"""
    found = (await fresh.data(query, job=first))["quarantinedRecords"]
    assert errors > 0
    assert found["totalCount"] == len(found["nodes"]) == errors
    assert {node["jobId"] for node in found["nodes"]} == {second}  # the last run that met them
    assert {(node["timesSeen"], node["state"]) for node in found["nodes"]} == {(2, "WAITING")}
    assert all(node["reason"] and node["raw"] for node in found["nodes"])
    everything = (await fresh.data(query))["quarantinedRecords"]
    assert everything["totalCount"] == errors


async def test_caller_who_may_only_ingest_cannot_read_a_log(
    services: Services, mock_api: MockApi, db: Database
) -> None:
    job = await services.jobs.start("tenant_a")
    query = """mutation ($id: String!) { cancelIngestion(input: {jobId: $id}) {
      ... on IngestionCancelled { job { log { id } } } } }"""
    without_worker = at_rest(services)
    async with open_client(app_with(without_worker, make_jwt_settings())) as client:
        api = Api(client, services, mock_api, db)
        answer = await api.ask(query, headers=bearer(scope="ingest:run"), id=job.id)
    assert answer["data"] == {"cancelIngestion": {"job": {"log": None}}}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
