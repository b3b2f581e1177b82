"""Erasing on the command line, as real processes, and what becomes of it when its process is killed."""

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

THEM, OTHERS = "cust-erased-77", "cust-2"
WORD = "zyxmarkerword"


@pytest.fixture
def environment(tmp_path: Path, mongo_url: str) -> dict[str, str]:
    settings = {"MONGO_URL": mongo_url, "MONGO_DB": f"test_{uuid4().hex[:12]}", "DATA_DIR": str(tmp_path)}
    more = {"PYTHONPATH": str(ROOT), "EXTERNAL_API_URL": "mock", "COLUMNS": "80", "LOCK_TTL_SECONDS": "2"}
    return {**OUR_ENVIRONMENT, **settings, **more}


@pytest.fixture
def database(environment: dict[str, str]) -> Iterator[Any]:
    with MongoClient[dict[str, Any]](environment["MONGO_URL"], tz_aware=True) as client:
        yield client[environment["MONGO_DB"]]


def call(environment: dict[str, str], *arguments: str) -> tuple[int, str]:
    """The exit code, and what was printed."""
    code, printed, complaints = outcome(environment, "-m", "gql_app", *arguments)
    return code, printed or complaints


def insert(database: Any, customer: str, count: int) -> None:
    first = datetime(2026, 1, 1, tzinfo=UTC)
    database.tickets.insert_many(
        {
            "tenant_id": "acme",
            "external_id": f"{customer}-{number}",
            "customer_id": customer,
            "subject": WORD if customer == THEM else "Help",
            "status": "open",
            "urgency": "low",
            "sentiment": "neutral",
            "created_at": first + timedelta(minutes=number),
        }
        for number in range(count)
    )


def test_an_erasure_whose_process_is_killed_is_finished_by_the_next(environment: dict[str, str], database: Any) -> None:
    insert(database, THEM, 600)
    insert(database, OTHERS, 10)
    code, complaint = call(environment, "erase", "customer", "acme", THEM)
    assert code == 2, complaint
    assert "--yes" in complaint

    with Command(
        Path(environment["DATA_DIR"]), "-m", "gql_app", "erase", "customer", "acme", THEM, "--yes", **environment
    ):
        eventually(lambda: 0 < database.tickets.count_documents({"customer_id": THEM}) < 600)
    assert database.tickets.count_documents({"customer_id": THEM}) > 0

    code, printed = call(environment, "erase", "customer", "acme", THEM, "--yes", "--json")
    assert code == 0, printed
    listed = [json.loads(line) for line in call(environment, "erase", "list", "acme", "--json")[1].splitlines()]
    assert {each["state"] for each in listed} == {"done"}
    assert sum(each["counts"].get("tickets", 0) for each in listed) == 600
    assert database.tickets.count_documents({}) == 10
    for name in database.list_collection_names():
        assert not any(text in repr(row) for row in database[name].find() for text in (THEM, WORD)), name
    code, printed = call(environment, "audit", "acme", "--json")
    assert [json.loads(line)["action"] for line in printed.splitlines()] == ["customer_erased"] * 2
