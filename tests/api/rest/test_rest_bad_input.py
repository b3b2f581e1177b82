"""Statistics and searches that cannot be answered: what clients are told."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from documents.database import Database
from documents.ticket import Ticket
from gql_app.settings import Settings
from resolvers.context import Services
from services.analytics.stats import Stats
from services.coordination.sharing import Questions
from services.kit.clock import SystemClock
from tests.fakes import app_with, at_rest, open_client


@pytest.fixture
async def hurried_client(services: Services, db: Database, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The application, giving statistics one millisecond, over tickets that take longer."""
    hurried = replace(at_rest(services), stats=Stats(db, SystemClock(), Questions(), max_milliseconds=1))
    rows = [
        {"tenant_id": "acme", "external_id": f"t{n}", "keyword_key": f"k{n}", "created_at": datetime.now(UTC)}
        for n in range(5_000)
    ]
    await db.collection(Ticket).insert_many(rows)
    async with open_client(app_with(hurried, settings)) as client:
        yield client


async def test_statistics_that_take_too_long_are_given_up_with_504_or_a_code(hurried_client: httpx.AsyncClient) -> None:
    response = await hurried_client.get("/tenants/acme/stats")
    assert response.status_code == 504
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "TIMEOUT"
    query = {"query": '{ tenantStats(tenantId: "acme") { totalTickets } }'}
    answer = (await hurried_client.post("/graphql", json=query)).json()
    assert answer["errors"][0]["extensions"]["code"] == "TIMEOUT"


@pytest.mark.parametrize(
    "query",
    [
        "from_date=2026-02-02T00:00:00Z&to_date=2026-02-01T00:00:00Z",
        "from_date=20260202",
        "from_date=2026",
        "from_date=0001-01-01T00:00:00%2B14:00",
        "to_date=9999-12-31T23:59:59-12:00",
        "from_date=yesterday",
        "from_date=1e400",
        "to_date=-99999999999999",
    ],
)
async def test_periods_that_make_no_sense_are_422(no_worker: httpx.AsyncClient, query: str) -> None:
    for path in ("/tenants/acme/stats?", "/tickets?tenant_id=acme&"):
        response = await no_worker.get(
            path
            + (
                query
                if "stats" in path
                else query.replace("from_date", "created_from").replace("to_date", "created_to")
            )
        )
        assert response.status_code == 422
        assert response.json()["code"] in {"INVALID_INPUT", "BAD_REQUEST"}


@pytest.mark.parametrize("q", ["", " ", '"', "-", "%00", "x" * 201, "x+" * 5_000])
async def test_searches_that_make_no_sense_are_422(no_worker: httpx.AsyncClient, q: str) -> None:
    response = await no_worker.get(f"/tickets?tenant_id=acme&q={q}")
    assert response.status_code == 422
    assert response.json()["code"] in {"INVALID_INPUT", "BAD_REQUEST"}


@pytest.mark.parametrize("q", ["$function", '{"$ne":1}', "refund'; drop", "%F0%9F%98%80 ok", "the AND of", "a" * 200])
async def test_odd_searches_find_nothing_and_break_nothing(no_worker: httpx.AsyncClient, q: str) -> None:
    response = await no_worker.get("/tickets", params={"tenant_id": "acme", "q": q})
    assert response.status_code == 200
    assert response.json()["tickets"] == []
