"""Writing beside the holder of a lease, in an order with all that it writes.

A transaction that reads what another one writes at the same moment is not noticed by the database: both come to their
end, each on what it has seen. Every write under a lease renews the lock. Whoever comes between writes the lock, too, so
that of two that meet, one is run again and sees what the other has written. The holder and its fence stay as they are.
"""

from collections.abc import Iterable
from contextlib import suppress

from pymongo.errors import DuplicateKeyError

from documents.database import Database, Session
from documents.tenant_lock import TenantLock


class Interventions:
    """Comes between the holders of one database's leases."""

    def __init__(self, database: Database) -> None:
        self._locks = database.collection(TenantLock)

    async def prepare(self, resource_ids: Iterable[str]) -> None:
        """See to it that each resource has a lock to write, outside of the transaction: two could make it at once."""
        for resource_id in resource_ids:
            with suppress(DuplicateKeyError):  # somebody else has just made it
                await self._locks.update_one(
                    {"resource_id": resource_id}, {"$setOnInsert": {"fence": 0, "holder": None}}, upsert=True
                )

    async def come_between(self, resource_ids: Iterable[str], session: Session) -> None:
        """Put the transaction of this session into an order with all that is written under these leases."""
        for resource_id in resource_ids:
            mine = {"resource_id": resource_id}
            await self._locks.update_one(mine, {"$inc": {"interventions": 1}}, session=session)

    async def forget(self, resource_id: str, session: Session) -> None:
        """Remove a lock; whoever holds its lease loses it."""
        await self._locks.delete_one({"resource_id": resource_id}, session=session)
