"""The walk over selections finds what execution collects."""

from types import SimpleNamespace
from typing import Any

import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLObjectType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_operation_ast,
    is_abstract_type,
    parse,
)
from graphql.execution.collect_fields import FragmentDetails, collect_fields
from graphql.execution.values import get_variable_values
from hypothesis import given
from hypothesis import strategies as st

from schema.base.selection import (
    Includes,
    fields_of,
    fragments_of,
    is_included,
    names_below,
    response_name,
    selected_names,
)
from tests.graphql_documents import SCHEMA, documents, written_out


def operation_of(document: DocumentNode) -> OperationDefinitionNode:
    operation = get_operation_ast(document)
    assert operation is not None
    return operation


def as_in_execution(kind: GraphQLObjectType, variables: dict[str, Any]) -> Includes:
    def includes(node: Any) -> bool:
        condition = getattr(node, "type_condition", None)
        named = None if condition is None else SCHEMA.get_type(condition.name.value)
        applies = named in (None, kind) or (is_abstract_type(named) and SCHEMA.is_sub_type(named, kind))
        return is_included(node, variables) and applies

    return includes


@given(documents(cyclic=True), st.sampled_from(["X", "Y", "Query"]), st.booleans())
def test_fields_are_those_that_graphql_core_collects(document: DocumentNode, name: str, no: bool) -> None:
    kind, operation, fragments = SCHEMA.get_type(name), operation_of(document), fragments_of(document)
    assert isinstance(kind, GraphQLObjectType)
    variables = get_variable_values(SCHEMA, operation.variable_definitions or (), {"no": no})
    details = {key: FragmentDetails(node) for key, node in fragments.items()}
    collected = collect_fields(SCHEMA, details, variables, kind, operation).grouped_field_set  # type: ignore[arg-type]
    found: dict[str, list[FieldNode]] = {}
    includes = as_in_execution(kind, {"yes": True, "no": no})
    for field in fields_of([operation.selection_set], fragments, includes):
        found.setdefault(response_name(field), []).append(field)
    assert list(found) == list(collected)
    for key, nodes in found.items():
        assert list(map(id, nodes)) == [id(each.node) for each in collected[key]]


def info_of(document: DocumentNode, variables: dict[str, Any]) -> Any:
    """What a resolver sees of a field that selects what the operation does."""
    node = SimpleNamespace(selection_set=operation_of(document).selection_set)
    raw = SimpleNamespace(field_nodes=[node], fragments=fragments_of(document))
    return SimpleNamespace(_raw_info=raw, variable_values=variables)


def naive_names(selection_set: SelectionSetNode, variables: dict[str, Any], deep: bool) -> set[str]:
    names = set()
    for node in selection_set.selections:
        if not is_included(node, variables):
            continue
        if isinstance(node, FieldNode):
            names.add(node.name.value)
        if isinstance(node, InlineFragmentNode) or (deep and isinstance(node, FieldNode) and node.selection_set):
            names |= naive_names(node.selection_set, variables, deep)
    return names


@given(documents(), st.booleans())
def test_names_are_those_of_the_document_written_out(document: DocumentNode, no: bool) -> None:
    variables = {"yes": True, "no": no}
    info, plain = info_of(document, variables), operation_of(written_out(document)).selection_set
    assert selected_names(info) == naive_names(plain, variables, deep=False)
    assert names_below(info) == naive_names(plain, variables, deep=True)


HARMFUL = {
    "a cycle": "{ a ...F } fragment F on X { b { ...F } ...G } fragment G on X { ...F }",
    "a bomb": "{ a ...F0 } " + " ".join(f"fragment F{n} on X {{ ...F{n + 1} ...F{n + 1} }}" for n in range(100))
    + " fragment F100 on X { b }",
    "a long chain": "{ a ...F0 } " + " ".join(f"fragment F{n} on X {{ ...F{n + 1} }}" for n in range(2_000))
    + " fragment F2000 on X { b }",
}  # fmt: skip


@pytest.mark.parametrize("name", HARMFUL)
def test_harmful_documents_are_walked_all_the_same(name: str) -> None:
    info = info_of(parse(HARMFUL[name]), {})
    assert selected_names(info) == names_below(info) == {"a", "b"}


@pytest.mark.parametrize(
    ("condition", "selected"),
    [
        ("@skip(if: true)", False),
        ("@skip(if: false)", True),
        ("@include(if: false)", False),
        ("@skip(if: $unknown) @include(if: $unknown)", True),
        ("@skip(if: false) @include(if: $off)", False),
    ],
)
def test_conditions(condition: str, selected: bool) -> None:
    document = parse(f"{{ a b {condition} ... {condition} {{ c }} ...F {condition} }} fragment F on X {{ d }}")
    assert selected_names(info_of(document, {"off": False})) == ({"a", "b", "c", "d"} if selected else {"a"})
