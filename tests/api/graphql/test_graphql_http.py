"""GraphQL over HTTP: methods, media types, and requests that are none. The audits are in tests/graphql_http_audit."""

from typing import Any

import httpx
import orjson
import pytest

from tests.api.graphql.client import Api
from tests.fakes import app_with, make_settings, open_client

JSON = {"content-type": "application/json"}
NEW = "application/graphql-response+json"


async def post(api: Api, body: bytes | str, **headers: str) -> httpx.Response:
    return await api.client.post("/graphql", content=body, headers={**JSON, **headers})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"5",
        b'"text"',
        b"[1,2]",
        b"[]",
        b'[{"query": "{ __typename }"}]',
        b"\xff\xfe",
        b'{"query": "\xff"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"{}",
        b'{"query": null}',
        b'{"query": 5}',
        b'{"query": ["{ __typename }"]}',
        b'{"query": "{ __typename }", "variables": [1]}',
        b'{"query": "{ __typename }", "variables": "x"}',
        b'{"query": "{ __typename }", "operationName": 5}',
        b'{"query": "{ __typename }", "extensions": []}',
        b'{"query": "{ __typename }", "variables": {"a": NaN}}',
        b'{"query": "\\ud800"}',
    ],
)
async def test_malformed_body_is_answered_in_json(api: Api, body: bytes) -> None:
    response = await post(api, body)
    assert response.status_code == 400
    assert response.headers["content-type"].startswith("application/json")
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/graphql",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin1",
    ],
)
async def test_other_content_types_are_refused(api: Api, content_type: str) -> None:
    response = await api.client.post(
        "/graphql", content=b'{"query": "{ __typename }"}', headers={"content-type": content_type}
    )
    assert response.status_code == 415


HASHED = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}


@pytest.mark.parametrize("query", [None, ""])
@pytest.mark.parametrize(("accept", "status"), [("application/json", 200), (NEW, 400), ("*/*", 200)])
async def test_hash_without_a_document_is_answered_so_that_clients_send_it(
    api: Api, query: str | None, accept: str, status: int
) -> None:
    body = {"operationName": "A", "variables": {}, "extensions": HASHED}
    body |= {} if query is None else {"query": query}
    response = await api.client.post("/graphql", json=body, headers={"accept": accept})
    (error,) = response.json()["errors"]
    assert (response.status_code, error["message"]) == (status, "PersistedQueryNotSupported")
    assert error["extensions"]["code"] == "PERSISTED_QUERY_NOT_SUPPORTED"


async def test_hash_without_a_document_is_answered_over_get_too(api: Api) -> None:
    response = await api.client.get("/graphql", params={"extensions": orjson.dumps(HASHED).decode()})
    assert response.status_code == 200
    assert response.json()["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_SUPPORTED"


async def test_hash_beside_a_document_is_ignored(api: Api) -> None:
    response = await api.client.post("/graphql", json={"query": "{ __typename }", "extensions": HASHED})
    assert response.json()["data"] == {"__typename": "Query"}


async def test_empty_operation_name_is_none(api: Api) -> None:
    response = await api.client.post("/graphql", json={"query": "query A { __typename }", "operationName": ""})
    assert response.json()["data"] == {"__typename": "Query"}
    response = await api.client.get("/graphql", params={"query": "query A { __typename }", "operationName": ""})
    assert response.json()["data"] == {"__typename": "Query"}


async def test_body_that_is_too_large_is_refused(api: Api) -> None:
    response = await post(api, b'{"query": "' + b" " * 1_000_000 + b'"}')
    assert (response.status_code, response.json()["code"]) == (413, "TOO_LARGE")


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/json", "application/json"),
        (NEW, NEW),
        (f"{NEW}, application/json", NEW),
        (f"{NEW};q=0.5, application/json", "application/json"),
        (f"{NEW};q=0, */*", "application/json"),
        ("text/html, application/json;q=0.9", "application/json"),
    ],
)
async def test_media_type_is_what_the_client_takes(api: Api, accept: str | None, answered: str) -> None:
    headers = {} if accept is None else {"accept": accept}
    api.client.headers.pop("accept", None)
    response = await post(api, b'{"query": "{ __typename }"}', **headers)
    assert response.headers["content-type"] == f"{answered}; charset=utf-8"


async def test_client_that_takes_neither_media_type_is_refused(api: Api) -> None:
    response = await post(api, b'{"query": "{ __typename }"}', accept="image/png")
    assert response.status_code == 406


@pytest.mark.parametrize(
    ("query", "in_json", "in_new"),
    [
        ("{ __typename }", 200, 200),
        ('{ ticket(tenantId: "t", externalId: "1") { id } }', 200, 200),
        ("{", 200, 400),
        ("{ nothing }", 200, 400),
        ("query ($n: Int!) { ingestionJobs(tenantId: \"t\", first: $n) { nodes { id } } }", 200, 400),
        ("subscription { tenantStatsChanged(tenantId: \"t\") { totalTickets } }", 400, 400),
    ],
)  # fmt: skip
async def test_status_tells_whether_the_operation_was_executed(api: Api, query: str, in_json: int, in_new: int) -> None:
    for accept, status in (("application/json", in_json), (NEW, in_new)):
        response = await api.client.post("/graphql", json={"query": query}, headers={"accept": accept})
        assert response.status_code == status
        assert ("data" in response.json()) == (in_new == 200)


async def test_get_serves_queries(api: Api) -> None:
    parameters = {
        "query": "query A($e: String!) { ticket(tenantId: \"t\", externalId: $e) { id } } query B { __typename }",
        "variables": '{"e": "x"}',
        "operationName": "B",
    }  # fmt: skip
    response = await api.client.get("/graphql", params=parameters)
    assert response.json()["data"] == {"__typename": "Query"}


async def test_get_refuses_mutations(api: Api) -> None:
    mutation = 'mutation { startIngestion(input: {tenantId: "tenant_a"}) { __typename } }'
    response = await api.client.get("/graphql", params={"query": mutation})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert response.json()["errors"][0]["extensions"]["code"] == "METHOD_NOT_ALLOWED"
    status = await api.data('{ ingestionStatus(tenantId: "tenant_a") { status } }')
    assert status["ingestionStatus"]["status"] == "IDLE"


@pytest.mark.parametrize(
    "parameters", [{}, {"query": "{ __typename }", "variables": "{"}, {"query": "{ __typename }", "variables": "[]"}]
)
async def test_malformed_parameters_are_refused(api: Api, parameters: dict[str, str]) -> None:
    response = await api.client.get("/graphql", params=parameters, headers={"accept": "application/json"})
    assert response.status_code == 400


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD"])
async def test_other_methods_are_refused(api: Api, method: str) -> None:
    response = await api.client.request(method, "/graphql")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


async def test_origins_that_are_not_listed_are_not_allowed(api: Api) -> None:
    preflight = {
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,authorization",
    }
    async with open_client(app_with(api.services, make_settings(cors_origins="https://good.example"))) as client:
        answers: dict[str, Any] = {}
        for origin in ("https://good.example", "https://evil.example"):
            response = await client.options("/graphql", headers={"origin": origin, **preflight})
            answers[origin] = (response.status_code, response.headers.get("access-control-allow-origin"))
    assert answers["https://good.example"] == (200, "https://good.example")
    assert answers["https://evil.example"][1] is None


async def test_requests_are_counted_by_their_route(api: Api) -> None:
    await api.data("{ __typename }")
    metrics = (await api.client.get("/metrics")).text
    assert 'route="/graphql"' in metrics
