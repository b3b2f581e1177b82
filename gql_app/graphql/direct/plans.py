"""Plans: how to complete objects whose selection is of plain attributes only, many at once.

A plan takes all values of one place in the answer together, column by column: that a column of texts holds texts
only is one look at the set of its types. A plan depends on the selection alone, so it is kept as long as the
document is in use.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from operator import attrgetter
from typing import Any, TypeAlias

from graphql import (
    GraphQLBoolean,
    GraphQLField,
    GraphQLID,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLString,
    Undefined,
)
from strawberry.types.field import StrawberryField

Column: TypeAlias = Sequence[Any]
Complete: TypeAlias = Callable[[Column], Column]
"""Turns resolved values into what goes into the answer; raises where one is out of the ordinary."""

TYPENAME = "__typename"
EXACT_TYPES = {GraphQLString.name: str, GraphQLID.name: str, GraphQLBoolean.name: bool}
"""Values of exactly these Python types are their own GraphQL form."""
NONE = type(None)


class UnusualError(Exception):
    """A value has to go the ordinary way, which knows what to make of it."""


@dataclass(frozen=True, slots=True)
class Part:
    """One selected attribute: its name in the answer, where it is read, and how it is completed."""

    name: str
    attribute: str
    complete: Complete


def plain_attribute(field: GraphQLField) -> str | None:
    """The attribute that answers a field; None where it has a resolver or arguments of its own."""
    definition = field.extensions.get("strawberry-definition")
    if isinstance(definition, StrawberryField) and definition.is_basic_field and not field.args:
        return definition.python_name
    return None


def complete_objects(kind: GraphQLObjectType, order: Sequence[str], parts: Sequence[Part]) -> Complete:
    """Complete objects of a type. `order`: the names in the answer; those without a part are `__typename`."""
    names = [part.name for part in parts]
    read = attrgetter(*(part.attribute for part in parts))
    is_single = len(parts) == 1
    typenames = {name: kind.name for name in order if name not in names}
    is_type_of: Any = kind.is_type_of

    def complete(sources: Column) -> Column:
        if not sources:
            return []
        if is_type_of is not None and any(is_type_of(source, None) is not True for source in sources):
            raise UnusualError
        columns = [list(map(read, sources))] if is_single else zip(*map(read, sources), strict=True)
        completed = [part.complete(column) for part, column in zip(parts, columns, strict=True)]
        answers = [dict(zip(names, row, strict=True)) for row in zip(*completed, strict=True)]
        if typenames:
            return [{name: typenames.get(name) or answer[name] for name in order} for answer in answers]
        return answers

    return complete


def complete_lists(items: Complete) -> Complete:
    """Complete lists: all their items together."""

    def complete(lists: Column) -> Column:
        if set(map(type, lists)) != {list}:
            raise UnusualError
        completed = iter(items(list(chain.from_iterable(lists))))
        return [list(islice(completed, len(each))) for each in lists]

    return complete


def complete_leaves(kind: GraphQLLeafType) -> Complete:
    """Complete scalars or enum values."""
    exact = EXACT_TYPES.get(kind.name)
    coerce = kind.coerce_output_value
    enum = getattr(kind, "wrapped_cls", None)
    names = {member: coerce(member) for member in enum} if enum is not None else {}

    def complete(values: Column) -> Column:
        types = set(map(type, values))
        if types == {exact}:
            return values
        if names and types == {enum}:
            return [names[value] for value in values]
        if any(each is NONE or issubclass(each, Exception) or hasattr(each, "__await__") for each in types):
            raise UnusualError
        coerced = [coerce(value) for value in values]
        if any(value is None or value is Undefined for value in coerced):
            raise UnusualError
        return coerced

    return complete


def or_null(complete: Complete) -> Complete:
    """The same for values that may be null."""

    def complete_present(values: Column) -> Column:
        if NONE not in set(map(type, values)):
            return complete(values)
        present = iter(complete([value for value in values if value is not None]))
        return [None if value is None else next(present) for value in values]

    return complete_present
