"""Databases that earlier versions have written, under the service of today: all of it is there, and counted right."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import pytest
from pymongo import MongoClient
from pymongo.database import Database

from documents.schema_version import KNOWN_VERSION
from tests.old_databases import OLD_DATABASES, Rows, put_back
from tests.processes import Command
from tests.waiting import PATIENCE_SECONDS, eventually

TENANTS = ("acme", "globex")
NOWHERE = "http://127.0.0.1:1"
COUNTED = ("status", "urgency", "sentiment", "source")


class Upgraded(NamedTuple):
    """An old database that today's service serves."""

    rows: Rows
    """As they were."""
    stored: Database[dict[str, Any]]
    """As they are."""
    service: httpx.Client

    def live(self, tenant_id: str) -> list[dict[str, Any]]:
        """The tenant's tickets that were not deleted, as they were."""
        return [row for row in self.rows["tickets"] if row["tenant_id"] == tenant_id and not row.get("deleted_at")]

    def get(self, path: str, **query: Any) -> Any:
        answer = self.service.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def start(mongo_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Upgraded]]:
    """All of them, each under a service and worker of its own; they start at the same time."""
    with MongoClient(mongo_url) as client:
        names = {old: f"test_{uuid4().hex[:12]}" for old in OLD_DATABASES}
        rows = {old: put_back(old, client[name]) for old, name in names.items()}
        settings = {"MONGO_URL": mongo_url, "EXTERNAL_API_URL": NOWHERE, "UPSTREAM_PATIENCE_SECONDS": 1, "PORT": 0}
        make = partial(Command, **{**settings, "REQUESTS_PER_MINUTE": 0})
        commands = {
            old: make(tmp_path_factory.mktemp("upgrade"), "-m", "gql_app", "serve", MONGO_DB=name)
            for old, name in names.items()
        }
        try:
            yield {
                old: Upgraded(
                    rows[old], client[names[old]], httpx.Client(base_url=command.url(), timeout=PATIENCE_SECONDS)
                )
                for old, command in commands.items()
            }
        finally:
            for command in commands.values():
                command.kill()


@pytest.fixture(params=OLD_DATABASES)
def old(request: pytest.FixtureRequest, start: dict[str, Upgraded]) -> Upgraded:
    return start[request.param]


@pytest.mark.parametrize("tenant_id", TENANTS)
def test_all_tickets_are_listed_and_each_is_counted_once(old: Upgraded, tenant_id: str) -> None:
    live = old.live(tenant_id)
    listed = old.get("/tickets", tenant_id=tenant_id, page_size=100)
    assert {ticket["external_id"] for ticket in listed["tickets"]} == {row["external_id"] for row in live}
    # Only what the rules say of them may have changed.
    now = list(
        old.stored["tickets"].find({"tenant_id": tenant_id, "external_id": {"$in": [_id_of(row) for row in live]}})
    )
    stats = old.get(f"/tenants/{tenant_id}/stats")
    assert stats["total_tickets"] == len(live)
    for field in ("status", "source"):
        assert sorted(row[field] for row in now) == sorted(row[field] for row in live)
    for field in COUNTED:
        told = stats[f"by_{field}"]
        assert {name: count for name, count in told.items() if count} == Counter(row[field] for row in now), field


def test_each_ticket_is_found_by_its_subject(old: Upgraded) -> None:
    eventually(lambda: not any(backlogs(old).values()))
    for tenant_id in TENANTS:
        for row in old.live(tenant_id):
            words = " ".join(re.findall(r"\w{5,}", row["subject"])) or row["subject"]
            found = old.get("/tickets", tenant_id=tenant_id, q=words, page_size=100)
            assert _id_of(row) in {ticket["external_id"] for ticket in found["tickets"]}, words


def test_the_history_of_each_ticket_is_told(old: Upgraded) -> None:
    for tenant_id in TENANTS:
        for row in old.live(tenant_id):
            was = [each for each in old.rows["ticket_history"] if each["ticket_id"] == _id_of(row)]
            told = old.get(f"/tickets/{_id_of(row)}/history", tenant_id=tenant_id)["history"]
            before = [each["action"] for each in told if each["job_id"] is not None]
            assert sorted(before) == sorted(each["action"] for each in was)


@pytest.mark.parametrize("tenant_id", TENANTS)
def test_runs_and_refused_records_are_told(old: Upgraded, tenant_id: str) -> None:
    def ids(collection: str) -> set[str]:
        return {row["_id"] for row in old.rows[collection] if row["tenant_id"] == tenant_id}

    logs = old.get("/ingest/logs", tenant_id=tenant_id)["logs"]
    assert ids("ingestion_logs") <= {log["job_id"] for log in logs}
    eventually(lambda: old.stored["schema_version"].find_one({"version": KNOWN_VERSION}))
    refused = old.get("/ingest/quarantine", tenant_id=tenant_id)["records"]
    assert len(refused) == len(ids("quarantined_records")) > 0
    of_a_run = old.get("/ingest/quarantine", tenant_id=tenant_id, job_id=refused[0]["job_id"])["records"]
    assert refused[0] in of_a_run


def test_a_run_that_was_never_begun_is_begun(old: Upgraded) -> None:
    (queued,) = [row["_id"] for row in old.rows["ingestion_jobs"] if row.get("active")]
    ended = eventually(lambda: (told := old.get(f"/ingest/progress/{queued}"))["status"] == "failed" and told)
    assert ended["error"]


def test_notifications_are_told(old: Upgraded) -> None:
    was = {row["_id"] for row in old.rows.get("notifications", []) if row["tenant_id"] == "acme"}
    assert {row["id"] for row in old.get("/notifications", tenant_id="acme")["notifications"]} >= was


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_program_that_is_older_than_the_data_does_not_touch_it(command: str, mongo_url: str, tmp_path: Path) -> None:
    with MongoClient(mongo_url) as client:
        database = client[f"test_{uuid4().hex[:12]}"]
        newer = {"_id": "data", "version": KNOWN_VERSION + 2, "needs": KNOWN_VERSION + 1}
        database["schema_version"].insert_one(newer)
        settings = {"MONGO_URL": mongo_url, "MONGO_DB": database.name, "EXTERNAL_API_URL": NOWHERE, "PORT": 0}
        with Command(tmp_path, "-m", "gql_app", command, **settings) as started:
            assert started.exit_code() == 2
            (line,) = started.output.splitlines()
        assert line.startswith(f"Error: the database is of version {KNOWN_VERSION + 2} and this program knows version ")
        assert database.list_collection_names() == ["schema_version"]
        with Command(tmp_path, "-m", "gql_app", "doctor", **settings) as doctor:
            assert doctor.exit_code() == 1
            assert "Use a newer version of the service" in doctor.output


def backlogs(old: Upgraded) -> dict[str, int]:
    answer = old.service.post("/graphql", json={"query": "{ tenants { tenantId searchBacklog } }"}).json()
    return {each["tenantId"]: each["searchBacklog"] for each in answer["data"]["tenants"]}


def _id_of(row: dict[str, Any]) -> str:
    return str(row["external_id"])
