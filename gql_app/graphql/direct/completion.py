"""Completing many values at once: how resolved Python values become what stands in the answer.

All values of one place in the answer are taken together, column by column: that a column of texts holds texts only
is one look at the set of its types. Whatever is not quite ordinary raises `UnusualError`; nothing else is expected
to be raised, so anything else is a fault of ours (or of a type's) and shows as one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from operator import attrgetter
from typing import Any, TypeAlias

from graphql import (
    GraphQLBoolean,
    GraphQLError,
    GraphQLID,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLString,
    Undefined,
)

Column: TypeAlias = Sequence[Any]
Complete: TypeAlias = Callable[[Column], Column]
"""Turns resolved values into what goes into the answer.

Raises:
    UnusualError: one of them has to go the ordinary way.
"""

EXACT_TYPES = {GraphQLString.name: str, GraphQLID.name: str, GraphQLBoolean.name: bool}
"""Values of exactly these Python types are their own GraphQL form."""
NONE = type(None)
COERCION_ERRORS = (GraphQLError, TypeError, ValueError, AttributeError, LookupError, ArithmeticError)
"""What a scalar raises at a value that does not fit: graphql-core's own scalars the first, Python the others."""


class UnusualError(Exception):
    """A value has to go the ordinary way, which knows what to make of it."""


@dataclass(frozen=True, slots=True)
class Part:
    """One selected attribute: its name in the answer, where it is read, and how it is completed."""

    name: str
    attribute: str
    complete: Complete


def complete_objects(kind: GraphQLObjectType, order: Sequence[str], parts: Sequence[Part]) -> Complete:
    """Complete objects of a type. `order`: the names in the answer; those without a part are `__typename`."""
    read = attrgetter(*(part.attribute for part in parts))
    is_single = len(parts) == 1
    is_type_of: Any = kind.is_type_of

    def complete(sources: Column) -> Column:
        if not sources:
            return []
        _refuse_deferred(set(map(type, sources)))
        if is_type_of is not None and any(is_type_of(source, None) is not True for source in sources):
            raise UnusualError(f"not every object is a {kind.name}")
        try:
            rows = list(map(read, sources))
        except AttributeError as error:
            raise UnusualError("an attribute is missing") from error
        columns = [rows] if is_single else zip(*rows, strict=True)
        completed = {part.name: part.complete(column) for part, column in zip(parts, columns, strict=True)}
        typenames = [kind.name] * len(sources)
        answers = zip(*(completed.get(name, typenames) for name in order), strict=True)
        return [dict(zip(order, answer, strict=True)) for answer in answers]

    return complete


def complete_lists(items: Complete) -> Complete:
    """Complete lists: all their items together."""

    def complete(lists: Column) -> Column:
        if set(map(type, lists)) - {list}:
            raise UnusualError("a list is none, or of a kind of its own")
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
        if NONE in types:
            raise UnusualError("a null where there must be none")
        _refuse_deferred(types)
        try:
            coerced = [coerce(value) for value in values]
        except COERCION_ERRORS as error:
            raise UnusualError(f"a value is no {kind.name}") from error
        if any(value is None or value is Undefined for value in coerced):
            raise UnusualError("a value becomes null")
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


def _refuse_deferred(types: set[type]) -> None:
    """No value may be an error to be raised or something to be awaited: only the ordinary way does either.

    Raises:
        UnusualError: one is.
    """
    if any(issubclass(each, Exception) or hasattr(each, "__await__") for each in types):
        raise UnusualError("a value is an error, or is to be awaited")
