"""What every read of tickets has in common: a time limit, and cursors that belong to one list."""

import base64
import binascii
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from bson import ObjectId
from bson.errors import InvalidId

from documents.failures import DatabaseTimeoutError, translated
from services.errors import InvalidCursorError, QueryTimeoutError

LIST_MILLISECONDS = 5_000
"""`maxTimeMS` of a list or a count."""

RowId = ObjectId | str | int


@asynccontextmanager
async def time_limited(*text: str) -> AsyncIterator[None]:
    """Turn the server's "exceeded time limit" into our error, which has the `text`, if there is one.

    Raises:
        QueryTimeoutError: the server gave the operation up.
    """
    try:
        yield
    except Exception as error:
        if isinstance(translated(error), DatabaseTimeoutError):
            raise QueryTimeoutError(*text) from error
        raise


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place of one row in a list ordered by (moment, id), or by (score, id)."""

    moment: datetime | float | None
    row_id: RowId
    part: int = 0
    """Of a list that is made of several, one after the other: in which of them."""

    def encode(self, listing: str) -> str:
        """An opaque text that is valid for one listing only."""
        # An ObjectId goes into a list, so that a text that looks like one stays a text.
        row_id = [str(self.row_id)] if isinstance(self.row_id, ObjectId) else self.row_id
        raw = orjson.dumps([_fingerprint(listing), self.moment, row_id, self.part])
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, listing: str) -> "Cursor":
        """Read a cursor.

        Raises:
            InvalidCursorError: it is broken, or was made for another listing.
        """
        try:
            raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
            fingerprint, moment, row_id, *part = orjson.loads(raw)  # older cursors know of no parts
            cursor = cls(_moment(moment), _row_id(row_id), _part(*part))
        except (binascii.Error, ValueError, TypeError, OverflowError, InvalidId) as error:
            raise InvalidCursorError("The cursor is broken.") from error
        if fingerprint != _fingerprint(listing):
            raise InvalidCursorError("The cursor belongs to another list.")
        return cursor


def _moment(value: object) -> datetime | float | None:
    if value is None or isinstance(value, float):
        return value
    if not isinstance(value, str):
        raise TypeError("a row's place is a moment or a score")
    return datetime.fromisoformat(value).astimezone(UTC)


def _part(number: object = 0) -> int:
    if not isinstance(number, int):
        raise TypeError("parts are numbered")
    return number


def _row_id(value: object) -> RowId:
    match value:
        case [str(text)]:
            return ObjectId(text)
        case str():
            return value
        case int() if abs(value) < 2**63:
            return value
        case _:
            raise TypeError("a row's id is an ObjectId, a text or a 64-bit number")


def _fingerprint(listing: str) -> str:
    return hashlib.blake2b(listing.encode("utf-8", "replace"), digest_size=6).hexdigest()
