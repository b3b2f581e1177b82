"""The queries of the documentation for frontends and newcomers, answered over the sample tenants."""

import json

import pytest
from graphql import parse

from resolvers.context import Services
from services.ingestion.worker import Worker
from tests.api.graphql.client import Api
from tests.fakes import ingest
from tests.pages import Block, blocks

QUERIES = [(page, block) for page in ("tutorial.md", "frontend.md") for block in blocks(page, "graphql")]


def named(value: object) -> str:
    return parse(value.code).definitions[0].name.value if isinstance(value, Block) else str(value)  # type: ignore[union-attr, attr-defined]


@pytest.mark.parametrize(("page", "block"), QUERIES, ids=named)
async def test_a_query_of_the_documentation_is_answered(
    page: str, block: Block, api: Api, services: Services, worker: Worker
) -> None:
    await ingest(services, "tenant_d")
    variables = json.loads(block.answer.code) if block.answer else {}
    data = await api.data(block.code, **variables)
    assert all(data.values())


def test_there_are_queries_on_these_pages() -> None:
    assert [page for page, _ in QUERIES].count("frontend.md") >= 4
