"""`python -m gql_app token`: what it prints is taken by a service with the same settings."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gql_app.commands.cli import app
from gql_app.http.auth import Authenticator
from services.access import Caller, Scope
from tests.fakes import JWT_AUDIENCE, JWT_ISSUER, JWT_SECRET, make_jwt_settings


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {"SECRET": JWT_SECRET, "ISSUER": JWT_ISSUER, "AUDIENCE": JWT_AUDIENCE}.items():
        monkeypatch.setenv(f"JWT_{name}", value)


async def caller_with(*arguments: str) -> Caller:
    printed = CliRunner().invoke(app, ["token", *arguments], catch_exceptions=False)
    assert printed.exit_code == 0, printed.output
    return await Authenticator(make_jwt_settings()).caller(f"Bearer {printed.output.strip()}")


async def test_it_is_for_all_tenants_to_read_and_ingest() -> None:
    caller = await caller_with()
    assert (caller.tenants, caller.subject) == (None, "developer")
    assert caller.scopes == {Scope.TICKETS_READ, Scope.INGEST_RUN}


async def test_options_say_who_may_do_what_for_how_long() -> None:
    caller = await caller_with(
        *("--tenants", "tenant_a, tenant_b", "--scopes", "admin", "--minutes", "5", "--subject", "ann")
    )
    assert (caller.tenants, caller.scopes, caller.subject) == ({"tenant_a", "tenant_b"}, {Scope.ADMIN}, "ann")
    assert caller.expires_at is not None


def refusal(*arguments: str) -> str:
    printed = CliRunner().invoke(app, ["token", *arguments], catch_exceptions=False)
    assert printed.exit_code == 2
    (line,) = printed.stderr.splitlines()
    return line


def test_a_scope_that_does_not_exist_is_named() -> None:
    assert "no scope 'tickets:paint'; there are admin" in refusal("--scopes", "tickets:paint")


@pytest.mark.parametrize("missing", ["SECRET", "ISSUER", "AUDIENCE"])
def test_without_the_settings_that_a_service_would_need_there_is_none(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.delenv(f"JWT_{missing}")
    assert "JWT_SECRET and name JWT_ISSUER and JWT_AUDIENCE" in refusal()
