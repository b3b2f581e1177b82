"""The legs of a run: the tenant's connections one after the other, or the contract's API where there is none.

A connection that fails does not keep the others from being read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from documents.connection import Connection
from documents.database import Database, Row, Session
from documents.ingestion_job import IngestionJob
from documents.staged_detail import StagedDetail
from services.connections.connections import Connections
from services.connections.opening import Sources
from services.coordination.leases import Leases
from services.errors import UpstreamError
from services.ingestion.run import Origin, Run
from services.kit.clock import Clock
from services.notifications.outbox import AnnouncementPolicy
from services.sources.pages import BEGINNING, PagePlace
from services.sources.source import Source
from services.tenancy import owned

WHOLE_EVERY = timedelta(days=1)
"""How often a source that does not tell of deletions is walked whole, to find what is gone."""
_FORGOTTEN_AT_ONCE = 1_000
_NEXT_LEG: Row = {"next_page": BEGINNING, "last_page": None, "leg_pages": 0, "upstream_total": None, "records_seen": 0}


@dataclass(frozen=True, slots=True)
class RunLeg:
    """What a run reads at a stretch."""

    source: Source
    origin: Origin
    begins_at: PagePlace | None
    """None: its list was walked to the end already."""
    is_resumed: bool
    """Whether some of it was walked before, perhaps in another process."""


class Legs:
    """Begins and ends the legs of runs."""

    def __init__(
        self,
        database: Database,
        leases: Leases,
        connections: Connections,
        sources: Sources,
        clock: Clock,
        *,
        announce: AnnouncementPolicy,
    ) -> None:
        """`announce`: what is announced of the contract's API."""
        self._jobs = database.collection(IngestionJob)
        self._rows = database.collection(Connection)
        self._staged = database.collection(StagedDetail)
        self._leases = leases
        self._connections = connections
        self._sources = sources
        self._clock = clock
        self._announce = announce

    async def begin(self, run: Run, number: int) -> RunLeg:
        """Open what the leg of this number reads.

        Raises:
            UpstreamError: it cannot be opened.
        """
        connection_id = run.job.connections[number] if run.job.connections else None
        source = await self._sources.of(run.tenant_id, connection_id)
        if connection_id is None:
            return RunLeg(source, Origin(self._announce), run.job.next_page, run.job.processed_pages > 0)
        is_resumed = number == run.job.leg and run.job.leg_pages > 0
        connection = await self._connections.get(connection_id)
        is_whole = run.job.is_whole if is_resumed else self._wants_whole(connection, source)
        origin = Origin(
            AnnouncementPolicy(open_only=True, created_from=connection.announce_from),
            connection_id,
            tells_moments=source.capabilities.is_incremental,
            is_whole=is_whole,
            keeps_cursor=is_whole and connection.full_at is not None,
        )
        place = run.job.next_page if is_resumed else source.begin(connection.cursor, whole=is_whole)
        if origin.tells_moments and not is_resumed and connection.cursor is None:
            await self._forget_staged(run, connection_id)
        return RunLeg(source, origin, place, is_resumed)

    async def end(self, run: Run, number: int, error: UpstreamError | None = None) -> None:
        """Note how a connection was read, and go on to the next one.

        Raises:
            LeaseLostError: somebody else is the tenant's writer now; nothing was written.
        """
        connection_id = run.job.connections[number]
        problem = None if error is None else error.problem
        await self._connections.note_outcome(connection_id, problem, "" if error is None else str(error))
        is_last = number + 1 == len(run.job.connections)
        update: Row = {"$set": {"leg": number + 1, **({} if is_last else _NEXT_LEG)}}
        if error is not None:
            name = await self._name(run.tenant_id, connection_id)
            update |= {"$inc": {"failed_legs": 1}, "$push": {"irregularities": f"{name}: {error}"}}

        async def work(session: Session) -> None:
            await self._jobs.update_one(owned(run.tenant_id, _id=run.job.id), update, session=session)
            if error is None and run.origin.tells_moments:
                await self._note_walked(run, connection_id, session)

        await self._leases.write(run.lease, work)

    async def _name(self, tenant_id: str, connection_id: str) -> str:
        """What people know the connection by."""
        row = await self._rows.find_one(owned(tenant_id, _id=connection_id), {"source": 1, "account": 1})
        return connection_id if row is None else f"{row['source']} {row['account']}"

    async def _forget_staged(self, run: Run, connection_id: str) -> None:
        """Remove what earlier runs have kept that came to no ticket: all of it is told once more."""
        staged = owned(run.tenant_id, connection_id=connection_id)

        async def work(session: Session) -> bool:
            some = await self._staged.find(staged, {"_id": 1}, session=session).limit(_FORGOTTEN_AT_ONCE).to_list(None)
            ids = [row["_id"] for row in some]
            if ids:
                await self._staged.delete_many(owned(run.tenant_id, _id={"$in": ids}), session=session)
            return bool(ids)

        while await self._leases.write(run.lease, work):
            run.go_on()

    async def _note_walked(self, run: Run, connection_id: str, session: Session) -> None:
        """A connection whose first walk took several runs has been walked whole, too."""
        unless_whole: Row = {} if run.origin.is_whole else {"full_at": None}
        update = {"$set": {"full_at": self._clock.now()}}
        await self._rows.update_one(owned(run.tenant_id, _id=connection_id, **unless_whole), update, session=session)

    def _wants_whole(self, connection: Connection, source: Source) -> bool:
        if not source.capabilities.is_incremental or connection.cursor is None:
            return True
        if source.capabilities.tells_deletions or connection.full_at is None:
            return False
        return self._clock.now() - connection.full_at > WHOLE_EVERY


def legs_left(job: IngestionJob) -> Sequence[int]:
    """The numbers of the legs that a claimed job has still to read."""
    return range(job.leg, max(1, len(job.connections)))
