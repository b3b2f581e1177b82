"""The rules on the command line, as real processes, and what becomes of judging anew when its process is killed."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from tests.processes import OUR_ENVIRONMENT, ROOT, Command, outcome
from tests.waiting import eventually

TENANT = "acme"


@pytest.fixture
def environment(tmp_path: Path, mongo_url: str) -> dict[str, str]:
    settings = {"MONGO_URL": mongo_url, "MONGO_DB": f"test_{uuid4().hex[:12]}", "DATA_DIR": str(tmp_path)}
    return {**OUR_ENVIRONMENT, **settings, "PYTHONPATH": str(ROOT), "EXTERNAL_API_URL": "mock", "COLUMNS": "80"}


@pytest.fixture
def database(environment: dict[str, str]) -> Iterator[Any]:
    with MongoClient[dict[str, Any]](environment["MONGO_URL"], tz_aware=True) as client:
        yield client[environment["MONGO_DB"]]


def call(environment: dict[str, str], *arguments: str) -> tuple[int, str]:
    """The exit code, and what was printed."""
    code, printed, complaints = outcome(environment, "-m", "gql_app", "rules", *arguments)
    return code, printed or complaints


def insert(database: Any, count: int) -> None:
    """Tickets that an earlier version has judged, as low."""
    first = datetime(2026, 1, 1, tzinfo=UTC)
    database.tickets.insert_many(
        {
            "tenant_id": TENANT,
            "external_id": f"t{number:05}",
            "subject": f"Ticket {number}",
            "status": "open",
            "message": "The server is down for everybody.",
            "urgency": "low",
            "sentiment": "neutral",
            "created_at": first + timedelta(minutes=number),
            "first_ingested_at": first,
            "requires_action": False,
        }
        for number in range(count)
    )


def test_check_says_what_is_wrong_and_exits_with_it(environment: dict[str, str]) -> None:
    code, printed = call(environment, "check")
    assert code == 0, printed
    assert "can be used" in printed
    code, printed = call(environment, "check", "--json")
    assert code == 0
    assert all(json.loads(line)["is_remark"] for line in printed.splitlines())


def test_diff_shows_what_apply_then_does(environment: dict[str, str], database: Any) -> None:
    insert(database, 30)
    code, printed = call(environment, "diff", TENANT)
    assert code == 0, printed
    assert "acme: of 30 tickets 30 would change, and 30 become urgent" in printed
    assert all(len(line) <= 80 for line in printed.splitlines()[1:])
    (preview,) = map(json.loads, call(environment, "diff", "--json")[1].splitlines())
    assert database.tickets.count_documents({"urgency": "high"}) == 0

    code, printed = call(environment, "apply", TENANT, "--json")
    assert code == 0, printed
    done = json.loads(printed)
    assert (done["state"], done["total"], done["done"], done["raised"]) == ("done", 30, 30, preview["raised"])
    assert database.tickets.count_documents({"urgency": "high", "rules_version": preview["version"]}) == 30
    assert database.notifications.count_documents({}) == 0
    code, printed = call(environment, "show", TENANT)
    assert code == 0
    assert "done" in printed


def test_an_unknown_tenant_is_told(environment: dict[str, str], database: Any) -> None:
    insert(database, 1)
    code, printed = call(environment, "apply", "acmee")
    assert code == 1
    assert "Is 'acme' meant?" in printed


def test_killed_in_the_middle_it_goes_on_and_every_ticket_is_judged_once(
    environment: dict[str, str], database: Any
) -> None:
    insert(database, 1_200)
    with Command(Path(environment["DATA_DIR"]), "-m", "gql_app", "rules", "apply", TENANT, **environment):
        eventually(lambda: database.ticket_history.count_documents({}) >= 200)
    half = database.ticket_history.count_documents({})

    code, printed = call(environment, "apply", TENANT, "--json")
    assert code == 0, printed
    assert 200 <= half < 1_200
    assert database.tickets.count_documents({"urgency": "high"}) == 1_200
    assert database.ticket_history.count_documents({}) == 1_200
    assert len(database.ticket_history.distinct("ticket_id")) == 1_200
