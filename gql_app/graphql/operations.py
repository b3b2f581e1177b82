"""What is counted of an operation: its type, its root fields, how it ended. Nothing that clients name."""

from collections.abc import Callable, Collection

from graphql import get_operation_ast
from strawberry.types.execution import ExecutionResult, PreExecutionError

from gql_app.graphql.guard.documents import Studied
from schema.base.selection import fields_of, fragments_of
from services.errors import ErrorCode

_UNKNOWN = "unknown"


NoteOperation = Callable[[str, Collection[str], str, Collection[str], float | None], None]
"""Told of an operation: its type, its root fields, how it ended, the codes of its errors, the seconds that it took."""


class OperationCounts:
    """Tells of operations, if there is anybody to tell."""

    def __init__(self, note: NoteOperation | None) -> None:
        self._note = note

    def ended(self, studied: Studied | None, name: str | None, result: ExecutionResult, seconds: float) -> None:
        """Tell of a query or mutation, or of what was refused before it was either.

        `studied`: what is known of its document, if it came so far.
        """
        if self._note is not None:
            kind, fields = _shape(studied, name)
            self._note(kind, fields, _outcome(result), _codes(result), seconds)

    def followed(self, studied: Studied, name: str | None) -> None:
        """Tell of a subscription that begins."""
        if self._note is not None:
            result = "refused" if studied.faults else "ok"
            self._note(*_shape(studied, name), result, (), None)


def _shape(studied: Studied | None, name: str | None) -> tuple[str, Collection[str]]:
    """The type and the root fields; those of the schema only, which a document without faults has no others than."""
    if studied is None or studied.document is None or studied.faults:
        return _UNKNOWN, ()
    operation = get_operation_ast(studied.document, name)
    if operation is None:
        return _UNKNOWN, ()
    fields = fields_of([operation.selection_set], fragments_of(studied.document))
    return operation.operation.value, {field.name.value for field in fields}


def _outcome(result: ExecutionResult) -> str:
    if isinstance(result, PreExecutionError):
        return "refused"
    return "error" if result.errors else "ok"


def _codes(result: ExecutionResult) -> Collection[str]:
    codes = {str((error.extensions or {}).get("code")) for error in result.errors or ()}
    return codes & {code.value for code in ErrorCode}
