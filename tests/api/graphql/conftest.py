"""The GraphQL endpoint over ingested data, and what tests ask of it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from documents.database import Database
from schema.context import Services
from tests.fakes import MockApi, app_with, empty, ingest, make_settings, open_client, open_services


@dataclass
class Api:
    """A client of the endpoint."""

    client: httpx.AsyncClient
    services: Services
    mock_api: MockApi
    db: Database

    async def ask(self, query: str, *, headers: dict[str, str] | None = None, **variables: Any) -> dict[str, Any]:
        """Post an operation; the whole answer, errors and all."""
        body = {"query": query, "variables": variables}
        response = await self.client.post("/graphql", json=body, headers=headers)
        answer: dict[str, Any] = response.json()
        return answer

    async def data(self, query: str, **variables: Any) -> Any:
        """Post an operation that has to succeed; its data."""
        answer = await self.ask(query, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def error(self, query: str, **variables: Any) -> dict[str, Any]:
        """Post an operation that has to fail in one way; the error."""
        answer = await self.ask(query, **variables)
        assert len(answer.get("errors", [])) == 1, answer
        error: dict[str, Any] = answer["errors"][0]
        return error

    async def code(self, query: str, **variables: Any) -> str:
        """Post an operation that has to fail in one way; the error's code."""
        code: str = (await self.error(query, **variables))["extensions"]["code"]
        return code


@pytest.fixture(scope="module")
async def api(database: Database) -> AsyncIterator[Api]:
    """Two tenants, ingested once a module: not together with `db`, and not to be changed by a test."""
    await empty(database)
    mock_api, settings = MockApi(), make_settings()
    async with (
        open_services(database, mock_api.transport, settings) as services,
        open_client(app_with(services, settings)) as client,
    ):
        for tenant_id in ("tenant_a", "tenant_b"):
            await ingest(services, tenant_id)
        yield Api(client, services, mock_api, database)


@pytest.fixture
async def fresh(services: Services, mock_api: MockApi, db: Database, app_client: httpx.AsyncClient) -> Api:
    """The endpoint over the empty database, for tests that change something."""
    return Api(app_client, services, mock_api, db)
