"""A start that takes long, as stored data has to be brought to the program's version first, and is told to stop."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from tests.processes import Command
from tests.waiting import PATIENCE_SECONDS, eventually

MIGRATING = """
from documents.rate_limit import RateLimit
from services.migration.migrations import Migration, MigrationStep
from services.migration.migrator import Migrator

async def step(database, place, session):
    rows = database.collection(RateLimit)
    row = await rows.find_one({"_id": {"$gt": place or ""}, "done": None}, sort=[("_id", 1)], session=session)
    if row is None:
        return MigrationStep(None, 0)
    await rows.update_one({"_id": row["_id"]}, {"$inc": {"done": 1}}, session=session)
    await rows.find_one({"_id": row["_id"], "$where": f"sleep({row['takes']}) || true"}, session=session)
    return MigrationStep(row["_id"], 1)

Migrator.__init__.__kwdefaults__["migrations"] = [Migration(9, "each is done", step, before_serving=True)]
from gql_app.commands.cli import main
main()
"""
"""The program with one more migration; its steps keep MongoDB busy for as long as their rows say."""
ROWS = 12
LONG = int(PATIENCE_SECONDS * 10 * 1000)
"""Milliseconds after which nobody waits any more."""


@pytest.fixture
def stored(mongo_url: str) -> Iterator[Database[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](mongo_url) as client:
        database = client[f"test_{uuid4().hex[:12]}"]
        yield database


@contextmanager
def open_transaction(stored: Database[dict[str, Any]], collection: str) -> Iterator[None]:
    """Inside, a transaction is open that has written; it fails where MongoDB has ended it, which it does after 60 s."""
    with stored.client.start_session() as session, session.start_transaction():
        stored[collection].insert_one({"tenant_id": "acme"}, session=session)
        yield


def settings_of(stored: Database[dict[str, Any]], mongo_url: str) -> dict[str, object]:
    return {"MONGO_URL": mongo_url, "MONGO_DB": stored.name, "EXTERNAL_API_URL": "http://127.0.0.1:1", "PORT": 0}


@pytest.mark.parametrize(("command", "takes"), [("serve", 1_000), ("worker", LONG)], ids=["steps", "a step"])
def test_a_start_that_migrates_stops_when_told_to_and_the_next_one_goes_on(
    command: str, takes: int, mongo_url: str, stored: Database[dict[str, Any]], tmp_path: Path
) -> None:
    rows, settings = stored["rate_limits"], settings_of(stored, mongo_url)
    rows.insert_many([{"_id": f"{number:04}", "takes": takes if number > 1 else 1} for number in range(LONG // 1_000)])
    with Command(tmp_path, "-c", MIGRATING, command, **settings) as started:
        eventually(lambda: rows.count_documents({"done": 1}) >= 2)
        with open_transaction(stored, "others"):
            started.stop()
        assert (started.exit_code(), "Error" in started.output) == (0, False)
    done = rows.count_documents({"done": 1})
    assert 2 <= done < ROWS
    assert stored["schema_version"].find_one({"version": 9}) is None
    rows.delete_many({"_id": {"$gte": f"{ROWS:04}"}})
    rows.update_many({}, {"$set": {"takes": 1}})
    with Command(tmp_path, "-c", MIGRATING, command, **settings) as again:
        eventually(lambda: stored["schema_version"].find_one({"version": 9}))
        again.stop()
    assert [row["done"] for row in rows.find()] == [1] * ROWS


def test_a_start_that_waits_for_indexes_stops_when_told_to(
    mongo_url: str, stored: Database[dict[str, Any]], tmp_path: Path
) -> None:
    stored["tickets"].insert_one({"tenant_id": "acme"})

    def is_waiting() -> bool:
        asked = {"command.createIndexes": "tickets", "command.$db": stored.name}
        return bool(stored.client.admin.aggregate([{"$currentOp": {}}, {"$match": asked}]).to_list())

    with (
        open_transaction(stored, "tickets"),
        Command(tmp_path, "-m", "gql_app", "serve", **settings_of(stored, mongo_url)) as started,
    ):
        eventually(is_waiting)
        started.stop()
        assert (started.exit_code(), "Error" in started.output) == (0, False)
