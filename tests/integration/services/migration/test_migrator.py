"""Migrations: in order, by one process at a time, to the end whoever dies, and not by who does not know them."""

import asyncio
from typing import Any

import pytest
from bson import ObjectId
from pymongo.errors import AutoReconnect

from documents.database import Database, Session
from documents.failures import DatabaseTooNewError, DatabaseUnavailableError
from documents.quarantined_record import QuarantinedRecord
from documents.rate_limit import RateLimit
from documents.schema_version import KNOWN_VERSION, SchemaVersion, demand_known_version
from services.coordination.leases import Leases
from services.kit.clock import SystemClock
from services.migration.m0001_runs_of_quarantined import MIGRATION as RUNS_OF_QUARANTINED
from services.migration.migrations import STEP_ROWS, Migration, MigrationStep
from services.migration.migrator import Migrator
from tests.fakes import running
from tests.waiting import becomes

ROWS = 12


class Counting:
    """A migration that adds its number to each row's list, two rows a step, once."""

    def __init__(self, number: int, **how: bool) -> None:
        self.migration = Migration(number, f"number {number} is noted", self._step, **how)
        self.steps = 0
        self.dies_at: int | None = None

    async def _step(self, database: Database, place: Any, session: Session) -> MigrationStep:
        self.steps += 1
        if self.steps == self.dies_at:
            raise RuntimeError("killed")
        rows, number = database.collection(RateLimit), self.migration.number
        where = {"_id": {"$gt": place or ""}, "done": {"$ne": number}}
        found = await rows.find(where, session=session).sort("_id").limit(2).to_list(None)
        for row in found:
            await rows.update_one({"_id": row["_id"]}, {"$push": {"done": number}}, session=session)
        await asyncio.sleep(0.01)
        return MigrationStep(found[-1]["_id"] if len(found) == 2 else None, len(found))


@pytest.fixture
async def rows(db: Database) -> Database:
    await db.collection(RateLimit).insert_many([{"_id": f"{number:03}", "done": []} for number in range(ROWS)])
    return db


def migrator(database: Database, *some: Counting) -> Migrator:
    leases = Leases(database, ttl_seconds=5)
    return Migrator(database, leases, SystemClock(), migrations=[each.migration for each in some])


async def done(database: Database) -> list[list[int]]:
    return [row["done"] for row in await database.collection(RateLimit).find().sort("_id").to_list(None)]


async def version(database: Database) -> int:
    row = await database.collection(SchemaVersion).find_one()
    return row["version"] if row else 0


async def test_of_many_that_start_at_once_one_migrates_and_the_others_wait(rows: Database) -> None:
    first, second, third = Counting(1, before_serving=True), Counting(2, before_serving=True), Counting(3)
    await asyncio.gather(*(migrator(rows, first, second, third).prepare() for _ in range(4)))
    assert await done(rows) == [[1, 2]] * ROWS
    assert first.steps == second.steps == ROWS // 2 + 1
    assert (await version(rows), third.steps) == (2, 0)  # the rest is done beside serving
    async with running(migrator(rows, first, second, third)):
        await becomes(lambda: version(rows), 3)
    assert await done(rows) == [[1, 2, 3]] * ROWS
    row = await rows.collection(SchemaVersion).find_one()
    assert row is not None
    assert [(each["number"], each["rows"]) for each in row["applied"]] == [(1, ROWS), (2, ROWS), (3, ROWS)]


async def test_what_dies_in_the_middle_is_gone_on_with_and_no_row_is_changed_twice(rows: Database) -> None:
    dying = Counting(1, before_serving=True)
    dying.dies_at = 3
    with pytest.raises(RuntimeError):
        await migrator(rows, dying).prepare()
    assert await done(rows) == [[1]] * 4 + [[]] * (ROWS - 4)
    assert await version(rows) == 0
    await migrator(rows, Counting(1, before_serving=True)).prepare()
    assert await done(rows) == [[1]] * ROWS


async def test_a_start_during_which_the_database_fails_says_so_as_every_other_start(rows: Database) -> None:
    async def step(database: Database, place: Any, session: Session) -> MigrationStep:
        raise AutoReconnect("no primary")

    migration = Migration(1, "nothing", step, before_serving=True)
    with pytest.raises(DatabaseUnavailableError, match="no primary"):
        await Migrator(rows, Leases(rows, ttl_seconds=5), SystemClock(), migrations=[migration]).prepare()


async def test_older_programs_are_kept_out_from_the_first_step_on_where_they_do_not_understand(rows: Database) -> None:
    harmless, breaking = Counting(1, before_serving=True), Counting(KNOWN_VERSION + 1, older_may_work=False)
    await migrator(rows, harmless).prepare()
    await demand_known_version(rows.collection(RateLimit).database)
    breaking.dies_at = 1
    async with running(migrator(rows, harmless, breaking)):
        await becomes(lambda: _needs(rows), KNOWN_VERSION + 1)
    with pytest.raises(DatabaseTooNewError, match=rf"knows version {KNOWN_VERSION}: start a newer"):
        await demand_known_version(rows.collection(RateLimit).database)


async def _needs(database: Database) -> int:
    row = await database.collection(SchemaVersion).find_one()
    return row.get("needs", 0) if row else 0


async def test_quarantined_records_name_their_runs_and_what_others_wrote_is_left(db: Database) -> None:
    rows = db.collection(QuarantinedRecord)
    old = {"tenant_id": "acme", "job_id": "a", "recorded_at": None}
    odd = {"tenant_id": 7, "job_id": None}
    new = {"tenant_id": "acme", "job_id": "c", "job_ids": ["b", "c"]}
    await rows.insert_many([{"_id": "1", **old}, {"_id": "2", **odd}, {"_id": "3", **new}])
    step = await RUNS_OF_QUARANTINED.step(db, None, None)
    assert step == MigrationStep(None, 1)
    assert [row.get("job_ids") for row in await rows.find().sort("_id").to_list(None)] == [["a"], None, ["b", "c"]]


async def test_a_step_over_quarantined_records_reads_so_many_and_no_more(db: Database) -> None:
    rows, named = db.collection(QuarantinedRecord), {"tenant_id": "acme", "job_id": "b", "job_ids": ["b"]}
    await rows.insert_many([{"_id": f"{number:05}", **named} for number in range(STEP_ROWS + 1)])
    await rows.insert_one({"_id": ObjectId(), "tenant_id": "acme", "job_id": "a"})
    first = await RUNS_OF_QUARANTINED.step(db, None, None)
    assert first == MigrationStep(f"{STEP_ROWS - 1:05}", 0)
    assert await RUNS_OF_QUARANTINED.step(db, first.place, None) == MigrationStep(None, 1)
