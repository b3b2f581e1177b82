"""GET /ingest/logs and /ingest/quarantine: what runs leave behind."""

from typing import Any

import httpx
import pytest

from documents.database import Database
from tests.api.rest.jobs import COUNTS, RUN, RUN_OF_FEW
from tests.fakes import MockApi, app_with, bearer, ingest, make_jwt_settings, open_client, open_services


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
        assert (log["pages"], log["retries"], log["error"]) == (2, 0, None)
        assert log["started_at"] <= log["ended_at"]

    async def test_are_paged(self, app_client: httpx.AsyncClient) -> None:
        for _ in range(3):
            await app_client.post(RUN_OF_FEW)
        first = (await app_client.get("/ingest/logs?tenant_id=tenant_d&page_size=2")).json()
        last = (await app_client.get("/ingest/logs?tenant_id=tenant_d&page_size=2&page=2")).json()
        assert (len(first["logs"]), first["next_page"]) == (2, 2)
        assert (len(last["logs"]), last["next_page"], last["total_count"]) == (1, None, 3)

    @pytest.mark.parametrize("path", ["/ingest/logs", "/ingest/quarantine"])
    @pytest.mark.parametrize("query", ["page=0", "page_size=101", "page=100000000000000000000"])
    async def test_refuse_pages_that_cannot_be(self, no_worker: httpx.AsyncClient, path: str, query: str) -> None:
        answer = await no_worker.get(f"{path}?tenant_id=tenant_a&{query}")
        assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_INPUT")


class TestQuarantine:
    async def test_shows_malformed_records_with_the_reason(
        self, app_client: httpx.AsyncClient, mock_api: MockApi
    ) -> None:
        broken = {"id": "broken-1", "tenant_id": "tenant_d", "created_at": "exploded"}
        mock_api.upstream.store.add(broken, None)
        run = (await app_client.post(RUN_OF_FEW)).json()
        found = (await app_client.get("/ingest/quarantine?tenant_id=tenant_d")).json()
        assert (run["errors"], found["total_count"]) == (1, 1)
        record = found["records"][0]
        assert (record["external_id"], record["job_id"]) == ("broken-1", run["job_id"])
        assert record["reason"] == "created_at: is no date"
        assert "exploded" in record["raw"]

    async def test_can_be_narrowed_to_one_run(self, app_client: httpx.AsyncClient, mock_api: MockApi) -> None:
        mock_api.upstream.store.add({"tenant_id": "tenant_d"}, None)
        jobs = [(await app_client.post(RUN_OF_FEW)).json()["job_id"] for _ in range(2)]
        for job_id, total in ((jobs[0], 1), (jobs[1], 1), ("another", 0)):
            found = (await app_client.get(f"/ingest/quarantine?tenant_id=tenant_d&job_id={job_id}")).json()
            assert found["total_count"] == total

    async def test_has_one_row_for_the_same_record_in_many_runs(
        self, app_client: httpx.AsyncClient, mock_api: MockApi
    ) -> None:
        mock_api.upstream.store.add({"id": "broken", "tenant_id": "tenant_d"}, None)
        jobs = [(await app_client.post(RUN_OF_FEW)).json()["job_id"] for _ in range(3)]
        [record] = (await app_client.get("/ingest/quarantine?tenant_id=tenant_d")).json()["records"]
        assert (record["times_seen"], record["job_id"], record["state"]) == (3, jobs[-1], "waiting")
        assert record["first_seen_at"] < record["recorded_at"]


async def test_the_text_of_a_record_that_may_be_anothers_is_for_those_who_may_see_all(
    db: Database, mock_api: MockApi
) -> None:
    mock_api.change(honour_tenant_id=False)
    mock_api.upstream.store.add({"id": "whose", "message": "a secret"}, None)
    settings = make_jwt_settings()

    async def shown(client: httpx.AsyncClient, tenants: list[str]) -> Any:
        path = "/ingest/quarantine?tenant_id=tenant_a"
        return (await client.get(path, headers=bearer(tenants=tenants))).json()["records"][0]["raw"]

    async with (
        open_services(db, mock_api.transport, settings) as services,
        open_client(app_with(services, settings)) as client,
    ):
        await ingest(services, "tenant_a")
        assert await shown(client, ["tenant_a"]) == ""
        assert "a secret" in await shown(client, ["*"])
