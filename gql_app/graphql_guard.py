"""The guard that every GraphQL operation passes before it is executed: parse, limits, validation, cost."""

from collections.abc import Iterator
from typing import Any

from graphql import DocumentNode, FragmentDefinitionNode, GraphQLError, get_operation_ast
from strawberry.extensions import SchemaExtension

from gql_app.graphql_cost import operation_cost
from gql_app.graphql_errors import failure
from gql_app.graphql_limits import Limits, check_cached, parse_cached
from services.errors import ErrorCode


class Guard(SchemaExtension):
    """Refuses what is malformed, invalid or too dear, and reports the cost with every answer.

    It stands in for Strawberry's `ParserCache`, `ValidationCache` and limiters: those validate before they look
    at the limits, and walk each fragment as often as it is spread.
    """

    def __init__(self, limits: Limits, max_cost: int) -> None:
        self._limits = limits
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
        context.pre_execution_errors = list(
            check_cached(context.schema._schema, document, self._limits) or self._check_cost(document)
        )
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
        fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
        self._cost = operation_cost(context.schema._schema, operation, fragments, context.variables or {})
        if self._cost <= self._max_cost:
            return []
        message = f"The operation costs {self._cost}, and at most {self._max_cost} is allowed."
        return [failure(ErrorCode.QUERY_TOO_COMPLEX, message)]
