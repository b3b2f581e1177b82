"""The deadline of every call, on a MongoDB of these tests' own that is frozen (SIGSTOP) for real."""

import asyncio
import gc
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo.errors import (
    ConnectionFailure,
    ExecutionTimeout,
    InvalidOperation,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from documents import driver as driver_module
from documents.database import Database, Session, connect
from documents.driver import THREADS, Collection, Driver, patiently
from documents.failures import DatabaseFullError, DatabaseUnavailableError, translated
from gql_app.local import embedded_mongo
from gql_app.local.shared import SharedServer
from tests.waiting import eventually, until

TOO_LONG = 25.0
"""Seconds; without deadlines of ours a frozen server is noticed after 30, or never."""
SLOW = {"$where": "sleep(3000) || true"}
MORE_THAN_FITS = "x" * 14_000_000
"""More than the buffers between client and server hold: sending it waits for the server."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedServer]:
    with embedded_mongo.start(tmp_path_factory.mktemp("frozen")) as server:
        yield server


@pytest.fixture
async def driver(server: SharedServer) -> AsyncIterator[Driver]:
    driver = Driver(server.url)
    yield driver
    driver.close()


@pytest.fixture
def database(driver: Driver) -> Database:
    return Database(driver.client, "driver", transactional=True)


@pytest.fixture
async def rows(driver: Driver) -> Collection:
    rows: Collection = driver.client["driver"]["rows"]
    await rows.drop()
    await rows.insert_many([{"_id": number} for number in range(10)])
    return rows


def is_frozen(pid: int) -> bool:
    """Whether every thread has stopped: on a busy machine one may still answer after the signal was sent."""
    threads = Path(f"/proc/{pid}/task").glob("*/stat")  # none on another system
    return all(thread.read_text().rpartition(")")[2].split()[0] == "T" for thread in threads)


@contextmanager
def frozen(server: SharedServer) -> Iterator[None]:
    os.kill(server.pid, signal.SIGSTOP)
    try:
        eventually(lambda: is_frozen(server.pid), lambda: "a thread of the server still runs")
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)


class Network:
    """What lies between client and server. What passes while it is broken is lost, also later."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._whole = asyncio.Event()
        self._whole.set()
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[int]:
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()

    @contextmanager
    def broken(self) -> Iterator[None]:
        self._whole.clear()
        try:
            yield
        finally:
            self._whole.set()

    async def _connect(self, ours: asyncio.StreamReader, to_us: asyncio.StreamWriter) -> None:
        await self._whole.wait()
        theirs, to_them = await asyncio.open_connection("127.0.0.1", self._port)
        for source, target in ((ours, to_them), (theirs, to_us)):
            self._tasks.add(asyncio.create_task(self._pass_on(source, target)))

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        is_lost = False
        while data := await source.read(65_536):
            is_lost = is_lost or not self._whole.is_set()
            if not is_lost:  # a connection that has lost something never speaks again
                target.write(data)
        target.close()


async def test_connections_that_a_partition_has_broken_are_replaced(server: SharedServer) -> None:
    port = server.url.split("@")[1].split(":")[1].split("/")[0]
    network = Network(int(port))
    async with network.open() as place:
        url = server.url.replace(f":{port}/", f":{place}/").replace("replicaSet=rs0", "directConnection=true")
        driver = Driver(url)
        rows: Collection = driver.client["driver"]["rows"]
        await asyncio.gather(*(rows.find_one() for _ in range(THREADS)))
        with network.broken(), patiently(3.0):
            await asyncio.gather(*(refused(lambda: rows.find_one()) for _ in range(THREADS)))
        await until(lambda: succeeds(lambda: rows.find_one()))
        await asyncio.gather(*(rows.find_one() for _ in range(THREADS)))
        driver.close()


async def refused(call: Callable[[], Awaitable[Any]]) -> PyMongoError:
    """Make a call that fails in time; how it failed."""
    began = time.monotonic()
    with pytest.raises(PyMongoError) as caught:
        await call()
    assert time.monotonic() - began < TOO_LONG
    assert isinstance(translated(caught.value), DatabaseUnavailableError), caught.value
    return caught.value


async def test_a_frozen_server_keeps_nobody_and_is_used_again_when_it_is_back(
    server: SharedServer, driver: Driver, database: Database, rows: Collection
) -> None:
    session = await database.new_session()

    async def work(session: Session) -> None:
        await rows.update_one({"_id": 1}, {"$inc": {"count": 1}}, session=session)

    async def large(session: Session) -> None:
        await rows.update_one({"_id": 2}, {"$set": {"text": MORE_THAN_FITS}}, session=session)

    async def follow() -> None:
        async with rows.watch() as stream:
            await stream.next()

    async def patient() -> None:
        with patiently(3600):
            await rows.find(SLOW).limit(1).to_list(None)

    calls: list[Callable[[], Awaitable[Any]]] = [
        lambda: rows.find_one(),
        lambda: rows.find().to_list(None),
        lambda: rows.aggregate([{"$match": {}}]).to_list(None),
        lambda: rows.count_documents({}),
        lambda: rows.insert_one({}),
        lambda: rows.insert_one({"text": MORE_THAN_FITS}),
        lambda: rows.create_index("text"),
        lambda: driver.client.admin.command("ping"),
        lambda: database.in_transaction(work),
        lambda: database.in_transaction(large),
        lambda: database.in_transaction(work, session),
        follow,
        patient,
        *[lambda: rows.find_one()] * (2 * THREADS),  # more than can be under way
    ]
    await asyncio.gather(*(rows.find_one() for _ in range(THREADS)))  # open connections
    waiting = asyncio.create_task(patient())
    with frozen(server):
        await asyncio.gather(*map(refused, calls))
        assert isinstance(await refused(lambda: rows.find_one()), ServerSelectionTimeoutError)
        with pytest.raises(ConnectionFailure):
            await waiting

    await until(lambda: succeeds(lambda: rows.find_one()))
    before = await rows.find_one({"_id": 1})
    await database.in_transaction(work, session)
    after = await rows.find_one({"_id": 1})
    assert before
    assert after
    assert after["count"] == before.get("count", 0) + 1


async def succeeds(call: Callable[[], Awaitable[Any]]) -> bool:
    try:
        await call()
    except PyMongoError:
        return False
    return True


async def test_a_session_is_usable_after_a_call_in_it_was_given_up(
    server: SharedServer, database: Database, rows: Collection
) -> None:
    session = await database.new_session()

    async def slow(session: Session) -> None:
        await rows.find(SLOW, session=session).limit(1).to_list(None)

    async def quick(session: Session) -> None:
        await rows.update_one({"_id": 1}, {"$set": {"done": True}}, session=session)

    with patiently(0.2):
        assert isinstance(await refused(lambda: database.in_transaction(slow, session)), NetworkTimeout)
    # Two calls at once would leave the session in a state of neither.
    assert "an earlier call" in str(await refused(lambda: database.in_transaction(quick, session)))
    await until(lambda: succeeds(lambda: database.in_transaction(quick, session)))
    assert await rows.count_documents({"done": True}) == 1


async def test_a_session_is_usable_after_its_caller_was_cancelled(database: Database, rows: Collection) -> None:
    session = await database.new_session()

    async def slow(session: Session) -> None:
        await rows.find(SLOW, session=session).limit(1).to_list(None)

    async def quick(session: Session) -> None:
        await rows.update_one({"_id": 1}, {"$set": {"done": True}}, session=session)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await database.in_transaction(slow, session)
    await until(lambda: succeeds(lambda: database.in_transaction(quick, session)))
    assert await rows.count_documents({"done": True}) == 1


async def test_a_call_that_finds_no_thread_is_given_up_and_never_made(rows: Collection) -> None:
    with patiently(60):
        streams = [rows.watch(max_await_time_ms=2_000) for _ in range(THREADS)]
        busy = [asyncio.ensure_future(stream.try_next()) for stream in streams]
    await asyncio.sleep(0)
    with patiently(0.2):
        await refused(lambda: rows.insert_one({"_id": "late"}))
    await asyncio.gather(*busy)
    await asyncio.gather(*(stream.close() for stream in streams))
    assert await rows.count_documents({"_id": "late"}) == 0


async def test_what_is_done_patiently_may_take_long_and_nothing_else(
    rows: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with patiently(60):
        assert len(await rows.find(SLOW).limit(1).to_list(None)) == 1
        with patiently(0.1):
            await refused(lambda: rows.find(SLOW).to_list(None))
        assert driver_module.patience() == 60
    assert driver_module.patience() == driver_module.CALL_SECONDS


async def test_an_operations_own_time_is_the_servers_to_keep(rows: Collection) -> None:
    with pytest.raises(ExecutionTimeout):
        await rows.find(SLOW, max_time_ms=100).to_list(None)


async def test_a_conflict_is_not_tried_again_for_ever(database: Database, rows: Collection) -> None:
    async def work(session: Session) -> None:
        await rows.update_one({"_id": 1}, {"$inc": {"count": 1}}, session=session)

    async def holding(session: Session) -> None:
        await work(session)
        with patiently(1.0):
            assert (await refused(lambda: database.in_transaction(work))).has_error_label("TransientTransactionError")

    await database.in_transaction(holding)


async def test_a_lack_of_room_is_told_instead_of_a_refused_connection() -> None:
    driver = Driver("mongodb://127.0.0.1:1", lambda: "the disk is full")
    with pytest.raises(OperationFailure) as caught:
        await driver.client.admin.command("ping")
    assert isinstance(translated(caught.value), DatabaseFullError)
    assert "refused" not in str(caught.value)
    driver.close()


async def test_a_closed_database_takes_no_calls(server: SharedServer) -> None:
    driver = Driver(server.url)
    await driver.client.admin.command("ping")
    driver.close()
    with pytest.raises(InvalidOperation):
        await driver.client.admin.command("ping")


@pytest.mark.parametrize(
    "url", ["mongodb://user:se/cret@host", "mongodb://user:se cret@host:port", "mongodb://user:secret@host:x"]
)
async def test_a_malformed_url_is_not_repeated(url: str) -> None:
    with pytest.raises(DatabaseUnavailableError, match="MONGO_URL is not usable") as caught:
        await connect(url, "driver")
    assert "cret" not in str(caught.value)


async def test_nothing_of_an_answered_call_waits_for_the_garbage_collector(rows: Collection) -> None:
    def futures() -> int:
        return sum(type(each) is Future for each in gc.get_objects())

    await rows.find().to_list(None)
    gc.collect()
    gc.disable()
    try:
        before = futures()
        for _ in range(20):
            assert len(await rows.find().to_list(None)) == 10
        await until(lambda: futures() <= before, "the end of what the last call has left")
    finally:
        gc.enable()
