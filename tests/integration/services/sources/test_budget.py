import asyncio
from datetime import datetime, timedelta

import pytest

from documents.database import Database
from documents.rate_limit import RateLimit
from services.kit.clock import SystemClock
from services.sources.budget import RateLimiter
from tests.waiting import PATIENCE_SECONDS

WINDOW = 0.6


async def ignore(until: datetime) -> None: ...


def limiter(db: Database, limit: int, *, window: float = WINDOW) -> RateLimiter:
    return RateLimiter(db, SystemClock(), limit=limit, request_seconds=1, window_seconds=window)


async def told_to_wait(budget: RateLimiter, tenant: str) -> datetime:
    """Ask for a slot, go away when told to wait; until when it would have been."""
    told: asyncio.Future[datetime] = asyncio.get_running_loop().create_future()

    async def note(until: datetime) -> None:
        if not told.done():
            told.set_result(until)

    asking = asyncio.create_task(budget.acquire(tenant, note))
    try:
        return await asyncio.wait_for(told, PATIENCE_SECONDS)
    finally:
        asking.cancel()
        await asyncio.wait([asking])


async def test_slots_are_handed_out_up_to_the_limit(db: Database) -> None:
    budget = limiter(db, 3)
    for _ in range(3):
        await budget.acquire("acme", ignore)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(budget.acquire("acme", ignore), 0.3)
    state = await budget.state()
    assert (state.used, state.remaining, state.limit) == (3, 0, 3)


async def test_a_settled_slot_frees_a_window_after_the_answer(db: Database) -> None:
    budget = limiter(db, 1)
    slot = await budget.acquire("acme", ignore)
    start = asyncio.get_running_loop().time()
    await budget.settle(slot)
    await asyncio.wait_for(budget.acquire("acme", ignore), PATIENCE_SECONDS)
    waited = asyncio.get_running_loop().time() - start
    assert waited >= WINDOW + 0.4  # the window and the settling margin, less what the clocks may differ by


async def test_a_lost_request_holds_its_slot_longer_than_an_answered_one(db: Database) -> None:
    budget = limiter(db, 2)
    await budget.settle(await budget.acquire("acme", ignore))
    await budget.acquire("acme", ignore)
    row = await db.collection(RateLimit).find_one({"_id": "external_api"})
    assert row is not None
    answered, lost = row["slots"]
    assert (lost["expires_at"] - answered["expires_at"]).total_seconds() > 5


async def test_several_processes_never_exceed_the_limit_together(db: Database) -> None:
    budgets = [limiter(db, 5) for _ in range(4)]
    loop = asyncio.get_running_loop()
    granted: list[float] = []

    async def consume(budget: RateLimiter, tenant: str) -> None:
        for _ in range(4):
            slot = await budget.acquire(tenant, ignore)
            granted.append(loop.time())
            await budget.settle(slot)

    await asyncio.gather(*(consume(budget, f"tenant-{number}") for number, budget in enumerate(budgets)))
    granted.sort()
    assert len(granted) == 16
    assert all(later - earlier >= WINDOW for earlier, later in zip(granted, granted[5:], strict=False))


async def test_a_pause_holds_everybody_and_is_never_shortened(db: Database) -> None:
    budget, other = limiter(db, 10), limiter(db, 10)
    start = asyncio.get_running_loop().time()
    await budget.pause(0.5)
    await budget.pause(0.1)
    await other.acquire("acme", ignore)
    assert asyncio.get_running_loop().time() - start >= 0.4


async def test_a_pause_is_respected_without_a_limit(db: Database) -> None:
    budget = limiter(db, 0)
    start = asyncio.get_running_loop().time()
    await budget.pause(0.3)
    await budget.acquire("acme", ignore)
    assert asyncio.get_running_loop().time() - start >= 0.25


async def test_who_sits_out_a_pause_without_a_limit_is_told_until_when(db: Database) -> None:
    budget = limiter(db, 0)
    before = SystemClock().now()
    await budget.pause(30)
    after = SystemClock().now()
    told = await told_to_wait(budget, "acme")
    assert before + timedelta(seconds=29) < told < after + timedelta(seconds=31)


async def test_who_waits_is_told_until_when(db: Database) -> None:
    budget = limiter(db, 1, window=60)
    slot = await budget.acquire("acme", ignore)
    before = SystemClock().now()
    await budget.settle(slot)
    after = SystemClock().now()
    told = await told_to_wait(budget, "acme")
    assert before + timedelta(seconds=58) < told < after + timedelta(seconds=62)


async def test_waiting_tenants_take_turns(db: Database) -> None:
    budget = limiter(db, 2, window=0.3)
    served: list[str] = []

    async def consume(tenant: str, requests: int) -> None:
        for _ in range(requests):
            slot = await budget.acquire(tenant, ignore)
            served.append(tenant)
            await budget.settle(slot)

    large = asyncio.create_task(consume("large", 12))
    await asyncio.sleep(0.05)
    await consume("small", 3)
    large.cancel()
    assert served.count("large") <= 6, served


async def test_a_waiter_that_went_away_holds_nobody_up(db: Database) -> None:
    budget = limiter(db, 1, window=2)
    await budget.settle(await budget.acquire("acme", ignore))
    await told_to_wait(budget, "gone")
    await asyncio.wait_for(budget.acquire("acme", ignore), PATIENCE_SECONDS)


@pytest.mark.parametrize("tenant", ["$where", "a.b", "$$NOW", "x" * 200])
async def test_any_tenant_name_is_a_value_and_never_an_expression(db: Database, tenant: str) -> None:
    budget = limiter(db, 1)
    await budget.acquire(tenant, ignore)
    assert (await budget.state()).used == 1
