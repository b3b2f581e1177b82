"""Turns: so many a second for each client, and none waits for another one's."""

from services.coordination.turns import Turns
from tests.fakes import FakeClock


async def test_turns_are_spread_over_time() -> None:
    clock = FakeClock()
    turns = Turns(clock, per_second=4)
    for _ in range(5):
        await turns.take("client")
    assert clock.slept == [0.25] * 4


async def test_turns_that_are_not_used_are_not_saved_up() -> None:
    clock = FakeClock()
    turns = Turns(clock, per_second=4)
    await turns.take("client")
    clock.advance(3600)
    await turns.take("client")
    await turns.take("client")
    assert clock.slept == [0.25]


async def test_clients_do_not_wait_for_each_other() -> None:
    clock = FakeClock()
    turns = Turns(clock, per_second=4)
    for client in ("one", "other", "third"):
        await turns.take(client)
    assert clock.slept == []
