"""Following changes in the database."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from documents.database import Database
from documents.ingestion_job import IngestionJob
from documents.ticket import Ticket
from services.coordination import feeds
from services.coordination.change_streams import Changes
from services.coordination.feeds import ChangeSignal, Feed
from services.errors import UnavailableError
from services.kit.clock import SystemClock
from services.search.indexing import SearchIndex
from tests.fakes import FakeClock
from tests.waiting import PATIENCE_SECONDS, until


@pytest.fixture
async def followed(db: Database) -> AsyncIterator[Changes]:
    changes = Changes(db, SystemClock())
    yield changes
    await changes.close()


async def is_woken(signal: ChangeSignal, *, within: float = PATIENCE_SECONDS) -> bool:
    try:
        async with asyncio.timeout(within):
            await signal.wait()
    except TimeoutError:
        return False
    return True


async def insert(db: Database, tenant_id: str) -> None:
    await db.collection(Ticket).insert_one({"tenant_id": tenant_id, "external_id": "1"})


async def test_nothing_happens_where_nothing_changes(followed: Changes) -> None:
    async with followed.tickets.follow("a") as signal:
        assert not await is_woken(signal, within=0.2)


async def test_only_followers_of_the_tenant_are_woken(followed: Changes, db: Database) -> None:
    async with followed.tickets.follow("a") as a, followed.tickets.follow("b") as b:
        await insert(db, "a")
        assert await is_woken(a)
        assert not await is_woken(b, within=0.2)


async def test_a_ticket_that_is_made_ready_for_searches_wakes_nobody(followed: Changes, db: Database) -> None:
    await insert(db, "a")
    async with followed.tickets.follow("a") as a, followed.tickets.follow("b") as b:
        assert await SearchIndex(db).index_next("a") == 1
        await insert(db, "b")
        assert await is_woken(b)
        assert not await is_woken(a, within=0.2)


async def test_deletion_wakes_everybody(followed: Changes, db: Database) -> None:
    await insert(db, "a")
    async with followed.tickets.follow("b") as b:
        await db.collection(Ticket).delete_one({"tenant_id": "a"})
        assert await is_woken(b)


async def test_jobs_are_followed_by_id(followed: Changes, db: Database) -> None:
    async with followed.jobs.follow("j1") as first, followed.jobs.follow("j2") as second:
        await db.collection(IngestionJob).insert_one({"_id": "j1", "tenant_id": "a"})
        assert await is_woken(first)
        assert not await is_woken(second, within=0.2)


async def test_unused_stream_ends_and_is_opened_again(followed: Changes, db: Database) -> None:
    async with followed.tickets.follow("a"):
        assert followed.tickets.is_open
    await until(lambda: not followed.tickets.is_open, "the end of the stream")
    async with followed.tickets.follow("a") as signal:
        await insert(db, "a")
        assert await is_woken(signal)


async def test_closing_ends_the_stream(followed: Changes) -> None:
    async with followed.tickets.follow("a"):
        await followed.close()
        assert not followed.tickets.is_open
    assert followed.tickets.follower_count == 0


async def test_stream_that_cannot_be_opened_is_told(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "OPEN_SECONDS", 0.2)
    monkeypatch.setattr(feeds, "REOPEN_SECONDS", 0.05)
    broken: list[dict[str, Any]] = [{"$nothing": 1}]
    feed = Feed(db.collection(Ticket), broken, lambda _: None, ChangeSignal, SystemClock())
    with pytest.raises(UnavailableError):
        async with feed.follow("a"):
            pass
    await until(lambda: not feed.is_open, "the end of the stream")


async def test_signal_keeps_its_distance_from_the_one_before() -> None:
    clock = FakeClock()
    signal = ChangeSignal(clock)
    signal.set()
    clock.advance(0.25)
    await signal.wait(at_least=1.0)
    assert clock.slept == [0.75]
    clock.advance(5)
    signal.set()
    await signal.wait(at_least=1.0)
    assert clock.slept == [0.75, 0.0]


async def test_waiting_ends_without_a_change_where_it_is_told_to() -> None:
    clock = FakeClock()
    signal = ChangeSignal(clock)
    await signal.wait(at_least=1.0, at_most=0.01)
    assert clock.slept == [1.0]
    signal.set()
    await signal.wait(at_most=PATIENCE_SECONDS)  # at once


async def test_new_jobs_are_followed_by_tenant(followed: Changes, db: Database) -> None:
    jobs = db.collection(IngestionJob)
    async with followed.starts.follow("a") as a, followed.starts.follow("b") as b:
        await jobs.insert_one({"_id": "j1", "tenant_id": "a"})
        assert await is_woken(a)
        await jobs.update_one({"_id": "j1"}, {"$set": {"processed_pages": 1}})
        assert not await is_woken(a, within=0.2)
        assert not await is_woken(b, within=0.0)
