"""The shape of documents, and which limits it exceeds."""

import pytest
from graphql import DocumentNode, build_schema, parse
from hypothesis import given

from gql_app.graphql.guard.limits import Limits, check, check_shape
from gql_app.graphql.guard.shape import Shape, measure
from tests.graphql_documents import documents, written_out

LIMITS = Limits(
    characters=10_000, tokens=1_000, depth=3, aliases=2, directives=2, comparisons=1_000, introspection=True
)


@pytest.mark.parametrize(
    ("query", "shape"),
    [
        ("{ a }", Shape(depth=1)),
        ("{ a { b { c } } d }", Shape(depth=3)),
        ("{ x: a { y: b z: c } }", Shape(depth=2, aliases=3)),
        ("query @p { a @q { b @r ... @s { c } ...F @t } } fragment F on X @u { d }", Shape(depth=2, directives=6)),
        ("{ a ... { a } ...F ...F } fragment F on X { b: a }", Shape(depth=1, aliases=2)),
        ("{ x: a x: a y: a }", Shape(depth=1, aliases=3)),
        ("{ a { ...F } } fragment F on X { b { c { ...G } } } fragment G on Y { d }", Shape(depth=4)),
        ("{ x: a { ...F } y: a { ...F } } fragment F on X { z: b }", Shape(depth=2, aliases=4)),
        ("{ __schema { a { b { c { d } } } } }", Shape(depth=1)),
        ("query A { a } query B { x: a { b } }", Shape(depth=2, aliases=1)),
        ("{ ...F } fragment F on X { a { ...F } b: c }", Shape(depth=1, aliases=1)),
        ("{ ...Nothing }", Shape()),
    ],
)
def test_shape_is_what_would_be_executed(query: str, shape: Shape) -> None:
    assert measure(parse(query)) == shape


@given(documents())
def test_shape_is_that_of_the_document_written_out(document: DocumentNode) -> None:
    assert measure(document) == measure(written_out(document))


def test_bomb_is_measured_without_being_walked() -> None:
    levels = 60
    bomb = " ".join(f"fragment F{n} on X {{ x: a {{ ...F{n + 1} }} y: a {{ ...F{n + 1} }} }}" for n in range(levels))
    shape = measure(parse(f"{{ ...F0 }} {bomb} fragment F{levels} on X {{ b }}"))
    assert shape.depth == levels + 1
    assert shape.aliases == 2 ** (levels + 1) - 2


@pytest.mark.parametrize(
    ("query", "complaints"),
    [
        ("{ a { b { c } } }", []),
        ("{ a { b { c { d } } } }", ["The document has more than 3 levels."]),
        ("{ x: a y: a z: a }", ["The document has more than 2 aliases."]),
        ("{ a @x @y @z }", ["The document has more than 2 directives."]),
    ],
)
def test_every_limit_is_kept(query: str, complaints: list[str]) -> None:
    assert [error.message for error in check_shape(parse(query), LIMITS)] == complaints


def test_chain_of_fragments_that_is_too_long_is_refused() -> None:
    chain = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(1_000))
    (error,) = check(build_schema("type Query { a: Int }"), parse(f"{{ ...F0 }} {chain}"), LIMITS)
    assert error.extensions == {"code": "QUERY_TOO_COMPLEX"}
