"""What operations cost before they are executed."""

from typing import Any

import pytest
from graphql import DocumentNode, get_operation_ast, parse
from hypothesis import given
from hypothesis import strategies as st

from gql_app.graphql.guard.cost import MAX_COST, operation_cost
from gql_app.graphql.schema import ApiSchema
from gql_app.settings import Settings
from schema.base.selection import fragments_of
from tests.graphql_documents import SCHEMA as SMALL_SCHEMA
from tests.graphql_documents import documents, written_out

SCHEMA = ApiSchema(Settings(_env_file=None))._schema


def cost(query: str, **variables: Any) -> int:
    document = parse(query)
    operation = get_operation_ast(document)
    assert operation is not None
    return operation_cost(SCHEMA, operation, fragments_of(document), variables)


def tickets(selection: str, arguments: str = "first: 50") -> str:
    return f'{{ tickets(tenantId: "t", {arguments}) {{ {selection} }} }}'


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ __typename }", 0),
        ('{ ticket(tenantId: "t", externalId: "1") { id subject } }', 1),
        ('{ ticket(tenantId: "t", externalId: "1") { id customer { externalId } } }', 2),
        (tickets("nodes { id subject message }"), 1 + 50),
        (tickets("edges { cursor node { id } }"), 1 + 50 * 2),
        (tickets("nodes { id } edges { node { id } }"), 1 + 50 + 50 * 2),
        (tickets("pageInfo { endCursor } nodes { id }"), 1 + 1 + 50),
        (tickets("totalCount"), 1 + 10),
        ('{ tenantStats(tenantId: "t") { totalTickets } }', 50 + 1),
        ('{ tenantStats(tenantId: "t") { hourlyTrend { count } } }', 50 + 1 + 24),
        ('mutation { startIngestion(input: {tenantId: "t"}) { __typename } }', 50 + 1),
    ],
)
def test_objects_count_one_and_leaves_nothing(query: str, expected: int) -> None:
    assert cost(query) == expected


def test_lists_in_lists_multiply() -> None:
    assert cost(tickets("nodes { history(first: 5) { changes { field } } }")) == 1 + 50 * (1 + 5 * (1 + 3))
    nested = "nodes { customer { tickets(first: 10) { nodes { history(first: 2) { action } } } } }"
    assert cost(tickets(nested)) == 1 + 50 * (1 + 1 + 1 + 10 * (1 + 2))


@pytest.mark.parametrize(
    ("arguments", "size"),
    [
        ("", 20),
        ("first: 7", 7),
        ("last: 7", 7),
        ("first: null", 20),
        ("first: 0", 0),
        ("first: -5", 0),
        ("first: 5, last: 9", 9),
    ],
)
def test_page_size_is_what_the_arguments_say(arguments: str, size: int) -> None:
    assert cost(tickets("nodes { id }", arguments)) == 1 + size


def test_list_argument_has_the_schemas_default() -> None:
    assert cost('{ ticket(tenantId: "t", externalId: "1") { history { action } } }') == 1 + 20


@pytest.mark.parametrize(
    ("declaration", "variables", "size"),
    [
        ("$n: Int", {"n": 7}, 7),
        ("$n: Int", {"n": 7.0}, 7),
        ("$n: Int", {}, 20),
        ("$n: Int", {"n": None}, 20),
        ("$n: Int = 9", {}, 9),
        ("$n: Int = 9", {"n": 3}, 3),
        ("$n: Int", {"n": "junk"}, 20),
        ("$n: Int", {"n": [1]}, 20),
        ("$n: Int", {"n": 1e300}, 2**31 - 1),
    ],
)
def test_page_size_is_read_from_variables_and_their_defaults(
    declaration: str, variables: dict[str, Any], size: int
) -> None:
    query = f'query ({declaration}) {{ tickets(tenantId: "t", first: $n) {{ nodes {{ id }} }} }}'
    assert cost(query, **variables) == 1 + size


def test_fragments_cost_what_they_select() -> None:
    spread = (
        tickets("...Page")
        + " fragment Page on TicketConnection { nodes { ...T } } fragment T on Ticket { customer { id } }"
    )
    inline = tickets("... on TicketConnection { nodes { ... { customer { id } } } }")
    assert cost(spread) == cost(inline) == cost(tickets("nodes { customer { id } }")) == 1 + 50 * 2


@given(documents(), st.booleans())
def test_cost_is_that_of_the_document_written_out(document: DocumentNode, no: bool) -> None:
    def small_cost(of: DocumentNode) -> int:
        operation = get_operation_ast(of)
        assert operation is not None
        return operation_cost(SMALL_SCHEMA, operation, fragments_of(of), {"no": no})

    assert small_cost(document) == small_cost(written_out(document))


def test_what_is_selected_twice_counts_once() -> None:
    once = tickets("nodes { customer { id } }")
    assert cost(tickets("nodes { customer { id } } nodes { customer { externalId } }")) == cost(once)
    assert cost(
        tickets("...A ...A nodes { id }") + " fragment A on TicketConnection { nodes { customer { id } } }"
    ) == cost(once)
    twice = '{ tickets(tenantId: "t", first: 50) { nodes { id } } tickets(tenantId: "t", first: 50) { nodes { id } } }'
    assert cost(twice) == 1 + 50


def test_what_is_selected_under_two_names_counts_twice() -> None:
    query = """{ a: tickets(tenantId: "t", first: 50) { nodes { id } }
                 b: tickets(tenantId: "t", first: 10) { nodes { id } } }"""
    assert cost(query) == 2 + 50 + 10


@pytest.mark.parametrize(("yes", "expected"), [(True, 1 + 50), (False, 1 + 10)])
def test_what_is_left_out_costs_nothing(yes: bool, expected: int) -> None:
    query = """query ($yes: Boolean!) { tickets(tenantId: "t", first: 50) {
      nodes @include(if: $yes) { id } totalCount @skip(if: $yes) ... @include(if: false) { edges { cursor } } } }"""
    assert cost(query, yes=yes) == expected


def test_of_the_possible_types_the_dearest_counts() -> None:
    node = """{ node(id: "x") { id ... on Ticket { customer { id } history(first: 5) { action } }
                                  ... on IngestionJob { log { id } } } }"""
    assert cost(node) == 1 + 1 + 5
    union = """mutation { cancelIngestion(input: {jobId: "x"}) {
      ... on IngestionCancelled { job { log { id } } } ... on IngestionCancelling { job { id } } } }"""
    assert cost(union) == 50 + 1 + 2


def test_introspection_has_a_flat_price() -> None:
    assert cost("{ __schema { types { fields { name } } } }") == 1_000
    assert cost('{ __type(name: "Ticket") { name } }') == 100


def test_bomb_is_priced_without_being_walked() -> None:
    levels = 60
    fragment = """fragment F{0} on Ticket {{ a: customer {{ tickets(first: 100) {{ nodes {{ ...F{1} }} }} }}
                                             b: customer {{ tickets {{ nodes {{ ...F{1} }} }} }} }}"""
    bomb = tickets("nodes { ...F0 }") + " ".join(fragment.format(n, n + 1) for n in range(levels))
    assert cost(f"{bomb} fragment F{levels} on Ticket {{ id }}") == MAX_COST
