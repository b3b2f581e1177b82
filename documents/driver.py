"""Motor, with a deadline on every call.

This is the one module that imports motor. Motor reached its end of life in May 2026 and is here because Beanie 1.30 is
built on it; with Beanie 2 this module hands out `pymongo.AsyncMongoClient` instead, whose collections have the same
methods, and nothing else changes.

Motor has pymongo wait in threads, for ever if need be: a server that is frozen answers nothing and closes nothing.
Two bounds keep that from those who wait, whatever they call:

- A server without a sign of life is given up after 2.5 s (`HEARTBEAT_SECONDS` + `LATE_SECONDS`): pymongo ends
  what waits on its connections, opens new ones when it is back, and looks for it until then.
- All that Motor does passes through `run_on_executor` of its "framework" (motor.readthedocs.io, developer guide). Ours
  answers by the call's deadline, with an error if need be, also where no thread is free or only one connection hangs.

pymongo's own deadline (`timeoutMS`) is not used: it replaces each operation's `maxTimeMS` by what is left of it.
"""

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar, copy_context
from datetime import UTC
from functools import partial
from typing import Any, TypeVar, cast
from weakref import WeakSet

import pymongo
from motor.core import AgnosticClient
from motor.frameworks import asyncio as asyncio_framework
from motor.metaprogramming import create_class_with_framework
from motor.motor_asyncio import (
    AsyncIOMotorChangeStream,
    AsyncIOMotorClient,
    AsyncIOMotorClientSession,
    AsyncIOMotorCollection,
    AsyncIOMotorDatabase,
)
from pymongo.client_session import ClientSession
from pymongo.command_cursor import CommandCursor
from pymongo.cursor import Cursor
from pymongo.errors import (
    ConnectionFailure,
    InvalidOperation,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)
from pymongo.monitoring import CommandListener, ConnectionPoolListener

from documents.failures import OUT_OF_DISK_SPACE

T = TypeVar("T")
Row = dict[str, Any]
Client = AsyncIOMotorClient[Row]
ClientDatabase = AsyncIOMotorDatabase[Row]
Collection = AsyncIOMotorCollection[Row]
ChangeStream = AsyncIOMotorChangeStream[Row]
Listener = CommandListener | ConnectionPoolListener
Session = AsyncIOMotorClientSession | None
"""A transaction's session; None on a server without transactions."""

CALL_SECONDS = 6.0
"""The longest that whoever waits for a call is kept, unless it is made `patiently`; more than any list's time."""
HEARTBEAT_SECONDS = 0.5
"""How often a server shows that it lives."""
LATE_SECONDS = 2.0
"""How late a sign of life may be, and how long a new connection may take."""
SELECTION_SECONDS = 2.0
"""How long a call waits for a server that can take it, as after a failover."""
SOCKET_SECONDS = 3_600.0
"""The longest that a thread waits for an answer of a server that lives: creating an index takes long."""
HAND_OVER_SECONDS = 0.001
"""How long a thread that computes keeps the others waiting; with Python's 5 ms, a page took a tenth longer."""
THREADS = 64
"""Calls under way at once; fewer than pymongo's connections (100)."""

_patience: ContextVar[float] = ContextVar("patience", default=CALL_SECONDS)


@contextmanager
def patiently(seconds: float) -> Iterator[None]:
    """Let each call that is made inside take so long while its server lives; for what nobody waits for."""
    token = _patience.set(seconds)
    try:
        yield
    finally:
        _patience.reset(token)


def patience() -> float:
    """How many seconds a call may take here."""
    return _patience.get()


class Driver:
    """A client of MongoDB, with what its calls run in."""

    def __init__(
        self, url: str, lack_of_room: Callable[[], str | None] = lambda: None, listeners: Sequence[Listener] = ()
    ) -> None:
        """Open no connection yet. `lack_of_room` is asked when no server answers, and says so if its disk is full.

        Raises:
            ConfigurationError, InvalidURI, ValueError: the URL makes no sense.
        """
        sys.setswitchinterval(HAND_OVER_SECONDS)
        self._calls = _Calls(lack_of_room)
        client_class: Any = create_class_with_framework(AgnosticClient, self._calls, __name__)
        self.client: Client = client_class(
            url,
            tz_aware=True,
            tzinfo=UTC,
            heartbeatFrequencyMS=_milliseconds(HEARTBEAT_SECONDS),
            connectTimeoutMS=_milliseconds(LATE_SECONDS),
            serverSelectionTimeoutMS=_milliseconds(SELECTION_SECONDS),
            waitQueueTimeoutMS=_milliseconds(SELECTION_SECONDS),
            socketTimeoutMS=_milliseconds(SOCKET_SECONDS),
            appname="support-ticket-analytics",
            event_listeners=list(listeners),
        )
        client: Any = self.client  # motor's stub makes the description a method
        self._calls.knows_a_server = lambda: bool(client.topology_description.known_servers)

    def close(self) -> None:
        """Close every connection; takes 1 s at the longest."""
        with pymongo.timeout(1.0):  # it says goodbye to the server
            self.client.close()
        self._calls.close()


async def in_one_call(client: Client, work: Callable[[ClientSession | None], T], session: Session) -> T:
    """Run several of pymongo's calls, one after the other, as one call of the driver, in one thread.

    To hand a call to a thread, and its answer back, takes as much computing as a small write.
    """
    calls, own = cast("Any", client), cast("Any", session)
    return await calls._framework.run_on_executor(calls.get_io_loop(), work, own and own.delegate)  # type: ignore[no-any-return]


class _Calls:
    """Motor's framework for asyncio, but for how calls are run."""

    def __init__(self, lack_of_room: Callable[[], str | None]) -> None:
        self._lack_of_room = lack_of_room
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="mongodb")
        self._stuck: WeakSet[ClientSession] = WeakSet()
        """Sessions in which a call goes on that nobody waits for any more."""
        self._away: ServerSelectionTimeoutError | None = None
        """How the last call found that there is no server."""
        self._is_closed = False
        self.knows_a_server: Callable[[], bool] = lambda: True

    def __getattr__(self, name: str) -> Any:
        """All else is Motor's."""
        return getattr(asyncio_framework, name)

    def run_on_executor(
        self, loop: asyncio.AbstractEventLoop, call: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> "asyncio.Future[Any]":
        """Run a call in a thread; the future has its result, or an error when its time is up."""
        answer, session = loop.create_future(), _session_of(args, kwargs)
        if (refusal := self._refusal(session)) is not None:
            answer.set_exception(self._explained(refusal))
            return answer
        running = self._threads.submit(copy_context().run, self._run, partial(call, *args, **kwargs))
        timer = loop.call_later(patience(), _give_up, answer, patience())
        answer.add_done_callback(lambda _: self._leave(running, session, timer))
        # `done`, not `running`: a call held by its own callback stays, with all rows, until garbage is collected.
        running.add_done_callback(lambda done: _soon(loop, self._settle, done, answer, session))
        return answer

    def _run(self, call: Callable[[], Any]) -> Any:
        """What is done in a thread; while the call waited for one, others may have found that there is no server."""
        if (refusal := self._refusal(None)) is not None:
            raise refusal
        return call()

    def close(self) -> None:
        """Take no more calls."""
        self._is_closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _refusal(self, session: ClientSession | None) -> PyMongoError | None:
        """Why a call need not be tried."""
        if self._is_closed:
            return InvalidOperation("the database was closed")
        if session in self._stuck:
            # A session is for one call at a time: two at once would leave it in a state of neither.
            return NetworkTimeout("an earlier call of this session still waits for its answer")
        if (away := self._away) is None:
            return None
        if not self.knows_a_server():
            return ServerSelectionTimeoutError(str(away))
        self._away = None
        return None

    def _leave(self, running: "Future[Any]", session: ClientSession | None, timer: asyncio.TimerHandle) -> None:
        """Nobody waits any more: the call has ended, its time is up, or its caller was cancelled."""
        timer.cancel()
        if not running.cancel() and not running.done() and session is not None:
            self._stuck.add(session)

    def _settle(self, running: "Future[Any]", answer: "asyncio.Future[Any]", session: ClientSession | None) -> None:
        if session is not None:
            self._stuck.discard(session)
        if running.cancelled():
            answer.cancel()
            return
        error = running.exception()
        if isinstance(error, ServerSelectionTimeoutError):
            self._away = error
        if answer.done():
            return
        if error is None:
            answer.set_result(running.result())
        else:
            answer.set_exception(self._explained(error))

    def _explained(self, error: BaseException) -> BaseException:
        """The error, or what the server would have said if it were not away."""
        if isinstance(error, ConnectionFailure) and (said := self._lack_of_room()) is not None:
            return OperationFailure(said, OUT_OF_DISK_SPACE)
        return error


def _give_up(answer: "asyncio.Future[Any]", seconds: float) -> None:
    if not answer.done():
        answer.set_exception(NetworkTimeout(f"the database did not answer within {seconds:g} s"))


def _soon(loop: asyncio.AbstractEventLoop, callback: Callable[..., None], *args: Any) -> None:
    with suppress(RuntimeError):  # the loop has ended, and with it whoever waited
        loop.call_soon_threadsafe(callback, *args)


def _session_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> ClientSession | None:
    """The session that a call is made in: it is its object, one of its arguments, or that of its cursor."""
    for given in (kwargs.get("session"), *args):
        if isinstance(given, ClientSession):
            return given
        if isinstance(given, Cursor | CommandCursor):
            return given.session
    return None


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
