"""Ingested data that the reading tests of a module share."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from documents.database import Database
from resolvers.context import Services
from tests.fakes import MockApi, app_with, at_rest, empty, ingest, make_settings, open_client, open_services


@dataclass
class Ingested:
    """A client of the application over the tickets of tenant_a and tenant_b."""

    client: httpx.AsyncClient
    services: Services
    mock_api: MockApi
    db: Database


@pytest.fixture(scope="module")
async def ingested(database: Database) -> AsyncIterator[Ingested]:
    """Two tenants, ingested once a module. Tests may add other tenants.

    A module whose tests need these tickets, or start runs, uses either this or `db` (and what is built on it),
    because `db` empties the database and this application's worker would run the other's jobs.
    """
    await empty(database)
    mock_api, settings = MockApi(ticket_count=50), make_settings()
    async with (
        open_services(database, mock_api.transport, settings) as services,
        open_client(app_with(at_rest(services, "worker"), settings)) as client,
    ):
        for tenant_id in ("tenant_a", "tenant_b"):
            await ingest(services, tenant_id)
        yield Ingested(client, services, mock_api, database)
