"""What all tests of the interfaces share."""

from collections.abc import AsyncIterator

import httpx
import pytest

from gql_app.settings import Settings
from resolvers.context import Services
from tests.fakes import MockApi, app_with, at_rest, open_client


@pytest.fixture
def mock_api() -> MockApi:
    """The external API, with two pages of tickets for tenant_a: interfaces show nothing more with more of them."""
    return MockApi(ticket_count=100)


@pytest.fixture
async def no_worker(services: Services, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application that has no worker: jobs stay queued, and a test that starts none costs half."""
    async with open_client(app_with(at_rest(services), settings)) as client:
        yield client
