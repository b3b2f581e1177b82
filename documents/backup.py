"""A database written to files as of one moment, and put back; the layout is that of `mongodump` and `mongorestore`.

`DIR/DATABASE/COLLECTION.bson` holds the rows as MongoDB stores them, `COLLECTION.metadata.json` the indexes, and
`DIR/backup.json` how many rows each file has, and its digest.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any
from urllib.parse import quote

from bson import decode_file_iter, json_util
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.errors import OperationFailure

from documents.cluster import collection_name
from documents.database import is_transactional
from documents.driver import ClientDatabase, Driver, Row, patiently
from documents.ingestion_job import IngestionJob
from documents.notification import Notification, NotificationState, due_from
from documents.schema_version import RESTORING, SchemaVersion
from documents.tenant_lock import TenantLock

MANIFEST = "backup.json"
LONGEST_CALL_SECONDS = 3_600.0
_SNAPSHOT_TOO_OLD = 239
_BATCH_BYTES = 8_000_000
_BATCH_ROWS = 1_000
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_RAW: CodecOptions[RawBSONDocument] = CodecOptions(RawBSONDocument)


class BackupError(Exception):
    """It cannot be made or put back; the message says why, in one line."""


@dataclass(frozen=True, slots=True)
class BackedUp:
    """One collection in a backup."""

    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class BackupManifest:
    """What a backup holds."""

    database: str
    at: datetime
    """As of which moment, by the database's clock."""
    collections: dict[str, BackedUp]


async def back_up(driver: Driver, name: str, folder: Path) -> BackupManifest:
    """Write the database as it is at one moment, whatever is written meanwhile. Only its owner can read the files.

    Raises:
        BackupError: the folder is there already, the database is empty or not wholly restored, the server is a
            standalone one, or it took too long.
        OSError: a file cannot be written.
        PyMongoError: the database failed.
    """
    hello = await driver.client.admin.command("hello")
    if not is_transactional(hello):
        raise BackupError("a standalone server cannot be read as of one moment; make it a replica set of one")
    with patiently(LONGEST_CALL_SECONDS), _draft_of(folder) as draft:
        (draft / name).mkdir()
        found = await _write_all(driver, driver.client[name], draft / name)
        manifest = BackupManifest(name, hello["localTime"], found)
        text = json.dumps({**asdict(manifest), "at": manifest.at.isoformat()}, indent=1)
        (draft / MANIFEST).write_text(text, encoding="utf-8")
    return manifest


async def put_back(driver: Driver, name: str, folder: Path) -> BackupManifest:
    """Write a backup into a database without rows, indexes last. As long as it is not whole, no process works on it.

    Leases of the past are not honoured: whoever held one at that moment is not its holder any more, and its run can be
    gone on with at once.

    Raises:
        BackupError: the database has rows, or the backup is not whole.
        OSError: a file cannot be read.
        PyMongoError: the database failed; what is there has to be dropped.
    """
    manifest = read_manifest(folder)
    database, files = driver.client[name], folder / manifest.database
    versions = database[collection_name(SchemaVersion)]
    with patiently(LONGEST_CALL_SECONDS):
        for collection in await database.list_collection_names():
            if await database[collection].find_one({}, {"_id": 1}) is not None:
                raise BackupError(f"the database {name} is not empty: {collection} has rows; drop it, or name another")
        await versions.insert_one({"_id": RESTORING})
        for collection in manifest.collections:
            for batch in _batches(files / f"{_file(collection)}.bson"):
                await database[collection].insert_many(batch, ordered=False)
        for collection in manifest.collections:
            await _make_indexes(database, collection, files)
        await _end_the_past(database)
        await versions.delete_one({"_id": RESTORING})
    return manifest


def read_manifest(folder: Path) -> BackupManifest:
    """What a backup holds, after every file was compared with its digest.

    Raises:
        BackupError: it is none, or not whole.
    """
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        found = {collection: BackedUp(**each) for collection, each in told["collections"].items()}
        manifest = BackupManifest(told["database"], datetime.fromisoformat(told["at"]), found)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{folder} is no backup that is whole: {error}") from error
    for collection, each in manifest.collections.items():
        path = folder / manifest.database / f"{_file(collection)}.bson"
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != each.sha256:
                raise BackupError(f"{path} is not as it was written")
    return manifest


@contextmanager
def _draft_of(folder: Path) -> Iterator[Path]:
    """A folder beside it, which takes its name at the end and is removed if that does not come."""
    if folder.exists():
        raise BackupError(f"{folder} is there already")
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(mkdtemp(prefix=f"{folder.name}.partial-", dir=folder.parent))  # for its owner alone
    try:
        yield draft
        draft.rename(folder)
    except BaseException:
        rmtree(draft, ignore_errors=True)
        raise


async def _write_all(driver: Driver, database: ClientDatabase, folder: Path) -> dict[str, BackedUp]:
    found = {}
    names = await database.list_collection_names(filter={"type": "collection", "name": {"$not": {"$regex": "^system"}}})
    if not names:
        raise BackupError(f"there is no database {database.name} with anything in it")
    async with await driver.client.start_session(snapshot=True) as session:
        versions = database[collection_name(SchemaVersion)]
        if await versions.find_one({"_id": RESTORING}, session=session) is not None:
            raise BackupError(f"a backup is being restored into the database {database.name}, or was not to its end")
        for collection in sorted(names):
            found[collection] = await _write_rows(database, collection, session, folder)
    for collection in names:
        await _write_indexes(database, collection, folder)
    return found


async def _write_rows(database: ClientDatabase, collection: str, session: Any, folder: Path) -> BackedUp:
    digest, size, rows = hashlib.sha256(), 0, 0
    with _new_file(folder / f"{_file(collection)}.bson") as file:
        try:
            async for batch in database[collection].find_raw_batches({}, session=session):
                file.write(batch)
                digest.update(batch)
                size += len(batch)
                rows += _count(batch)
        except OperationFailure as error:
            if error.code == _SNAPSHOT_TOO_OLD:
                why = "the server no longer knows the moment of the backup: raise minSnapshotHistoryWindowInSeconds"
                raise BackupError(f"{why}, or use mongodump --oplog") from error
            raise
        file.flush()
        os.fsync(file.fileno())
    return BackedUp(rows, size, digest.hexdigest())


async def _write_indexes(database: ClientDatabase, collection: str, folder: Path) -> None:
    indexes = [dict(index) async for index in database[collection].list_indexes()]
    told = {"indexes": indexes, "collectionName": collection, "type": "collection"}
    with _new_file(folder / f"{_file(collection)}.metadata.json") as file:
        file.write(json_util.dumps(told, json_options=json_util.CANONICAL_JSON_OPTIONS).encode())


async def _make_indexes(database: ClientDatabase, collection: str, folder: Path) -> None:
    told = json_util.loads((folder / f"{_file(collection)}.metadata.json").read_text(encoding="utf-8"))
    wanted: list[Row] = [index for index in told["indexes"] if index["name"] != "_id_"]
    if wanted:
        await database.command("createIndexes", collection, indexes=wanted)


async def _end_the_past(database: ClientDatabase) -> None:
    """Those who held leases or claims at the moment of the backup hold nothing: what they did waits for others."""
    nobody = {"holder": None, "session_id": None, "expires_at": _NEVER}
    await database[collection_name(TenantLock)].update_many({}, {"$set": nobody})
    await database[collection_name(IngestionJob)].update_many({"active": True}, {"$set": {"heartbeat_at": _NEVER}})
    await database[collection_name(Notification)].update_many(
        {"state": NotificationState.PENDING.value, "claim": {"$ne": None}},
        [{"$set": {"claim": None, **due_from("$$NOW")}}],
    )


def _batches(path: Path) -> Iterator[list[RawBSONDocument]]:
    batch: list[RawBSONDocument] = []
    size = 0
    with path.open("rb") as file:
        for row in decode_file_iter(file, _RAW):
            batch.append(row)
            size += len(row.raw)
            if len(batch) == _BATCH_ROWS or size > _BATCH_BYTES:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


def _count(batch: bytes) -> int:
    """How many rows there are: each begins with its length."""
    place = rows = 0
    while place < len(batch):
        place += int.from_bytes(batch[place : place + 4], "little")
        rows += 1
    return rows


def _file(collection: str) -> str:
    """The name of its files, as `mongodump` writes it."""
    return quote(collection, safe="")


def _new_file(path: Path) -> Any:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
