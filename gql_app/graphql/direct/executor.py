"""An executor that reads plain objects directly: the greatest part of the work on a page of results.

graphql-core builds a `ResolveInfo` and a `Path` for every field of every object and completes each value through
several calls. Where all that is selected of an object are plain attributes (its own, or those of plain objects
below it), none of this can be observed: such a selection becomes a plan (`graphql_plans.py`).

Whatever is out of the ordinary, a missing attribute, a null where there must be none, a value that does not
fit, goes the ordinary way, which makes the error. This rests on the insides of graphql-core, whose version is
pinned; a test compares the two ways.
"""

from collections.abc import Iterable
from typing import Any, TypeAlias

from graphql import (
    GraphQLObjectType,
    GraphQLOutputType,
    OperationDefinitionNode,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetails
from graphql.pyutils import AwaitableOrValue, Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from gql_app.graphql.cache import IdentityCache
from gql_app.graphql.direct.plans import (
    TYPENAME,
    Complete,
    Part,
    complete_leaves,
    complete_lists,
    complete_objects,
    or_null,
    plain_attribute,
)
from gql_app.graphql.guard.limits import CACHED_DOCUMENTS

Place: TypeAlias = tuple[str, tuple[int, ...], tuple[tuple[str, bool], ...]]
"""The type of an object, the ids of the fields that lead to it, and what `@skip` and `@include` may read."""


class Plans:
    """The plans made so far for one operation; keeps the fragments, whose nodes' ids are in the keys."""

    def __init__(self, fragments: object) -> None:
        self._fragments = fragments
        self.by_place: dict[Place, Complete | None] = {}


PLANS: IdentityCache[OperationDefinitionNode, Plans] = IdentityCache(CACHED_DOCUMENTS)


class DirectExecutor(StrawberryGraphQLCoreExecutionContext):
    """Executes one operation."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.middleware_manager is not None and not self.middleware_manager.middlewares:
            self.middleware_manager = None
        self._plans = PLANS.get(self.operation, lambda: Plans(self.fragment_definitions)).by_place
        variables = self.variable_values.coerced.items()
        self._switches = tuple([(name, value) for name, value in variables if isinstance(value, bool)])

    def complete_iterable_value(
        self,
        item_type: GraphQLOutputType,
        field_details_list: list[FieldDetails],
        info: Any,
        path: Path,
        items: Iterable[Any],
        position_context: Any,
    ) -> AwaitableOrValue[list[Any]]:
        """Complete a list, directly if its items can be."""
        if isinstance(items, list) and is_object_type(_nullable(item_type)):
            complete = self._completion(item_type, field_details_list)
            if complete is not None:
                try:
                    return list(complete(items))
                except Exception:  # noqa: BLE001, S110 (the ordinary way comes to it again, and reports it)
                    pass
        return super().complete_iterable_value(item_type, field_details_list, info, path, items, position_context)

    def complete_object_value(
        self,
        return_type: GraphQLObjectType,
        field_details_list: list[FieldDetails],
        info: Any,
        path: Path,
        result: Any,
        position_context: Any,
    ) -> AwaitableOrValue[dict[str, Any]]:
        """Complete an object, directly if it can be."""
        complete = self._plan(return_type, field_details_list)
        if complete is not None:
            try:
                answer: dict[str, Any] = complete([result])[0]
            except Exception:  # noqa: BLE001, S110 (as above)
                pass
            else:
                return answer
        return super().complete_object_value(return_type, field_details_list, info, path, result, position_context)

    def _plan(self, kind: GraphQLObjectType, details: list[FieldDetails]) -> Complete | None:
        """How to complete objects with this selection; None: the ordinary way."""
        place = (kind.name, tuple([id(each.node) for each in details]), self._switches)
        if place not in self._plans:
            self._plans[place] = None if self.middleware_manager is not None else self._compile(kind, details)
        return self._plans[place]

    def _compile(self, kind: GraphQLObjectType, details: list[FieldDetails]) -> Complete | None:
        fields, deferred, _ = self.collect_subfields(kind, details)
        parts = []
        for name, nodes in fields.items():
            field_name = nodes[0].node.name.value
            if field_name == TYPENAME:
                continue
            definition = self.schema.get_field(kind, field_name)
            attribute = None if definition is None else plain_attribute(definition)
            completion = None if attribute is None else self._completion(definition.type, nodes)  # type: ignore[union-attr]
            if attribute is None or completion is None:
                return None
            parts.append(Part(name, attribute, completion))
        return complete_objects(kind, list(fields), parts) if parts and not deferred else None

    def _completion(self, kind: GraphQLOutputType, details: list[FieldDetails]) -> Complete | None:
        """How to complete values of this type; None: the ordinary way."""
        nullable = _nullable(kind)
        complete: Complete | None = None
        if is_leaf_type(nullable):
            complete = complete_leaves(nullable)
        elif is_list_type(nullable):
            items = self._completion(nullable.of_type, details)
            complete = None if items is None else complete_lists(items)
        elif is_object_type(nullable):
            complete = self._plan(nullable, details)
        return complete if complete is None or is_non_null_type(kind) else or_null(complete)


def _nullable(kind: GraphQLOutputType) -> Any:
    return kind.of_type if is_non_null_type(kind) else kind
