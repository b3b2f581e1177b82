"""What one client may send: how much, and how often."""

import gzip
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest
import structlog
from pydantic import ValidationError
from structlog.testing import capture_logs

from documents.database import Database
from documents.ingestion_job import IngestionJob
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
from tests.raw_http import CHUNKED, CLOSE, JSON, connected, exchange, head, serving
from tests.waiting import until

RUN = "POST /ingest/run?tenant_id=t"


@asynccontextmanager
async def client_of(db: Database, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        open_services(db, ScriptedTransport(), settings) as services,
        open_client(app_with(services, settings)) as client,
    ):
        yield client


@pytest.fixture
def all_logs() -> Iterator[None]:
    """Log lines of level info, too."""
    usual = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    yield
    structlog.configure(**usual)


@asynccontextmanager
async def served_over(db: Database, **settings: object) -> AsyncIterator[tuple[int, httpx.AsyncClient]]:
    """The application without a worker on a real socket, and an ordinary client of it."""
    chosen = make_settings(run_worker=False, **settings)
    async with open_services(db, ScriptedTransport(), chosen) as services:
        app = app_with(services, chosen)
        async with serving(app) as (port, _), httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            yield port, client


def live_for(address: bytes) -> bytes:
    """A request that claims to come from this address."""
    return head("GET /health/live", b"X-Forwarded-For: " + address + b"\r\n", CLOSE)


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

    async def test_one_that_comes_in_chunks_is_refused_before_anything_happens_too(self, db: Database) -> None:
        async with served_over(db) as (port, client):
            chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
            answer = await exchange(port, head(RUN, CHUNKED, CLOSE), *[chunk] * 48, b"0\r\n\r\n")
            assert (answer.status, answer.code) == (413, "TOO_LARGE")
            assert (await client.get("/ingest/status?tenant_id=t")).json()["status"] == "idle"

    async def test_an_empty_one_in_chunks_is_none(self, db: Database) -> None:
        async with served_over(db) as (port, _):
            answer = await exchange(port, head(RUN, CHUNKED, CLOSE, b"Prefer: respond-async\r\n"), b"0\r\n\r\n")
            assert answer.status == 202

    @pytest.mark.parametrize("line", ["POST /ingest/run?tenant_id=t", "POST /graphql"])
    @pytest.mark.parametrize("framing", [b"Content-Length: 100\r\n", CHUNKED])
    async def test_a_client_that_hangs_up_in_the_middle_is_noted_and_no_failure(
        self, db: Database, all_logs: None, line: str, framing: bytes
    ) -> None:
        with capture_logs() as logs:
            async with served_over(db) as (port, client):
                async with connected(port) as hanging_up:
                    await hanging_up.send(head(line, framing, JSON), b"5\r\nhe")
                await until(lambda: any(entry["event"] == "request" for entry in logs))
                assert (await client.get("/ingest/status?tenant_id=t")).json()["status"] == "idle"
        ended = next(entry for entry in logs if entry["event"] == "request")
        assert (ended["status"], ended["log_level"]) == (499, "info")
        assert [entry for entry in logs if entry["log_level"] in ("warning", "error")] == []


class TestRate:
    async def test_every_answer_says_what_is_left(self, db: Database) -> None:
        async with client_of(db, make_settings(run_worker=False, requests_per_minute=3)) as client:
            answers = [await client.get(path) for path in ("/health/live", "/nowhere", "/tickets", "/health/live")]
        assert [answer.status_code for answer in answers] == [200, 404, 422, 429]
        assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
        assert {answer.headers["ratelimit-limit"] for answer in answers} == {"3"}
        assert 0 < int(answers[0].headers["ratelimit-reset"]) <= int(answers[3].headers["ratelimit-reset"]) <= 60

    async def test_without_a_limit_nothing_is_said(self, db: Database) -> None:
        async with client_of(db, make_settings(run_worker=False, requests_per_minute=0)) as client:
            assert "ratelimit-limit" not in (await client.get("/health/live")).headers

    async def test_a_header_that_a_client_writes_does_not_make_it_another(self, db: Database) -> None:
        async with served_over(db, requests_per_minute=1) as (port, _):
            asked = [await exchange(port, live_for(address)) for address in (b"192.0.2.1", b"192.0.2.2")]
        assert [answer.status for answer in asked] == [200, 429]

    async def test_unless_a_proxy_of_ours_has_written_it(self, db: Database) -> None:
        async with served_over(db, requests_per_minute=1, trusted_proxies="127.0.0.1, 10.0.0.0/8") as (port, _):
            addresses = (b"192.0.2.1", b"192.0.2.2", b"192.0.2.3, 192.0.2.2", b"192.0.2.4, 192.0.2.2, 10.1.2.3")
            asked = [await exchange(port, live_for(address)) for address in addresses]
        assert [answer.status for answer in asked] == [200, 200, 429, 429]

    @pytest.mark.parametrize("proxies", ["*", "proxy.example", "10.0.0.1/8", "127.0.0.1:80"])
    def test_a_proxy_is_an_address_or_a_network(self, proxies: str) -> None:
        with pytest.raises(ValidationError, match="trusted_proxies"):
            make_settings(trusted_proxies=proxies)

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


@pytest.mark.parametrize("path", ["/graphql", "/ingest/batch?tenant_id=t", "/ingest/run?tenant_id=t", "/destinations"])
@pytest.mark.parametrize("encoding", ["gzip", "br", "GZIP, gzip"])
async def test_compressed_body_is_refused_before_anything_is_done(
    no_worker: httpx.AsyncClient, db: Database, path: str, encoding: str
) -> None:
    headers = {"content-encoding": encoding, "content-type": "application/json"}
    answer = await no_worker.post(path, content=gzip.compress(b"{}"), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert answer.headers["accept-encoding"] == "identity"
    assert await db.collection(IngestionJob).count_documents({}) == 0


async def test_body_that_says_that_it_is_not_compressed_is_read(no_worker: httpx.AsyncClient) -> None:
    answer = await no_worker.post(
        "/graphql", json={"query": "{ __typename }"}, headers={"content-encoding": "identity"}
    )
    assert answer.json()["data"] == {"__typename": "Query"}
