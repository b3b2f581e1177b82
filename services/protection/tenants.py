"""Erasing a tenant: its access to other systems, its runs, its tickets, and all that is left."""

from datetime import timedelta

from beanie import Document

from documents.circuit_breaker import Circuit
from documents.connection import Connection
from documents.database import Database, Row, Session
from documents.destination import Destination
from documents.ingestion_job import IngestionJob
from documents.rate_limit import RateLimit
from documents.ticket import Ticket
from documents.ticket_indexes import TICKET_ID_INDEX
from services.coordination.interventions import Interventions
from services.coordination.leases import Lease, Leases
from services.coordination.resources import ingest_resource
from services.kit.clock import Clock
from services.protection.purged import PurgedTickets
from services.protection.removal import REMOVED_BATCH, Removal, Removed, name_of
from services.protection.steps import ErasureSteps, ErasureUnderWay
from services.protection.whereabouts import TENANT_ROWS
from services.tenancy import owned

SETTLED_AFTER_SECONDS = 30.0
"""A request that has looked whether the tenant is open has written all that it writes so long afterwards: GraphQL gives
it 10 s, and each call of the database has 6 s."""
SECRET_ROWS = (Connection, Destination)
_AT_ONCE = 1_000


class TenantErasures:
    """Carries erasures of tenants out."""

    def __init__(
        self,
        database: Database,
        leases: Leases,
        removal: Removal,
        steps: ErasureSteps,
        clock: Clock,
        *,
        settled_after_seconds: float = SETTLED_AFTER_SECONDS,
    ) -> None:
        self._database = database
        self._leases = leases
        self._removal = removal
        self._steps = steps
        self._clock = clock
        self._settled_after = timedelta(seconds=settled_after_seconds)
        self._interventions = Interventions(database)
        self._tickets = database.collection(Ticket)
        self._jobs = database.collection(IngestionJob)
        self._limits = database.collection(RateLimit)
        purged = PurgedTickets(database, removal, steps, clock)
        self.stages = (self._access, self._stop_runs, self._stored, purged.of_tenant, self._rest)
        """What is done one after the other; each returns whether it came to its end."""

    async def _access(self, work: ErasureUnderWay) -> bool:
        """What lets us into its help desks, and where its alerts go."""

        async def step(session: Session) -> Removed:
            rows = self._database.collection(Destination).find(owned(work.tenant_id), {"_id": 1}, session=session)
            circuits = {"_id": {"$in": [row["_id"] for row in await rows.to_list(None)]}}
            gone = await self._database.collection(Circuit).delete_many(circuits, session=session)
            removed = Removed({name_of(Circuit): gone.deleted_count})
            for document in SECRET_ROWS:
                done = await self._database.collection(document).delete_many(owned(work.tenant_id), session=session)
                removed[name_of(document)] += done.deleted_count
            return removed

        await self._steps.make(work, step)
        return True

    async def _stop_runs(self, work: ErasureUnderWay) -> bool:
        """Its runs; none can store anything any more, but they are still to end."""
        await self._jobs.update_many(owned(work.tenant_id, active=True), {"$set": {"cancel_requested": True}})
        async with self._leases.held(await self._lease(work)) as lease:
            return lease is not None

    async def _stored(self, work: ErasureUnderWay) -> bool:
        """Its tickets, with all that is stored about these."""
        while not work.is_over():
            found = self._tickets.find(owned(work.tenant_id), {"external_id": 1}, hint=TICKET_ID_INDEX)
            rows = await found.limit(REMOVED_BATCH).to_list(None)
            if not rows:
                return True

            async def step(session: Session, rows: list[Row] = rows) -> Removed:
                return await self._removal.tickets(work.tenant_id, rows, self._clock.now(), session)

            await self._steps.make(work, step)
        return False

    async def _rest(self, work: ErasureUnderWay) -> bool:
        """All that is left, for the last time when whoever had begun before the request has come to an end."""
        is_settled = self._clock.now() >= work.until + self._settled_after
        async with self._leases.held(await self._lease(work)) as lease:
            if lease is None:
                return False
            await self._access(work)
            for document, field in TENANT_ROWS.items():
                while await self._some_of(work, document, field):
                    if work.is_over():
                        return False
            if is_settled:
                await self._steps.make(work, lambda session: self._last_traces(work, session))
        return is_settled

    async def _some_of(self, work: ErasureUnderWay, document: type[Document], field: str) -> int:
        """Remove some of a collection's rows; returns how many."""
        rows = self._database.collection(document)
        where = owned(work.tenant_id) if field == "tenant_id" else {field: work.tenant_id}
        ids = [row["_id"] for row in await rows.find(where, {"_id": 1}).limit(_AT_ONCE).to_list(None)]
        if not ids:
            return 0

        async def step(session: Session) -> Removed:
            gone = await rows.delete_many({**where, "_id": {"$in": ids}}, session=session)
            return Removed({name_of(document): gone.deleted_count})

        return await self._steps.make(work, step)

    async def _last_traces(self, work: ErasureUnderWay, session: Session) -> Removed:
        """Its name among requests that still count against the budget, and its lock."""
        tenant: Row = {"$literal": work.tenant_id}
        is_its: Row = {"$eq": ["$$this.tenant_id", tenant]}
        nameless = {"$mergeObjects": ["$$this", {"tenant_id": ""}]}
        slots = {"$map": {"input": "$slots", "in": {"$cond": [is_its, nameless, "$$this"]}}}
        waiters = {"$filter": {"input": {"$ifNull": ["$waiters", []]}, "cond": {"$not": [is_its]}}}
        named = {"$or": [{f"{field}.tenant_id": work.tenant_id} for field in ("slots", "waiters")]}
        await self._limits.update_many(named, [{"$set": {"slots": slots, "waiters": waiters}}], session=session)
        await self._interventions.forget(ingest_resource(work.tenant_id), session)
        return Removed()

    async def _lease(self, work: ErasureUnderWay) -> Lease | None:
        return await self._leases.acquire(ingest_resource(work.tenant_id), work.row["_id"])
