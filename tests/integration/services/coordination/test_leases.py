import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest
from pymongo.errors import AutoReconnect

from documents.database import Database, Session
from documents.tenant_lock import TenantLock
from services.coordination.leases import Lease, LeaseLostError, Leases, Work
from services.coordination.resources import ingest_resource
from tests.waiting import PATIENCE_SECONDS

RESOURCE = ingest_resource("acme")


@pytest.fixture
def leases(db: Database) -> Leases:
    return Leases(db, ttl_seconds=30)


async def expire(db: Database) -> None:
    await db.collection(TenantLock).update_one({"resource_id": RESOURCE}, [{"$set": {"expires_at": "$$NOW"}}])


async def nothing(session: Session) -> None:
    """What a holder writes that has nothing to write."""


def mark(db: Database) -> Work[None]:
    """What a holder writes, to be counted by `marks`."""

    async def work(session: Session) -> None:
        await db.collection(TenantLock).insert_one({"resource_id": uuid4().hex, "mark": True}, session=session)

    return work


async def marks(db: Database) -> int:
    return await db.collection(TenantLock).count_documents({"mark": True})


async def write_lock(db: Database, session: Session) -> None:
    """Do what the beginning of a write does."""
    await db.collection(TenantLock).update_one({"resource_id": RESOURCE}, {"$set": {"touched": 1}}, session=session)


async def test_a_free_lease_is_taken_and_a_held_one_is_not(leases: Leases) -> None:
    assert await leases.acquire(RESOURCE, "job-1") is not None
    assert await leases.acquire(RESOURCE, "job-2") is None


async def test_a_held_lease_is_not_taken_a_second_time_by_the_same_job(leases: Leases) -> None:
    assert await leases.acquire(RESOURCE, "job-1") is not None
    assert await leases.acquire(RESOURCE, "job-1") is None


async def test_of_many_who_race_one_wins(leases: Leases) -> None:
    for _ in range(3):
        taken = await asyncio.gather(*(leases.acquire(RESOURCE, f"job-{number}") for number in range(64)))
        won = [lease for lease in taken if lease is not None]
        assert len(won) == 1
        await leases.give_back(won[0])


async def test_a_lease_that_ran_out_is_taken_over_with_a_higher_fence(leases: Leases, db: Database) -> None:
    first = await leases.acquire(RESOURCE, "job-1")
    await expire(db)
    second = await leases.acquire(RESOURCE, "job-2")
    assert first is not None
    assert second is not None
    assert second.fence == first.fence + 1


async def test_the_fence_grows_over_a_release(leases: Leases) -> None:
    first = await leases.acquire(RESOURCE, "job-1")
    assert first is not None
    await leases.give_back(first)
    second = await leases.acquire(RESOURCE, "job-2")
    assert second is not None
    assert second.fence == first.fence + 1


async def test_a_holder_whose_lease_ran_out_can_neither_renew_nor_release_it(leases: Leases, db: Database) -> None:
    lease = await leases.acquire(RESOURCE, "job-1")
    assert lease is not None
    await expire(db)
    with pytest.raises(LeaseLostError):
        await leases.write(lease, nothing)
    with pytest.raises(LeaseLostError):
        await leases.give_back(lease)


async def test_a_holder_that_was_replaced_does_not_disturb_its_successor(leases: Leases, db: Database) -> None:
    first = await leases.acquire(RESOURCE, "job-1")
    await expire(db)
    second = await leases.acquire(RESOURCE, "job-1")
    assert first is not None
    assert second is not None
    with pytest.raises(LeaseLostError):
        await leases.give_back(first)
    await leases.write(second, nothing)
    assert (await leases.state("acme")).locked


async def test_confirming_extends_the_lease(leases: Leases, db: Database) -> None:
    lease = await leases.acquire(RESOURCE, "job-1")
    assert lease is not None
    await asyncio.sleep(0.02)
    await leases.write(lease, nothing)
    state = await leases.state("acme")
    assert state.expires_at is not None
    assert state.expires_at > lease.expires_at


async def test_a_stale_holder_writes_nothing(leases: Leases, db: Database) -> None:
    stale = await leases.acquire(RESOURCE, "job-1")
    assert stale is not None
    await expire(db)
    assert await leases.acquire(RESOURCE, "job-2") is not None
    with pytest.raises(LeaseLostError):
        await leases.write(stale, mark(db))
    assert await marks(db) == 0
    assert stale.is_lost


async def test_a_lease_that_is_lost_in_the_middle_of_a_write_undoes_it(leases: Leases, db: Database) -> None:
    lease = await leases.acquire(RESOURCE, "job-1")
    assert lease is not None
    short = Leases(db, ttl_seconds=0.1)  # the write renews the lease, but not for as long as it takes

    async def work(session: Session) -> None:
        await mark(db)(session)
        await asyncio.sleep(0.2)

    with pytest.raises(LeaseLostError):
        await short.write(lease, work, last=True)
    assert await marks(db) == 0


async def test_a_write_renews_the_lease_and_the_last_one_gives_it_back(leases: Leases, db: Database) -> None:
    lease = await leases.acquire(RESOURCE, "job-1")
    assert lease is not None
    await leases.write(lease, mark(db))
    state = await leases.state("acme")
    assert state.expires_at is not None
    assert state.expires_at > lease.expires_at
    await leases.write(lease, mark(db), last=True)
    assert await marks(db) == 2
    assert not (await leases.state("acme")).locked
    with pytest.raises(LeaseLostError):
        await leases.write(lease, mark(db))
    assert await marks(db) == 2


async def test_a_write_that_fails_gives_nothing_back(leases: Leases, db: Database) -> None:
    lease = await leases.acquire(RESOURCE, "job-1")
    assert lease is not None

    async def work(session: Session) -> None:
        await mark(db)(session)
        raise ValueError("fault")

    with pytest.raises(ValueError, match="fault"):
        await leases.write(lease, work, last=True)
    assert await marks(db) == 0
    assert (await leases.state("acme")).locked
    await leases.write(lease, mark(db))


async def test_writes_under_one_lease_take_turns(leases: Leases, db: Database) -> None:
    lease = await leases.acquire(RESOURCE, "job-1")
    assert lease is not None
    await asyncio.gather(*(leases.write(lease, mark(db)) for _ in range(20)))
    assert await marks(db) == 20


async def test_a_write_whose_caller_is_cancelled_is_finished(leases: Leases, db: Database) -> None:
    lease = await leases.acquire(RESOURCE, "job-1")
    assert lease is not None
    has_begun = asyncio.Event()

    async def work(session: Session) -> None:
        await mark(db)(session)
        has_begun.set()
        await asyncio.sleep(0.1)

    writing = asyncio.create_task(leases.write(lease, work))
    await has_begun.wait()
    writing.cancel()
    await asyncio.wait([writing])
    assert writing.cancelled()
    await leases.write(lease, mark(db))  # the session is not left in the middle of a transaction
    assert await marks(db) == 2


async def test_a_renewal_that_waited_for_the_last_write_does_not_bring_the_lease_to_life(
    leases: Leases, db: Database
) -> None:
    lease = await leases.acquire(RESOURCE, "job-1")
    assert lease is not None
    late = Leases(Database(db.collection(TenantLock).database.client, db.name, transactional=False), ttl_seconds=30)
    renewals = []

    async def work(session: Session) -> None:
        # The lock is written, so this waits for the transaction's end; by then its time is an old one.
        renewals.append(asyncio.create_task(late.write(replace(lease, session=None, turn=asyncio.Lock()), nothing)))
        await asyncio.sleep(0.3)

    await leases.write(lease, work, last=True)
    with pytest.raises(LeaseLostError):
        await renewals[0]
    assert not (await leases.state("acme")).locked
    assert await leases.acquire(RESOURCE, "job-2") is not None


async def test_a_lease_is_renewed_while_it_is_held_and_given_back_at_the_end(db: Database) -> None:
    short = Leases(db, ttl_seconds=2)
    async with short.held(await short.acquire(RESOURCE, "job-1")) as lease:
        assert lease is not None
        await asyncio.sleep(2.5)
        assert (await short.state("acme")).locked
        assert not lease.is_lost
        async with short.held(await short.acquire(RESOURCE, "job-2")) as other:
            assert other is None
    assert not (await short.state("acme")).locked


async def test_a_lease_is_given_back_when_its_block_fails(leases: Leases) -> None:
    with pytest.raises(ValueError, match="fault"):
        async with leases.held(await leases.acquire(RESOURCE, "job-1")):
            raise ValueError("fault")
    assert not (await leases.state("acme")).locked


async def test_a_holder_is_told_that_its_lease_is_lost_and_leaves_its_successors_alone(db: Database) -> None:
    short, lost = Leases(db, ttl_seconds=0.6), asyncio.Event()
    async with short.held(await short.acquire(RESOURCE, "job-1"), on_lost=lost.set) as lease:
        assert lease is not None
        await expire(db)
        assert await Leases(db, ttl_seconds=60).acquire(RESOURCE, "job-2") is not None
        await asyncio.wait_for(lost.wait(), PATIENCE_SECONDS)
        assert lease.is_lost
    assert (await short.state("acme")).owner_id == "job-2"


async def test_a_holder_that_cannot_renew_is_told_well_before_its_lease_runs_out(db: Database) -> None:
    short, lost = Leases(db, ttl_seconds=4.5), asyncio.Event()

    async def hang(lease: Lease) -> None:
        await asyncio.sleep(3600)

    began = asyncio.get_running_loop().time()
    async with short.held(await short.acquire(RESOURCE, "job-1"), renewal=hang, on_lost=lost.set):
        await asyncio.wait_for(lost.wait(), PATIENCE_SECONDS)
        assert asyncio.get_running_loop().time() - began > 2.9
        assert (await short.state("acme")).locked


async def test_a_holder_that_writes_often_is_not_told_because_of_slow_renewals(db: Database) -> None:
    short = Leases(db, ttl_seconds=3)

    async def fail(lease: Lease) -> None:
        raise AutoReconnect

    async with short.held(await short.acquire(RESOURCE, "job-1"), renewal=fail) as lease:
        assert lease is not None
        for _ in range(10):
            await asyncio.sleep(0.4)
            await short.write(lease, nothing)
        assert not lease.is_lost


async def test_the_state_tells_who_holds_it_since_when_and_until_when(leases: Leases, db: Database) -> None:
    assert not (await leases.state("acme")).locked
    lease = await leases.acquire(RESOURCE, "job-1")
    assert lease is not None
    state = await leases.state("acme")
    assert (state.locked, state.owner_id, state.expires_at) == (True, "job-1", lease.expires_at)
    assert state.acquired_at is not None
    assert (lease.expires_at - state.acquired_at).total_seconds() == 30
    await expire(db)
    assert not (await leases.state("acme")).locked
    assert not (await leases.state("other")).locked


async def test_a_lock_written_by_another_program_is_respected(leases: Leases, db: Database) -> None:
    await db.collection(TenantLock).update_one(
        {"resource_id": RESOURCE},
        [{"$set": {"owner_id": "theirs", "expires_at": {"$add": ["$$NOW", 60_000]}}}],
        upsert=True,
    )
    assert await leases.acquire(RESOURCE, "job-1") is None
    await expire(db)
    assert await leases.acquire(RESOURCE, "job-1") is not None


async def test_a_holder_that_died_in_a_transaction_does_not_hold_up_its_successor(leases: Leases, db: Database) -> None:
    short = Leases(db, ttl_seconds=2)
    dead = await short.acquire(RESOURCE, "job-1")
    assert dead is not None
    assert dead.session is not None
    dead.session.start_transaction()
    await write_lock(db, dead.session)  # and then its process is killed: nobody commits or aborts
    await asyncio.sleep(2.1)
    start = asyncio.get_running_loop().time()
    heir = await leases.acquire(RESOURCE, "job-1")
    assert heir is not None
    assert heir.fence == dead.fence + 1
    assert asyncio.get_running_loop().time() - start < 40  # MongoDB itself ends it after 60 s


async def test_a_live_holders_long_transaction_is_not_ended(leases: Leases, db: Database) -> None:
    holder = await leases.acquire(RESOURCE, "job-1")
    assert holder is not None
    assert holder.session is not None
    holder.session.start_transaction()
    await write_lock(db, holder.session)
    assert await leases.acquire(RESOURCE, "job-2") is None
    await holder.session.commit_transaction()
