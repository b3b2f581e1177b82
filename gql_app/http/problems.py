"""Every failure as an RFC 9457 problem, by the table in `services.errors`: one shape of body."""

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.errors import UNEXPECTED, ErrorCode, expected

PROBLEM_JSON = "application/problem+json"
RETRY_AFTER_SECONDS = 2
"""What a client is told to wait while the database is away: a replica set elects a new primary in seconds."""

log = structlog.get_logger("gql_app.errors")


def problem(
    scope: Scope, code: ErrorCode, detail: str, *, headers: Mapping[str, str] | None = None, **more: object
) -> Response:
    """A problem body for the request of `scope`; `more` are members of its own kind."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(code.status).phrase,
        "status": code.status,
        "detail": detail,
        "code": code.value,
        "instance": quote(scope["path"]),
        "request_id": scope.get("state", {}).get("request_id"),
        **more,
    }
    return Response(orjson.dumps(body), code.status, headers, media_type=PROBLEM_JSON)


def add_error_handlers(app: FastAPI) -> None:
    """Render what the framework refuses; what routes raise is rendered by `Problems`."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


class Problems:
    """ASGI middleware: what a route raises becomes a problem; what nobody expected is logged in full, too.

    Once the answer has begun there is nothing left to tell: the failure goes on, and the server breaks the
    connection off, so that the client cannot take half an answer for a whole one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass; answer with a problem if it fails."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        has_begun = False

        async def noting_start(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, noting_start)
        except ClientDisconnect:
            return None  # in the middle of its body: nobody is there to be told, and nothing has failed
        except Exception as error:
            if has_begun:
                log.exception("request_failed", method=scope["method"])
                raise
            await _answer(scope, error)(scope, receive, send)


def _answer(scope: Scope, error: Exception) -> Response:
    told = expected(error)
    if told is None:
        log.error("request_failed", method=scope["method"], exc_info=error)
        return problem(scope, ErrorCode.INTERNAL, UNEXPECTED)
    if told is not error:  # what clients are not told
        log.warning("database_failed", code=told.code.value, error=f"{type(error).__name__}: {error}"[:300])
    return problem(scope, told.code, str(told), headers=_headers(told.code, Headers(scope=scope)), **told.details)


def _headers(code: ErrorCode, given: Headers) -> dict[str, str]:
    match code:
        case ErrorCode.UNAUTHENTICATED:
            return {"WWW-Authenticate": 'Bearer error="invalid_token"' if "authorization" in given else "Bearer"}
        case ErrorCode.UNAVAILABLE:
            return {"Retry-After": str(RETRY_AFTER_SECONDS)}
        case _:
            return {}


async def _invalid(request: Request, error: Exception) -> Response:
    """What was wrong with which parameter; the values themselves are not repeated, they may be secrets."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - narrows the type that the registration has lost
    faults = [
        {
            "location": [str(part) for part in fault["loc"]],
            "message": fault["msg"].removeprefix("Value error, "),
            "type": fault["type"],
        }
        for fault in error.errors()
    ]
    detail = "; ".join(f"{'.'.join(fault['location'][1:]) or 'body'}: {fault['message']}" for fault in faults)
    return problem(request.scope, ErrorCode.INVALID_INPUT, detail, errors=faults)


async def _http(request: Request, error: Exception) -> Response:
    """What the framework refuses: unknown paths and methods, bodies that are too large."""
    assert isinstance(error, HTTPException)  # noqa: S101 - narrows the type
    general = ErrorCode.BAD_REQUEST if error.status_code < 500 else ErrorCode.INTERNAL
    code = next((code for code in ErrorCode if code.status == error.status_code), general)
    details = {
        ErrorCode.NOT_FOUND: "There is nothing at this path.",
        ErrorCode.METHOD_NOT_ALLOWED: f"{request.method} is not allowed here.",
    }
    return problem(request.scope, code, details.get(code, str(error.detail)), headers=error.headers)
