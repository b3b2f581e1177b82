"""The table of errors is complete, and what the documentation says of it is true."""

import ast
import inspect
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
from pymongo.errors import AutoReconnect, ExecutionTimeout, OperationFailure

from documents.failures import DatabaseError, DatabaseFullError, DatabaseTimeoutError, DatabaseUnavailableError
from gql_app.commands import cli
from gql_app.rest.ingestion import RunFailedError
from gql_app.settings import Settings
from schema.base.enums import EXPOSED
from services import errors
from services.errors import ErrorCode, ServiceError, expected

ROOT = Path(__file__).parents[3]


def kinds(base: type[ServiceError] = ServiceError) -> Iterator[type[ServiceError]]:
    """Every class of errors below `base`, wherever it stands."""
    assert cli.app is not None  # importing the command line imports everything that there is
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


def documented_codes() -> dict[str, str]:
    """The members of `ErrorCode` that have a docstring, and it."""
    (table,) = ast.parse(inspect.getsource(ErrorCode)).body
    assert isinstance(table, ast.ClassDef)
    return {
        assignment.targets[0].id: docstring.value.value
        for assignment, docstring in zip(table.body, table.body[1:], strict=False)
        if isinstance(assignment, ast.Assign) and isinstance(assignment.targets[0], ast.Name)
        if isinstance(docstring, ast.Expr) and isinstance(docstring.value, ast.Constant)
        if isinstance(docstring.value.value, str)
    }


def test_every_code_has_a_status_and_a_meaning() -> None:
    assert {code for code in ErrorCode if HTTPStatus(code.status) < 400} == set()
    assert documented_codes().keys() == {code.name for code in ErrorCode}
    assert {code for code in ErrorCode if code.name != code.value} == set()


def test_every_error_has_a_code_and_a_meaning() -> None:
    found = set(kinds())
    assert {errors.JobFinishedError, RunFailedError} <= found
    assert {kind for kind in found if getattr(kind, "code", ErrorCode.INTERNAL) is ErrorCode.INTERNAL} == set()
    assert {kind for kind in found if not vars(kind)["__doc__"]} == set()


def test_of_the_codes_of_one_status_the_general_one_comes_first() -> None:
    general = {code.status: code for code in reversed(ErrorCode)}
    assert (general[400], general[409], general[422]) == (
        ErrorCode.BAD_REQUEST,
        ErrorCode.CONFLICT,
        ErrorCode.INVALID_INPUT,
    )


def test_the_documentation_names_codes_that_exist_where_it_says() -> None:
    text = (ROOT / "docs/graphql.md").read_text()
    others = {name.upper() for name in Settings.model_fields} | {member.name for enum in EXPOSED for member in enum}
    codes = {code.value for code in ErrorCode}
    named = set(re.findall(r"`([A-Z_]+)`", text)) - (others - codes)
    assert {"INTERNAL", "NOT_FOUND", "UNAVAILABLE"} <= named <= codes
    (place,) = re.findall(r"the codes are listed, with their meanings, in\s+\[[^]]+\]\(([^)]+)\)", text)
    assert (ROOT / "docs" / place).resolve() == Path(inspect.getfile(ErrorCode)).resolve()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (AutoReconnect("host"), errors.UnavailableError),
        (DatabaseUnavailableError("host"), errors.UnavailableError),
        (DatabaseFullError("host"), errors.UnavailableError),
        (ExecutionTimeout("host"), errors.QueryTimeoutError),
        (DatabaseTimeoutError("host"), errors.QueryTimeoutError),
        (OperationFailure("host"), type(None)),
        (DatabaseError("host"), type(None)),
        (RuntimeError("host"), type(None)),
    ],
)
def test_what_clients_are_told_of_other_failures(error: Exception, kind: type[ServiceError] | None) -> None:
    told = expected(error)
    assert type(told) is kind
    assert "host" not in str(told)


def test_an_error_of_ours_is_told_as_it_is() -> None:
    error = errors.InvalidInputError("no")
    assert expected(error) is error


def test_details_are_one_mapping() -> None:
    assert errors.InvalidInputError("no").details == {}
    assert errors.AlreadyRunningError("t", "j").details == {"job_id": "j"}
    assert errors.JobFinishedError("j", "failed").details == {"job_id": "j", "job_status": "failed"}
