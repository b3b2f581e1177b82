"""The guard that every GraphQL operation passes before it is executed: what is wrong with it, and what it costs."""

from collections.abc import Iterator
from typing import Any, TypeAlias

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, get_operation_ast
from strawberry.extensions import SchemaExtension

from gql_app.graphql.errors import failure
from gql_app.graphql.guard.cost import operation_cost
from gql_app.graphql.guard.documents import Documents
from gql_app.graphql.guard.variables import declared
from gql_app.graphql.identity_cache import IdentityCache
from schema.base.selection import fragments_of
from services.errors import ErrorCode

MAX_KNOWN_COSTS = 100
Variables: TypeAlias = tuple[tuple[str, float], ...]
Costs: TypeAlias = IdentityCache[OperationDefinitionNode, dict[Variables, int]]
"""What operations cost with variables."""


class Guard(SchemaExtension):
    """Refuses what is invalid or too dear, and reports the cost with every answer.

    It stands in for Strawberry's `ParserCache`, `ValidationCache` and limiters: those validate before they look
    at the limits, and walk each fragment as often as it is spread.
    """

    def __init__(self, documents: Documents, costs: Costs, max_cost: int) -> None:
        self._documents = documents
        self._costs = costs
        self._max_cost = max_cost
        self._cost: int | None = None

    def on_parse(self) -> Iterator[None]:
        """Take the document that was parsed before."""
        context = self.execution_context
        if context.query:
            context.graphql_document = self._documents.get(context.schema._schema, context.query).document
        yield

    def on_validate(self) -> Iterator[None]:
        """See what is wrong with the document, and what it costs with these variables."""
        context = self.execution_context
        if context.query and context.graphql_document is not None:
            faults = self._documents.get(context.schema._schema, context.query).faults
            context.pre_execution_errors = list(faults or self._check_cost(context.graphql_document))
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
        known = self._costs.get(operation, dict)
        numbers = tuple([each for each in variables.items() if isinstance(each[1], (int, float))])
        if numbers not in known:
            if len(known) >= MAX_KNOWN_COSTS:
                known.clear()
            schema = self.execution_context.schema._schema
            known[numbers] = operation_cost(schema, operation, fragments_of(document), variables)
        return known[numbers]
