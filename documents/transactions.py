"""One attempt at a transaction: its work, its last calls, and the commit."""

import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import pymongo
from pymongo import ReadPreference
from pymongo.client_session import ClientSession
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from documents.driver import Client, Session, in_one_call

T = TypeVar("T")
PlainSession = ClientSession | None
"""A transaction's session as calls of pymongo itself take it; None on a server without transactions."""
InTransaction = Callable[[Session], Coroutine[Any, Any, T]]
"""What is done in a transaction; it can run more than once."""
_ABORT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Ending:
    """How a transaction ends."""

    is_final: bool = True
    """Wait until no failover and no crash of the server can take it back. What is not final is so as soon as a later
    transaction is."""
    last_calls: Callable[[PlainSession], None] | None = None
    """Calls of pymongo, made after all else in one thread, where the commit follows at once: to hand each of them to a
    thread takes as much computing as the call, and its answers wait for their turn beside whoever computes. What they
    raise undoes the transaction."""


FINAL = Ending()


async def attempt(client: Client, work: InTransaction[T], session: Any, last_begin: float, ending: Ending) -> T:
    """Run one transaction; its commit is tried again until `last_begin` if nobody knows what became of it."""
    if session.in_transaction:  # the one before was left in the middle
        await session.abort_transaction()
    acknowledged = WriteConcern("majority" if ending.is_final else 1)
    session.start_transaction(ReadConcern("snapshot"), acknowledged, ReadPreference.PRIMARY)
    is_unknown = False
    try:
        result = await work(session)
        try:
            await in_one_call(client, partial(_end, ending), session)
        except PyMongoError as error:
            is_unknown = _is_unknown(error, last_begin)
            if not is_unknown:
                raise
    except BaseException:
        with suppress(PyMongoError), pymongo.timeout(_ABORT_SECONDS):
            await session.abort_transaction()
        raise
    while is_unknown:
        try:
            await session.commit_transaction()
            is_unknown = False
        except PyMongoError as error:
            if not _is_unknown(error, last_begin):
                raise
    return result


def _end(ending: Ending, session: PlainSession) -> None:
    if ending.last_calls is not None:
        ending.last_calls(session)
    if session is not None:
        session.commit_transaction()


def _is_unknown(error: PyMongoError, last_begin: float) -> bool:
    """Whether nobody knows what became of a commit, and there is time to try it again."""
    return error.has_error_label("UnknownTransactionCommitResult") and time.monotonic() <= last_begin
