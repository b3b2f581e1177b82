"""What pages of other origins may send, and read."""

import httpx
from starlette.applications import Starlette

from gql_app.http.cors import SENT_HEADERS, SHOWN_HEADERS, cors
from tests.fakes import make_settings

ORIGIN = "http://localhost:3000"


def client(**settings: object) -> httpx.AsyncClient:
    app = Starlette(middleware=cors(make_settings(**settings)))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


async def preflight(asking: httpx.AsyncClient, *names: str, origin: str = ORIGIN) -> int:
    wanted = {"access-control-request-method": "POST", "access-control-request-headers": ",".join(names)}
    return (await asking.options("/graphql", headers={"origin": origin, **wanted})).status_code


async def test_what_tracing_and_graphql_clients_send_is_allowed_by_itself() -> None:
    asking = client(cors_origins=ORIGIN)
    usual = ["traceparent", "tracestate", "baggage", "sentry-trace", "apollographql-client-name"]
    usual += ["apollographql-client-version", "apollo-require-preflight", "x-apollo-operation-name"]
    usual += ["authorization", "content-type", "prefer", "x-request-id"]
    assert {name.lower() for name in SENT_HEADERS} >= set(usual)
    assert await preflight(asking, *usual) == 200
    assert await preflight(asking, *usual, "x-of-ours") == 400
    assert await preflight(asking, "authorization", origin="http://evil.example") == 400


async def test_more_is_allowed_by_a_setting() -> None:
    asking = client(cors_origins=ORIGIN, cors_headers="X-Of-Ours, x-datadog-trace-id")
    assert await preflight(asking, "x-of-ours", "X-Datadog-Trace-Id", "traceparent") == 200
    assert await preflight(client(cors_origins=ORIGIN, cors_headers="*"), "anything") == 200


async def test_what_an_answer_says_beside_its_body_can_be_read() -> None:
    answer = await client(cors_origins=ORIGIN).get("/", headers={"origin": ORIGIN})
    shown = {name.strip() for name in answer.headers["access-control-expose-headers"].split(",")}
    assert shown == set(SHOWN_HEADERS)
    assert {"Content-Disposition", "RateLimit-Remaining", "Retry-After", "X-Request-ID"} <= shown
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-credentials" not in answer.headers


def test_nothing_is_allowed_where_no_origin_is() -> None:
    assert cors(make_settings()) == []
