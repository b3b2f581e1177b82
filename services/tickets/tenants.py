"""Which tenants there are, with what an overview of all of them shows."""

from collections.abc import Sequence
from typing import Any

from documents.database import Collection, Database, Row
from documents.ingestion_job import IngestionJob, JobStatus
from documents.ticket import Ticket
from services.lists.cursors import LIST_MILLISECONDS, time_limited
from services.tenancy import Filter, owned, owned_by_any
from services.tickets.counts import TicketCounts

MAX_TENANTS = 1_000
"""So many are listed; those beyond can still be asked for by name."""
OF_CONSEQUENCE: Filter = {
    "$or": [
        {"active": True},
        {"status": JobStatus.FAILED.value},
        *({count: {"$gt": 0}} for count in ("new_ingested", "updated", "unchanged", "deleted")),
    ]
}
"""Jobs that tell of a tenant. One that was walked to its end, and met none of its tickets, does not: somebody
misspelt the name."""


class Tenants:
    """Reads across tenants; who may see which is for the caller of these functions to check."""

    def __init__(self, database: Database) -> None:
        self._counts = TicketCounts(database)
        self._tickets = database.collection(Ticket)
        self._jobs = database.collection(IngestionJob)

    async def names(self) -> list[str]:
        """The tenants that have tickets, or a job of consequence, by name; walks the indexes from value to value."""
        async with time_limited():
            with_tickets = await self._names_in(self._tickets, {})
            others = await self._names_in(self._jobs, {}) - with_tickets
            if others:
                others = await self._names_in(self._jobs, owned_by_any(others, **OF_CONSEQUENCE))
        return sorted(with_tickets | others)[:MAX_TENANTS]

    async def exists(self, tenant_id: str) -> bool:
        """Whether the tenant has tickets, or a job of consequence."""
        for rows, more in ((self._tickets, {}), (self._jobs, OF_CONSEQUENCE)):
            if await rows.find_one(owned(tenant_id, **more), {"_id": 1}) is not None:
                return True
        return False

    async def _names_in(self, rows: Collection, where: Filter) -> set[str]:
        found: list[Any] = await rows.distinct("tenant_id", where, maxTimeMS=LIST_MILLISECONDS)
        return {name for name in found if isinstance(name, str) and name}

    async def ticket_counts(self, tenant_ids: Sequence[str]) -> dict[str, int]:
        """How many live tickets each tenant has.

        Raises:
            QueryTimeoutError: the database did not finish.
        """
        return await self._counts.count(tenant_ids, {})

    async def last_jobs(self, tenant_ids: Sequence[str]) -> dict[str, IngestionJob]:
        """The newest job of each tenant that has any."""
        pipeline: list[Row] = [
            {"$match": owned_by_any(tenant_ids)},
            {"$sort": {"tenant_id": 1, "queued_at": -1, "_id": -1}},
            {"$group": {"_id": "$tenant_id", "job": {"$first": "$$ROOT"}}},
        ]
        groups = await self._jobs.aggregate(pipeline, maxTimeMS=LIST_MILLISECONDS).to_list(None)
        return {group["_id"]: IngestionJob.model_validate(group["job"]) for group in groups}
