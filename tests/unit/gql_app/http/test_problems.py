"""Failures as problem bodies."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from pymongo.errors import (
    AutoReconnect,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
    ServerSelectionTimeoutError,
)
from starlette.exceptions import HTTPException
from structlog.testing import capture_logs

from documents.failures import DatabaseUnavailableError
from gql_app.http.auth import KeysUnavailableError
from gql_app.http.problems import Problems, add_error_handlers
from services import errors


async def answer_to(error: Exception) -> httpx.Response:
    """What a client gets whose request fails like this."""
    app = FastAPI()
    add_error_handlers(app)
    app.add_middleware(Problems)

    @app.get("/")
    async def fail() -> None:
        raise error

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        return await client.get("/")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.TicketNotFoundError("T-1"), 404, "NOT_FOUND"),
        (errors.JobNotFoundError("j"), 404, "NOT_FOUND"),
        (errors.InvalidInputError("no"), 422, "INVALID_INPUT"),
        (errors.InvalidCursorError("no"), 422, "INVALID_CURSOR"),
        (errors.ConflictError("no"), 409, "CONFLICT"),
        (errors.AlreadyRunningError("t", "j"), 409, "ALREADY_RUNNING"),
        (errors.JobFinishedError("j", "completed"), 409, "JOB_FINISHED"),
        (errors.UnauthenticatedError("no"), 401, "UNAUTHENTICATED"),
        (errors.ForbiddenError("no"), 403, "FORBIDDEN"),
        (errors.UpstreamError("gone"), 502, "UPSTREAM_FAILED"),
        (errors.QueryTimeoutError("slow"), 504, "TIMEOUT"),
        (KeysUnavailableError("no keys"), 503, "UNAVAILABLE"),
        (DatabaseUnavailableError("down"), 503, "UNAVAILABLE"),
        (ServerSelectionTimeoutError("down"), 503, "UNAVAILABLE"),
        (AutoReconnect("down"), 503, "UNAVAILABLE"),
        (NetworkTimeout("down"), 503, "UNAVAILABLE"),
        (ExecutionTimeout("slow"), 504, "TIMEOUT"),
        (HTTPException(413, "big"), 413, "TOO_LARGE"),
        (HTTPException(418, "teapot"), 400, "BAD_REQUEST"),
        (HTTPException(507, "full"), 500, "INTERNAL"),
        (RuntimeError("a secret"), 500, "INTERNAL"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
async def test_a_failure_has_its_status_and_code(error: Exception, status: int, code: str) -> None:
    answer = await answer_to(error)
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "detail", "instance"} <= set(problem)


async def test_what_was_not_expected_is_not_told() -> None:
    assert "a secret" not in (await answer_to(RuntimeError("a secret"))).text


@pytest.mark.parametrize("error", [AutoReconnect("host 10.0.0.1"), ExecutionTimeout("host 10.0.0.1")])
async def test_where_the_database_is_is_not_told(error: Exception) -> None:
    assert "10.0.0.1" not in (await answer_to(error)).text


@pytest.mark.parametrize("error", [AutoReconnect("down"), KeysUnavailableError("no keys")])
async def test_what_passes_says_when_to_come_back(error: Exception) -> None:
    assert int((await answer_to(error)).headers["retry-after"]) > 0


async def test_a_conflict_names_the_job_and_its_state() -> None:
    problem = (await answer_to(errors.JobFinishedError("j-1", "failed"))).json()
    assert (problem["job_id"], problem["job_status"]) == ("j-1", "failed")


async def test_a_failing_database_is_logged_with_the_reason_that_clients_are_not_told() -> None:
    with capture_logs() as logs:
        await answer_to(ExecutionTimeout("host 10.0.0.1"))
        await answer_to(errors.QueryTimeoutError())
    assert [(entry["event"], entry["code"], entry["error"]) for entry in logs] == [
        ("database_failed", "TIMEOUT", "ExecutionTimeout: host 10.0.0.1")
    ]


async def test_an_error_of_the_database_that_nobody_expected_is_a_fault_of_ours() -> None:
    with capture_logs() as logs:
        answer = await answer_to(OperationFailure("a secret"))
    assert (answer.status_code, "a secret" in answer.text) == (500, False)
    assert [entry["event"] for entry in logs] == ["request_failed"]


async def test_an_answer_that_fails_half_way_breaks_off() -> None:
    app = FastAPI()
    app.add_middleware(Problems)

    async def half() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError("the rest is missing")

    @app.get("/")
    async def stream() -> StreamingResponse:
        return StreamingResponse(half())

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        with pytest.raises(RuntimeError, match="the rest is missing"):
            await client.get("/")
