"""The GraphQL endpoint over ingested data."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from documents.database import Database
from resolvers.context import Services
from tests.api.graphql.client import Api
from tests.api.graphql.sockets import FEW_AT_ONCE, served
from tests.fakes import (
    MockApi,
    app_with,
    at_rest,
    empty,
    ingest,
    make_jwt_settings,
    make_settings,
    open_client,
    open_services,
    running,
)


@pytest.fixture(scope="module")
async def api(database: Database) -> AsyncIterator[Api]:
    """Two tenants, ingested once a module; no worker runs. Not together with `db`, and not to be changed by a test."""
    await empty(database)
    mock_api, settings = MockApi(ticket_count=50), make_settings()
    async with open_services(database, mock_api.transport, settings) as services:
        assert services.worker is not None
        async with running(services.worker):
            for tenant_id in ("tenant_a", "tenant_b"):
                await ingest(services, tenant_id)
        reading = at_rest(services)
        async with open_client(app_with(reading, settings)) as client:
            yield Api(client, reading, mock_api, database)


@pytest.fixture(scope="module")
async def jwt_api(api: Api) -> AsyncIterator[Api]:
    """The same data behind bearer tokens."""
    async with open_client(app_with(api.services, make_jwt_settings())) as client:
        yield replace(api, client=client)


@pytest.fixture
async def fresh(services: Services, mock_api: MockApi, db: Database, app_client: httpx.AsyncClient) -> Api:
    """The endpoint over the empty database, with a worker, for tests that change something."""
    return Api(app_client, services, mock_api, db)


@pytest.fixture
async def resting(services: Services, mock_api: MockApi, db: Database, no_worker: httpx.AsyncClient) -> Api:
    """The same without a worker, for tests that start nothing."""
    return Api(no_worker, services, mock_api, db)


@pytest.fixture(scope="module")
async def quiet(database: Database) -> AsyncIterator[Services]:
    """Services without anything that works in the background."""
    await empty(database)
    async with open_services(database, MockApi().transport, FEW_AT_ONCE) as services:
        yield at_rest(services)


@pytest.fixture(scope="module")
async def address(quiet: Services) -> AsyncIterator[str]:
    async with served(app_with(quiet, FEW_AT_ONCE)) as address:
        yield address


@pytest.fixture(scope="module")
async def jwt_address(quiet: Services) -> AsyncIterator[str]:
    async with served(app_with(quiet, make_jwt_settings())) as address:
        yield address
