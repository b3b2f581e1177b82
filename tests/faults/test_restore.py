"""The drill: a backup in the middle of a run, the database lost, the backup put back, the run gone on with."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from bson import decode_all, json_util
from pymongo import MongoClient

from gql_app.local.embedded_mongo import start
from tests.processes import HTTP, Command, serving_mock
from tests.waiting import eventually

TENANT = "tenant_a"
HELD_PAGE = 12
"""Is not answered: the run cannot come to its end before the database is lost, however slow a backup is."""
Database = Any


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Another MongoDB, to restore into."""
    server = start(tmp_path_factory.mktemp("elsewhere"))
    yield server.url
    server.close()


def commanded(home: Path, *arguments: str, code: int = 0, **settings: object) -> str:
    with Command(home, "-m", "gql_app", *arguments, **settings) as command:
        assert command.exit_code() == code, command.output
        return command.output


def job_of(database: Database) -> dict[str, Any]:
    return database["ingestion_jobs"].find_one({"tenant_id": TENANT}) or {}


def upstream_ids(upstream: str) -> set[str]:
    ids: set[str] = set()
    page: int | None = 1
    while page is not None:
        query: dict[str, str | int] = {"tenant_id": TENANT, "page": page, "page_size": 100}
        answer = HTTP.get(f"{upstream}/external/support-tickets", params=query).json()
        ids |= {ticket["id"] for ticket in answer["tickets"]}
        page = answer["next_page"]
    return ids


def lost_in_the_middle(home: Path, settings: dict[str, object], database: Database, backup: Path) -> str:
    """A run, a backup that is made meanwhile, and later in the run the loss of all; the run's id."""
    held = {"page": HELD_PAGE, "delay_ms": 600_000}  # only once: the next run gets it
    HTTP.post(f"{settings['EXTERNAL_API_URL']}/_control/script", json=[held]).raise_for_status()
    with Command(home, "-m", "gql_app", "ingest", TENANT, **settings) as running:
        eventually(lambda: job_of(database).get("processed_pages", 0) >= 3, lambda: running.output)
        commanded(home, "backup", str(backup), **settings)
        eventually(lambda: job_of(database)["processed_pages"] == HELD_PAGE - 1, lambda: running.output)
        running.kill()
    lost = job_of(database)
    database.client.drop_database(database.name)
    return str(lost["_id"])


def test_a_run_goes_on_from_a_backup_that_was_made_meanwhile(tmp_path: Path, mongo_url: str, elsewhere: str) -> None:
    name, backup = f"test_{uuid4().hex[:12]}", tmp_path / "backup"
    usual = {"MONGO_DB": name, "PAGE_SIZE": 5, "RATE_LIMIT_PER_MINUTE": 0}
    mock = {"MOCK_TICKET_COUNT": 200, "MOCK_LATENCY_MS": 50, "MOCK_NOTIFY_MODE": "healthy", "MOCK_CONTROL": True}
    with serving_mock(tmp_path, **mock) as upstream, MongoClient(mongo_url) as client, MongoClient(elsewhere) as other:
        settings = {**usual, "EXTERNAL_API_URL": upstream}
        job_id = lost_in_the_middle(tmp_path, {**settings, "MONGO_URL": mongo_url}, client[name], backup)
        there = {**settings, "MONGO_URL": elsewhere}
        told = json.loads(commanded(tmp_path, "restore", str(backup), "--json", **there))
        restored = job_of(other[name])
        assert (restored["_id"], restored["active"]) == (job_id, True)
        assert told["rows"]["tickets"] == other[name]["tickets"].count_documents({}) == restored["new_ingested"]
        assert 3 * 5 <= restored["new_ingested"] <= (HELD_PAGE - 1) * 5
        assert other[name]["distributed_locks"].count_documents({"holder": {"$ne": None}}) == 0
        assert other[name]["notifications"].count_documents({"claim": {"$ne": None}}) == 0

        with Command(tmp_path, "-m", "gql_app", "worker", **there) as worker:
            eventually(lambda: "active" not in job_of(other[name]), lambda: worker.output)
            eventually(lambda: not other[name]["notifications"].count_documents({"state": "pending"}))
        all_is_there_once(other[name], job_id, upstream_ids(upstream))


def all_is_there_once(database: Database, job_id: str, expected: set[str]) -> None:
    """The run has ended as if nothing had been lost."""
    job = job_of(database)
    assert (job["_id"], job["status"], job["new_ingested"]) == (job_id, "completed", len(expected))
    assert sorted(row["external_id"] for row in database["tickets"].find()) == sorted(expected)
    created = database["ticket_history"].find({"action": "created"})
    assert sorted(row["ticket_id"] for row in created) == sorted(expected)
    assert [log["_id"] for log in database["ingestion_logs"].find()] == [job_id]
    urgent = {row["external_id"] for row in database["tickets"].find({"urgency": "high"})}
    told = [row["ticket_id"] for row in database["notifications"].find({"state": "delivered"})]
    assert urgent
    assert sorted(told) == sorted(urgent)


def test_files_are_those_that_mongorestore_reads_and_a_changed_one_is_noticed(tmp_path: Path, mongo_url: str) -> None:
    with MongoClient(mongo_url) as client:
        name = f"test_{uuid4().hex[:12]}"
        rows = [{"_id": number, "text": "x" * number} for number in range(2_500)]
        client[name]["rows"].insert_many(rows)
        client[name]["rows"].create_index([("text", 1), ("_id", -1)], name="texts", sparse=True)
        settings = {"MONGO_URL": mongo_url, "MONGO_DB": name}
        commanded(tmp_path, "backup", "backup", **settings)
        assert "is there already" in commanded(tmp_path, "backup", "backup", code=2, **settings)
        folder = tmp_path / "backup" / name
        assert decode_all((folder / "rows.bson").read_bytes()) == rows
        told = json_util.loads((folder / "rows.metadata.json").read_text())
        assert [index["key"] for index in told["indexes"]] == [{"_id": 1}, {"text": 1, "_id": -1}]
        assert {path.stat().st_mode & 0o077 for path in folder.iterdir()} == {0}

        client.drop_database(name)
        commanded(tmp_path, "restore", "backup", **settings)
        assert list(client[name]["rows"].find()) == rows
        assert client[name]["rows"].index_information()["texts"]["sparse"]
        refusal = commanded(tmp_path, "restore", "backup", code=2, **settings)
        assert f"the database {name} is not empty" in refusal

        client.drop_database(name)
        (folder / "rows.bson").write_bytes((folder / "rows.bson").read_bytes()[:-4])
        assert "is not as it was written" in commanded(tmp_path, "restore", "backup", code=2, **settings)
        assert client[name].list_collection_names() == []


def test_nobody_works_on_a_backup_that_is_not_wholly_restored_or_backs_it_up(tmp_path: Path, mongo_url: str) -> None:
    with MongoClient(mongo_url) as client:
        name = f"test_{uuid4().hex[:12]}"
        client[name]["schema_version"].insert_one({"_id": "restoring"})
        settings = {"MONGO_URL": mongo_url, "MONGO_DB": name}
        refusal = commanded(tmp_path, "tenants", "list", code=2, **settings)
        assert f"a backup is being restored into the database {name}" in refusal
        refusal = commanded(tmp_path, "backup", "half", code=2, **settings)
        assert f"no backup was made: a backup is being restored into the database {name}" in refusal
        client.drop_database(name)
        refusal = commanded(tmp_path, "backup", "nothing", code=2, **settings)
        assert f"no backup was made: there is no database {name}" in refusal
        assert not list(tmp_path.glob("half*")) + list(tmp_path.glob("nothing*"))
