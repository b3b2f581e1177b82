"""Limits on operations as they are served, and documents that mean harm."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import graphql
import pytest
from graphql import GraphQLEnumType

from services.analytics.stats import Stats
from tests.api.graphql.client import Api
from tests.committed_schema import committed_schema
from tests.fakes import app_with, make_settings, open_client
from tests.usual_documents import USUAL

SECONDS = 2.0
"""Of this process's own time, whatever else the machine does; refusing a hostile document takes some 10 to 50 ms."""


@asynccontextmanager
async def limited(api: Api, **settings: Any) -> AsyncIterator[Api]:
    """The endpoint with other settings."""
    async with open_client(app_with(api.services, make_settings(**settings))) as client:
        yield replace(api, client=client)


def many(template: str, count: int) -> str:
    return " ".join(template.format(n, n + 1) for n in range(count))


HOSTILE = {
    "aliases": f"{{ {many('a{0}: __typename', 600)} }}",
    "the same leaf": f"{{ {'__typename ' * 1_900} }}",
    "the same object": f"{{ {'health { status } ' * 480} }}",
    "the same object in fragments": f"{{ {many('...F{0}', 140)} }}"
    + many("fragment F{0} on Query {{ health {{ status }} }}", 140),
    "objects that double": "{ tenants { lastRun { log { ...F0 } } } } "
    + many("fragment F{0} on IngestionLog {{ x: job {{ log {{ ...F{1} }} }} y: job {{ log {{ ...F{1} }} }} }}", 40)
    + " fragment F40 on IngestionLog { id }",
    "a cycle": "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
    "a cycle through fields": 'query { tickets(tenantId: "t") { nodes { ...T } } } '
    "fragment T on Ticket { customer { tickets { nodes { ...T } } } }",
    "depth": "{ tenants { lastRun { log " + "{ job { log " * 90 + "{ id }" + " } }" * 90 + " } } }",
    "depth that no parser likes": "{ a" * 400 + "}" * 400,
    "lists in lists": f'{{ ticket(tenantId: {"[" * 400}{"]" * 400}, externalId: "1") {{ id }} }}',
    "directives": f"{{ __typename {'@skip(if: false) ' * 280} }}",
    "unknown directives": f"{{ __typename {'@x ' * 900} }}",
    "tokens": f"{{ {'a ' * 100_000} }}",
    "introspection in circles": "{ __schema { types " + "{ fields { type " * 4 + "{ name }" + " } }" * 4 + " } }",
    "introspection again and again": f"{{ {many('s{0}: __schema {{ types {{ name }} }}', 25)} }}",
    "unknown fields": f"{{ {many('f{0}', 1_900)} }}",
    "unused variables": f"query ({many('$v{0}: Int', 490)}) {{ __typename }}",
    "pages of pages": 'query { tickets(tenantId: "t", first: 100) { nodes { customer { '
    "tickets(first: 100) { nodes { id } } } } } }",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_document_is_refused_at_once(api: Api, name: str) -> None:
    begin = time.process_time()
    answer = await api.ask(HOSTILE[name])
    assert time.process_time() - begin < SECONDS
    assert "data" not in answer
    codes = {error["extensions"]["code"] for error in answer["errors"]}
    assert codes <= {"QUERY_TOO_COMPLEX", "GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"}


async def test_huge_lists_in_variables_are_refused_at_once(api: Api) -> None:
    query = 'query ($n: Int, $f: TicketFilter) { tickets(tenantId: "t", first: $n, filter: $f) { nodes { id } } }'
    begin = time.process_time()
    assert await api.code(query, n=[1] * 100_000) == "QUERY_TOO_COMPLEX"
    assert await api.code(query, f={f"unknown{n}": 1 for n in range(20_000)}) == "QUERY_TOO_COMPLEX"
    answer = await api.ask(query, f={f"unknown{n}": 1 for n in range(9_000)})
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_REQUEST"}
    assert len(answer["errors"]) < 100
    assert time.process_time() - begin < SECONDS


@pytest.mark.parametrize("name", USUAL)
async def test_usual_documents_pass_all_limits(api: Api, name: str) -> None:
    assert await api.data(USUAL[name])


async def test_every_answer_reports_its_cost(api: Api) -> None:
    answer = await api.ask('{ tickets(tenantId: "t", first: 50) { nodes { id } } }')
    assert answer["extensions"]["cost"] == {"requested": 51, "maximum": 10_000}


async def test_cost_is_reported_for_other_variables_of_the_same_document(api: Api) -> None:
    query = """query ($n: Int, $yes: Boolean = true) {
      tickets(tenantId: "t", first: $n) { nodes @include(if: $yes) { id } } }"""
    asked: list[dict[str, Any]] = [{"n": 5}, {"n": 50}, {"n": 5}, {}, {"n": 50, "yes": False}]
    costs = [(await api.ask(query, **variables))["extensions"]["cost"]["requested"] for variables in asked]
    assert costs == [6, 51, 6, 21, 1]


async def test_what_is_too_dear_is_refused_with_its_cost(api: Api) -> None:
    query = 'query ($n: Int) { tickets(tenantId: "t", first: $n) { nodes { id } } }'
    async with limited(api, graphql_max_cost=50) as strict:
        refused, allowed = await strict.ask(query, n=50), await strict.ask(query, n=49)
    assert refused["errors"][0]["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert refused["extensions"]["cost"] == {"requested": 51, "maximum": 50}
    assert "data" not in refused
    assert "errors" not in allowed


@pytest.mark.parametrize(
    ("setting", "query"),
    [
        ("graphql_max_depth", "{ health { status } }"),
        ("graphql_max_aliases", "{ a: __typename b: __typename }"),
        ("graphql_max_directives", "{ __typename @skip(if: false) a: __typename @skip(if: false) }"),
        ("graphql_max_comparisons", "{ health { status } health { status } }"),
        ("graphql_max_characters", "{ __typename }"),
        ("graphql_max_tokens", "{ __typename }"),
        ("graphql_max_cost", "{ health { status } }"),
    ],
)
async def test_every_limit_is_a_setting(api: Api, setting: str, query: str) -> None:
    assert "errors" not in await api.ask(query)
    async with limited(api, **{setting: 1}) as strict:
        assert await strict.code(query) == "QUERY_TOO_COMPLEX"


async def test_page_size_is_a_setting(api: Api) -> None:
    query = 'query ($n: Int) { tickets(tenantId: "tenant_a", first: $n) { nodes { id } } }'
    async with limited(api, graphql_max_page_size=5) as strict:
        assert await strict.code(query, n=6) == "INVALID_INPUT"
        assert len((await strict.data(query))["tickets"]["nodes"]) == 5


class SlowStats(Stats):
    """Statistics that take for ever."""

    def __init__(self) -> None:
        self.was_cancelled = False

    async def compute(self, *_: Any, **__: Any) -> Any:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise


async def test_operation_that_takes_too_long_is_given_up(api: Api) -> None:
    slow = SlowStats()
    async with limited(replace(api, services=replace(api.services, stats=slow)), graphql_max_seconds=0.5) as strict:
        answer = await strict.ask('{ tenantStats(tenantId: "t") { totalTickets } }')
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["TIMEOUT"]
    assert slow.was_cancelled


async def test_introspection_can_be_turned_off(api: Api) -> None:
    async with limited(api, graphql_introspection=False) as closed:
        assert await closed.code('{ __type(name: "Ticket") { name } }') == "GRAPHQL_VALIDATION_FAILED"
        assert "data" not in await closed.ask("{ __schema { types { name } } }")
        assert (await closed.data("{ __typename }")) == {"__typename": "Query"}


NEARLY = {
    "a field": "{ ticketz }",
    "a field of another type": '{ node(id: "x") { subject } }',
    "a field of a subscription": "subscription { tenantStatsChange }",
    "a field of an object": "{ tenants { tenantI } }",
    "a field of a union": 'mutation { startIngestion(input: {tenantId: "t"}) { jobId } }',
    "an argument": '{ ticket(tenantId: "t", externalI: "1", externalId: "1") { id } }',
    "an argument of a directive": "{ __typename @skip(i: true, if: true) }",
    "a directive": "{ __typename @skp(if: true) }",
    "a type of a variable": 'query ($f: TicketFiltr) { tickets(tenantId: "t", filter: $f) { totalCount } }',
    "a type of a fragment": "{ __typename ...F } fragment F on Quer { __typename }",
    "a type of an inline fragment": "{ ... on Quer { __typename } }",
    "an enum's value": '{ tickets(tenantId: "t", orderBy: NEWEST_FIRS) { totalCount } }',
    "an enum's value in lower case": '{ tickets(tenantId: "t", filter: {urgency: high}) { totalCount } }',
    "an enum's value as a text": '{ tickets(tenantId: "t", filter: {urgency: "HIG"}) { totalCount } }',
    "an enum's value as a number": '{ tickets(tenantId: "t", filter: {urgency: 1}) { totalCount } }',
    "an input's field": '{ tickets(tenantId: "t", filter: {custome: "1"}) { totalCount } }',
    "no fields of an object": '{ tickets(tenantId: "t") }',
    "fields of a leaf": '{ tickets(tenantId: "t") { totalCount { x } } }',
    "a value in a default": 'query ($u: Urgency = HIG) { tickets(tenantId: "t", filter: {urgency: $u}) { id } }',
}
"""Documents with a name that is nearly one of the schema's."""
NEARLY_IN_VARIABLES: dict[str, Any] = {
    "an enum's value": {"f": {"urgency": "HIG"}},
    "an enum's value in lower case": {"f": {"urgency": "high"}},
    "an enum's value as a number": {"f": {"urgency": 1}},
    "an input's field": {"f": {"custome": "1"}},
    "an input's fields": {"f": {"custome": "1", "statu": "x", "creatdFrom": None}},
    "an order": {"o": "NEWEST_FIRS"},
}


def names_of_the_schema() -> set[str]:
    """The names of fields, arguments, enum values and inputs' fields; not those that are ordinary words, too."""
    names: set[str] = set()
    for kind in committed_schema().type_map.values():
        if kind.name.startswith("__"):
            continue
        if isinstance(kind, GraphQLEnumType):
            names |= kind.values.keys()
        for name, field in getattr(kind, "fields", {}).items():
            names |= {name, *getattr(field, "args", ())}
    return {name for name in names if not re.fullmatch("[a-z]+|[A-Z][a-z]+", name)}


def assert_tells_nothing(answer: dict[str, Any], sent: str) -> None:
    for error in answer["errors"]:
        assert "Did you mean" not in error["message"]
        told = set(re.findall(r"\w+", error["message"])) - set(re.findall(r"\w+", sent))
        assert not told & names_of_the_schema(), error["message"]


@pytest.mark.parametrize("what", NEARLY)
async def test_without_introspection_no_error_suggests_a_name(api: Api, what: str) -> None:
    async with limited(api, graphql_introspection=False) as closed:
        assert_tells_nothing(await closed.ask(NEARLY[what]), NEARLY[what])


@pytest.mark.parametrize("what", NEARLY_IN_VARIABLES)
async def test_without_introspection_no_error_about_variables_suggests_a_name(api: Api, what: str) -> None:
    query = """query ($f: TicketFilter, $o: TicketOrder! = NEWEST_FIRST) {
      tickets(tenantId: "t", filter: $f, orderBy: $o) { totalCount } }"""
    sent = NEARLY_IN_VARIABLES[what]
    async with limited(api, graphql_introspection=False) as closed:
        assert_tells_nothing(await closed.ask(query, **sent), query + str(sent))


async def test_with_introspection_suggestions_help(api: Api) -> None:
    assert "Did you mean 'ticket'" in (await api.ask("{ ticketz }"))["errors"][0]["message"]


def test_graphql_core_makes_suggestions_where_these_tests_look() -> None:
    """A new version that suggests something elsewhere shows here, and gets a document above."""
    folder = Path(graphql.__file__).parent
    places = {
        str(path.relative_to(folder))
        for path in folder.rglob("*.py")
        if re.search(r"Did you mean|did_you_mean", path.read_text()) and "pyutils" not in path.parts
    }
    assert places == {
        "type/definition.py",
        "type/validate.py",  # of schemas
        "utilities/validate_input_value.py",
        "validation/rules/fields_on_correct_type.py",
        "validation/rules/known_argument_names.py",
        "validation/rules/known_type_names.py",
        "validation/rules/possible_type_extensions.py",  # of schemas
        "validation/rules/scalar_leafs.py",
    }
