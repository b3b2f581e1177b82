"""Refusing a document is work, too: whatever it is, parsing and checking it takes a bounded number of steps."""

from collections.abc import Callable
from itertools import takewhile

import pytest
from graphql import GraphQLError, OperationDefinitionNode
from graphql.validation import ValidationContext
from hypothesis import given
from hypothesis import strategies as st

from gql_app.graphql.guard.comparisons import comparing_at_most
from gql_app.graphql.guard.cost import operation_cost
from gql_app.graphql.guard.documents import Documents
from gql_app.graphql.schema import ApiSchema
from gql_app.settings import Settings
from schema.base.selection import fragments_of
from tests.operations import lines_run
from tests.properties import some_of, tried_on
from tests.usual_documents import USUAL

SCHEMA = ApiSchema(Settings(_env_file=None))
BODY = 1_000_000
"""Characters of the largest body."""
MOST = 6_000_000
"""Lines of Python. An empty loop runs some 30 million a second; usual documents take up to 1.5 million."""


def many(template: str, count: int) -> str:
    """`template` so often, with the numbers `{0}` and, one higher, `{1}`."""
    return " ".join(template.format(number, number + 1) for number in range(count))


FAMILIES: dict[str, Callable[[int], str]] = {
    "introspection again and again": lambda n: (
        f"{{ {many('__schema {{ types {{ fields {{ name type {{ name }} args {{ name }} }} }} }}', n)} }}"
    ),
    "the same field": lambda n: f"{{ {many('health {{ status }}', n)} }}",
    "the same leaf": lambda n: f"{{ {many('__typename', n)} }}",
    "the same alias": lambda n: f"{{ {many('a: health {{ b: status }}', n)} }}",
    "the same arguments": lambda n: (
        '{ tickets(tenantId: "t") { nodes { ' + many('history(first: {0}) {{ jobId }}', n) + " } } }"
    ),
    "inline fragments": lambda n: f"{{ {many('... on Query {{ health {{ status }} }}', n)} }}",
    "inline fragments in each other": lambda n: "{" + "... on Query {" * n + " health { status } " + "}" * n + "}",
    "a fragment many times": lambda n: f"{{ {many('...F', n)} }} fragment F on Query {{ health {{ status }} }}",
    "fragments with the same field": lambda n: (
        f"{{ {many('...F{0}', n)} }} {many('fragment F{0} on Query {{ health {{ status }} }}', n)}"
    ),
    "fragments that spread the next": lambda n: (
        f"{{ {many('...F{0}', n)} }} {many('fragment F{0} on Query {{ health {{ status }} ...F{1} }}', n)}"
        f" fragment F{n} on Query {{ __typename }}"
    ),
    "fragments that spread all": lambda n: "{ ...F0 }" + "".join(
        f" fragment F{i} on Query {{ {' '.join(f'...F{j}' for j in range(i + 1, min(n, 60)))} health {{ status }} }}"
        for i in range(min(n, 60))
    ),
    "fragments in fields in fragments": lambda n: (
        f'{{ tickets(tenantId: "t") {{ nodes {{ {many("...F{0}", n)} }} }} }} '
        f"{many('fragment F{0} on Ticket {{ customer {{ ...G{0} }} }} fragment G{0} on Customer {{ id }}', n)}"
    ),
    "fragments that double": lambda n: (
        f"{{ ...F0 }} {many('fragment F{0} on Query {{ ...F{1} ...F{1} }}', n)} fragment F{n} on Query {{ __typename }}"
    ),
    "operations over one fragment": lambda n: (
        f"{many('query A{0} {{ ...F }}', n)} fragment F on Query {{ {many('health {{ status }}', n)} }}"
    ),
    "operations with variables over one fragment": lambda n: (
        f"{many('query A{0}($a: Int) {{ ...F }}', n)} fragment F on Query {{ {many('t(a: $a)', n)} }}"
    ),
    "variables": lambda n: f"query ({many('$v{0}: [[[Int!]!]!]! = 1', n)}) {{ __typename }}",
    "undefined variables": lambda n: (
        f"query {'A' * (n * 50)} {{ {many('f{0}: ticket(tenantId: $a{0}) {{ id }}', n)} }}"
    ),
    "variables of unknown types": lambda n: f"query ({many('$v{0}: TicketFilte{0}', n)}) {{ __typename }}",
    "fragments on unknown types": lambda n: f"{{ __typename }} {many('fragment F{0} on Ticke{0} {{ a }}', n)}",
    "unknown fields": lambda n: f"{{ {many('ticket{0}', n)} }}",
    "unknown arguments": lambda n: f"{{ ticket({many('tenantId{0}: 1', n)}) {{ id }} }}",
    "unknown enum values": lambda n: f'{{ tickets(tenantId: "t", orderBy: {"NEWEST_FIRS" * n}) {{ totalCount }} }}',
    "unknown input fields": lambda n: f'{{ tickets(tenantId: "t", filter: {{{many("statu{0}: 1", n)}}}) {{ x }} }}',
    "long unknown names": lambda n: f"{{ {many('a{0}' + 'x' * n, 100)} }}",
    "directives": lambda n: f"{{ __typename {'@skip(if: false) ' * n} }}",
    "unknown directives": lambda n: f"query {'@a ' * n} {{ __typename }}",
    "a list": lambda n: f'{{ ticket(tenantId: [{"1 " * n}], externalId: "1") {{ id }} }}',
    "lists in lists": lambda n: f'{{ ticket(tenantId: {"[" * n}{"]" * n}, externalId: "1") {{ id }} }}',
    "objects in objects": lambda n: f'{{ tickets(tenantId: "t", filter: {"{a:" * n}1{"}" * n}) {{ totalCount }} }}',
    "fields in fields": lambda n: "{ a" * n + "}" * n,
    "a text": lambda n: f'{{ ticket(tenantId: "{"a" * n}", externalId: "1") {{ id }} }}',
    "a text of escapes": lambda n: f'{{ ticket(tenantId: "{chr(92)}{"u0041" + chr(92)}{"n" * n}") {{ id }} }}',
    "a block of lines": lambda n: '{ ticket(tenantId: """' + "\n" * n + '""") { id } }',
    "a number": lambda n: f'{{ tickets(tenantId: "t", first: {"9" * n}) {{ totalCount }} }}',
    "a name": lambda n: f"{{ {'a' * n} }}",
    "comments": lambda n: "#\n" * n + "{ __typename }",
    "nothing": lambda n: "," * n + "{ __typename }",
    "type definitions": lambda n: many("type T{0} {{ a: Int }}", n),
    "an enum": lambda n: f"enum E {{ {many('A{0}', n)} }}",
    "garbage": lambda n: "{" * n,
}  # fmt: skip


def faults_of(query: str) -> tuple[GraphQLError, ...]:
    """What is wrong with a document, which is priced if nothing is."""
    studied = Documents(SCHEMA.limits).get(SCHEMA._schema, query)
    if studied.document is not None and not studied.faults:
        for node in studied.document.definitions:
            if isinstance(node, OperationDefinitionNode):
                operation_cost(SCHEMA._schema, node, fragments_of(studied.document), {})
    return tuple(studied.faults)


def steps_of(query: str) -> int:
    """How many lines it takes to refuse a document or to price it."""
    return lines_run(lambda: faults_of(query)) if len(query) <= SCHEMA.limits.characters else 0


@tried_on(60)
@given(st.sampled_from(sorted(FAMILIES)), st.integers(1, 400) | st.integers(400, BODY))
def test_any_document_takes_a_bounded_number_of_steps(family: str, size: int) -> None:
    document = FAMILIES[family](size) if size < 400 else FAMILIES[family](min(size, 20_000))[:BODY]
    assert steps_of(document) < MOST, (family, size)


@pytest.mark.thorough
@pytest.mark.parametrize("family", some_of(FAMILIES))
def test_the_largest_that_passes_the_first_limits_takes_a_bounded_number_of_steps(family: str) -> None:
    """As large as the limits on characters and tokens let it be, and small."""
    allowed = list(takewhile(lambda size: len(FAMILIES[family](size)) <= 100_000, [2**power for power in range(17)]))
    small = [size for size in (100, 200, 300, 400) if size <= allowed[-1]]
    for size in allowed[-1], *some_of(small, of=family):
        assert steps_of(FAMILIES[family](size)) < MOST, (family, size)


def test_messages_are_short_whatever_they_quote() -> None:
    for family in ("undefined variables", "long unknown names", "a text", "unknown enum values", "objects in objects"):
        for size in (20, 200, 900):
            assert sum(len(error.message) for error in faults_of(FAMILIES[family](size))) < 20_000


@pytest.mark.parametrize("name", USUAL)
def test_usual_documents_pass_and_cost_little(name: str) -> None:
    assert not faults_of(USUAL[name])
    assert steps_of(USUAL[name]) < MOST / 3


def test_comparisons_are_counted_by_graphql_core() -> None:
    """The attribute is one of its insides: this fails when a new version calls it otherwise."""
    rule = comparing_at_most(7)(object.__new__(ValidationContext))
    assert rule.rule_context.remaining_complexity_budget == 7
