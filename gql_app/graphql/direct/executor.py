"""An executor that reads plain objects directly: a page of results takes little more than half the time.

`python -m benchmarks.graphql_page` measures that, with the executor on and off in one run.

graphql-core builds a `ResolveInfo` and a `Path` for every field of every object and completes each value through
several calls. Where all that is selected of an object are plain attributes, none of this can be observed: such a
selection has a plan (`planning.py`), which completes all objects of a list together (`completion.py`).

Whatever is out of the ordinary, a missing attribute, a null where there must be none, a value that does not
fit, goes the ordinary way, which makes the error; each such fallback is counted. This rests on the insides of
graphql-core, whose version is pinned; a test compares the two ways.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import structlog
from graphql import GraphQLObjectType, GraphQLOutputType, GraphQLSchema, OperationDefinitionNode, is_object_type
from graphql.execution.collect_fields import FieldDetails
from graphql.pyutils import AwaitableOrValue, Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from gql_app.graphql.direct.completion import Column, Complete, UnusualError
from gql_app.graphql.direct.planning import Planner, Plans, nullable_of
from gql_app.graphql.guard.documents import CACHED_DOCUMENTS
from gql_app.graphql.identity_cache import IdentityCache

EXTENSION = "direct-execution"
"""Under what name a schema keeps its `DirectExecution` in its `extensions`."""

log = structlog.get_logger("gql_app.graphql.direct")


@dataclass(frozen=True, slots=True)
class DirectExecution:
    """What the executions of one schema share."""

    plans: IdentityCache[OperationDefinitionNode, Plans] = field(
        default_factory=lambda: IdentityCache(CACHED_DOCUMENTS)
    )
    fallbacks: Counter[str] = field(default_factory=Counter)
    """How often objects or lists of them had a plan, but went the ordinary way all the same, by the objects' type."""


def direct_execution(schema: GraphQLSchema) -> DirectExecution:
    """What the executions of this schema share; kept with the schema."""
    shared: DirectExecution = schema.extensions.setdefault(EXTENSION, DirectExecution())
    return shared


class OrdinaryExecutor(StrawberryGraphQLCoreExecutionContext):
    """Executes one operation as graphql-core does; errors about its variables do not suggest names of the schema."""

    @classmethod
    def build(cls, *args: Any, **kwargs: Any) -> Any:
        """An executor, or the errors that its variables have."""
        return super().build(*args, **{**kwargs, "hide_suggestions": True})


class DirectExecutor(OrdinaryExecutor):
    """Executes one operation."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shared = direct_execution(self.schema)
        variables = self.variable_values.coerced.items()
        switches = tuple([(name, value) for name, value in variables if isinstance(value, bool)])
        plans = shared.plans.get(self.operation, lambda: Plans(self.fragment_definitions))
        self._planner = Planner(self.schema, self.collect_subfields, plans, switches)
        self._fallbacks = shared.fallbacks
        # Middleware wraps every resolver, also those of plain attributes.
        self._is_direct = self.middleware_manager is None or not self.middleware_manager.middlewares

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
        kind = nullable_of(item_type)
        if self._is_direct and isinstance(items, list) and is_object_type(kind):
            completed = self._completed(kind, self._planner.for_values(item_type, field_details_list), items)
            if completed is not None:
                return list(completed)
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
        if self._is_direct:
            plan = self._planner.for_objects(return_type, field_details_list)
            completed = self._completed(return_type, plan, [result])
            if completed is not None:
                answer: dict[str, Any] = completed[0]
                return answer
        return super().complete_object_value(return_type, field_details_list, info, path, result, position_context)

    def _completed(self, kind: GraphQLObjectType, plan: Complete | None, values: Column) -> Column | None:
        """The values as they go into the answer; None: the ordinary way."""
        if plan is None:
            return None
        try:
            return plan(values)
        except UnusualError as error:
            self._fallbacks[kind.name] += 1
            log.debug("direct_completion_fell_back", type=kind.name, values=len(values), reason=str(error))
            return None
