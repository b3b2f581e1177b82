"""The queries of the documentation for frontends and newcomers, answered over the sample tenants."""

import json

import pytest
from graphql import parse

from documents.vocabulary import SourceKind
from gql_app.settings import Settings
from resolvers.context import Services
from services.connections.changes import NewConnection
from services.ingestion.worker import Worker
from tests.api.graphql.client import Api
from tests.connecting import KEY
from tests.fakes import ingest, make_settings
from tests.pages import Block, blocks


@pytest.fixture
def settings() -> Settings:
    return make_settings(secrets_key=KEY)


QUERIES = [
    (page, block) for page in ("tutorial.md", "frontend.md", "connections.md") for block in blocks(page, "graphql")
]


def named(value: object) -> str:
    return parse(value.code).definitions[0].name.value if isinstance(value, Block) else str(value)  # type: ignore[union-attr, attr-defined]


@pytest.mark.parametrize(("page", "block"), QUERIES, ids=named)
async def test_a_query_of_the_documentation_is_answered(
    page: str, block: Block, api: Api, services: Services, worker: Worker
) -> None:
    await ingest(services, "tenant_d")
    await services.connections.create(NewConnection("acme", SourceKind.STANDARD, {"base_url": "https://1.1.1.1"}))
    variables = json.loads(block.answer.code) if block.answer else {}
    data = await api.data(block.code, **variables)
    assert all(data.values())


def test_there_are_queries_on_these_pages() -> None:
    assert [page for page, _ in QUERIES].count("frontend.md") >= 4
