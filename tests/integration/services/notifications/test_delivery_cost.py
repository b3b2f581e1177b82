import time
from collections import Counter

from documents.database import Database
from tests.api.graphql.client import COMMANDS
from tests.notifying import Outbox, at_work
from tests.waiting import until

TICKETS = 200
OURS = {"find", "aggregate", "update", "findAndModify"}


async def test_a_delivery_costs_at_most_three_round_trips_claims_and_circuit_included(db: Database) -> None:
    outbox = Outbox(db)
    await outbox.add(*(f"T-{number}" for number in range(TICKETS)))
    with COMMANDS.heard() as heard:
        async with at_work(outbox.delivery()):
            await until(lambda: len(outbox.notifier.bodies) == TICKETS, "the last delivery")
    sent = Counter(command.name for command in heard)
    assert sum(count for name, count in sent.items() if name in OURS) <= 3 * TICKETS, sent
    assert set(outbox.notifier.by_ticket.values()) == {1}


async def test_an_idle_deliverer_asks_twice_a_second(db: Database) -> None:
    outbox = Outbox(db)
    with COMMANDS.heard() as heard:
        began = time.monotonic()
        async with at_work(outbox.delivery()):
            await until(lambda: sum(command.name == "aggregate" for command in heard) == 4, "four looks")
            took = time.monotonic() - began
    assert 1.5 <= took < 15  # three polls; or ten times as long on a busy machine
    assert sum(command.name in OURS for command in heard) <= 10
