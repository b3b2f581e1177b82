"""POST /ingest/run."""

import asyncio

import httpx
import pytest

from documents.database import Database
from documents.ticket import Ticket
from mock_external_api.script import ScriptedAnswer
from tests.api.rest.jobs import ASYNC, COUNTS, RUN, active_job, progress, reach, start
from tests.fakes import MockApi
from tests.waiting import until


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
        mock_api.hold()
        asked = [asyncio.create_task(app_client.post(RUN)) for _ in range(6)]
        await until(lambda: sum(task.done() for task in asked) == 5, "five answers")
        mock_api.release()
        answers = await asyncio.gather(*asked)
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
        mock_api.hold()
        request = asyncio.create_task(app_client.post(RUN))
        job_id = await active_job(app_client)
        request.cancel()
        mock_api.release()
        assert (await reach(app_client, job_id, status="completed"))["processed_pages"] == 2

    async def test_a_run_cancelled_by_somebody_else_is_a_conflict(
        self, app_client: httpx.AsyncClient, mock_api: MockApi
    ) -> None:
        mock_api.hold()
        request = asyncio.create_task(app_client.post(RUN))
        job_id = await active_job(app_client)
        await app_client.delete(f"/ingest/{job_id}")
        answer = await request
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (409, "CONFLICT")
        assert (problem["job_id"], problem["job_status"]) == (job_id, "cancelled")

    @pytest.mark.parametrize("query", ["", "?tenant_id=", "?tenant_id=%0A"], ids=["missing", "empty", "unprintable"])
    async def test_a_tenant_is_needed(self, no_worker: httpx.AsyncClient, query: str) -> None:
        answer = await no_worker.post(f"/ingest/run{query}")
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

    async def test_a_run_that_takes_longer_than_the_client_waits_goes_on(
        self, app_client: httpx.AsyncClient, mock_api: MockApi
    ) -> None:
        mock_api.hold()
        answer = await app_client.post(RUN, headers={"prefer": "handling=strict, Wait=0"})
        assert (answer.status_code, answer.headers["preference-applied"]) == (202, "wait=0")
        assert answer.headers["location"] == f"/ingest/progress/{answer.json()['job_id']}"
        mock_api.release()
        await reach(app_client, answer.json()["job_id"], status="completed")

    async def test_a_run_that_ends_while_the_client_waits_is_answered(self, app_client: httpx.AsyncClient) -> None:
        answer = await app_client.post(RUN, headers={"prefer": "wait=600"})
        assert (answer.status_code, answer.json()["status"]) == (200, "completed")

    async def test_other_preferences_are_ignored(self, app_client: httpx.AsyncClient) -> None:
        assert (await app_client.post(RUN, headers={"prefer": "handling=lenient"})).status_code == 200

    async def test_the_run_goes_to_its_end(self, app_client: httpx.AsyncClient) -> None:
        found = await reach(app_client, await start(app_client), status="completed")
        assert (found["progress"], found["processed_pages"], found["total_pages"]) == (100, 2, 2)
