"""Digests of ids: they tell whether an id is one that was erased, and do not tell the id.

BLAKE2b with a key (RFC 7693). Ids are short and can be guessed, so that a plain hash would hide nothing: without the
key, which is a random one of the database, guesses cannot be tried. Certificates that are handed out tell nobody who
was erased.
"""

import hashlib
import json
import os

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from documents.database import Database, Row
from documents.digest_key import DigestKey

_KEY_ID = "digests"
_KEY_BYTES = 32
_DIGEST_BYTES = 16


class Digester:
    """Makes digests with one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def customer(self, tenant_id: str, customer_id: str) -> str:
        """Of a customer of a tenant."""
        return self._of("customer", tenant_id, customer_id)

    def ticket(self, tenant_id: str, external_id: str) -> str:
        """Of a ticket of a tenant."""
        return self._of("ticket", tenant_id, external_id)

    def _of(self, *parts: str) -> str:
        return hashlib.blake2b(json.dumps(parts).encode(), key=self._key, digest_size=_DIGEST_BYTES).hexdigest()


class DigestKeys:
    """Keeps one database's key."""

    def __init__(self, database: Database) -> None:
        self._rows = database.collection(DigestKey)
        self._digester: Digester | None = None

    async def digester(self) -> Digester:
        """What makes the database's digests; its key is made when it is first asked for, by one process of several."""
        if self._digester is None:
            self._digester = Digester(await self._key())
        return self._digester

    async def _key(self) -> bytes:
        mine = {"_id": _KEY_ID}
        row: Row | None
        try:
            row = await self._rows.find_one_and_update(
                mine,
                {"$setOnInsert": {"key": os.urandom(_KEY_BYTES)}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        except DuplicateKeyError:  # another process was faster
            row = await self._rows.find_one(mine)
        return bytes((row or {})["key"])
