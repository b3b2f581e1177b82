"""Every failure as an RFC 9457 problem: one table from codes to HTTP statuses, one shape of body."""

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pymongo.errors import ConnectionFailure, ExecutionTimeout
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from documents.database import DatabaseUnavailableError
from services.errors import ErrorCode, ServiceError

PROBLEM_JSON = "application/problem+json"
RETRY_AFTER_SECONDS = 2
"""What a client is told to wait while the database is away: a replica set elects a new primary in seconds."""

STATUS_OF: dict[ErrorCode, int] = {
    ErrorCode.BAD_REQUEST: 400,
    ErrorCode.GRAPHQL_PARSE_FAILED: 400,
    ErrorCode.GRAPHQL_VALIDATION_FAILED: 400,
    ErrorCode.QUERY_TOO_COMPLEX: 400,
    ErrorCode.WEBSOCKET_REQUIRED: 400,
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.METHOD_NOT_ALLOWED: 405,
    ErrorCode.CONFLICT: 409,
    ErrorCode.ALREADY_RUNNING: 409,
    ErrorCode.JOB_FINISHED: 409,
    ErrorCode.TOO_LARGE: 413,
    ErrorCode.INVALID_INPUT: 422,
    ErrorCode.INVALID_CURSOR: 422,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.INTERNAL: 500,
    ErrorCode.UPSTREAM_FAILED: 502,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.TIMEOUT: 504,
}
_CODE_OF = {status: code for code, status in reversed(STATUS_OF.items())}

log = structlog.get_logger("gql_app.errors")


def problem(
    scope: Scope, code: ErrorCode, detail: str, *, headers: Mapping[str, str] | None = None, **more: object
) -> Response:
    """A problem body for the request of `scope`; `more` are members of its own kind, left out where None."""
    status = STATUS_OF[code]
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code.value,
        "instance": quote(scope["path"]),
        "request_id": scope.get("state", {}).get("request_id"),
        **{name: value for name, value in more.items() if value is not None},
    }
    return Response(orjson.dumps(body), status, headers, media_type=PROBLEM_JSON)


def add_error_handlers(app: FastAPI) -> None:
    """Render every failure that a route raises."""
    app.add_exception_handler(ServiceError, _expected)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    for unavailable in (DatabaseUnavailableError, ConnectionFailure):
        app.add_exception_handler(unavailable, _unavailable)
    app.add_exception_handler(ExecutionTimeout, _timeout)


class UnexpectedErrors:
    """ASGI middleware: a failure that nobody expected is logged in full and told in one sentence.

    Once the answer has begun there is nothing left to tell: the failure goes on, and the server breaks the
    connection off, so that the client cannot take half an answer for a whole one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass; answer 500 if it fails."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        has_begun = False

        async def noting_start(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, noting_start)
        except Exception:
            log.exception("request_failed", method=scope["method"])
            if has_begun:
                raise
            detail = "Something went wrong here; quote the request id when you report it."
            await problem(scope, ErrorCode.INTERNAL, detail)(scope, receive, send)


async def _expected(request: Request, error: Exception) -> Response:
    assert isinstance(error, ServiceError)  # noqa: S101 - narrows the type that the registration has lost
    headers: dict[str, str] = {}
    if error.code is ErrorCode.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = 'Bearer error="invalid_token"' if "authorization" in request.headers else "Bearer"
    elif error.code is ErrorCode.UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return problem(
        request.scope,
        error.code,
        str(error),
        headers=headers,
        job_id=getattr(error, "job_id", None),
        job_status=getattr(error, "status", None),
    )


async def _invalid(request: Request, error: Exception) -> Response:
    """What was wrong with which parameter; the values themselves are not repeated, they may be secrets."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - narrows the type
    faults = [
        {"location": [str(part) for part in fault["loc"]], "message": fault["msg"], "type": fault["type"]}
        for fault in error.errors()
    ]
    detail = "; ".join(f"{'.'.join(fault['location'][1:]) or 'body'}: {fault['message']}" for fault in faults)
    return problem(request.scope, ErrorCode.INVALID_INPUT, detail, errors=faults)


async def _http(request: Request, error: Exception) -> Response:
    """What the framework refuses: unknown paths and methods, bodies that are too large."""
    assert isinstance(error, HTTPException)  # noqa: S101 - narrows the type
    code = _CODE_OF.get(error.status_code)
    if code is None:
        code = ErrorCode.BAD_REQUEST if error.status_code < 500 else ErrorCode.INTERNAL
    details = {
        ErrorCode.NOT_FOUND: "There is nothing at this path.",
        ErrorCode.METHOD_NOT_ALLOWED: f"{request.method} is not allowed here.",
    }
    return problem(request.scope, code, details.get(code, str(error.detail)), headers=error.headers)


async def _unavailable(request: Request, error: Exception) -> Response:
    log.warning("database_unavailable", error=f"{type(error).__name__}: {error}"[:300])
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return problem(request.scope, ErrorCode.UNAVAILABLE, "The database cannot be reached.", headers=headers)


async def _timeout(request: Request, error: Exception) -> Response:
    log.warning("database_timed_out", error=str(error)[:300])
    return problem(request.scope, ErrorCode.TIMEOUT, "The database did not finish within its time.")
