import asyncio
from collections import Counter

from documents.database import Database
from tests.api.graphql.client import COMMANDS
from tests.notifying import Outbox, at_work

TICKETS = 200
OURS = {"find", "aggregate", "update", "findAndModify"}


async def test_a_delivery_costs_at_most_three_round_trips_claims_and_circuit_included(db: Database) -> None:
    outbox = Outbox(db)
    await outbox.add(*(f"T-{number}" for number in range(TICKETS)))
    with COMMANDS.heard() as heard:
        async with at_work(outbox.delivery()), asyncio.timeout(10):
            while len(outbox.notifier.bodies) < TICKETS:
                await asyncio.sleep(0.05)
    sent = Counter(command.name for command in heard)
    assert sum(count for name, count in sent.items() if name in OURS) <= 3 * TICKETS, sent
    assert set(outbox.notifier.by_ticket.values()) == {1}


async def test_an_idle_deliverer_asks_twice_a_second(db: Database) -> None:
    outbox = Outbox(db)
    with COMMANDS.heard() as heard:
        async with at_work(outbox.delivery()):
            await asyncio.sleep(1.6)
    assert 2 <= sum(command.name == "find" for command in heard) <= 4
    assert sum(command.name in OURS for command in heard) <= 10
