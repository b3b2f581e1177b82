"""What one client may send: how much, and how often."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from documents.database import Database
from gql_app.settings import Settings
from tests.fakes import (
    ScriptedTransport,
    app_with,
    bearer,
    make_jwt_settings,
    make_settings,
    open_client,
    open_services,
)


@asynccontextmanager
async def client_of(db: Database, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        open_services(db, ScriptedTransport(), settings) as services,
        open_client(app_with(services, settings)) as client,
    ):
        yield client


class TestBodies:
    async def test_an_announced_one_that_is_too_large_is_refused_before_anything_happens(self, db: Database) -> None:
        async with client_of(db, make_settings(run_worker=False, max_body_bytes=1_000)) as client:
            answer = await client.post("/ingest/run?tenant_id=t", content=b"x" * 1_001)
            assert (answer.status_code, answer.json()["code"]) == (413, "TOO_LARGE")
            assert (await client.get("/ingest/status?tenant_id=t")).json()["status"] == "idle"

    async def test_one_of_exactly_the_limit_passes(self, db: Database) -> None:
        async with client_of(db, make_settings(run_worker=False, max_body_bytes=1_000)) as client:
            answer = await client.post(
                "/ingest/run?tenant_id=t", content=b"x" * 1_000, headers={"prefer": "respond-async"}
            )
            assert answer.status_code == 202


class TestRate:
    async def test_a_client_that_asks_too_often_is_told_when_to_come_back(self, db: Database) -> None:
        async with client_of(db, make_settings(run_worker=False, requests_per_minute=3)) as client:
            began = time.monotonic()
            answers = [await client.get("/health/live") for _ in range(4)]
            took = time.monotonic() - began
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[3].json()["code"] == "RATE_LIMITED"
        assert 15 - took <= int(answers[3].headers["retry-after"]) <= 20

    async def test_tokens_are_counted_apart(self, db: Database) -> None:
        async with client_of(db, make_jwt_settings(run_worker=False, requests_per_minute=1)) as client:

            async def ask(subject: str) -> int:
                return (await client.get("/health/live", headers=bearer(sub=subject))).status_code

            assert [await ask(subject) for subject in ("ann", "ann", "bob")] == [200, 429, 200]

    async def test_made_up_tokens_share_the_budget_of_their_address(self, db: Database) -> None:
        async with client_of(db, make_jwt_settings(run_worker=False, requests_per_minute=1)) as client:

            async def ask(token: str) -> int:
                return (await client.get("/health/live", headers={"authorization": f"Bearer {token}"})).status_code

            assert [await ask(token) for token in ("a.b.c", "d.e.f")] == [200, 429]

    async def test_zero_means_no_limit(self, db: Database) -> None:
        async with client_of(db, make_settings(run_worker=False, requests_per_minute=0)) as client:
            statuses = {(await client.get("/health/live")).status_code for _ in range(50)}
        assert statuses == {200}
