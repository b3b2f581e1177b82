"""Spikes as others see them."""

import asyncio

from pymongo import DESCENDING

from documents.database import Database, Row
from documents.spike import Spike
from services.lists.cursors import LIST_MILLISECONDS, time_limited
from services.lists.keyset import Slice, Window, read_slice
from services.lists.numbered import Page
from services.tenancy import owned

_LATEST_FIRST = [("started_at", DESCENDING), ("_id", DESCENDING)]


class Spikes:
    """Reads one database's spikes."""

    def __init__(self, database: Database) -> None:
        self._rows = database.collection(Spike)

    async def slice(self, tenant_id: str, window: Window) -> Slice[Spike]:
        """A stretch of the tenant's spikes, newest first.

        Raises:
            QueryTimeoutError: the database did not finish.
        """
        found = await read_slice(self._rows, owned(tenant_id), "started_at", window)
        return found.map(_as_document)

    async def page(self, tenant_id: str, *, page: int, page_size: int) -> Page[Spike]:
        """A numbered page of the tenant's spikes, newest first.

        Raises:
            QueryTimeoutError: the database did not finish.
        """
        found = self._rows.find(owned(tenant_id), max_time_ms=LIST_MILLISECONDS).sort(_LATEST_FIRST)
        async with time_limited():
            rows, total = await asyncio.gather(
                found.skip((page - 1) * page_size).limit(page_size).to_list(None), self.count(tenant_id)
            )
        return Page([_as_document(row) for row in rows], page, page_size, total)

    async def get(self, tenant_id: str, spike_id: str) -> Spike | None:
        """One of the tenant's spikes, if there is such a one."""
        row = await self._rows.find_one(owned(tenant_id, _id=spike_id))
        return None if row is None else _as_document(row)

    async def count(self, tenant_id: str) -> int:
        """How many the tenant has had.

        Raises:
            QueryTimeoutError: the database did not finish.
        """
        async with time_limited():
            return await self._rows.count_documents(owned(tenant_id), maxTimeMS=LIST_MILLISECONDS)


def _as_document(row: Row) -> Spike:
    spike: Spike = Spike.model_validate(row)
    return spike
