"""What clients are told when something fails: a code always, the insides never."""

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from pymongo.errors import AutoReconnect, ExecutionTimeout
from structlog.testing import capture_logs

from services.analytics.stats import Stats
from services.errors import JobFinishedError
from tests.api.graphql.client import Api
from tests.fakes import app_with, make_settings, open_client

SECRET = "password@inside"
STATS = '{ tenantStats(tenantId: "t") { totalTickets } ingestionStatus(tenantId: "t") { status } }'


class FailingStats(Stats):
    """Statistics whose database fails in a given way."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def compute(self, *_: Any, **__: Any) -> Any:
        raise self._error


@asynccontextmanager
async def failing(api: Api, error: Exception) -> Any:
    services = replace(api.services, stats=FailingStats(error))
    async with open_client(app_with(services, make_settings())) as client:
        yield replace(api, client=client)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "BAD_REQUEST"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ ticket { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { __typename } query B { __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ('query ($n: Int!) { ingestionJobs(tenantId: "t", first: $n) { nodes { id } } }', "BAD_REQUEST"),
        ('{ tickets(tenantId: "t", first: 1000) { nodes { id } } }', "INVALID_INPUT"),
        ('{ tickets(tenantId: "") { nodes { id } } }', "INVALID_INPUT"),
        ("fragment F on Query { __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { nothing }", "WEBSOCKET_REQUIRED"),
    ],
)
async def test_refused_operation_has_a_code(api: Api, query: str, code: str) -> None:
    answer = await api.ask(query)
    assert {error["extensions"]["code"] for error in answer["errors"]} == {code}


async def test_fault_of_ours_is_masked_and_logged_under_the_request_id(api: Api) -> None:
    async with failing(api, RuntimeError(SECRET)) as broken:
        with capture_logs() as logs:
            answer = await broken.ask(STATS, headers={"x-request-id": "r-1"})
    assert SECRET not in str(answer)
    assert answer["errors"][0]["extensions"] == {"code": "INTERNAL", "requestId": "r-1"}
    assert answer["errors"][0]["path"] == ["tenantStats"]
    (entry,) = [entry for entry in logs if entry["event"] == "graphql_failed"]
    assert str(entry["exc_info"]) == SECRET


async def test_fault_leaves_the_other_fields(api: Api) -> None:
    async with failing(api, RuntimeError(SECRET)) as broken:
        answer = await broken.ask(STATS)
    assert answer["data"] == {"tenantStats": None, "ingestionStatus": {"status": "IDLE"}}


@pytest.mark.parametrize(
    ("error", "code"), [(AutoReconnect(SECRET), "UNAVAILABLE"), (ExecutionTimeout(SECRET), "TIMEOUT")]
)
async def test_failing_database_has_a_code_and_no_details(api: Api, error: Exception, code: str) -> None:
    async with failing(api, error) as broken:
        answer = await broken.ask(STATS)
    assert SECRET not in str(answer)
    assert answer["errors"][0]["extensions"]["code"] == code


async def test_details_of_a_failure_are_members_of_the_extensions(api: Api) -> None:
    async with failing(api, JobFinishedError("j-1", "failed")) as broken:
        answer = await broken.ask(STATS)
    assert answer["errors"][0]["extensions"] == {"code": "JOB_FINISHED", "jobId": "j-1", "jobStatus": "failed"}


async def test_expected_failure_is_not_logged_as_a_fault(api: Api) -> None:
    with capture_logs() as logs:
        await api.ask('{ ticket(tenantId: "t", externalId: "none") { id } }')
    assert {entry["log_level"] for entry in logs} <= {"info"}


async def test_error_names_the_place_in_document_and_answer(api: Api) -> None:
    error = await api.error('{ mine: ticket(tenantId: "t", externalId: "none") { id } }')
    assert (error["path"], error["locations"]) == (["mine"], [{"line": 1, "column": 3}])
