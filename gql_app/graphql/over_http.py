"""GraphQL over HTTP: reading requests and shaping answers, after the specification's draft of 2025.

Two media types can be answered. `application/json` is 200 whenever the request itself was well-formed;
`application/graphql-response+json` has a status that tells whether the operation was executed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from functools import lru_cache
from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from strawberry.types.execution import ExecutionResult, PreExecutionError

from gql_app.graphql.errors import failure
from services.errors import ErrorCode, ServiceError

PLAIN_JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
HTML = "text/html"


class MalformedRequestError(ServiceError):
    """The request is no GraphQL request; `status` is the HTTP status where another one than the code's says more."""

    code = ErrorCode.BAD_REQUEST

    def __init__(self, message: str, *, status: int = code.status) -> None:
        super().__init__(message)
        self.status = status


class PersistedQueryError(ServiceError):
    """Documents are not kept. The words are those that Apollo's clients know."""

    code = ErrorCode.PERSISTED_QUERY_NOT_SUPPORTED

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotSupported")


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """A well-formed request."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None
    extensions: dict[str, Any] | None


async def read_request(request: Request) -> GraphQLRequest:
    """Read a request from the query string or the body.

    Raises:
        MalformedRequestError: it is no GraphQL request.
        PersistedQueryError: it has no document, but the hash of one.
    """
    if request.method == "GET":
        fields: dict[str, Any] = dict(request.query_params)
        for name in ("variables", "extensions"):
            if name in fields:
                fields[name] = _parse(fields[name].encode("utf-8", "replace"), f"`{name}`")
    else:
        _check_content_type(request.headers)
        fields = _parse(await request.body(), "The body")
        if not isinstance(fields, dict):
            raise MalformedRequestError("The body must be a JSON object.")
    if is_persisted(fields):
        raise PersistedQueryError
    return GraphQLRequest(
        query=_field(fields, "query", str, required=True),
        variables=_field(fields, "variables", dict),
        operation_name=_field(fields, "operationName", str),
        extensions=_field(fields, "extensions", dict),
    )


def is_persisted(fields: Mapping[str, Any]) -> bool:
    """Whether a request has the hash of a document in the document's place."""
    extensions = fields.get("extensions")
    return not fields.get("query") and isinstance(extensions, dict) and "persistedQuery" in extensions


@lru_cache(maxsize=256)
def negotiate(accept: str | None) -> str | None:
    """The media type to answer with; None where the client takes neither."""
    if not accept:
        return PLAIN_JSON
    best, best_rank = None, (0.0, 0.0)
    for position, part in enumerate(accept.split(",")):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        rank = (_quality(parameters), -float(position))
        offered = PLAIN_JSON if kind in ("*/*", "application/*") else kind
        if offered in (PLAIN_JSON, GRAPHQL_JSON) and rank[0] > 0 and (best is None or rank > best_rank):
            best, best_rank = offered, rank
    return best


def encode(answer: object) -> bytes:
    """An answer as JSON; moments are in UTC and end in `Z`."""
    return orjson.dumps(answer, option=orjson.OPT_UTC_Z)


def wants_page(accept: str | None) -> bool:
    """Whether a browser asks for a page."""
    return HTML in (accept or "").lower()


def render_result(result: ExecutionResult, media_type: str) -> Response:
    """The answer for a result."""
    body: dict[str, Any] = {}
    if result.errors:
        body["errors"] = [error.formatted for error in result.errors]
    was_refused = _was_refused(result)
    if not was_refused:
        body["data"] = result.data
    if result.extensions:
        body["extensions"] = result.extensions
    status = 200
    if was_refused and result.errors:
        code = ErrorCode[(result.errors[0].extensions or {})["code"]]
        # In plain JSON only what is wrong with the use of HTTP shows in the status.
        if media_type == GRAPHQL_JSON or code in (ErrorCode.METHOD_NOT_ALLOWED, ErrorCode.WEBSOCKET_REQUIRED):
            status = code.status
    headers = {"Allow": "POST"} if status == 405 else None
    return Response(encode(body), status, headers, media_type=_with_charset(media_type))


def render_error(
    code: ErrorCode,
    message: str,
    media_type: str = PLAIN_JSON,
    *,
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer for a request that never became an operation; `status` where it is not the code's."""
    body = {"errors": [failure(code, message).formatted]}
    return Response(encode(body), status or code.status, headers, media_type=_with_charset(media_type))


def _was_refused(result: ExecutionResult) -> bool:
    """Whether the operation was never executed, so that the answer must not have `data`."""
    if isinstance(result, PreExecutionError):
        return True
    return result.data is None and bool(result.errors) and all(error.path is None for error in result.errors or ())


def _parse(raw: bytes, what: str) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise MalformedRequestError(f"{what} is not JSON.") from error


def _field(fields: dict[str, Any], name: str, kind: type, *, required: bool = False) -> Any:
    value = fields.get(name)
    if value is None and not required:
        return None
    if not isinstance(value, kind):
        article = "a string" if kind is str else "an object"
        raise MalformedRequestError(f"`{name}` must be {article}.")
    return value


def _check_content_type(headers: Headers) -> None:
    given = headers.get("content-type", "")
    if given == PLAIN_JSON:
        return
    parsed = Message()
    parsed["content-type"] = given
    if parsed.get_content_type() != PLAIN_JSON or parsed.get_content_charset("utf-8") not in ("utf-8", "utf8"):
        raise MalformedRequestError("The body must be application/json in UTF-8.", status=415)


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def _with_charset(media_type: str) -> str:
    return f"{media_type}; charset=utf-8"
