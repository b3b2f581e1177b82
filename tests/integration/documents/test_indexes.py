"""Indexes at start: what was declared otherwise by an earlier version is replaced, what others made stays."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from pymongo import MongoClient

from documents.ticket import Ticket
from documents.ticket_indexes import COUNTED_INDEX
from tests.processes import OUR_ENVIRONMENT, outcome


@pytest.fixture
def name(mongo_url: str) -> Iterator[str]:
    """The name of a database that is not there yet."""
    name = f"test_{uuid4().hex[:12]}"
    yield name
    with MongoClient(mongo_url) as client:
        client.drop_database(name)


OPEN = """
import asyncio, sys
from documents.database import connect

async def main():
    (await connect(*sys.argv[1:])).close()

asyncio.run(main())
"""


def keys_after_start(mongo_url: str, name: str) -> dict[str, list[str]]:
    """Open the database as a start does; in a process of its own, as that binds the document classes to it."""
    opened = outcome(OUR_ENVIRONMENT, "-c", OPEN, mongo_url, name)
    assert opened.code == 0, opened.errors
    with MongoClient(mongo_url) as client:
        found = client[name].tickets.index_information()
    return {index: [key for key, _ in one["key"]] for index, one in found.items()}


def test_an_index_with_other_keys_is_made_anew(mongo_url: str, name: str) -> None:
    with MongoClient(mongo_url) as client:
        client[name].tickets.create_index([("tenant_id", 1), ("status", 1)], name=COUNTED_INDEX)
    declared = next(index for index in Ticket.Settings.indexes if index.document["name"] == COUNTED_INDEX)
    assert keys_after_start(mongo_url, name)[COUNTED_INDEX] == list(declared.document["key"])


def test_an_index_of_earlier_versions_is_dropped(mongo_url: str, name: str) -> None:
    with MongoClient(mongo_url) as client:
        keys = [("tenant_id", 1), ("subject", "text"), ("message", "text")]
        client[name].tickets.create_index(keys, name="tenant_text", language_override="text_search_language")
    assert "tenant_text" not in keys_after_start(mongo_url, name)


def test_an_index_with_other_options_is_told(mongo_url: str, name: str) -> None:
    """Whether it may go is the operator's to say: it may be what keeps their rows apart."""
    declared = next(index for index in Ticket.Settings.indexes if index.document["name"] == COUNTED_INDEX)
    with MongoClient(mongo_url) as client:
        client[name].tickets.create_index(list(declared.document["key"].items()), name=COUNTED_INDEX, unique=True)
    opened = outcome(OUR_ENVIRONMENT, "-c", OPEN, mongo_url, name)
    assert opened.code != 0
    assert COUNTED_INDEX in opened.errors


def test_the_indexes_of_others_stay(mongo_url: str, name: str) -> None:
    with MongoClient(mongo_url) as client:
        client[name].tickets.create_index([("colour", 1)], name="their_own")
    assert keys_after_start(mongo_url, name)["their_own"] == ["colour"]


def test_a_second_start_changes_no_index(mongo_url: str, name: str) -> None:
    first = keys_after_start(mongo_url, name)
    with MongoClient(mongo_url) as client:
        before = client[name].command("serverStatus")["metrics"]["commands"]["dropIndexes"]["total"]
        assert keys_after_start(mongo_url, name) == first
        assert client[name].command("serverStatus")["metrics"]["commands"]["dropIndexes"]["total"] == before
