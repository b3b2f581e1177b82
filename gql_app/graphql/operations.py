"""What is counted of an operation: its type, its root fields, how it ended. Nothing that clients name."""

from collections.abc import Collection

from graphql import get_operation_ast
from strawberry.types.execution import ExecutionResult, PreExecutionError

from gql_app.graphql.guard.documents import Studied
from gql_app.telemetry.requests import RequestMetrics
from schema.base.selection import fields_of, fragments_of
from services.errors import ErrorCode

UNKNOWN = "unknown"


class OperationCounts:
    """Counts operations, if there is anywhere to."""

    def __init__(self, metrics: RequestMetrics | None) -> None:
        self._metrics = metrics

    def ended(self, studied: Studied | None, name: str | None, result: ExecutionResult, seconds: float) -> None:
        """Count a query or mutation, or what was refused before it was either.

        `studied`: what is known of its document, if it came so far.
        """
        if self._metrics is not None:
            kind, fields = _shape(studied, name)
            self._metrics.count_operation(kind, fields, _outcome(result), _codes(result), seconds)

    def followed(self, studied: Studied, name: str | None) -> None:
        """Count a subscription that begins."""
        if self._metrics is not None:
            result = "refused" if studied.faults else "ok"
            self._metrics.count_operation(*_shape(studied, name), result, (), None)


def _shape(studied: Studied | None, name: str | None) -> tuple[str, Collection[str]]:
    """The type and the root fields; those of the schema only, which a document without faults has no others than."""
    if studied is None or studied.document is None or studied.faults:
        return UNKNOWN, ()
    operation = get_operation_ast(studied.document, name)
    if operation is None:
        return UNKNOWN, ()
    fields = fields_of([operation.selection_set], fragments_of(studied.document))
    return operation.operation.value, {field.name.value for field in fields}


def _outcome(result: ExecutionResult) -> str:
    if isinstance(result, PreExecutionError):
        return "refused"
    return "error" if result.errors else "ok"


def _codes(result: ExecutionResult) -> Collection[str]:
    codes = {str((error.extensions or {}).get("code")) for error in result.errors or ()}
    return codes & {code.value for code in ErrorCode}
