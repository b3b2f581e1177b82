"""Stand-ins for what is outside our process (time, the network, the external API), and builders on top of them."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any, TypeVar

import httpx
import jwt
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from documents.all_documents import ALL_DOCUMENTS
from documents.database import Database, Row, patiently
from documents.ingestion_job import IngestionJob
from documents.transactions import PlainSession
from gql_app.main import create_app
from gql_app.settings import Settings
from gql_app.telemetry.telemetry import Telemetry
from gql_app.wiring import build_services
from mock_external_api.app import create_app as create_mock
from mock_external_api.script import ScriptedAnswer
from mock_external_api.settings import MockSettings
from mock_external_api.upstream import Upstream
from resolvers.context import Services
from services.kit.background import Background
from services.kit.retry import Patience
from tests.waiting import PATIENCE_SECONDS

B = TypeVar("B", bound=Background)

MOCK_URL = "http://mock"
JWT_SECRET = "a secret of the tests that is long enough"
JWT_ISSUER = "https://issuer.test"
JWT_AUDIENCE = "support-tickets"
QUICK_RETRIES = Patience(seconds=1.0, base_seconds=0.01, cap_seconds=0.02, least_attempts=6)
"""What fails for good is given up after a second, but what heals at the sixth attempt heals on any machine."""


class FakeClock:
    """A clock that only moves by sleeping, which takes no time, and by `advance`."""

    def __init__(self, moment: datetime = datetime(2026, 2, 5, 12, tzinfo=UTC)) -> None:
        self.moment = moment
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class ScriptedTransport(httpx.AsyncBaseTransport):
    """Answers requests with the given responses, one after the other; raises those that are exceptions."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.requests: list[httpx.Request] = []
        self._answers = deque(answers)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.popleft()
        if isinstance(answer, Exception):
            raise answer
        return answer


class InProcessTransport(httpx.ASGITransport):
    """Calls an application in this process; a connection that it drops looks as it does on the network."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app)
        self.opened = asyncio.Event()
        """Requests wait until it is set, which it is."""
        self.opened.set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self.opened.wait()
        try:
            return await super().handle_async_request(request)
        except ConnectionAbortedError as error:
            raise httpx.ReadError(str(error), request=request) from error


class MockApi:
    """The mock external API in this process; tests steer it through `upstream`.

    As a rule: 200 tickets over tenant_a .. tenant_d (80, 60, 40, 20), of which some are deleted; no rate limit.
    """

    def __init__(self, **settings: Any) -> None:
        usual = {"ticket_count": 200, "rate_limit_per_minute": 0, "notify_latency_min": 0, "notify_latency_max": 0}
        self._settings = {**usual, **settings}
        self.transport = InProcessTransport(self._answer)

    @cached_property
    def _app(self) -> FastAPI:
        return create_mock(MockSettings(**self._settings))  # most tests need none

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    @property
    def upstream(self) -> Upstream:
        """Everything that the mock knows."""
        upstream: Upstream = self._app.state.upstream
        return upstream

    def change(self, **settings: Any) -> None:
        """Change the mock's settings from now on."""
        self.upstream.change_settings(settings)

    def hold(self) -> None:
        """Let requests wait until `release`: a run that is started now is there for as long as a test needs it."""
        self.transport.opened.clear()

    def release(self) -> None:
        """Answer those that wait, and go on as usual."""
        self.transport.opened.set()

    def hold_page(self, page: int) -> None:
        """Answer the next request for this page much later."""
        self.upstream.script.append(ScriptedAnswer(page=page, delay_ms=600_000))

    def live_ids(self, tenant_id: str) -> list[str]:
        """The ids of the tenant's tickets that are not deleted upstream."""
        return [ticket.id for ticket in self.upstream.store.first(10**6, tenant_id=tenant_id, deleted=False)]


def make_settings(**changes: Any) -> Settings:
    """Settings for tests: no outbound or inbound limit, time for every operation, pages of 20 tickets, logs as JSON."""
    usual = {"rate_limit_per_minute": 0, "requests_per_minute": 0, "page_size": 20, "log_format": "json"}
    usual |= {"graphql_max_seconds": PATIENCE_SECONDS}
    return _settings(**{**usual, **changes})


@lru_cache(1_000, typed=True)
def _settings(**values: Any) -> Settings:
    """They are never changed, and to check them takes longer than many a test."""
    return Settings(_env_file=None, **values)


def make_jwt_settings(**changes: Any) -> Settings:
    """The same, with bearer tokens demanded."""
    usual = {
        "auth_mode": "jwt",
        "jwt_secret": JWT_SECRET,
        "jwt_issuer": JWT_ISSUER,
        "jwt_audience": JWT_AUDIENCE,
    }
    return make_settings(**{**usual, **changes})


def make_token(*, secret: str = JWT_SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    """A token that is good for an hour for reading and ingesting tenant_a; a claim that is None is left out."""
    usual = {
        "sub": "somebody",
        "iss": JWT_ISSUER,
        "aud": JWT_AUDIENCE,
        "exp": datetime.now(UTC) + timedelta(hours=1),
        "tenants": ["tenant_a"],
        "scope": "tickets:read ingest:run",
    }
    present = {name: value for name, value in {**usual, **claims}.items() if value is not None}
    return jwt.encode(present, secret, algorithm)


def bearer(**claims: Any) -> dict[str, str]:
    """The request header with such a token."""
    return {"authorization": f"Bearer {make_token(**claims)}"}


@asynccontextmanager
async def open_services(
    database: Database, transport: httpx.AsyncBaseTransport, settings: Settings
) -> AsyncIterator[Services]:
    """Every service on the test database, with its own client of the external API and quick retries."""
    async with httpx.AsyncClient(transport=transport, follow_redirects=False) as http:
        services = build_services(settings, database, http, MOCK_URL, retries=QUICK_RETRIES)
        yield services
        await services.sources.close()


def at_rest(services: Services, *but: str) -> Services:
    """The same services, with nothing that works beside the requests but what is named, as fields of `Services`."""
    resting = {field.name for field in fields(services) if field.default is None}.difference(but)
    quiet = replace(services, **dict[str, Any].fromkeys(resting))
    assert len(quiet.background) == len(but)
    return quiet


def app_with(
    services: Services, settings: Settings, telemetry: Telemetry | None = None, *, judges_anew: bool = False
) -> FastAPI:
    """The real application on services that are open already.

    `judges_anew`: whether it brings stored tickets to the version of their judge, which most tests' tickets, with
    labels that nobody has given them, would not survive.
    """
    if not judges_anew:
        services = replace(services, reclassifier=None)

    @asynccontextmanager
    async def ready() -> AsyncIterator[Services]:
        yield services

    return create_app(settings, ready, telemetry)


@asynccontextmanager
async def open_client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Start the application (its worker too), and a client that calls it in this process."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client,
    ):
        yield client


@asynccontextmanager
async def running(background: B) -> AsyncIterator[B]:
    """Let it work in the background; at the end a worker hands its jobs back."""
    task = asyncio.create_task(background.work())
    try:
        yield background
    finally:
        background.shut_down()
        await asyncio.wait_for(task, PATIENCE_SECONDS)


async def ingest(services: Services, tenant_id: str) -> IngestionJob:
    """Run one ingestion to its end; a worker has to be running."""
    job = await services.jobs.start(tenant_id)
    assert services.worker is not None
    services.worker.wake()
    return await services.jobs.wait(job.id, seconds=PATIENCE_SECONDS)


async def empty(database: Database) -> None:
    """Delete every document; indexes stay."""
    first, *others = (str(document.get_settings().name) for document in ALL_DOCUMENTS)

    def has_any(name: str) -> list[Row]:
        return [{"$limit": 1}, {"$project": {"_id": {"$literal": name}}}]

    full = has_any(first) + [{"$unionWith": {"coll": name, "pipeline": has_any(name)}} for name in others]
    tickets = database.collection(ALL_DOCUMENTS[0]).delegate

    def delete(session: PlainSession) -> None:
        for row in list(tickets.aggregate(full, session=session)):
            tickets.database[row["_id"]].delete_many({}, session=session)

    with patiently(PATIENCE_SECONDS):
        await database.in_one_call(delete)
