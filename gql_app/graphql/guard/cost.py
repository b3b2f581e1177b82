"""What an operation costs, worked out before anything is read, from its selections, variables and page sizes.

Every object of the answer counts 1, every leaf nothing, unless the schema's `@cost` and `@listSize` say
otherwise (`schema/base/cost.py`). Fields are merged as in execution, so that what is asked for twice counts once; of
the types that an interface or union can be, the dearest counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    value_from_ast_untyped,
)

from gql_app.graphql.guard.price import UNSIZED_LIST, Price, price_of
from schema.base.selection import Fragments, fields_of, is_included, response_name

MAX_SIZE = 2**31 - 1
"""The most that an `Int` can be; JSON has numbers that no answer could hold, and execution refuses them."""
MAX_COST = 2**53 - 1
"""The most that is reported: beyond it, JSON numbers are no longer exact."""
INTROSPECTION = {"__schema": 1_000, "__type": 100}
"""Introspection is answered from memory: a flat price, whatever is selected below."""


@dataclass(frozen=True, slots=True)
class Sized:
    """The sub-fields whose length their parent has set."""

    fields: frozenset[str] = frozenset()
    size: int = 1


NOT_SIZED = Sized()


def operation_cost(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Fragments,
    variables: Mapping[str, Any],
) -> int:
    """The cost of a valid operation. `variables` as the client sent them, those that it declares."""
    root = schema.get_root_type(operation.operation)
    if root is None:
        return 0
    defaults = {
        definition.variable.name.value: value_from_ast_untyped(definition.default_value)
        for definition in operation.variable_definitions or ()
        if definition.default_value is not None
    }
    costing = _Costing(schema, fragments, {**defaults, **variables})
    return min(costing.selections(root, (operation.selection_set,), NOT_SIZED), MAX_COST)


class _Costing:
    """One operation's costing. Selections that are reached on several ways are worked out once."""

    def __init__(self, schema: GraphQLSchema, fragments: Fragments, variables: dict[str, Any]) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables
        self._known: dict[tuple[str, tuple[int, ...], Sized], int] = {}

    def selections(self, parent: GraphQLObjectType, sets: tuple[SelectionSetNode, ...], sized: Sized) -> int:
        key = (parent.name, tuple(map(id, sets)), sized)
        if key not in self._known:
            fields: dict[str, list[FieldNode]] = {}
            for node in fields_of(sets, self._fragments, lambda node: self._is_selected(node, parent)):
                fields.setdefault(response_name(node), []).append(node)
            self._known[key] = sum(self._field(parent, nodes, sized) for nodes in fields.values())
        return self._known[key]

    def _is_selected(self, node: SelectionNode | FragmentDefinitionNode, parent: GraphQLObjectType) -> bool:
        """Whether execution goes on with the node where the object is a `parent`."""
        if not is_included(node, self._variables):
            return False
        condition = getattr(node, "type_condition", None)
        if condition is None:
            return True
        kind = self._schema.get_type(condition.name.value)
        return kind is parent or (is_abstract_type(kind) and self._schema.is_sub_type(kind, parent))

    def _field(self, parent: GraphQLObjectType, nodes: list[FieldNode], sized: Sized) -> int:
        name = nodes[0].name.value
        if name in INTROSPECTION:
            return INTROSPECTION[name]
        definition = self._schema.get_field(parent, name)
        if definition is None:
            return 0
        price = price_of(definition)
        if price.is_leaf:
            return price.weight
        sets = tuple(node.selection_set for node in nodes if node.selection_set is not None)
        length, below = self._length(price, nodes[0], name, sized)
        kind = get_named_type(definition.type)
        kinds = self._schema.get_possible_types(kind) if is_abstract_type(kind) else [kind]
        return price.weight + length * (1 + max(self.selections(kind, sets, below) for kind in kinds))  # type: ignore[arg-type]

    def _length(self, price: Price, node: FieldNode, name: str, sized: Sized) -> tuple[int, Sized]:
        """How many objects the field answers, and what it says of the lists below it."""
        if price.size is not None:
            size = self._sliced(node, price)
            return (1, Sized(price.sized_fields, size)) if price.sized_fields else (size, NOT_SIZED)
        if name in sized.fields:
            return sized.size, NOT_SIZED
        return (UNSIZED_LIST if price.is_list else 1), NOT_SIZED

    def _sliced(self, node: FieldNode, price: Price) -> int:
        given = [
            value_from_ast_untyped(argument.value, self._variables)
            for argument in node.arguments or ()
            if argument.name.value in price.slicing_arguments
        ]
        # JSON knows one kind of number: 5.0 is a valid Int. What is no number at all, execution refuses.
        sizes = [
            min(int(value), MAX_SIZE) for value in given if isinstance(value, (int, float)) and value == value // 1
        ]
        return max([0, *sizes]) if sizes else price.size or 0
