"""`python -m gql_app doctor`: each fault is provoked, and named with what to do."""

import json
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from documents.inspection import DatabaseFacts, inspect_database
from gql_app.commands.doctor.verdicts import judge_database, judge_room
from gql_app.local.embedded_mongo import find_mongod
from tests.processes import OUR_ENVIRONMENT, Command, outcome, serving_mock
from tests.waiting import eventually

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving_mock(tmp_path_factory.mktemp("mock"), MOCK_TICKET_COUNT=1) as url:
        yield url


OPENING = """
import asyncio, sys
from documents.database import connect
asyncio.run(connect(*sys.argv[1:], deleted_retention_days=90, quarantine_retention_days=30)).close()
"""


@pytest.fixture(scope="module")
def settings(mongo_url: str, mock: str) -> dict[str, object]:
    """Those of a service that has been started before; nobody changes its database."""
    return opened_once(mongo_url, mock)


def opened_once(mongo_url: str, mock: str) -> dict[str, object]:
    name = f"test_{uuid4().hex[:12]}"
    # In a process of its own: opening a database binds the document classes, which other tests use.
    opened = outcome(OUR_ENVIRONMENT, "-c", OPENING, mongo_url, name)
    assert opened.code == 0, opened.errors
    return {"MONGO_URL": mongo_url, "MONGO_DB": name, "EXTERNAL_API_URL": mock}


@pytest.fixture
def own_settings(mongo_url: str, mock: str) -> dict[str, object]:
    """The same with a database of the test's own."""
    return opened_once(mongo_url, mock)


def examine(home: Path, *, code: int, **settings: object) -> dict[str, Any]:
    """The checks by their names."""
    with Command(home, "-m", "gql_app", "doctor", "--json", **settings) as command:
        assert command.exit_code() == code, command.output
        answer = json.loads(command.output)
    assert answer["ok"] is (code == 0)
    assert all(check["ok"] is (check["remedy"] is None) for check in answer["checks"])
    return {check["name"]: check for check in answer["checks"]}


def wrong(checks: dict[str, Any]) -> set[str]:
    return {name for name, check in checks.items() if not check["ok"]}


@pytest.fixture
def standalone(tmp_path: Path) -> Iterator[str]:
    """A mongod that is no member of a replica set."""
    (tmp_path / "db").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [str(find_mongod()), "--dbpath", str(tmp_path / "db"), "--port", str(port), "--bind_ip", "127.0.0.1"]
    with subprocess.Popen([*command, "--nounixsocket"], stdout=subprocess.DEVNULL) as mongod:
        url = f"mongodb://127.0.0.1:{port}"
        with MongoClient[dict[str, Any]](url) as client:
            eventually(lambda: client.admin.command("ping"))
        yield url
        mongod.terminate()


def test_all_is_well(tmp_path: Path, settings: dict[str, str]) -> None:
    checks = examine(tmp_path, code=0, **settings)
    assert list(checks) == [
        *("settings", "data directory", "database", "version", "transactions", "data", "indexes", "clock", "disk"),
        "external API",
    ]
    with Command(tmp_path, "-m", "gql_app", "doctor", **settings) as command:
        assert command.exit_code() == 0
        lines = command.output.splitlines()
    assert [line.split("  ")[0] for line in lines] == list(checks)
    assert all("  ok  (" in line for line in lines)


def test_a_setting_that_makes_no_sense_is_named(tmp_path: Path, settings: dict[str, str]) -> None:
    checks = examine(tmp_path, code=1, **settings, PORT="eighty")
    assert wrong(checks) == {"settings"}
    assert "PORT: Input should be a valid integer" in checks["settings"]["detail"]


def test_tickets_have_to_come_from_somewhere(tmp_path: Path, settings: dict[str, str]) -> None:
    checks = examine(tmp_path, code=1, **settings | {"EXTERNAL_API_URL": ""})
    assert "nothing says where its tickets come from" in checks["settings"]["detail"]


def test_a_data_directory_that_is_a_file_is_told(tmp_path: Path, settings: dict[str, str]) -> None:
    (tmp_path / "file").touch()
    assert wrong(examine(tmp_path, code=1, **settings, DATA_DIR=tmp_path / "file")) == {"data directory"}


def test_a_database_that_does_not_answer_is_told_beside_the_rest(tmp_path: Path, settings: dict[str, str]) -> None:
    checks = examine(tmp_path, code=1, **settings | {"MONGO_URL": "mongodb://127.0.0.1:1"})
    assert wrong(checks) == {"database"}
    assert "127.0.0.1:1" in checks["database"]["detail"]
    assert checks["external API"]["ok"]


def test_an_external_api_that_does_not_answer_is_told(tmp_path: Path, settings: dict[str, str]) -> None:
    assert wrong(examine(tmp_path, code=1, **settings | {"EXTERNAL_API_URL": NOWHERE})) == {"external API"}


def test_an_external_api_that_is_none_is_told(tmp_path: Path, settings: dict[str, str]) -> None:
    elsewhere = settings["EXTERNAL_API_URL"] + "/nothing-here"
    checks = examine(tmp_path, code=1, **settings | {"EXTERNAL_API_URL": elsewhere})
    assert wrong(checks) == {"external API"}
    assert "404" in checks["external API"]["detail"]


def test_indexes_that_are_not_there_or_other_ones_are_named(tmp_path: Path, own_settings: dict[str, str]) -> None:
    with MongoClient[dict[str, Any]](own_settings["MONGO_URL"]) as client:
        database = client[own_settings["MONGO_DB"]]
        database.tickets.drop_index("tenant_ticket")
        database.tickets.drop_index("purge_deleted")
        database.ingestion_jobs.drop_index("tenant_queued")
        database.ingestion_jobs.create_index("tenant_id", name="tenant_queued")
    checks = examine(tmp_path, code=1, **own_settings)
    assert wrong(checks) == {"indexes"}
    for name in ("tickets.tenant_ticket", "tickets.purge_deleted", "ingestion_jobs.tenant_queued"):
        assert name in checks["indexes"]["detail"]
    assert "newest" not in checks["indexes"]["detail"]


def test_a_new_database_has_no_indexes_yet(tmp_path: Path, settings: dict[str, str]) -> None:
    checks = examine(tmp_path, code=0, **settings | {"MONGO_DB": f"test_{uuid4().hex[:12]}"})
    assert "the first start of the service makes them" in checks["indexes"]["detail"]


def test_a_server_without_transactions_is_told(tmp_path: Path, settings: dict[str, str], standalone: str) -> None:
    checks = examine(tmp_path, code=1, **settings | {"MONGO_URL": standalone})
    assert wrong(checks) == {"transactions"}
    assert "--replSet" in checks["transactions"]["remedy"]


def test_it_starts_what_comes_with_the_service(tmp_path: Path) -> None:
    checks = examine(tmp_path, code=0, MOCK_TICKET_COUNT=1)
    assert checks["database"]["detail"] == "the embedded one answers"
    assert checks["external API"]["detail"] == "the bundled mock answers"


async def facts_of(settings: dict[str, str], ahead: float = 0) -> DatabaseFacts:
    """What is found at the database by a machine whose clock is behind by so many seconds."""
    return await inspect_database(
        settings["MONGO_URL"], settings["MONGO_DB"], lambda: datetime.now(UTC) - timedelta(seconds=ahead)
    )


@pytest.mark.parametrize("ahead", [3600.0, -3600.0])
async def test_clocks_that_disagree_are_told(settings: dict[str, str], ahead: float) -> None:
    found = {check.name: check for check in judge_database(await facts_of(settings, ahead))}
    assert [name for name, check in found.items() if not check.ok] == ["clock"]
    assert ("ahead" if ahead > 0 else "behind") in found["clock"].detail
    assert "NTP" in str(found["clock"].remedy)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("version", {"version": "5.0.9", "is_new_enough": False}),
        ("transactions", {"is_writable": False}),
        ("disk", {"free_bytes": 900_000_000}),
    ],
)
async def test_what_no_server_here_shows_is_told(settings: dict[str, str], name: str, change: dict[str, Any]) -> None:
    found = judge_database(replace(await facts_of(settings), **change))
    assert [check.name for check in found if not check.ok] == [name]


async def test_a_server_that_does_not_say_how_much_room_it_has_is_believed(settings: dict[str, str]) -> None:
    found = judge_database(replace(await facts_of(settings), free_bytes=None, total_bytes=None))
    assert all(check.ok for check in found)


def test_a_data_directory_without_room_is_told() -> None:
    assert not judge_room("data directory", 10_000_000).ok


async def test_looking_changes_nothing(settings: dict[str, str]) -> None:
    name = f"test_{uuid4().hex[:12]}"
    await facts_of(settings | {"MONGO_DB": name})
    with MongoClient[dict[str, Any]](settings["MONGO_URL"]) as client:
        assert name not in client.list_database_names()
