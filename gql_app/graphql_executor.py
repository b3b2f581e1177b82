"""An executor that reads plain objects directly: the greatest part of the work on a page of results.

graphql-core builds a `ResolveInfo` and a `Path` for every field of every object and completes each value through
several calls. Where all that is selected of an object are plain attributes (its own, or those of plain objects
below it), none of this can be observed. Such a selection is compiled once, and then answered by `getattr`.

Whatever is out of the ordinary, a missing attribute, a null where there must be none, a value that does not
fit, goes the ordinary way, which makes the error. This rests on the insides of graphql-core, whose version is
pinned; a test compares the two ways.
"""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, TypeAlias

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLString,
    Undefined,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetails
from graphql.pyutils import AwaitableOrValue, Path
from graphql.type import GraphQLID
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.field import StrawberryField

Complete: TypeAlias = Callable[[Any], Any]
"""Turns a resolved value into what goes into the answer; raises where something is out of the ordinary."""

TYPENAME = "__typename"
EXACT_TYPES = {GraphQLString.name: str, GraphQLID.name: str, GraphQLBoolean.name: bool}
"""Values of exactly these Python types are their own GraphQL form."""


class UnusualError(Exception):
    """The value has to go the ordinary way."""


class DirectExecutor(StrawberryGraphQLCoreExecutionContext):
    """Executes one operation."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plans: dict[tuple[GraphQLObjectType, int], Complete | None] = {}
        if self.middleware_manager is not None and not self.middleware_manager.middlewares:
            self.middleware_manager = None

    def complete_iterable_value(
        self,
        item_type: GraphQLOutputType,
        field_details_list: list[FieldDetails],
        info: GraphQLResolveInfo,
        path: Path,
        items: Iterable[Any],
        position_context: Any,
    ) -> AwaitableOrValue[list[Any]]:
        """Complete a list, directly if its items can be."""
        if isinstance(items, list) and is_object_type(_nullable(item_type)):
            complete = self._completion(item_type, field_details_list)
            if complete is not None:
                try:
                    return [complete(item) for item in items]
                except Exception:  # noqa: BLE001, S110 (the ordinary way comes to it again, and reports it)
                    pass
        return super().complete_iterable_value(item_type, field_details_list, info, path, items, position_context)

    def complete_object_value(
        self,
        return_type: GraphQLObjectType,
        field_details_list: list[FieldDetails],
        info: GraphQLResolveInfo,
        path: Path,
        result: Any,
        position_context: Any,
    ) -> AwaitableOrValue[dict[str, Any]]:
        """Complete an object, directly if it can be."""
        complete = self._plan(return_type, field_details_list)
        if complete is not None:
            try:
                answer: dict[str, Any] = complete(result)
            except Exception:  # noqa: BLE001, S110 (as above)
                pass
            else:
                return answer
        return super().complete_object_value(return_type, field_details_list, info, path, result, position_context)

    def _plan(self, kind: GraphQLObjectType, details: list[FieldDetails]) -> Complete | None:
        """How to complete an object with this selection; None: the ordinary way. `details` lives as long as this."""
        key = (kind, id(details))
        if key not in self._plans:
            self._plans[key] = None if self.middleware_manager is not None else self._compile(kind, details)
        return self._plans[key]

    def _compile(self, kind: GraphQLObjectType, details: list[FieldDetails]) -> Complete | None:
        fields, deferred, _ = self.collect_subfields(kind, details)
        constants: dict[str, str] = {}
        names: list[str] = []
        attributes: list[str] = []
        completions: list[Complete] = []
        for name, nodes in fields.items():
            field_name = nodes[0].node.name.value
            definition = self.schema.get_field(kind, field_name)
            if definition is None:
                return None
            if field_name == TYPENAME:
                constants[name] = kind.name
                continue
            attribute = _attribute(definition)
            completion = None if attribute is None else self._completion(definition.type, nodes)
            if attribute is None or completion is None:
                return None
            names.append(name)
            attributes.append(attribute)
            completions.append(completion)
        if deferred or not names:
            return None
        return _object(kind, list(fields), names, attrgetter(*attributes), completions, constants)

    def _completion(self, kind: GraphQLOutputType, details: list[FieldDetails]) -> Complete | None:
        """How to complete a value of this type; None: the ordinary way."""
        nullable = _nullable(kind)
        if is_leaf_type(nullable):
            complete: Complete | None = _leaf(nullable)
        elif is_list_type(nullable):
            item = self._completion(nullable.of_type, details)
            complete = None if item is None else _list(item)
        else:
            complete = self._plan(nullable, details) if is_object_type(nullable) else None
        return complete if complete is None or is_non_null_type(kind) else _or_null(complete)


def _object(
    kind: GraphQLObjectType,
    order: list[str],
    names: list[str],
    read: Callable[[Any], Any],
    completions: list[Complete],
    constants: dict[str, str],
) -> Complete:
    is_single = len(names) == 1
    is_type_of: Any = kind.is_type_of
    pairs = list(zip(names, completions, strict=True))

    def complete(source: Any) -> dict[str, Any]:
        if is_type_of is not None and is_type_of(source, None) is not True:
            raise UnusualError
        values = (read(source),) if is_single else read(source)
        answer = {name: finish(value) for (name, finish), value in zip(pairs, values, strict=True)}
        if constants:
            answer |= constants
            return {name: answer[name] for name in order}
        return answer

    return complete


def _leaf(kind: GraphQLLeafType) -> Complete:
    coerce = kind.coerce_output_value
    exact = EXACT_TYPES.get(kind.name)
    known: dict[Any, Any] = {}
    member_type = getattr(kind, "wrapped_cls", None) if isinstance(kind, GraphQLEnumType) else None

    def complete(value: Any) -> Any:
        value_type = type(value)
        if value_type is exact:
            return value
        if value is None or isinstance(value, Exception):
            raise UnusualError
        if value_type is member_type:
            if value not in known:
                known[value] = coerce(value)
            return known[value]
        coerced = coerce(value)
        if coerced is None or coerced is Undefined:
            raise UnusualError
        return coerced

    return complete


def _list(item: Complete) -> Complete:
    def complete(values: Any) -> list[Any]:
        if type(values) is not list:
            raise UnusualError
        return [item(value) for value in values]

    return complete


def _or_null(complete: Complete) -> Complete:
    return lambda value: None if value is None else complete(value)


def _attribute(field: GraphQLField) -> str | None:
    """The attribute that answers a field; None where it has a resolver or arguments of its own."""
    definition = field.extensions.get("strawberry-definition")
    if isinstance(definition, StrawberryField) and definition.is_basic_field and not field.args:
        return definition.python_name
    return None


def _nullable(kind: GraphQLOutputType) -> Any:
    return kind.of_type if is_non_null_type(kind) else kind
