"""What every test can ask for. Real MongoDB, the real application; only time and the external API are stand-ins."""

import os
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

from documents import ALL_DOCUMENTS
from documents.database import Database, connect
from gql_app.embedded_mongo import start
from gql_app.settings import Settings


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> None:
    """Settings come from the tests, not from the environment that they happen to run in."""
    for name in Settings.model_fields:
        os.environ.pop(name.upper(), None)


@pytest.fixture(scope="session")
def mongo_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A MongoDB of the tests' own."""
    server = start(tmp_path_factory.mktemp("mongodb"))
    yield server.url
    server.close()


@pytest.fixture(scope="session")
async def database(mongo_url: str) -> AsyncIterator[Database]:
    """An open database with all indexes; what is in it is left over from other tests."""
    database = await connect(mongo_url, f"test_{uuid4().hex[:12]}")
    yield database
    database.close()


@pytest.fixture
async def db(database: Database) -> Database:
    """The open database, empty."""
    for document in ALL_DOCUMENTS:
        await database.collection(document).delete_many({})
    return database
