"""The routes about the service itself, and what all answers have in common."""

import re

import httpx
import pytest

from documents.database import Database
from tests.api.rest.conftest import Ingested
from tests.fakes import ScriptedTransport, app_with, make_settings, open_client, open_services


class TestHealth:
    async def test_is_ok_when_everything_answers(self, no_worker: httpx.AsyncClient) -> None:
        answer = await no_worker.get("/health")
        assert answer.status_code == 200
        assert answer.json() == {
            "status": "ok",
            "dependencies": {"mongodb": "healthy", "external_api": "healthy"},
        }

    @pytest.mark.parametrize("trouble", [httpx.ConnectError("refused"), httpx.Response(500)], ids=["down", "failing"])
    async def test_is_degraded_without_the_external_api_but_ready(
        self, db: Database, trouble: httpx.Response | Exception
    ) -> None:
        settings = make_settings(run_worker=False)
        async with (
            open_services(db, ScriptedTransport(trouble), settings) as services,
            open_client(app_with(services, settings)) as client,
        ):
            answer = await client.get("/health")
            assert answer.status_code == 503
            assert answer.json() == {
                "status": "degraded",
                "dependencies": {"mongodb": "healthy", "external_api": "unhealthy"},
            }
            assert (await client.get("/health/ready")).status_code == 200

    async def test_ready_is_about_the_database(self, ingested: Ingested) -> None:
        answer = await ingested.client.get("/health/ready")
        assert (answer.status_code, answer.json()["dependencies"]) == (200, {"mongodb": "healthy"})

    async def test_live_is_about_the_process(self, ingested: Ingested) -> None:
        answer = await ingested.client.get("/health/live")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


class TestMetrics:
    async def test_count_requests_by_route_and_status(self, no_worker: httpx.AsyncClient) -> None:
        await no_worker.get("/tickets/no-such-ticket?tenant_id=t")
        text = (await no_worker.get("/metrics")).text
        assert 'http_requests_total{method="GET",route="/tickets/{external_id}",status="404"} 1.0' in text
        assert 'http_request_duration_seconds_count{method="GET",route="/tickets/{external_id}"} 1.0' in text

    async def test_know_routes_that_are_not_fastapis(self, ingested: Ingested) -> None:
        await ingested.client.get("/openapi.json")
        assert 'route="/openapi.json",status="200"' in (await ingested.client.get("/metrics")).text

    async def test_a_client_cannot_make_labels(self, no_worker: httpx.AsyncClient) -> None:
        await no_worker.request("BREW", "/coffee/pot-1")
        text = (await no_worker.get("/metrics")).text
        assert 'http_requests_total{method="OTHER",route="unmatched",status="404"} 1.0' in text
        assert "coffee" not in text


class TestRequestId:
    async def test_a_sane_one_is_kept(self, ingested: Ingested) -> None:
        answer = await ingested.client.get("/health/live", headers={"x-request-id": "Order-7.a_b"})
        assert answer.headers["x-request-id"] == "Order-7.a_b"

    @pytest.mark.parametrize("offered", ["", "a b", "x" * 65, "line\\nbreak", "<script>", "ümlaut".encode()])
    async def test_another_one_is_replaced(self, ingested: Ingested, offered: str | bytes) -> None:
        answer = await ingested.client.get("/health/live", headers={"x-request-id": offered})
        assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])

    async def test_every_request_gets_its_own(self, ingested: Ingested) -> None:
        answers = [await ingested.client.get("/health/live") for _ in range(2)]
        assert answers[0].headers["x-request-id"] != answers[1].headers["x-request-id"]

    async def test_a_problem_carries_it(self, ingested: Ingested) -> None:
        answer = await ingested.client.get("/nowhere", headers={"x-request-id": "mine"})
        assert (answer.json()["request_id"], answer.headers["x-request-id"]) == ("mine", "mine")


class TestErrors:
    async def test_an_unknown_path_is_a_problem(self, ingested: Ingested) -> None:
        answer = await ingested.client.get("/nowhere/at all")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem.pop("request_id")
        assert problem == {
            "type": "about:blank",
            "title": "Not Found",
            "status": 404,
            "detail": "There is nothing at this path.",
            "code": "NOT_FOUND",
            "instance": "/nowhere/at%20all",
        }

    async def test_a_wrong_method_is_a_problem_that_names_the_right_one(self, ingested: Ingested) -> None:
        answer = await ingested.client.put("/tickets?tenant_id=tenant_a")
        assert (answer.status_code, answer.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
        assert answer.headers["allow"] == "GET"
        assert answer.headers["content-type"] == "application/problem+json"

    async def test_a_refused_value_is_not_repeated(self, ingested: Ingested) -> None:
        answer = await ingested.client.get("/tickets?tenant_id=tenant_a&urgency=hunter2")
        assert answer.status_code == 422
        assert "hunter2" not in answer.text


class TestHeaders:
    @pytest.mark.parametrize("path", ["/tickets?tenant_id=tenant_a", "/nowhere", "/health/live"])
    async def test_answers_are_not_for_browsers_to_interpret_or_keep(self, ingested: Ingested, path: str) -> None:
        headers = (await ingested.client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["cache-control"] == "no-store"

    async def test_no_origin_may_read_unless_listed(self, ingested: Ingested) -> None:
        answer = await ingested.client.get("/health/live", headers={"origin": "https://elsewhere.test"})
        assert "access-control-allow-origin" not in answer.headers

    async def test_a_listed_origin_may_read_and_no_other(self, db: Database) -> None:
        settings = make_settings(run_worker=False, cors_origins=("https://dashboard.test",))
        async with (
            open_services(db, ScriptedTransport(), settings) as services,
            open_client(app_with(services, settings)) as client,
        ):
            listed = await client.get("/nowhere", headers={"origin": "https://dashboard.test"})
            other = await client.get("/nowhere", headers={"origin": "https://elsewhere.test"})
        assert listed.headers["access-control-allow-origin"] == "https://dashboard.test"
        assert "X-Request-ID" in listed.headers["access-control-expose-headers"]
        assert "access-control-allow-origin" not in other.headers


class TestDocs:
    async def test_the_page_asks_no_other_host(self, ingested: Ingested) -> None:
        page = await ingested.client.get("/docs")
        sources = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert "script-src 'self'" in page.headers["content-security-policy"]
        for source in sources:
            if not source.startswith("data:"):
                answer = await ingested.client.get(source)
                assert answer.status_code == 200, source

    async def test_other_files_are_not_served(self, ingested: Ingested) -> None:
        for name in ("redoc.standalone.js", "..%2F__init__.py", "core.py"):
            assert (await ingested.client.get(f"/docs/{name}")).status_code == 404

    async def test_the_document_describes_every_error_as_a_problem(self, ingested: Ingested) -> None:
        document = (await ingested.client.get("/openapi.json")).json()
        errors = [
            response["content"]
            for path, operations in document["paths"].items()
            if not path.startswith("/health")
            for operation in operations.values()
            for status, response in operation["responses"].items()
            if status.startswith(("4", "5"))
        ]
        assert errors
        assert all(list(content) == ["application/problem+json"] for content in errors)
        assert "HTTPValidationError" not in document["components"]["schemas"]

    async def test_the_document_refers_to_nothing_that_is_missing(self, ingested: Ingested) -> None:
        text = (await ingested.client.get("/openapi.json")).text
        schemas = (await ingested.client.get("/openapi.json")).json()["components"]["schemas"]
        assert set(re.findall(r'"#/components/schemas/([^"]+)"', text)) <= set(schemas)
