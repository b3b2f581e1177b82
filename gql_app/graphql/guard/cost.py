"""What an operation costs, worked out before anything is read, from its selections, variables and page sizes.

Every object of the answer counts 1, every leaf nothing, unless the schema's `@cost` and `@listSize` say
otherwise (`schema/base/cost.py`). Fields are merged as in execution, so that what is asked for twice counts once; of
the types that an interface or union can be, the dearest counts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    value_from_ast_untyped,
)
from graphql.language import DirectiveNode

from schema.base.cost import Cost, ListSize

UNSIZED_LIST = 10
"""How long a list of objects is taken to be that has no `@listSize`."""
INTROSPECTION = {"__schema": 1_000, "__type": 100}
"""Introspection is answered from memory: a flat price, whatever is selected below."""

PRICE = "price"
"""Under what name a field's price is kept in its `extensions`."""


@dataclass(frozen=True, slots=True)
class Price:
    """What the schema says of one field."""

    weight: int
    size: int | None
    """The length of its list where no slicing argument is given; None where `@listSize` is absent."""
    slicing_arguments: tuple[str, ...]
    sized_fields: frozenset[str]
    """The sub-fields whose lists have that length; empty where the field's own has."""
    is_leaf: bool
    is_list: bool


@dataclass(frozen=True, slots=True)
class Sized:
    """The sub-fields whose length their parent has set."""

    fields: frozenset[str] = frozenset()
    size: int = 1


NOT_SIZED = Sized()


def operation_cost(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Mapping[str, Any],
) -> int:
    """The cost of a valid operation. `variables` as the client sent them."""
    root = schema.get_root_type(operation.operation)
    if root is None:
        return 0
    defaults = {
        definition.variable.name.value: value_from_ast_untyped(definition.default_value)
        for definition in operation.variable_definitions or ()
        if definition.default_value is not None
    }
    costing = _Costing(schema, fragments, {**defaults, **variables})
    return costing.selections(root, (operation.selection_set,), NOT_SIZED)


class _Costing:
    """One operation's costing. Selections that are reached on several ways are worked out once."""

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables
        self._known: dict[tuple[str, tuple[int, ...], Sized], int] = {}

    def selections(self, parent: GraphQLObjectType, sets: tuple[SelectionSetNode, ...], sized: Sized) -> int:
        key = (parent.name, tuple(map(id, sets)), sized)
        if key not in self._known:
            fields: dict[str, list[FieldNode]] = {}
            for selection_set in sets:
                self._collect(parent, selection_set, fields, set())
            self._known[key] = sum(self._field(parent, nodes, sized) for nodes in fields.values())
        return self._known[key]

    def _collect(
        self,
        parent: GraphQLObjectType,
        selection_set: SelectionSetNode,
        into: dict[str, list[FieldNode]],
        visited: set[str],
    ) -> None:
        """Group the fields by the name they have in the answer, as execution does."""
        for node in selection_set.selections:
            if self._is_left_out(node.directives or ()):
                continue
            if isinstance(node, FieldNode):
                into.setdefault((node.alias or node.name).value, []).append(node)
                continue
            fragment: InlineFragmentNode | FragmentDefinitionNode
            if isinstance(node, FragmentSpreadNode):
                if node.name.value in visited:
                    continue
                visited.add(node.name.value)
                fragment = self._fragments[node.name.value]
            elif isinstance(node, InlineFragmentNode):
                fragment = node
            if self._applies(fragment, parent):
                self._collect(parent, fragment.selection_set, into, visited)

    def _applies(self, fragment: InlineFragmentNode | FragmentDefinitionNode, parent: GraphQLObjectType) -> bool:
        if fragment.type_condition is None:
            return True
        condition = self._schema.get_type(fragment.type_condition.name.value)
        return condition is parent or (is_abstract_type(condition) and self._schema.is_sub_type(condition, parent))

    def _is_left_out(self, directives: Iterable[DirectiveNode]) -> bool:
        for directive in directives:
            name = directive.name.value
            if name in ("skip", "include") and directive.arguments:
                condition = value_from_ast_untyped(directive.arguments[0].value, dict(self._variables))
                if condition is (name == "skip"):
                    return True
        return False

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
            value_from_ast_untyped(argument.value, dict(self._variables))
            for argument in node.arguments or ()
            if argument.name.value in price.slicing_arguments
        ]
        # JSON knows one kind of number: 5.0 is a valid Int. What is no number at all, execution refuses.
        sizes = [int(value) for value in given if isinstance(value, (int, float)) and value == value // 1]
        return max([0, *sizes]) if sizes else price.size or 0


def price_of(field: GraphQLField) -> Price:
    """What the schema's directives say of a field; kept with the field."""
    price: Price | None = field.extensions.get(PRICE)
    if price is None:
        price = field.extensions[PRICE] = _read_price(field)
    return price


def _read_price(field: GraphQLField) -> Price:
    directives = getattr(field.extensions.get("strawberry-definition"), "directives", ())
    cost = next((one for one in directives if isinstance(one, Cost)), None)
    size = next((one for one in directives if isinstance(one, ListSize)), None)
    return Price(
        weight=0 if cost is None else cost.weight,
        size=None if size is None else size.assumed_size or UNSIZED_LIST,
        slicing_arguments=() if size is None else tuple(size.slicing_arguments or ()),
        sized_fields=frozenset() if size is None else frozenset(size.sized_fields or ()),
        is_leaf=is_leaf_type(get_named_type(field.type)),
        is_list=is_list_type(get_nullable_type(field.type)),
    )
