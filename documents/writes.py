"""Writes to several collections, made one collection after the other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from beanie import Document
from pymongo import DeleteMany, InsertOne, UpdateMany, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection as PlainCollection
from pymongo.errors import BulkWriteError

from documents.driver import Row

DUPLICATE_KEY = 11000


@dataclass(frozen=True, slots=True)
class Writes:
    """Writes to one collection, in whatever order."""

    document: type[Document]
    operations: Sequence[InsertOne[Row] | UpdateOne | UpdateMany | DeleteMany]
    may_be_there: bool = False
    """They insert rows with ids of their own: one that a crash has left there already stays as it is."""


def new_rows(document: type[Document], rows: Iterable[Row]) -> Writes:
    """The writes that insert rows with ids of their own."""
    return Writes(document, [InsertOne(row) for row in rows], may_be_there=True)


def make(rows: PlainCollection[Row], writes: Writes, session: ClientSession | None) -> int:
    """Make the writes, in a thread of the driver's; returns how many documents the updates found.

    Raises:
        BulkWriteError: some were refused; outside of a transaction, the others are made.
    """
    try:
        return rows.bulk_write(list(writes.operations), ordered=False, session=session).matched_count
    except BulkWriteError as error:
        faults: list[dict[str, Any]] = error.details["writeErrors"]
        is_replay = writes.may_be_there and session is None and {fault["code"] for fault in faults} == {DUPLICATE_KEY}
        if not is_replay:
            raise
        return 0
