import asyncio

import pytest

from documents.database import Database
from documents.tenant_lock import TenantLock
from services.coordination.leases import LeaseLostError, Locks, ingest_resource

RESOURCE = ingest_resource("acme")


@pytest.fixture
def locks(db: Database) -> Locks:
    return Locks(db, ttl_seconds=30)


async def expire(db: Database) -> None:
    await db.collection(TenantLock).update_one({"resource_id": RESOURCE}, [{"$set": {"expires_at": "$$NOW"}}])


async def test_a_free_lease_is_taken_and_a_held_one_is_not(locks: Locks) -> None:
    assert await locks.acquire(RESOURCE, "job-1") is not None
    assert await locks.acquire(RESOURCE, "job-2") is None


async def test_a_held_lease_is_not_taken_a_second_time_by_the_same_job(locks: Locks) -> None:
    assert await locks.acquire(RESOURCE, "job-1") is not None
    assert await locks.acquire(RESOURCE, "job-1") is None


async def test_of_many_who_race_one_wins(locks: Locks) -> None:
    for _ in range(10):
        leases = await asyncio.gather(*(locks.acquire(RESOURCE, f"job-{number}") for number in range(64)))
        won = [lease for lease in leases if lease is not None]
        assert len(won) == 1
        await locks.release(won[0])


async def test_a_lease_that_ran_out_is_taken_over_with_a_higher_fence(locks: Locks, db: Database) -> None:
    first = await locks.acquire(RESOURCE, "job-1")
    await expire(db)
    second = await locks.acquire(RESOURCE, "job-2")
    assert first is not None
    assert second is not None
    assert second.fence == first.fence + 1


async def test_the_fence_grows_over_a_release(locks: Locks) -> None:
    first = await locks.acquire(RESOURCE, "job-1")
    assert first is not None
    await locks.release(first)
    second = await locks.acquire(RESOURCE, "job-2")
    assert second is not None
    assert second.fence == first.fence + 1


async def test_a_holder_whose_lease_ran_out_can_neither_renew_nor_release_it(locks: Locks, db: Database) -> None:
    lease = await locks.acquire(RESOURCE, "job-1")
    assert lease is not None
    await expire(db)
    with pytest.raises(LeaseLostError):
        await locks.confirm(lease)
    with pytest.raises(LeaseLostError):
        await locks.release(lease)


async def test_a_holder_that_was_replaced_does_not_disturb_its_successor(locks: Locks, db: Database) -> None:
    first = await locks.acquire(RESOURCE, "job-1")
    await expire(db)
    second = await locks.acquire(RESOURCE, "job-1")
    assert first is not None
    assert second is not None
    with pytest.raises(LeaseLostError):
        await locks.release(first)
    await locks.confirm(second)
    assert (await locks.state("acme")).locked


async def test_confirming_extends_the_lease(locks: Locks, db: Database) -> None:
    lease = await locks.acquire(RESOURCE, "job-1")
    assert lease is not None
    await asyncio.sleep(0.02)
    await locks.confirm(lease)
    state = await locks.state("acme")
    assert state.expires_at is not None
    assert state.expires_at > lease.expires_at


async def test_a_write_in_a_transaction_is_undone_when_the_lease_is_lost(locks: Locks, db: Database) -> None:
    stale = await locks.acquire(RESOURCE, "job-1")
    assert stale is not None
    await expire(db)
    assert await locks.acquire(RESOURCE, "job-2") is not None
    marks = db.collection(TenantLock)

    async def work(session: object) -> None:
        await marks.insert_one({"resource_id": "written by a stale holder"}, session=session)  # type: ignore[arg-type]
        await locks.confirm(stale, session)  # type: ignore[arg-type]

    with pytest.raises(LeaseLostError):
        await db.in_transaction(work)
    assert await marks.count_documents({"resource_id": "written by a stale holder"}) == 0


async def test_the_state_tells_who_holds_it_since_when_and_until_when(locks: Locks, db: Database) -> None:
    assert not (await locks.state("acme")).locked
    lease = await locks.acquire(RESOURCE, "job-1")
    assert lease is not None
    state = await locks.state("acme")
    assert (state.locked, state.owner_id, state.expires_at) == (True, "job-1", lease.expires_at)
    assert state.acquired_at is not None
    assert (lease.expires_at - state.acquired_at).total_seconds() == 30
    await expire(db)
    assert not (await locks.state("acme")).locked
    assert not (await locks.state("other")).locked


async def test_a_lock_written_by_another_program_is_respected(locks: Locks, db: Database) -> None:
    await db.collection(TenantLock).update_one(
        {"resource_id": RESOURCE},
        [{"$set": {"owner_id": "theirs", "expires_at": {"$add": ["$$NOW", 60_000]}}}],
        upsert=True,
    )
    assert await locks.acquire(RESOURCE, "job-1") is None
    await expire(db)
    assert await locks.acquire(RESOURCE, "job-1") is not None


async def test_a_holder_that_died_in_a_transaction_does_not_hold_up_its_successor(locks: Locks, db: Database) -> None:
    short = Locks(db, ttl_seconds=2)
    dead = await short.acquire(RESOURCE, "job-1")
    assert dead is not None
    assert dead.session is not None
    dead.session.start_transaction()
    await short.confirm(dead, dead.session)  # and then its process is killed: nobody commits or aborts
    await asyncio.sleep(2.1)
    start = asyncio.get_running_loop().time()
    heir = await locks.acquire(RESOURCE, "job-1")
    assert heir is not None
    assert heir.fence == dead.fence + 1
    assert asyncio.get_running_loop().time() - start < 40  # MongoDB itself ends it after 60 s


async def test_a_live_holders_long_transaction_is_not_ended(locks: Locks, db: Database) -> None:
    holder = await locks.acquire(RESOURCE, "job-1")
    assert holder is not None
    assert holder.session is not None
    holder.session.start_transaction()
    await locks.confirm(holder, holder.session)
    assert await locks.acquire(RESOURCE, "job-2") is None
    await holder.session.commit_transaction()
