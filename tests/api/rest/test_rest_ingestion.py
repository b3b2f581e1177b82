"""The routes under /ingest."""

import asyncio
from typing import Any

import httpx
import pytest

from documents.database import Database
from documents.ticket import Ticket
from mock_external_api.script import ScriptedAnswer
from schema.context import Services
from services.locks import ingest_resource
from tests.fakes import MockApi, app_with, make_settings, open_client, open_services

RUN = "/ingest/run?tenant_id=tenant_a"
ASYNC = {"prefer": "respond-async"}
COUNTS = ("new_ingested", "updated", "unchanged", "deleted", "skipped", "errors")


async def start(client: httpx.AsyncClient) -> str:
    answer = await client.post(RUN, headers=ASYNC)
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["job_id"]
    return job_id


async def progress(client: httpx.AsyncClient, job_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"/ingest/progress/{job_id}")).json()
    return found


async def reach(client: httpx.AsyncClient, job_id: str, **wanted: Any) -> dict[str, Any]:
    """Follow a job until its progress shows what is wanted."""
    async with asyncio.timeout(10):
        while True:
            found = await progress(client, job_id)
            if all(found[name] == value for name, value in wanted.items()):
                return found
            await asyncio.sleep(0.02)


class TestRun:
    async def test_waits_for_the_run_and_tells_what_it_did(
        self, app_client: httpx.AsyncClient, mock_api: MockApi
    ) -> None:
        answer = await app_client.post(RUN)
        found = answer.json()
        assert answer.status_code == 200
        assert (found["status"], found["tenant_id"]) == ("completed", "tenant_a")
        assert {name: found[name] for name in COUNTS} == dict.fromkeys(COUNTS, 0) | {
            "new_ingested": len(mock_api.live_ids("tenant_a"))
        }

    async def test_a_second_run_finds_everything_unchanged(
        self, app_client: httpx.AsyncClient, mock_api: MockApi
    ) -> None:
        await app_client.post(RUN)
        found = (await app_client.post(RUN)).json()
        assert {name: found[name] for name in COUNTS} == dict.fromkeys(COUNTS, 0) | {
            "unchanged": len(mock_api.live_ids("tenant_a"))
        }

    async def test_changes_and_deletions_upstream_are_counted(
        self, app_client: httpx.AsyncClient, mock_api: MockApi
    ) -> None:
        await app_client.post(RUN)
        first, second = mock_api.upstream.store.first(2, tenant_id="tenant_a", deleted=False)
        mock_api.upstream.store.edit([first], {"subject": "Something else"})
        mock_api.upstream.store.set_deleted([second], deleted=True)
        found = (await app_client.post(RUN)).json()
        assert (found["updated"], found["deleted"]) == (1, 1)

    async def test_an_upstream_that_ignores_the_tenant_gives_only_the_tenants_tickets(
        self, app_client: httpx.AsyncClient, mock_api: MockApi, db: Database
    ) -> None:
        mock_api.change(honour_tenant_id=False)
        found = (await app_client.post(RUN)).json()
        stored = await db.collection(Ticket).find().to_list(None)
        assert sorted(row["external_id"] for row in stored) == sorted(mock_api.live_ids("tenant_a"))
        assert {row["tenant_id"] for row in stored} == {"tenant_a"}
        assert found["skipped"] == sum(len(mock_api.live_ids(f"tenant_{name}")) for name in "bcd")

    async def test_of_six_at_once_one_runs_and_five_are_told_which(
        self, app_client: httpx.AsyncClient, mock_api: MockApi
    ) -> None:
        mock_api.change(latency_ms=50)
        answers = await asyncio.gather(*(app_client.post(RUN) for _ in range(6)))
        done = [answer.json() for answer in answers if answer.status_code == 200]
        refused = [answer.json() for answer in answers if answer.status_code == 409]
        assert (len(done), len(refused)) == (1, 5)
        assert {problem["code"] for problem in refused} == {"ALREADY_RUNNING"}
        assert {problem["job_id"] for problem in refused} == {done[0]["job_id"]}

    async def test_two_tenants_run_at_the_same_time(self, app_client: httpx.AsyncClient) -> None:
        answers = await asyncio.gather(app_client.post(RUN), app_client.post("/ingest/run?tenant_id=tenant_b"))
        assert [answer.status_code for answer in answers] == [200, 200]

    async def test_an_upstream_that_fails_for_good_is_a_bad_gateway(
        self, app_client: httpx.AsyncClient, mock_api: MockApi
    ) -> None:
        mock_api.change(error_rate=1)
        answer = await app_client.post(RUN)
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["job_status"]) == (502, "UPSTREAM_FAILED", "failed")
        assert (await progress(app_client, problem["job_id"]))["status"] == "failed"

    async def test_a_short_trouble_upstream_is_not_noticed(
        self, app_client: httpx.AsyncClient, mock_api: MockApi
    ) -> None:
        mock_api.upstream.script.append(ScriptedAnswer(page=2, status=503, times=2))
        answer = await app_client.post(RUN)
        assert (answer.status_code, answer.json()["errors"]) == (200, 0)

    async def test_a_client_that_hangs_up_does_not_stop_the_run(
        self, app_client: httpx.AsyncClient, mock_api: MockApi
    ) -> None:
        mock_api.change(latency_ms=50)
        request = asyncio.create_task(app_client.post(RUN))
        job_id = None
        while job_id is None:
            await asyncio.sleep(0.01)
            job_id = (await app_client.get("/ingest/status?tenant_id=tenant_a")).json()["job_id"]
        request.cancel()
        assert (await reach(app_client, job_id, status="completed"))["processed_pages"] == 4

    async def test_a_run_cancelled_by_somebody_else_is_a_conflict(
        self, app_client: httpx.AsyncClient, mock_api: MockApi
    ) -> None:
        mock_api.change(latency_ms=300)
        request = asyncio.create_task(app_client.post(RUN))
        job_id = None
        while job_id is None:
            await asyncio.sleep(0.01)
            job_id = (await app_client.get("/ingest/status?tenant_id=tenant_a")).json()["job_id"]
        await app_client.delete(f"/ingest/{job_id}")
        answer = await request
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (409, "CONFLICT")
        assert (problem["job_id"], problem["job_status"]) == (job_id, "cancelled")

    @pytest.mark.parametrize("query", ["", "?tenant_id=", "?tenant_id=%0A"], ids=["missing", "empty", "unprintable"])
    async def test_a_tenant_is_needed(self, app_client: httpx.AsyncClient, query: str) -> None:
        answer = await app_client.post(f"/ingest/run{query}")
        assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_INPUT")


class TestRespondAsync:
    async def test_answers_at_once_and_says_where_to_look(self, app_client: httpx.AsyncClient) -> None:
        answer = await app_client.post(RUN, headers=ASYNC)
        found = answer.json()
        assert answer.status_code == 202
        assert (found["status"], found["tenant_id"]) == ("queued", "tenant_a")
        assert answer.headers["location"] == f"/ingest/progress/{found['job_id']}"
        assert answer.headers["preference-applied"] == "respond-async"

    @pytest.mark.parametrize("prefer", ["Respond-Async", "wait=10, respond-async"])
    async def test_is_understood_among_other_preferences(self, app_client: httpx.AsyncClient, prefer: str) -> None:
        assert (await app_client.post(RUN, headers={"prefer": prefer})).status_code == 202

    async def test_other_preferences_are_ignored(self, app_client: httpx.AsyncClient) -> None:
        assert (await app_client.post(RUN, headers={"prefer": "handling=lenient"})).status_code == 200

    async def test_the_run_goes_to_its_end(self, app_client: httpx.AsyncClient) -> None:
        found = await reach(app_client, await start(app_client), status="completed")
        assert (found["progress"], found["processed_pages"], found["total_pages"]) == (100, 4, 4)


class TestState:
    async def test_is_idle_before_and_after_a_run(self, app_client: httpx.AsyncClient) -> None:
        idle = {"status": "idle", "tenant_id": "tenant_a", "job_id": None, "started_at": None}
        assert (await app_client.get("/ingest/status?tenant_id=tenant_a")).json() == idle
        await app_client.post(RUN)
        assert (await app_client.get("/ingest/status?tenant_id=tenant_a")).json() == idle

    async def test_names_the_running_job(self, app_client: httpx.AsyncClient, mock_api: MockApi) -> None:
        mock_api.change(latency_ms=200)
        job_id = await start(app_client)
        await reach(app_client, job_id, status="running")
        found = (await app_client.get("/ingest/status?tenant_id=tenant_a")).json()
        assert (found["status"], found["job_id"]) == ("running", job_id)
        assert found["started_at"] is not None


class TestProgress:
    async def test_grows_with_the_pages(self, app_client: httpx.AsyncClient, mock_api: MockApi) -> None:
        mock_api.change(latency_ms=150)
        found = await reach(app_client, await start(app_client), processed_pages=2)
        assert (found["total_pages"], found["progress"], found["status"]) == (4, 50, "running")

    async def test_an_unknown_job_is_not_found(self, app_client: httpx.AsyncClient) -> None:
        answer = await app_client.get("/ingest/progress/no-such-job")
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")

    async def test_tells_that_and_until_when_the_run_waits_for_the_limit(self, db: Database, mock_api: MockApi) -> None:
        settings = make_settings(rate_limit_per_minute=2)
        async with (
            open_services(db, mock_api.transport, settings) as services,
            open_client(app_with(services, settings)) as client,
        ):
            job_id = await start(client)
            async with asyncio.timeout(5):
                while (found := await progress(client, job_id))["waiting_until"] is None:
                    await asyncio.sleep(0.05)
            assert (found["status"], found["processed_pages"]) == ("running", 2)
            assert (await client.delete(f"/ingest/{job_id}")).status_code == 200
            assert (await progress(client, job_id))["waiting_until"] is None


class TestCancel:
    async def test_stops_a_running_job_and_keeps_what_it_has_ingested(
        self, app_client: httpx.AsyncClient, mock_api: MockApi
    ) -> None:
        mock_api.change(latency_ms=200)
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

    async def test_an_unknown_job_is_not_found(self, app_client: httpx.AsyncClient) -> None:
        answer = await app_client.delete("/ingest/no-such-job")
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
    async def test_is_free_when_nothing_runs(self, app_client: httpx.AsyncClient) -> None:
        assert (await app_client.get("/ingest/lock/tenant_a")).json() == {
            "locked": False,
            "tenant_id": "tenant_a",
            "owner_id": None,
            "acquired_at": None,
            "expires_at": None,
        }

    async def test_is_held_by_the_running_job(self, app_client: httpx.AsyncClient, mock_api: MockApi) -> None:
        mock_api.change(latency_ms=200)
        job_id = await start(app_client)
        await reach(app_client, job_id, status="running")
        found = (await app_client.get("/ingest/lock/tenant_a")).json()
        assert (found["locked"], found["owner_id"]) == (True, job_id)
        assert found["acquired_at"] < found["expires_at"]


class TestLogs:
    async def test_every_run_leaves_one_newest_first(self, app_client: httpx.AsyncClient, mock_api: MockApi) -> None:
        await app_client.post(RUN)
        mock_api.change(error_rate=1)
        await app_client.post(RUN)
        found = (await app_client.get("/ingest/logs?tenant_id=tenant_a")).json()
        assert [log["status"] for log in found["logs"]] == ["FAILED", "SUCCESS"]
        assert (found["total_count"], found["next_page"]) == (2, None)

    async def test_a_log_tells_what_the_run_did(self, app_client: httpx.AsyncClient) -> None:
        run = (await app_client.post(RUN)).json()
        log = (await app_client.get("/ingest/logs?tenant_id=tenant_a")).json()["logs"][0]
        assert {name: log[name] for name in (*COUNTS, "job_id", "tenant_id")} == {
            name: run[name] for name in (*COUNTS, "job_id", "tenant_id")
        }
        assert (log["pages"], log["retries"], log["error"]) == (4, 0, None)
        assert log["started_at"] <= log["ended_at"]

    async def test_are_paged(self, app_client: httpx.AsyncClient) -> None:
        for _ in range(3):
            await app_client.post(RUN)
        first = (await app_client.get("/ingest/logs?tenant_id=tenant_a&page_size=2")).json()
        last = (await app_client.get("/ingest/logs?tenant_id=tenant_a&page_size=2&page=2")).json()
        assert (len(first["logs"]), first["next_page"]) == (2, 2)
        assert (len(last["logs"]), last["next_page"], last["total_count"]) == (1, None, 3)

    @pytest.mark.parametrize("path", ["/ingest/logs", "/ingest/quarantine"])
    @pytest.mark.parametrize("query", ["page=0", "page_size=101", "page=100000000000000000000"])
    async def test_refuse_pages_that_cannot_be(self, app_client: httpx.AsyncClient, path: str, query: str) -> None:
        answer = await app_client.get(f"{path}?tenant_id=tenant_a&{query}")
        assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_INPUT")


class TestQuarantine:
    async def test_shows_malformed_records_with_the_reason(
        self, app_client: httpx.AsyncClient, mock_api: MockApi
    ) -> None:
        broken = {"id": "broken-1", "tenant_id": "tenant_a", "status": "exploded"}
        mock_api.upstream.store.add(broken, None)
        run = (await app_client.post(RUN)).json()
        found = (await app_client.get("/ingest/quarantine?tenant_id=tenant_a")).json()
        assert (run["errors"], found["total_count"]) == (1, 1)
        record = found["records"][0]
        assert (record["external_id"], record["job_id"]) == ("broken-1", run["job_id"])
        assert "status" in record["reason"]
        assert "exploded" in record["raw"]

    async def test_can_be_narrowed_to_one_run(self, app_client: httpx.AsyncClient, mock_api: MockApi) -> None:
        mock_api.upstream.store.add({"tenant_id": "tenant_a"}, None)
        jobs = [(await app_client.post(RUN)).json()["job_id"] for _ in range(2)]
        found = (await app_client.get(f"/ingest/quarantine?tenant_id=tenant_a&job_id={jobs[0]}")).json()
        assert [record["job_id"] for record in found["records"]] == [jobs[0]]
