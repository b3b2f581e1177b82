"""What services tell of what they do names kinds, never whose it is."""

import asyncio

import pytest

from documents.database import Database
from services.coordination.leases import LeaseLostError, Leases, ingest_resource
from services.kit.clock import SystemClock
from services.observing import LeaseLost, Observation, Observer, ServiceEvent, SlotTaken, SourceThrottled
from services.sources.budget import RateLimiter

PAUSE = 0.05


class Recorder(Observer):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.noted: list[ServiceEvent] = []

    def note(self, event: ServiceEvent) -> None:
        self.noted.append(event)


async def nobody(_: object) -> None:
    """Whom a wait concerns."""


async def test_a_wait_for_the_outbound_limit_is_told_with_how_long_it_was(db: Database) -> None:
    recorder = Recorder()
    limiter = RateLimiter(
        db, SystemClock(), limit=0, request_seconds=1, name="github:secret-account", observer=recorder
    )
    await limiter.acquire("tenant_a", nobody)
    await limiter.pause(PAUSE)
    await limiter.acquire("tenant_a", nobody)
    first, throttled, second = recorder.noted
    assert throttled == SourceThrottled("github")
    assert isinstance(first, SlotTaken)
    assert isinstance(second, SlotTaken)
    assert second.source == "github"
    assert first.seconds < second.seconds
    assert second.seconds >= PAUSE * 0.9


async def test_a_lease_that_is_lost_is_told_once_and_one_that_is_given_back_is_not(db: Database) -> None:
    recorder, observation = Recorder(), Observation()
    observation.attach(recorder)
    leases, others = Leases(db, ttl_seconds=0.1, observer=observation), Leases(db, ttl_seconds=60)
    resource = ingest_resource("tenant_a")
    lease = await leases.acquire(resource, "job-1")
    assert lease is not None
    await asyncio.sleep(0.2)
    assert await others.acquire(resource, "job-2") is not None
    with pytest.raises(LeaseLostError):
        async with leases.held(lease):
            await leases.give_back(lease)
    assert recorder.noted == [LeaseLost("ingest")]
    kept = Leases(db, ttl_seconds=60, observer=observation)
    async with kept.held(await kept.acquire(ingest_resource("tenant_b"), "job-3")):
        pass
    assert len(recorder.noted) == 1
