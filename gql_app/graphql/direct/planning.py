"""Plans: how to complete the objects of one selection directly, made once and kept as long as the document is in use.

Only a selection of plain attributes (of the object's own, or of those of plain objects below it) has a plan: what has
a resolver, arguments or extensions of its own goes the ordinary way, and so does all that contains it.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution.collect_fields import CollectedFields, FieldDetails
from strawberry.types.field import StrawberryField

from gql_app.graphql.direct.completion import (
    Complete,
    Part,
    complete_leaves,
    complete_lists,
    complete_objects,
    or_null,
)

TYPENAME = "__typename"
DEFINITION = "strawberry-definition"
"""Under what name Strawberry keeps what a type or field was made of in its `extensions`."""
MAX_PLANS = 1_000
"""Of one operation. Each combination of its boolean variables makes plans of its own, and clients choose those."""

Switches: TypeAlias = tuple[tuple[str, bool], ...]
"""The variables that `@skip` and `@include` may read."""
Collect: TypeAlias = Callable[[GraphQLObjectType, list[FieldDetails]], CollectedFields]
"""Collects what is selected below fields, of an object of that type, as execution does."""


class Plans:
    """The plans made so far for one operation; None in the place of a plan: the ordinary way.

    A place in the answer is known by the type of its objects, the ids of the fields that lead to it, and the switches.
    """

    def __init__(self, fragments: object) -> None:
        self._fragments = fragments  # kept, so that no id of their nodes is used again
        self._by_place: dict[tuple[str, tuple[int, ...], Switches], Complete | None] = {}

    def get(
        self,
        kind: GraphQLObjectType,
        details: list[FieldDetails],
        switches: Switches,
        make: Callable[[], Complete | None],
    ) -> Complete | None:
        """The plan for a place, which is made now where it is not known."""
        place = (kind.name, tuple([id(each.node) for each in details]), switches)
        if place not in self._by_place:
            if len(self._by_place) >= MAX_PLANS:
                self._by_place.clear()
            self._by_place[place] = make()
        return self._by_place[place]


class Planner:
    """Makes the plans of one execution."""

    def __init__(self, schema: GraphQLSchema, collect: Collect, plans: Plans, switches: Switches) -> None:
        self._schema = schema
        self._collect = collect
        self._plans = plans
        self._switches = switches

    def for_objects(self, kind: GraphQLObjectType, details: list[FieldDetails]) -> Complete | None:
        """How to complete objects of a type that these fields answer; None: the ordinary way."""
        return self._plans.get(kind, details, self._switches, lambda: self._make(kind, details))

    def for_values(self, kind: GraphQLOutputType, details: list[FieldDetails]) -> Complete | None:
        """How to complete values of any type; None: the ordinary way."""
        nullable = nullable_of(kind)
        complete: Complete | None = None
        if is_leaf_type(nullable):
            complete = complete_leaves(nullable)
        elif is_list_type(nullable):
            items = self.for_values(nullable.of_type, details)
            complete = None if items is None else complete_lists(items)
        elif is_object_type(nullable):
            complete = self.for_objects(nullable, details)
        return complete if complete is None or is_non_null_type(kind) else or_null(complete)

    def _make(self, kind: GraphQLObjectType, details: list[FieldDetails]) -> Complete | None:
        if getattr(kind.extensions.get(DEFINITION), "is_type_of", None) is not None:
            return None  # it tells its objects itself, and may need the `info` that only the ordinary way makes
        fields, deferred, _ = self._collect(kind, details)
        attributes = {name: nodes for name, nodes in fields.items() if nodes[0].node.name.value != TYPENAME}
        parts = []
        for name, nodes in attributes.items():
            part = self._part(kind, name, nodes)
            if part is None:
                return None
            parts.append(part)
        return complete_objects(kind, list(fields), parts) if parts and not deferred else None

    def _part(self, kind: GraphQLObjectType, name: str, details: list[FieldDetails]) -> Part | None:
        definition = self._schema.get_field(kind, details[0].node.name.value)
        attribute = None if definition is None else plain_attribute(definition)
        if definition is None or attribute is None:
            return None
        complete = self.for_values(definition.type, details)
        return None if complete is None else Part(name, attribute, complete)


def plain_attribute(field: GraphQLField) -> str | None:
    """The attribute that answers a field; None where it has a resolver or arguments of its own."""
    definition = field.extensions.get(DEFINITION)
    if isinstance(definition, StrawberryField) and definition.is_basic_field and not field.args:
        return definition.python_name
    return None


def nullable_of(kind: GraphQLOutputType) -> Any:
    """The type without its `!`."""
    return kind.of_type if is_non_null_type(kind) else kind
