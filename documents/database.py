"""The connection to MongoDB.

This is the one module that imports motor. Motor reached its end of life in May 2026 and is here because
Beanie 1.30 is built on it; with Beanie 2 this module hands out `pymongo.AsyncMongoClient` instead, whose
collections have the same methods, and nothing else changes.
"""

from collections.abc import Callable, Coroutine
from datetime import UTC
from typing import Any, TypeVar

import structlog
from beanie import Document, init_beanie
from motor.motor_asyncio import (
    AsyncIOMotorChangeStream,
    AsyncIOMotorClient,
    AsyncIOMotorClientSession,
    AsyncIOMotorCollection,
    AsyncIOMotorDatabase,
)
from pymongo import ReadPreference
from pymongo.errors import BulkWriteError, ConfigurationError, InvalidURI, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from documents import ALL_DOCUMENTS
from documents.failures import DatabaseUnavailableError, one_line, translating
from documents.indexes import drop_changed, keep_deleted_for, keep_quarantined_for
from documents.quarantined_record import QuarantinedRecord
from documents.ticket import Ticket

Row = dict[str, Any]
Collection = AsyncIOMotorCollection[Row]
ChangeStream = AsyncIOMotorChangeStream[Row]
Session = AsyncIOMotorClientSession | None
"""A transaction's session; None on a server without transactions."""
T = TypeVar("T")

CONNECT_TIMEOUT_SECONDS = 5.0
OLDEST_WIRE_VERSION = 17
"""MongoDB 6.0."""
DUPLICATE_KEY = 11000

log = structlog.get_logger(__name__)


class Database:
    """An open database: collections by document class, and transactions."""

    def __init__(self, client: "AsyncIOMotorClient[Row]", name: str, *, transactional: bool) -> None:
        self._client = client
        # Reads see the newest state, as Beanie's do: one that waits for the majority can be behind what the same
        # client has just been told, and call a run that has ended a running one.
        self._database: AsyncIOMotorDatabase[Row] = client.get_database(name)
        self.name = name
        self.transactional = transactional
        """False on a standalone server: a page's writes then happen one after the other."""

    def collection(self, document: type[Document]) -> Collection:
        """The raw collection of a document class."""
        return self._database.get_collection(str(document.get_settings().name))

    def at_one_moment(self, document: type[Document]) -> Collection:
        """The collection for reading: a command sees the state of one moment in all collections that it reads.

        Without it, an aggregation over two collections can see one of them before a transaction and the other after.
        A write is seen as soon as it was acknowledged by the majority, which is what drivers wait for by default.
        """
        rows = self.collection(document)
        return rows.with_options(read_concern=ReadConcern("snapshot")) if self.transactional else rows

    async def new_session(self) -> Session:
        """A session to run transactions in, one after the other; to be ended by whoever asked for it."""
        return await self._client.start_session() if self.transactional else None

    async def in_transaction(self, work: Callable[[Session], Coroutine[Any, Any, T]], session: Session = None) -> T:
        """Run `work` in one transaction, again when the server says that it may be tried again.

        `work` must not have effects outside the database: it can run more than once. `session`: one of
        `new_session`, where others have to be able to end the transaction; else one is made for the purpose.
        """
        if not self.transactional:
            return await work(None)
        if session is None:
            async with await self._client.start_session() as own:
                return await self.in_transaction(work, own)
        result: T = await session.with_transaction(
            work,
            read_concern=ReadConcern("snapshot"),
            write_concern=WriteConcern("majority"),
            read_preference=ReadPreference.PRIMARY,
        )
        return result

    async def kill_session(self, session_id: Row) -> None:
        """Undo what is open in a session, of whatever process.

        A transaction outlives the process that began it by up to a minute (`transactionLifetimeLimitSeconds`), and
        until then nobody else can write what it has written.
        """
        await self._client.admin.command("killSessions", [session_id])

    async def insert_new(self, document: type[Document], rows: list[Row], session: Session) -> None:
        """Insert rows with ids of their own; a row that a crash has left there already stays as it is."""
        try:
            await self.collection(document).insert_many(rows, ordered=False, session=session)
        except BulkWriteError as error:
            codes = {fault["code"] for fault in error.details["writeErrors"]}
            if session is not None or codes != {DUPLICATE_KEY}:
                raise

    async def ping(self) -> None:
        """Ask the server for a sign of life.

        Raises:
            DatabaseError: there is no server that could take a write, or it does not let us in.
        """
        with translating():
            await self._database.command("ping")

    def close(self) -> None:
        """Close every connection."""
        self._client.close()


async def connect(
    url: str,
    name: str,
    *,
    deleted_retention_days: int | None = None,
    quarantine_retention_days: int | None = None,
) -> Database:
    """Open the database, bind the documents to it and create their indexes.

    MongoDB is told to purge soft-deleted tickets and quarantined records so many days after they were deleted, or met
    last. None: it is told nothing, and goes on with what it was told before.

    Raises:
        DatabaseUnavailableError: the URL is malformed, no server answers within 5 s, or it refuses the indexes.
    """
    try:
        client: AsyncIOMotorClient[Row] = AsyncIOMotorClient(
            url,
            tz_aware=True,
            tzinfo=UTC,
            serverSelectionTimeoutMS=int(CONNECT_TIMEOUT_SECONDS * 1000),
            appname="support-ticket-analytics",
        )
    except (InvalidURI, ConfigurationError, ValueError) as error:
        raise DatabaseUnavailableError(f"MONGO_URL is not usable: {one_line(error)}") from error
    try:
        hello = await client.admin.command("hello")
        _demand_version(hello)
        database = Database(client, name, transactional=_has_transactions(hello))
        await _bind(client[name])
        await _keep_for(database, deleted_retention_days, quarantine_retention_days)
    except PyMongoError as error:
        client.close()
        raise DatabaseUnavailableError(f"MongoDB cannot be used: {one_line(error)}") from error
    except DatabaseUnavailableError:
        client.close()
        raise
    return database


def _has_transactions(hello: Row) -> bool:
    has_them = "setName" in hello or hello.get("msg") == "isdbgrid"
    if not has_them:
        log.warning("no_transactions", detail="MongoDB is a standalone server: a crash may leave a page half stored")
    return has_them


async def _bind(handle: "AsyncIOMotorDatabase[Row]") -> None:
    for document in ALL_DOCUMENTS:
        await drop_changed(handle[document.Settings.name], getattr(document.Settings, "indexes", []))
    await init_beanie(database=handle, document_models=ALL_DOCUMENTS)


async def _keep_for(database: Database, deleted_days: int | None, quarantined_days: int | None) -> None:
    if deleted_days is not None:
        await keep_deleted_for(database.collection(Ticket), deleted_days)
    if quarantined_days is not None:
        await keep_quarantined_for(database.collection(QuarantinedRecord), quarantined_days)


def session_id_of(session: Session) -> Row | None:
    """What names a session to other processes, for `Database.kill_session`."""
    if session is None:
        return None
    return dict(session.session_id)  # type: ignore[call-overload, no-any-return]  # motor's stub makes it a method


def _demand_version(hello: Row) -> None:
    if hello["maxWireVersion"] < OLDEST_WIRE_VERSION:
        raise DatabaseUnavailableError("MongoDB 6.0 or newer is needed: the statistics use its operators")
