"""The guard that every GraphQL operation passes before it is executed: parse, limits, validation, cost."""

from collections.abc import Iterator
from typing import Any, TypeAlias

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, get_operation_ast
from strawberry.extensions import SchemaExtension

from gql_app.graphql.errors import failure
from gql_app.graphql.guard.cost import operation_cost
from gql_app.graphql.guard.limits import Limits, check
from gql_app.graphql.guard.variables import declared
from gql_app.graphql.identity_cache import IdentityCache
from gql_app.graphql.parsing import CACHED_DOCUMENTS, parse_cached
from schema.base.selection import fragments_of
from services.errors import ErrorCode

MAX_KNOWN_COSTS = 100
Variables: TypeAlias = tuple[tuple[str, float], ...]


class Memory:
    """What is known about documents from earlier operations; one for a schema."""

    def __init__(self) -> None:
        self.faults: IdentityCache[DocumentNode, tuple[GraphQLError, ...]] = IdentityCache(CACHED_DOCUMENTS)
        """What is wrong with a document."""
        self.costs: IdentityCache[OperationDefinitionNode, dict[Variables, int]] = IdentityCache(CACHED_DOCUMENTS)
        """What an operation costs with variables."""


class Guard(SchemaExtension):
    """Refuses what is malformed, invalid or too dear, and reports the cost with every answer.

    It stands in for Strawberry's `ParserCache`, `ValidationCache` and limiters: those validate before they look
    at the limits, and walk each fragment as often as it is spread.
    """

    def __init__(self, limits: Limits, max_cost: int, memory: Memory) -> None:
        self._limits = limits
        self._memory = memory
        self._max_cost = max_cost
        self._cost: int | None = None

    def on_parse(self) -> Iterator[None]:
        """Parse the document, or find it parsed already."""
        context = self.execution_context
        if context.query:
            context.graphql_document = parse_cached(context.query, self._limits.tokens)
        yield

    def on_validate(self) -> Iterator[None]:
        """Check the document, and what it costs with these variables."""
        context = self.execution_context
        document = context.graphql_document
        if document is None:
            yield
            return
        schema = context.schema._schema
        faults = self._memory.faults.get(document, lambda: check(schema, document, self._limits))
        context.pre_execution_errors = list(faults or self._check_cost(document))
        yield

    def get_results(self) -> dict[str, Any]:
        """What goes into the answer's `extensions`."""
        if self._cost is None:
            return {}
        return {"cost": {"requested": self._cost, "maximum": self._max_cost}}

    def _check_cost(self, document: DocumentNode) -> list[GraphQLError]:
        context = self.execution_context
        operation = get_operation_ast(document, context._provided_operation_name)
        if operation is None:  # Strawberry would take the first one
            return [failure(ErrorCode.GRAPHQL_VALIDATION_FAILED, "Which operation? Give operationName.")]
        variables = declared(operation, context.variables or {})
        self._cost = self._cost_of(operation, document, variables)
        if self._cost <= self._max_cost:
            return []
        message = f"The operation costs {self._cost}, and at most {self._max_cost} is allowed."
        return [failure(ErrorCode.QUERY_TOO_COMPLEX, message)]

    def _cost_of(self, operation: OperationDefinitionNode, document: DocumentNode, variables: dict[str, Any]) -> int:
        """The operation's cost, which depends on those variables only that can be page sizes or switches."""
        known = self._memory.costs.get(operation, dict)
        numbers = tuple([each for each in variables.items() if isinstance(each[1], (int, float))])
        if numbers not in known:
            if len(known) >= MAX_KNOWN_COSTS:
                known.clear()
            schema = self.execution_context.schema._schema
            known[numbers] = operation_cost(schema, operation, fragments_of(document), variables)
        return known[numbers]
