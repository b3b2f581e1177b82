"""Brings stored data to the version that this program knows, whichever processes start at once, in order.

One process at a time migrates, under a lease. Others wait for what has to be done before anything is answered, and
serve beside the rest. Each step is one transaction that proves the lease: who dies in between is followed by another,
who passes over what is done.
"""

from collections.abc import Sequence
from contextlib import suppress
from uuid import uuid4

import structlog
from pymongo.errors import PyMongoError

from documents.database import Database, Session
from documents.failures import DatabaseUnavailableError, translating
from documents.schema_version import SCHEMA, AppliedMigration, SchemaVersion
from services.coordination.leases import Lease, LeaseLostError, Leases
from services.kit.background import Background
from services.kit.clock import Clock
from services.migration import m0001_runs_of_quarantined
from services.migration.migrations import Migration

ALL_MIGRATIONS: tuple[Migration, ...] = (m0001_runs_of_quarantined.MIGRATION,)
MIGRATIONS_RESOURCE = "migrations"
_POLL_SECONDS = 0.5
_STANDBY_SECONDS = 2.0
_DONE_SECONDS = 60.0
"""How long it takes until somebody's restoring an older database is noticed."""
PREPARE_SECONDS = 3_600.0

log = structlog.get_logger("services.migrator")


class Migrator(Background):
    """Migrates one database: some before it is served (`prepare`), the rest in the background."""

    def __init__(
        self, database: Database, leases: Leases, clock: Clock, *, migrations: Sequence[Migration] = ALL_MIGRATIONS
    ) -> None:
        super().__init__(log)
        self._database = database
        self._rows = database.collection(SchemaVersion)
        self._leases = leases
        self._clock = clock
        self._migrations = migrations

    async def prepare(self) -> None:
        """Do what has to be done before anything is answered, or wait until another process has done it.

        Raises:
            DatabaseUnavailableError: it was not done within an hour; what was done stays.
            DatabaseError: the database failed meanwhile, likewise.
        """
        with translating():
            await self._prepare()

    async def _prepare(self) -> None:
        last = max((each.number for each in self._migrations if each.before_serving), default=0)
        deadline = self._clock.monotonic() + PREPARE_SECONDS
        while last and await self._version() < last:
            with suppress(LeaseLostError):
                await self._migrate(up_to=last)
            if self._clock.monotonic() > deadline:
                raise DatabaseUnavailableError(f"the stored data was not brought to version {last} within an hour")
            await self._clock.sleep(_POLL_SECONDS)

    async def _round(self) -> None:
        """Do the next one, or see that there is nothing to do."""
        last, is_done = max((each.number for each in self._migrations), default=0), False
        try:
            if not (is_done := await self._version() >= last):
                await self._migrate(up_to=last)
        except (PyMongoError, LeaseLostError) as error:
            log.warning("migration_interrupted", error=str(error)[:200])
        await self.rest(_DONE_SECONDS if is_done else _STANDBY_SECONDS)

    async def _version(self) -> int:
        row = await self._rows.find_one({"_id": SCHEMA}, {"version": 1})
        return row["version"] if row else 0

    async def _migrate(self, *, up_to: int) -> None:
        """Do what there is to do, unless another process is at it."""
        async with self._leases.held(await self._leases.acquire(MIGRATIONS_RESOURCE, uuid4().hex)) as lease:
            if lease is None:
                return
            done = await self._version()
            for migration in self._migrations:
                if done < migration.number <= up_to and not self._must_end(lease):
                    await self._apply(lease, migration)

    async def _apply(self, lease: Lease, migration: Migration) -> None:
        log.info("migration_begun", number=migration.number, meaning=migration.meaning)
        if not migration.older_may_work:
            await self._leases.write(lease, lambda session: self._note({"needs": migration.number}, session))
        place, rows, is_done = None, 0, False
        while not is_done:
            if self._must_end(lease):
                return

            async def work(session: Session, place: object = place) -> tuple[object, int]:
                step = await migration.step(self._database, place, session)
                return step.place, step.rows

            place, changed = await self._leases.write(lease, work)
            rows, is_done = rows + changed, place is None
        applied = AppliedMigration(number=migration.number, meaning=migration.meaning, rows=rows, at=self._clock.now())
        await self._leases.write(lease, lambda session: self._note({"version": migration.number}, session, applied))
        log.info("migration_done", number=migration.number, rows=rows)

    async def _note(self, changed: dict[str, int], session: Session, applied: AppliedMigration | None = None) -> None:
        update = {"$max": changed} | ({"$push": {"applied": applied.model_dump()}} if applied else {})
        await self._rows.update_one({"_id": SCHEMA}, update, upsert=True, session=session)

    def _must_end(self, lease: Lease) -> bool:
        return self.is_shut_down or lease.is_lost
