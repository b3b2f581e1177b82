"""What every test can ask for. Real MongoDB, the real application; only time and the external API are stand-ins."""

import logging
import os
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
import structlog
from pymongo import MongoClient

from documents.database import Database, connect
from gql_app.local.embedded_mongo import start
from gql_app.settings import Settings
from gql_app.working import spare_the_collector
from resolvers.context import Services
from services.analytics.stats import Stats
from services.ingestion.jobs import Jobs
from services.ingestion.worker import Worker
from tests.built_once import look_for_trio_once, read_authorities_once, share_graphql_types
from tests.fakes import MockApi, app_with, at_rest, empty, make_settings, open_client, open_services, running
from tests.properties import mark_properties, usually
from tests.tenant_scope import watching
from tests.waiting import PATIENCE_SECONDS

usually()
share_graphql_types()
look_for_trio_once()
read_authorities_once()

WATCH = watching()
OF_TESTS = (
    # Tickets are of fixed dates, long past by now: MongoDB would purge deleted ones in the middle of a test.
    *("--setParameter", "ttlMonitorEnabled=false"),
    # Else what a test has deleted is walked over by the next ones for 5 minutes.
    *("--setParameter", "minSnapshotHistoryWindowInSeconds=20"),
)


def pytest_sessionstart() -> None:
    # Settings come from the tests, not from the environment that they happen to run in.
    for name in Settings.model_fields:
        os.environ.pop(name.upper(), None)
    # Statistics may take longer than their 2 s: on a busy machine they would be given up.
    pytest.MonkeyPatch().setitem(Stats.__init__.__kwdefaults__, "max_milliseconds", int(PATIENCE_SECONDS * 1000))
    # Warnings only, with plain tracebacks: the fancy ones take half a second each.
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )


@pytest.hookimpl(tryfirst=True)  # before others are chosen by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mark_properties(items)


def pytest_collection_finish() -> None:
    """As the service does; with Python's own thresholds, looking for garbage is a fifth of the tests' time."""
    spare_the_collector()


@pytest.fixture(autouse=True)
def _every_query_names_its_tenant() -> Iterator[None]:
    """A command of the application's on tenants' rows that names no tenant fails the test that sent it."""
    WATCH.offences.clear()
    yield
    assert sorted(set(WATCH.offences)) == []


@pytest.fixture(scope="session")
def mongo_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A MongoDB of the tests' own, which nobody kills: it need not bring every write to its disk.

    Databases are left in it: to drop one waits for the transactions of killed processes.
    """
    server = start(tmp_path_factory.mktemp("mongodb"), extra_args=OF_TESTS)
    with MongoClient[dict[str, Any]](server.url) as client:
        config = client.admin.command("replSetGetConfig")["config"]
        config |= {"version": config["version"] + 1, "writeConcernMajorityJournalDefault": False}
        client.admin.command("replSetReconfig", config)
        # With the service's 256 MB it looks for what to evict ten times a second, in all files of all databases.
        client.admin.command("setParameter", 1, wiredTigerEngineRuntimeConfig="cache_size=1GB")
    yield server.url
    server.close()


@pytest.fixture(scope="session")
async def database(mongo_url: str) -> AsyncIterator[Database]:
    """An open database with all indexes; what is in it is left over from other tests."""
    database = await connect(mongo_url, f"test_{uuid4().hex[:12]}")
    yield database
    database.close()


@pytest.fixture
async def db(database: Database) -> Database:
    """The open database, empty."""
    await empty(database)
    return database


@pytest.fixture
def settings() -> Settings:
    """The settings of `services` and `app_client`; a module overrides this fixture to change them."""
    return make_settings()


@pytest.fixture
def mock_api() -> MockApi:
    """The external API that `services` talk to."""
    return MockApi()


@pytest.fixture
async def services(db: Database, mock_api: MockApi, settings: Settings) -> AsyncIterator[Services]:
    """Every service on the empty database; nobody runs the jobs unless `worker` or `app_client` is asked for too."""
    async with open_services(db, mock_api.transport, settings) as services:
        yield services


@pytest.fixture
def patient_cancel(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cancel waits longer than its 2 s for the run to end: on a busy machine it would answer that it is under way."""
    monkeypatch.setitem(Jobs.cancel.__kwdefaults__, "wait_seconds", PATIENCE_SECONDS)


@pytest.fixture
async def worker(services: Services) -> AsyncIterator[Worker]:
    """The worker of `services`, working. Not together with `app_client`, which runs it itself."""
    assert services.worker is not None
    async with running(services.worker) as worker:
        yield worker


@pytest.fixture
def at_work() -> tuple[str, ...]:
    """Who works beside the requests of `app_client`, as fields of `Services`; a module overrides this fixture.

    The others look after what most tests have nothing of, and ask the database all the time whether there is any.
    """
    return ("worker", "delivery")


@pytest.fixture
async def app_client(
    services: Services, settings: Settings, at_work: tuple[str, ...]
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the real application, which shares `services` and runs their worker."""
    async with open_client(app_with(at_rest(services, *at_work), settings, judges_anew=True)) as client:
        yield client
