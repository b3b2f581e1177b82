"""Looks at a database without changing anything: what `Database` would find there, and whether it is as declared."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo import IndexModel
from pymongo.errors import OperationFailure

from documents.all_documents import ALL_DOCUMENTS
from documents.database import OLDEST_WIRE_VERSION, is_transactional
from documents.driver import ClientDatabase, Driver, Row
from documents.indexes import PURGE_DELETED_INDEX, PURGE_QUARANTINED_INDEX
from documents.opening import plain_driver
from documents.quarantined_record import QuarantinedRecord
from documents.schema_version import read_schema_version
from documents.ticket import Ticket

_OF_SETTINGS = {Ticket: PURGE_DELETED_INDEX, QuarantinedRecord: PURGE_QUARANTINED_INDEX}
"""Indexes that are not declared on the documents, as their retention is a setting."""


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """What was found at a database."""

    version: str
    is_new_enough: bool
    is_transactional: bool
    is_writable: bool
    """Whether there is a primary that takes writes."""
    seconds_ahead: float
    """Its clock's difference to ours."""
    data_version: int
    """Which migration its data is of."""
    needed_version: int
    """Programs that know no version as high may not work on it."""
    is_empty: bool
    """Whether none of our collections is there."""
    missing_indexes: tuple[str, ...]
    """As `collection.index`: those that are not there, or not as they are declared."""
    free_bytes: int | None
    """Of the disk that holds it; None where it does not say."""
    total_bytes: int | None


async def inspect_database(url: str, name: str, now: Callable[[], datetime]) -> DatabaseFacts:
    """Look at a database. `now`: the clock that the server's is compared with.

    Raises:
        DatabaseUnavailableError: the URL is malformed, or no server that lets us in answers within 2 s.
    """
    async with plain_driver(url) as driver:
        return await _facts(driver, driver.client[name], now)


async def _facts(driver: Driver, database: ClientDatabase, now: Callable[[], datetime]) -> DatabaseFacts:
    await driver.client.admin.command("ping")  # connects, so that the next answer takes no longer than it takes
    before = now()
    hello = await driver.client.admin.command("hello")
    halfway = before + (now() - before) / 2
    missing = {document: await _missing(database, document) for document in ALL_DOCUMENTS}
    names = set(await database.list_collection_names())
    schema = await read_schema_version(database)
    disk = await _disk(database) or await _disk(driver.client.admin)
    return DatabaseFacts(
        version=(await driver.client.admin.command("buildInfo"))["version"],
        is_new_enough=hello["maxWireVersion"] >= OLDEST_WIRE_VERSION,
        is_transactional=is_transactional(hello),
        is_writable=bool(hello.get("isWritablePrimary")),
        seconds_ahead=(hello["localTime"].replace(tzinfo=UTC) - halfway).total_seconds(),
        data_version=schema.version,
        needed_version=schema.needs,
        is_empty=names.isdisjoint(_name(document) for document in ALL_DOCUMENTS),
        missing_indexes=tuple(f"{_name(document)}.{index}" for document, found in missing.items() for index in found),
        free_bytes=None if disk is None else int(disk["fsTotalSize"] - disk["fsUsedSize"]),
        total_bytes=None if disk is None else int(disk["fsTotalSize"]),
    )


async def _missing(database: ClientDatabase, document: Any) -> list[str]:
    existing = await database[_name(document)].index_information()
    declared: list[IndexModel] = getattr(document.Settings, "indexes", [])
    keys = {index.document["name"]: list(index.document["key"].items()) for index in declared}
    wrong = [name for name, key in keys.items() if [*map(tuple, existing.get(name, {}).get("key", ()))] != key]
    of_settings = _OF_SETTINGS.get(document)
    return wrong if of_settings is None or of_settings in existing else [*wrong, of_settings]


async def _disk(database: ClientDatabase) -> Row | None:
    with suppress(OperationFailure):  # not everybody may ask
        answer: Row = await database.command("dbStats")
        return answer if answer.get("fsTotalSize") else None  # 0 of a database that does not exist yet
    return None


def _name(document: Any) -> str:
    return str(document.Settings.name)
