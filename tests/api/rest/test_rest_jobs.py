"""The state, the progress, the lock and the end of a run."""

from typing import Any

import httpx
import pytest

from documents.database import Database
from resolvers.context import Services
from services.coordination.resources import ingest_resource
from tests.api.rest.jobs import RUN, progress, reach, start
from tests.fakes import MockApi, app_with, make_settings, open_client, open_services
from tests.waiting import until


class TestState:
    async def test_is_idle_before_and_after_a_run(self, app_client: httpx.AsyncClient) -> None:
        idle = {"status": "idle", "tenant_id": "tenant_a", "job_id": None, "started_at": None}
        assert (await app_client.get("/ingest/status?tenant_id=tenant_a")).json() == idle
        await app_client.post(RUN)
        assert (await app_client.get("/ingest/status?tenant_id=tenant_a")).json() == idle

    async def test_names_the_running_job(self, app_client: httpx.AsyncClient, mock_api: MockApi) -> None:
        mock_api.hold()
        job_id = await start(app_client)
        await reach(app_client, job_id, status="running")
        found = (await app_client.get("/ingest/status?tenant_id=tenant_a")).json()
        assert (found["status"], found["job_id"]) == ("running", job_id)
        assert found["started_at"] is not None


class TestProgress:
    async def test_grows_with_the_pages(self, app_client: httpx.AsyncClient, mock_api: MockApi) -> None:
        mock_api.hold_page(2)
        found = await reach(app_client, await start(app_client), processed_pages=1)
        assert (found["total_pages"], found["progress"], found["status"]) == (2, 50, "running")

    async def test_an_unknown_job_is_not_found(self, no_worker: httpx.AsyncClient) -> None:
        answer = await no_worker.get("/ingest/progress/no-such-job")
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")

    @pytest.mark.usefixtures("patient_cancel")
    async def test_tells_that_and_until_when_the_run_waits_for_the_limit(self, db: Database, mock_api: MockApi) -> None:
        settings = make_settings(rate_limit_per_minute=1)
        async with (
            open_services(db, mock_api.transport, settings) as services,
            open_client(app_with(services, settings)) as client,
        ):
            job_id = await start(client)
            await reach(client, job_id, processed_pages=1)  # as far as one request goes

            async def waiting() -> dict[str, Any] | None:
                shown = await progress(client, job_id)
                return shown if shown["waiting_until"] is not None else None

            found = await until(waiting, "the wait for the limit")
            assert (found["status"], found["processed_pages"]) == ("running", 1)
            assert (await client.delete(f"/ingest/{job_id}")).status_code == 200
            assert (await progress(client, job_id))["waiting_until"] is None


class TestCancel:
    @pytest.mark.usefixtures("patient_cancel")
    async def test_stops_a_running_job_and_keeps_what_it_has_ingested(
        self, app_client: httpx.AsyncClient, mock_api: MockApi
    ) -> None:
        mock_api.hold_page(2)
        job_id = await start(app_client)
        await reach(app_client, job_id, processed_pages=1)
        answer = await app_client.delete(f"/ingest/{job_id}")
        assert (answer.status_code, answer.json()) == (200, {"status": "cancelled", "job_id": job_id})
        kept = (await app_client.get("/tickets?tenant_id=tenant_a")).json()["total_count"]
        assert 0 < kept < len(mock_api.live_ids("tenant_a"))

    async def test_a_job_that_has_ended_is_a_conflict_and_says_how_it_ended(
        self, app_client: httpx.AsyncClient
    ) -> None:
        job_id = (await app_client.post(RUN)).json()["job_id"]
        answer = await app_client.delete(f"/ingest/{job_id}")
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (409, "JOB_FINISHED")
        assert (problem["job_id"], problem["job_status"]) == (job_id, "completed")

    async def test_an_unknown_job_is_not_found(self, no_worker: httpx.AsyncClient) -> None:
        answer = await no_worker.delete("/ingest/no-such-job")
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")

    async def test_a_job_that_nobody_runs_is_cancelled_at_once(self, no_worker: httpx.AsyncClient) -> None:
        job_id = await start(no_worker)
        assert (await no_worker.delete(f"/ingest/{job_id}")).json()["status"] == "cancelled"

    async def test_a_holder_that_does_not_react_is_told_and_not_waited_for(
        self, no_worker: httpx.AsyncClient, services: Services
    ) -> None:
        job_id = await start(no_worker)
        assert await services.locks.acquire(ingest_resource("tenant_a"), job_id) is not None
        answer = await no_worker.delete(f"/ingest/{job_id}")
        assert (answer.status_code, answer.json()) == (202, {"status": "cancelling", "job_id": job_id})


class TestLock:
    async def test_is_free_when_nothing_runs(self, no_worker: httpx.AsyncClient) -> None:
        assert (await no_worker.get("/ingest/lock/tenant_a")).json() == {
            "locked": False,
            "tenant_id": "tenant_a",
            "owner_id": None,
            "acquired_at": None,
            "expires_at": None,
        }

    async def test_is_held_by_the_running_job(self, app_client: httpx.AsyncClient, mock_api: MockApi) -> None:
        mock_api.hold()
        job_id = await start(app_client)
        await reach(app_client, job_id, status="running")
        found = (await app_client.get("/ingest/lock/tenant_a")).json()
        assert (found["locked"], found["owner_id"]) == (True, job_id)
        assert found["acquired_at"] < found["expires_at"]
