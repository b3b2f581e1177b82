"""What clients are told of a GraphQL error: every one has a code, and none shows what goes on inside."""

import re
from collections.abc import Iterable

import structlog
from graphql import GraphQLError, GraphQLSyntaxError, ValueNode
from strawberry.utils.str_converters import to_camel_case

from services.errors import UNEXPECTED, ErrorCode, expected

log = structlog.get_logger("gql_app.graphql_errors")

TOO_COMPLEX = ("Syntax Error: Document contains more than", "Syntax Error: Document is nested too deeply")
"""How graphql-core's parser begins its message when it gives a document up for its size."""
MESSAGE_CHARACTERS = 500
"""Of a message. Most quote what the client sent, and one long name can be quoted by every error of an answer."""
NAMED_VALUE = re.compile(r"([A-Za-z_][A-Za-z_0-9]*)\s*:\s*(?:\[[^\[\]{}:]*)?\Z")
"""What stands before a value of a document, or before one of a list."""
SUGGESTION = re.compile(r"\s*Did you mean .*?\?", re.DOTALL)


def failure(code: ErrorCode, message: str) -> GraphQLError:
    """An error of our own making."""
    return GraphQLError(message, extensions={"code": code.value})


def invalid(error: GraphQLError, *, hide_suggestions: bool) -> GraphQLError:
    """What validation found, as clients may see it."""
    # graphql-core cannot be told to leave out every suggestion.
    message = SUGGESTION.sub("", error.message) if hide_suggestions else error.message
    return _with(error, ErrorCode.GRAPHQL_VALIDATION_FAILED, f"{_argument_before(error)}{message}")


def _argument_before(error: GraphQLError) -> str:
    """The name of the argument, or of the field of an input, whose value is wrong, as the beginning of a message."""
    value = next(iter(error.nodes or ()), None)
    if not isinstance(value, ValueNode) or value.loc is None:
        return ""
    named = NAMED_VALUE.search(value.loc.source.body[: value.loc.start])
    return f"{named[1]}: " if named else ""


def code_errors(errors: Iterable[GraphQLError], request_id: str) -> list[GraphQLError]:
    """The errors as clients may see them."""
    return [_code(error, request_id) for error in errors]


def _code(error: GraphQLError, request_id: str) -> GraphQLError:
    if error.extensions and "code" in error.extensions:
        return error
    cause = _cause(error)
    if cause is None:
        return _with(error, *_of_graphql(error))
    if isinstance(cause, RecursionError):
        return _with(error, ErrorCode.QUERY_TOO_COMPLEX, "The document is nested too deeply.")
    told = expected(cause)
    if told is None:
        log.error("graphql_failed", path=error.path, exc_info=cause)
        return _with(error, ErrorCode.INTERNAL, UNEXPECTED, request_id=request_id)
    if told is not cause:  # what clients are not told
        log.warning(
            "database_failed", code=told.code.value, path=error.path, error=f"{type(cause).__name__}: {cause}"[:300]
        )
    return _with(error, told.code, told.said(to_camel_case), **told.details)


def _cause(error: GraphQLError) -> BaseException | None:
    """The exception that lies behind a GraphQL error; None where there is nothing behind it."""
    cause: BaseException | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _of_graphql(error: GraphQLError) -> tuple[ErrorCode, str]:
    """Errors that graphql-core itself makes; they speak of the document only."""
    if isinstance(error, GraphQLSyntaxError):
        if error.message.startswith(TOO_COMPLEX):
            return ErrorCode.QUERY_TOO_COMPLEX, error.message
        return ErrorCode.GRAPHQL_PARSE_FAILED, error.message
    # What validation finds has a code already: these are values that do not fit their variables or arguments.
    return ErrorCode.BAD_REQUEST, error.message


def _with(error: GraphQLError, code: ErrorCode, message: str, **details: object) -> GraphQLError:
    return GraphQLError(
        message if len(message) <= MESSAGE_CHARACTERS else f"{message[:MESSAGE_CHARACTERS]}...",
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={"code": code.value} | {to_camel_case(name): value for name, value in details.items()},
    )
