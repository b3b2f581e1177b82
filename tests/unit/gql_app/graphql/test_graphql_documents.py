"""Documents: each is parsed and checked once, and one client's unknown ones do not hold up the others."""

import asyncio

from gql_app.graphql.guard.documents import CACHED_DOCUMENTS, Documents
from gql_app.graphql.schema import ApiSchema
from gql_app.settings import Settings
from tests.operations import lines_run

SCHEMA = ApiSchema(Settings(_env_file=None))
GRAPHQL = SCHEMA._schema
QUERY = "{ health { status } }"


def test_document_is_studied_once() -> None:
    documents = Documents(SCHEMA.limits)
    first = documents.get(GRAPHQL, QUERY)
    assert first.document is not None
    assert not first.faults
    assert documents.get(GRAPHQL, QUERY) is first
    assert lines_run(lambda: documents.get(GRAPHQL, QUERY)) < 10


def test_document_that_is_wrong_is_known_to_be_wrong() -> None:
    documents = Documents(SCHEMA.limits)
    for query, code in (("{", "GRAPHQL_PARSE_FAILED"), ("{ nothing }", "GRAPHQL_VALIDATION_FAILED")):
        (fault,) = documents.get(GRAPHQL, query).faults
        assert fault.extensions == {"code": code}
        assert documents.get(GRAPHQL, query).faults == (fault,)


def test_those_that_were_not_used_for_longest_are_forgotten() -> None:
    documents = Documents(SCHEMA.limits)
    first = documents.get(GRAPHQL, QUERY)
    for number in range(CACHED_DOCUMENTS - 1):
        documents.get(GRAPHQL, f"query A{number} {QUERY}")
    assert documents.get(GRAPHQL, QUERY) is first
    for number in range(CACHED_DOCUMENTS):
        documents.get(GRAPHQL, f"query B{number} {QUERY}")
    assert documents.get(GRAPHQL, QUERY) is not first


async def test_a_client_waits_for_its_own_turn_only() -> None:
    documents = Documents(SCHEMA.limits)
    await documents.study(GRAPHQL, QUERY, "one")
    async with documents.turns.turn("one"):
        waiting = asyncio.create_task(documents.study(GRAPHQL, f"query A {QUERY}", "one"))
        await documents.study(GRAPHQL, f"query B {QUERY}", "other")
        await documents.study(GRAPHQL, QUERY, "one")  # is known
        assert not waiting.done()
    assert (await waiting).document is not None
