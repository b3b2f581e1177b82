import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import structlog

from services.kit import background
from services.kit.background import Background
from tests.waiting import PATIENCE_SECONDS, until


class Worker(Background):
    """Counts its rounds; what it does in them can be told."""

    def __init__(self, do: Callable[["Worker"], Awaitable[None]]) -> None:
        super().__init__(structlog.get_logger("tests"))
        self.rounds = 0
        self.has_finished = False
        self._do = do

    async def _round(self) -> None:
        self.rounds += 1
        await self._do(self)

    async def _finish(self) -> None:
        self.has_finished = True


async def sleep_long(worker: Background) -> None:
    await worker.rest(3600)


@asynccontextmanager
async def working(worker: Worker) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(worker.work())
    await until(lambda: worker.rounds)
    yield task
    worker.shut_down()
    await asyncio.wait_for(task, PATIENCE_SECONDS)


async def test_it_rests_until_it_is_woken_and_stops_when_told() -> None:
    worker = Worker(sleep_long)
    async with working(worker):
        assert worker.rounds == 1
        worker.wake()
        await until(lambda: worker.rounds == 2)
    assert worker.has_finished
    assert worker.rounds == 2


async def test_being_woken_during_a_round_is_not_forgotten() -> None:
    async def once(worker: Worker) -> None:
        if worker.rounds == 1:
            worker.wake()
            await asyncio.sleep(0)
        await worker.rest(3600)

    worker = Worker(once)
    async with working(worker):
        await until(lambda: worker.rounds == 2)


async def test_a_rest_of_no_time_forgets_that_it_was_woken() -> None:
    worker = Worker(sleep_long)
    worker.wake()
    await worker.rest(0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await worker.rest(3600)


async def test_a_pause_is_ended_by_the_order_to_stop_alone() -> None:
    async def pause(worker: Worker) -> None:
        await worker.pause(3600)

    worker = Worker(pause)
    async with working(worker):
        worker.wake()
        await asyncio.sleep(0.01)
        assert worker.rounds == 1


async def test_after_a_fault_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "FAULT_PAUSE_SECONDS", 0.001)

    async def fail_once(worker: Worker) -> None:
        if worker.rounds == 1:
            raise ValueError
        await worker.rest(3600)

    worker = Worker(fail_once)
    with structlog.testing.capture_logs() as logs:
        async with working(worker):
            await until(lambda: worker.rounds == 2)
    assert [entry["event"] for entry in logs] == ["worker_crashed"]


async def test_a_fault_beside_the_rounds_disturbs_nothing() -> None:
    async def fail() -> None:
        raise ValueError

    async def start(worker: Worker) -> None:
        worker._start(fail())
        await worker.rest(3600)

    worker = Worker(start)
    with structlog.testing.capture_logs() as logs:
        async with working(worker):
            worker.wake()
            await until(lambda: worker.rounds == 2)
    assert {entry["event"] for entry in logs} == {"worker_crashed"}


async def test_one_that_was_shut_down_before_does_nothing() -> None:
    worker = Worker(sleep_long)
    worker.shut_down()
    await worker.work()
    assert (worker.rounds, worker.has_finished) == (0, True)


async def test_what_goes_on_beside_the_rounds_is_waited_for_and_cancelled_with_the_work() -> None:
    ended = []

    async def beside(seconds: float) -> None:
        try:
            await asyncio.sleep(seconds)
            ended.append("by itself")
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    async def start_short(worker: Worker) -> None:
        worker._start(beside(0.05))
        await worker.rest(3600)

    async def start_long(worker: Worker) -> None:
        worker._start(beside(3600))
        await worker.rest(3600)

    async with working(Worker(start_short)):
        pass
    assert ended == ["by itself"]
    worker = Worker(start_long)
    task = asyncio.create_task(worker.work())
    await until(lambda: worker.rounds)
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])
    assert ended == ["by itself", "cancelled"]
