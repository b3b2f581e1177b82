"""Turns: so many a second for each client, half of the time at most, and none waits long for another one's."""

import asyncio

import pytest

from services.coordination.turns import Turns
from tests.fakes import FakeClock


async def take(turns: Turns, clock: FakeClock, client: str, seconds: float = 0.0) -> float:
    """Take a turn of so many seconds; when it began."""
    async with turns.turn(client):
        began = clock.monotonic()
        clock.advance(seconds)
    return began


async def test_turns_are_spread_over_time() -> None:
    clock = FakeClock()
    turns, start = Turns(clock, per_second=4), clock.monotonic()
    assert [await take(turns, clock, "client") - start for _ in range(4)] == [0.0, 0.25, 0.5, 0.75]


async def test_long_turns_take_half_of_the_time() -> None:
    clock = FakeClock()
    turns, start = Turns(clock, per_second=4), clock.monotonic()
    assert [await take(turns, clock, "client", 2.0) - start for _ in range(3)] == [0.0, 4.0, 8.0]


async def test_turns_that_are_not_used_are_not_saved_up() -> None:
    clock = FakeClock()
    turns = Turns(clock, per_second=4)
    await take(turns, clock, "client")
    clock.advance(3600)
    first = await take(turns, clock, "client")
    assert await take(turns, clock, "client") - first == 0.25


async def test_clients_do_not_wait_for_each_other() -> None:
    clock = FakeClock()
    turns, start = Turns(clock, per_second=4), clock.monotonic()
    assert [await take(turns, clock, client) - start for client in ("one", "other", "third")] == [0.0] * 3


async def test_a_client_has_one_turn_at_once_and_all_together_have_a_few() -> None:
    turns = Turns(FakeClock(), at_once=2)
    inside: list[str] = []
    end = asyncio.Event()

    async def stay(client: str) -> None:
        async with turns.turn(client):
            inside.append(client)
            await end.wait()
            inside.remove(client)

    waiting = [asyncio.create_task(stay(client)) for client in ("one", "one", "other", "third")]
    for _ in range(20):
        await asyncio.sleep(0)
    assert inside == ["one", "other"]
    end.set()
    await asyncio.gather(*waiting)


async def test_turn_that_fails_is_over() -> None:
    clock = FakeClock()
    turns = Turns(clock, per_second=4)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            async with turns.turn("client"):
                _ = 1 / 0
    assert clock.slept[-1] == 0.25
