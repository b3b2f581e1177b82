"""`python -m gql_app notifications`: real processes on a real database."""

import base64
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from services.notifications.outbox import notification_row
from tests.processes import Command
from tests.receiver import receiving

MATCHED = [{"rule": "outage", "keyword": "down", "text": "down"}]


@pytest.fixture(scope="module")
def environment(mongo_url: str) -> dict[str, object]:
    name = f"test_{uuid4().hex[:12]}"
    return {"MONGO_URL": mongo_url, "MONGO_DB": name, "EXTERNAL_API_URL": "http://127.0.0.1:1"}


@pytest.fixture
def stored(environment: dict[str, Any]) -> Iterator[Database[dict[str, Any]]]:
    """Two dead letters of acme and one of another tenant."""
    with MongoClient(environment["MONGO_URL"]) as client:
        database = client[environment["MONGO_DB"]]
        for tenant, ticket in (("acme", "T-1"), ("acme", "T-2"), ("other", "T-3")):
            row = notification_row(tenant, ticket, version="v", matched=MATCHED, now=datetime.now(UTC))
            database.notifications.insert_one(row | {"state": "dead", "last_error": "status 400: [bold]no"})
        yield database
        database.notifications.delete_many({})


def test_the_list_shows_the_tenants_dead_letters_and_why(
    tmp_path: Path, environment: dict[str, object], stored: Database[dict[str, Any]]
) -> None:
    arguments = ("notifications", "list", "acme", "--state", "dead")
    with Command(tmp_path, "-m", "gql_app", *arguments, **environment, COLUMNS=40) as command:
        assert command.exit_code() == 0
        output = command.output
    for row in stored.notifications.find({"tenant_id": "acme"}):
        assert row["_id"] in output  # whole, however narrow the terminal is
    assert "T-1" in output
    assert "T-3" not in output
    assert "status 400: [bold]no" in output
    assert "0 pending, 0 delivered, 2 dead" in output


@pytest.mark.parametrize(("arguments", "count"), [([], 3), (["--tenant", "acme"], 2), (["--tenant", "nobody"], 0)])
def test_dead_letters_are_redriven(
    tmp_path: Path,
    environment: dict[str, object],
    stored: Database[dict[str, Any]],
    arguments: list[str],
    count: int,
) -> None:
    with Command(tmp_path, "-m", "gql_app", "notifications", "redrive", *arguments, **environment) as command:
        assert command.exit_code() == 0
        assert f"{count} redriven." in command.output
    assert stored.notifications.count_documents({"state": "pending"}) == count


def test_one_dead_letter_is_redriven_once(
    tmp_path: Path, environment: dict[str, object], stored: Database[dict[str, Any]]
) -> None:
    row = stored.notifications.find_one({"ticket_id": "T-1"})
    assert row is not None
    call = ("-m", "gql_app", "notifications", "redrive", row["_id"])
    with Command(tmp_path, *call, **environment) as command:
        assert command.exit_code() == 0
    with Command(tmp_path, *call, **environment) as command:
        assert command.exit_code() == 2
        assert "Error: The notification is no dead letter: pending." in command.output


def test_the_list_can_be_read_by_programs(
    tmp_path: Path, environment: dict[str, object], stored: Database[dict[str, Any]]
) -> None:
    stored.notifications.update_one(
        {"ticket_id": "T-1"}, {"$set": {"state": "pending", "due_at": datetime(2000, 1, 1, tzinfo=UTC)}}
    )
    arguments = ("notifications", "list", "acme", "--json", "--ticket", "T-1")
    with Command(tmp_path, "-m", "gql_app", *arguments, **environment) as command:
        assert command.exit_code() == 0
        found = [json.loads(line) for line in command.output.splitlines() if line.startswith("{")]
    assert [(each["ticket_id"], each["waits_for"]) for each in found] == [("T-1", "its turn")]


def test_some_dead_letters_are_redriven(
    tmp_path: Path, environment: dict[str, object], stored: Database[dict[str, Any]]
) -> None:
    stored.notifications.update_one({"ticket_id": "T-1"}, {"$set": {"last_status": 503}})
    arguments = ("notifications", "redrive", "--tenant", "acme", "--status", "503")
    with Command(tmp_path, "-m", "gql_app", *arguments, **environment) as command:
        assert command.exit_code() == 0
        assert "1 redriven." in command.output


def test_a_destination_is_kept_by_commands(tmp_path: Path, environment: dict[str, object]) -> None:
    key = base64.b64encode(bytes(32)).decode()
    given = {**environment, "SECRETS_KEY": key, "ALLOW_PRIVATE_DESTINATIONS": "true"}

    def call(*arguments: str) -> tuple[int, str]:
        with Command(tmp_path, "-m", "gql_app", "destinations", *arguments, **given) as command:
            return command.exit_code(), command.output

    with receiving() as receiver:
        code, output = call("add", "acme", receiver.url)
        assert (code, "secret, never shown again: whsec_" in output) == (0, True)
        name = re.findall(r"dst_[0-9a-f]{32}", output)[0]
        assert call("test", name)[0] == 0
        receiver.answer = lambda received: 404
        assert call("test", name) == (1, "Not taken: status 404: ok\n")
        assert re.search(f"{name} +webhook +- +yes +yes +{receiver.url}", call("change", name, "--pause")[1])
        code, output = call("list", "acme")
        assert (code, "whsec_" in output, name in output) == (0, False, True)
        code, output = call("add", "acme", "http://10.0.0.1/")
        assert (code, "Error: An address begins with https://." in output) == (2, True)
        assert call("remove", name) == (0, f"{name} removed.\n")
        assert call("remove", name)[0] == 2
