"""Connections on the command line, as real processes: secrets come from standard input or a prompt."""

import json
import os
import pty
import re
from collections.abc import Iterator
from pathlib import Path
from select import select
from typing import Any
from uuid import uuid4

import pytest

from soak.prepared import started
from tests.connecting import KEY, TOKEN, HelpDesk, help_desk, record
from tests.processes import OUR_ENVIRONMENT, ROOT, outcome, prepare
from tests.waiting import PATIENCE_SECONDS

OTHER_TOKEN = "an0ther-s3cret"


@pytest.fixture
def desk() -> Iterator[HelpDesk]:
    with help_desk(record("1")) as desk:
        yield desk


@pytest.fixture
def environment(tmp_path: Path, mongo_url: str) -> dict[str, str]:
    name = f"test_{uuid4().hex[:12]}"
    settings = {"MONGO_URL": mongo_url, "MONGO_DB": name, "DATA_DIR": str(tmp_path), "SECRETS_KEY": KEY}
    return {**OUR_ENVIRONMENT, **settings, "PYTHONPATH": str(ROOT), "EXTERNAL_API_URL": "mock", "COLUMNS": "120"}


def call(environment: dict[str, str], *arguments: str, given: str = "") -> tuple[int, str]:
    """The exit code, and all that was printed."""
    code, output, errors = outcome(environment, "-m", "gql_app", "connections", *arguments, given=given)
    assert TOKEN not in output + errors
    assert OTHER_TOKEN not in output + errors
    return code, output + errors


def shown(environment: dict[str, str], name: str) -> Any:
    return json.loads(call(environment, "show", name, "--json")[1])


def test_a_connection_is_kept_by_commands(environment: dict[str, str], desk: HelpDesk) -> None:
    options = ("--set", f"base_url={desk.url}", "--secret", "bearer_token", "--schedule", "15")
    code, output = call(environment, "add", "acme", "standard", *options, given=f"{TOKEN}\n")
    assert code == 0, output
    name = re.findall(r"con_[0-9a-f]{32}", output)[0]
    assert call(environment, "check", name) == (0, "It answers and shows tickets.\n")
    options = ("--set", "requests_per_minute=30", "--secret", "bearer_token")
    code, output = call(environment, "check", name, *options, given=f"{OTHER_TOKEN}\n")
    assert (code, "give the connection another one" in output) == (1, True)
    code, output = call(environment, "check", name, "--set", "base_url=https://1.1.1.1")
    assert (code, "give bearer_token again" in output) == (2, True)
    assert shown(environment, name)["settings"] == {"base_url": desk.url}
    assert call(environment, "check", name)[0] == 0
    code, output = call(environment, "change", name, "--secret", "bearer_token", given=f"{OTHER_TOKEN}\n")
    assert code == 0, output
    code, output = call(environment, "check", name)
    assert (code, "give the connection another one" in output) == (1, True)
    call(environment, "change", name, "--set", "requests_per_minute=30", "--schedule", "0")
    found = shown(environment, name)
    assert (found["schedule_minutes"], found["settings"]["requests_per_minute"]) == (None, "30")
    call(environment, "change", name, "--set", "requests_per_minute=", "--announce-from", "2026-01-01")
    found = shown(environment, name)
    assert found["settings"] == {"base_url": desk.url}
    assert (found["announce_from"], found["secret_names"]) == ("2026-01-01T00:00:00Z", ["bearer_token"])
    code, output = call(environment, "list", "acme")
    assert (code, name in output, desk.url in output) == (0, True, True)
    assert call(environment, "remove", name) == (0, f"{name} removed.\n")
    assert call(environment, "remove", name)[0] == 2


def test_what_does_not_fit_is_told_in_a_line(environment: dict[str, str]) -> None:
    for options, told in (
        (("--set", "base_url"), "Error: A setting is given as --set NAME=VALUE."),
        (("--secret", "bearer_token=x"), "Error: --secret takes the name alone"),
        (("--announce-from", "yesterday"), "Error: --announce-from must be ISO 8601"),
        (("--set", "base_url=http://10.0.0.1"), "Error: An address begins with https://."),
    ):
        code, output = call(environment, "add", "acme", "standard", *options)
        assert (code, told in output) == (2, True), output


def test_at_a_terminal_secrets_are_asked_for_and_not_shown(environment: dict[str, str], desk: HelpDesk) -> None:
    (ours, theirs), (printed, printing) = pty.openpty(), os.pipe()
    options = ("--set", f"base_url={desk.url}", "--secret", "bearer_token", "--json")
    prepare()
    # In a session of its own it has no other terminal than this one to ask at.
    process = started(
        ["-m", "gql_app", "connections", "add", "acme", "standard", *options],
        environment=environment,
        directory=Path(environment["DATA_DIR"]),
        given=theirs,
        output=printing,
        errors=theirs,
    )
    os.close(theirs)
    os.close(printing)
    try:
        seen = b""
        while b"bearer_token: " not in seen:
            assert select([ours], [], [], PATIENCE_SECONDS)[0], seen
            seen += os.read(ours, 1000)
        os.write(ours, f"{TOKEN}\n".encode())
        process.wait(PATIENCE_SECONDS)
    finally:
        process.kill()
    with open(printed, "rb") as file:
        output = file.read()
    try:
        while more := os.read(ours, 1000):
            seen += more
    except OSError:  # it is closed, and everything was read
        pass
    os.close(ours)
    assert process.returncode == 0, (seen, output)
    assert TOKEN.encode() not in seen + output
    assert call(environment, "check", json.loads(output)["id"])[0] == 0
