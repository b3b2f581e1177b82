"""What holds of every type in the schema."""

from collections.abc import Iterator

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_specified_scalar_type,
)

from schema.nodes import FINDERS
from tests.committed_schema import committed_schema


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return committed_schema()


def own_types(schema: GraphQLSchema) -> Iterator[object]:
    for name, kind in schema.type_map.items():
        if not name.startswith("__") and not is_specified_scalar_type(kind):
            yield kind


def test_every_type_field_argument_and_value_is_described(schema: GraphQLSchema) -> None:
    undescribed = []
    for kind in own_types(schema):
        if not kind.description:
            undescribed.append(str(kind))
        if isinstance(kind, GraphQLEnumType):
            undescribed += [f"{kind}.{name}" for name, value in kind.values.items() if not value.description]
        if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType, GraphQLInputObjectType)):
            for name, field in kind.fields.items():
                if not field.description:
                    undescribed.append(f"{kind}.{name}")
                arguments = getattr(field, "args", {})
                undescribed += [f"{kind}.{name}({arg}:)" for arg, one in arguments.items() if not one.description]
    assert undescribed == []


def test_every_node_type_can_be_found_by_its_id(schema: GraphQLSchema) -> None:
    node = schema.get_type("Node")
    assert isinstance(node, GraphQLInterfaceType)
    assert {kind.name for kind in schema.get_possible_types(node)} == set(FINDERS)


def test_every_connection_has_the_same_shape_and_arguments(schema: GraphQLSchema) -> None:
    fields = [
        field
        for kind in own_types(schema)
        if isinstance(kind, GraphQLObjectType)
        for field in kind.fields.values()
        if get_named_type(field.type).name.endswith("Connection")
    ]
    assert fields
    for field in fields:
        connection = get_named_type(field.type)
        assert isinstance(connection, GraphQLObjectType)
        assert set(connection.fields) == {"edges", "nodes", "pageInfo", "totalCount"}
        assert {"first", "after", "last", "before"} <= set(field.args)


def test_every_mutation_takes_one_input_and_answers_a_union(schema: GraphQLSchema) -> None:
    assert schema.mutation_type is not None
    for name, field in schema.mutation_type.fields.items():
        assert list(field.args) == ["input"], name
        assert get_named_type(field.type) in [kind for kind in own_types(schema) if kind.name.endswith("Result")], name


def test_no_field_of_the_root_can_take_the_others_with_it(schema: GraphQLSchema) -> None:
    assert schema.query_type is not None
    assert [name for name, field in schema.query_type.fields.items() if str(field.type).endswith("!")] == []
