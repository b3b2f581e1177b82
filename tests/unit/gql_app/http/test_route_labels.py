"""The label under which a request is counted, for every kind of route."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from prometheus_client import CollectorRegistry, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from gql_app.http.observability import NO_ROUTE, Observed
from gql_app.telemetry.requests import RequestMetrics


async def answer(_: Request) -> PlainTextResponse:
    return PlainTextResponse("here")


@pytest.fixture
async def client_and_metrics() -> AsyncIterator[tuple[httpx.AsyncClient, CollectorRegistry]]:
    registry = CollectorRegistry()
    app = FastAPI()
    app.add_middleware(Observed, metrics=RequestMetrics(registry))
    app.get("/own/{name}")(lambda name: name)
    app.include_router(APIRouter(routes=[Route("/plain", answer), Route("/plain/{name}", answer)]))

    async def mounted(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("here")(scope, receive, send)

    app.mount("/mounted", mounted)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client, registry


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/own/a", "/own/{name}"),
        ("/plain", "/plain"),
        ("/plain/a", NO_ROUTE),
        ("/mounted/any/file.css", "/mounted"),
        ("/nowhere", NO_ROUTE),
    ],
)
async def test_a_request_is_counted_under_its_route(
    client_and_metrics: tuple[httpx.AsyncClient, CollectorRegistry], path: str, label: str
) -> None:
    client, registry = client_and_metrics
    await client.get(path)
    assert f'http_requests_total{{method="GET",route="{label}"' in generate_latest(registry).decode()
