"""An open database: its collections, transactions in it, and how it is opened. How calls are made: `driver`."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

import structlog
from beanie import Document, init_beanie
from pymongo.errors import ConfigurationError, InvalidURI, PyMongoError
from pymongo.read_concern import ReadConcern

from documents.all_documents import ALL_DOCUMENTS
from documents.driver import (
    ChangeStream,
    Client,
    Collection,
    Driver,
    Listener,
    Row,
    Session,
    in_one_call,
    patience,
    patiently,
)
from documents.failures import DatabaseUnavailableError, one_line, translating, unusable_url
from documents.indexes import bring_in_step, keep_deleted_for, keep_quarantined_for
from documents.quarantined_record import QuarantinedRecord
from documents.schema_version import demand_known_version
from documents.ticket import Ticket
from documents.transactions import FINAL, Ending, InTransaction, PlainSession, attempt
from documents.writes import Writes, make

__all__ = ["ChangeStream", "Collection", "Database", "Row", "Session", "connect", "patiently", "session_id_of"]

T = TypeVar("T")

OLDEST_WIRE_VERSION = 17
"""MongoDB 6.0."""
INDEX_SECONDS = 3_600.0
"""Creating an index over many millions of tickets takes minutes."""
_RETRIED_SHARE = 0.5
"""For which share of a call's time a transaction is begun anew: so the last one has time to end."""
_LONGEST_PAUSE_SECONDS = 0.5

log = structlog.get_logger(__name__)


class Database:
    """An open database: collections by document class, and transactions."""

    def __init__(
        self, client: Client, name: str, *, transactional: bool, close: Callable[[], None] = lambda: None
    ) -> None:
        """`close`: what closes the client's connections, if that is this database's to do."""
        self._client = client
        self._close = close
        # Reads see the newest state, as Beanie's do: one that waits for the majority can be behind what the same
        # client has just been told, and call a run that has ended a running one.
        self._database = client.get_database(name)
        self._collections: dict[type[Document], Collection] = {}
        """Those asked for so far; to make one takes as long as many a call."""
        self.name = name
        self.transactional = transactional
        """False on a standalone server: a page's writes then happen one after the other."""

    def collection(self, document: type[Document]) -> Collection:
        """The raw collection of a document class."""
        rows = self._collections.get(document)
        if rows is None:
            rows = self._collections[document] = self._database.get_collection(str(document.get_settings().name))
        return rows

    def at_one_moment(self, document: type[Document]) -> Collection:
        """The collection for reading: a command sees the state of one moment in all collections that it reads.

        Without it, an aggregation over two collections can see one of them before a transaction and the other after.
        A write is seen as soon as it was acknowledged by the majority, which is what drivers wait for by default.
        """
        rows = self.collection(document)
        return rows.with_options(read_concern=ReadConcern("snapshot")) if self.transactional else rows

    @asynccontextmanager
    async def at_this_moment(self) -> AsyncIterator[Session]:
        """A session for reading: all that is read in it is the state of one moment, whatever is written meanwhile.

        What was acknowledged before by the majority, which is what drivers wait for by default, is seen.
        """
        if not self.transactional:
            yield None
            return
        async with await self._client.start_session(snapshot=True) as session:
            yield session

    async def new_session(self) -> Session:
        """A session to run transactions in, one after the other; to be ended by whoever asked for it."""
        return await self._client.start_session() if self.transactional else None

    async def in_transaction(self, work: InTransaction[T], session: Session = None, *, ending: Ending = FINAL) -> T:
        """Run `work` in one transaction, again when the server says that it may be tried again.

        Neither `work` nor the last calls of `ending` may have effects outside the database: they can run more than
        once. `session`: one of `new_session`, where others have to be able to end the transaction; else one is made
        for the purpose.
        """
        if not self.transactional:
            result = await work(None)
            if ending.last_calls is not None:
                await self.in_one_call(ending.last_calls)
            return result
        if session is None:
            async with await self._client.start_session() as own:
                return await self.in_transaction(work, own, ending=ending)
        # Not the driver's own loop, which goes on for two minutes.
        last_begin, tries = time.monotonic() + patience() * _RETRIED_SHARE, 0
        while True:
            try:
                return await attempt(self._client, work, session, last_begin, ending)
            except PyMongoError as error:
                if not error.has_error_label("TransientTransactionError") or time.monotonic() > last_begin:
                    raise
            tries += 1
            await asyncio.sleep(random.random() * min(_LONGEST_PAUSE_SECONDS, 0.005 * 1.5**tries))  # noqa: S311

    async def kill_session(self, session_id: Row) -> None:
        """Undo what is open in a session, of whatever process.

        A transaction outlives the process that began it by up to a minute (`transactionLifetimeLimitSeconds`), and
        until then nobody else can write what it has written.
        """
        await self._client.admin.command("killSessions", [session_id])

    async def write(self, *writes: Writes, session: Session) -> int:
        """Make the writes, a collection after the other; returns how many documents the last ones' updates found.

        Raises:
            BulkWriteError: some were refused, and those to later collections were not tried.
        """
        return await self.in_one_call(lambda session: self.make(writes, session), session)

    def make(self, writes: Sequence[Writes], session: PlainSession) -> int:
        """The same as calls of pymongo, to be made `in_one_call`."""
        wanted = [(self.collection(each.document).delegate, each) for each in writes if each.operations]
        return [make(rows, each, session) for rows, each in wanted][-1] if wanted else 0

    async def in_one_call(self, work: Callable[[PlainSession], T], session: Session = None) -> T:
        """Run several of pymongo's calls in a thread, one after the other."""
        return await in_one_call(self._client, work, session)

    async def ping(self) -> None:
        """Ask the server for a sign of life.

        Raises:
            DatabaseError: there is no server that could take a write, or it does not let us in.
        """
        with translating():
            await self._database.command("ping")

    def close(self) -> None:
        """Close every connection; takes 1 s at the longest."""
        self._close()


async def connect(
    url: str,
    name: str,
    *,
    deleted_retention_days: int | None = None,
    quarantine_retention_days: int | None = None,
    lack_of_room: Callable[[], str | None] = lambda: None,
    listeners: Sequence[Listener] = (),
) -> Database:
    """Open the database, bind the documents to it and create their indexes.

    MongoDB is told to purge soft-deleted tickets and quarantined records so many days after they were deleted, or met
    last. None: it is told nothing, and goes on with what it was told before. `lack_of_room` says so if the server has
    no room on its disk, as far as that is known: one that died of it cannot tell. `listeners`: of pymongo's events.

    Raises:
        DatabaseUnavailableError: the URL is malformed, no server answers within 2 s, it refuses the indexes, or a
            newer version has changed the data so that this one may not work on it.
    """
    try:
        driver = Driver(url, lack_of_room, listeners)
    except (InvalidURI, ConfigurationError, ValueError) as error:
        raise unusable_url(url, error) from None
    try:
        return await _opened(driver, name, deleted_retention_days, quarantine_retention_days)
    except PyMongoError as error:
        driver.close()
        raise DatabaseUnavailableError(f"MongoDB cannot be used: {one_line(error)}") from error
    except BaseException:
        driver.close()
        raise


async def _opened(driver: Driver, name: str, deleted_days: int | None, quarantined_days: int | None) -> Database:
    hello = await driver.client.admin.command("hello")
    _demand_version(hello)
    transactional = is_transactional(hello)
    if not transactional:
        log.warning("no_transactions", detail="MongoDB is a standalone server: a crash may leave a page half stored")
    database = Database(driver.client, name, transactional=transactional, close=driver.close)
    await demand_known_version(driver.client[name])
    with patiently(INDEX_SECONDS):
        await init_beanie(database=driver.client[name], document_models=ALL_DOCUMENTS, skip_indexes=True)
        await asyncio.gather(*(bring_in_step(database.collection(each), each.Settings) for each in ALL_DOCUMENTS))
        if deleted_days is not None:
            await keep_deleted_for(database.collection(Ticket), deleted_days)
        if quarantined_days is not None:
            await keep_quarantined_for(database.collection(QuarantinedRecord), quarantined_days)
    return database


def session_id_of(session: Session) -> Row | None:
    """What names a session to other processes, for `Database.kill_session`."""
    if session is None:
        return None
    return dict(session.session_id)  # type: ignore[call-overload, no-any-return]  # motor's stub makes it a method


def is_transactional(hello: Row) -> bool:
    """Whether a server that describes itself so knows transactions: a replica set's does, and a sharded cluster's."""
    return "setName" in hello or hello.get("msg") == "isdbgrid"


def _demand_version(hello: Row) -> None:
    if hello["maxWireVersion"] < OLDEST_WIRE_VERSION:
        raise DatabaseUnavailableError("MongoDB 6.0 or newer is needed: the statistics use its operators")
