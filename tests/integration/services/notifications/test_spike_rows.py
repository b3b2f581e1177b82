"""Spikes in the outbox beside processes of a version that knows none, and would send them as tickets."""

from datetime import UTC, datetime

import pytest

from documents.database import Row
from documents.destination import Destination, DestinationFormat
from documents.notification import UNSEEN
from services.kit.clock import SystemClock
from services.lists.keyset import Window
from services.notifications.claims import Settlement
from services.notifications.reading import NotificationFilter, Notifications
from tests.notifying import Outbox, at_work
from tests.receiver import Receiver

OLD_DUE: Row = {"state": "pending", "$expr": {"$lte": ["$due_at", "$$NOW"]}}
"""What is claimed by programs before spikes; with `destination_id` and `tenant_id`."""
OLD_EXPIRED: Row = {
    "state": "pending",
    "$expr": {"$and": [{"$lte": ["$give_up_at", "$$NOW"]}, {"$lte": ["$due_at", "$$NOW"]}]},
}
OLD_DESTINATIONS: list[Row] = [
    {"$match": {"state": "pending"}},
    {"$sort": {"state": 1, "destination_id": 1, "tenant_id": 1, "due_at": 1}},
    {"$group": {"_id": "$destination_id", "due": {"$first": "$due_at"}}},
    {"$match": {"$expr": {"$or": [{"$eq": ["$_id", ""]}, {"$lte": ["$due", "$$NOW"]}]}}},
]
"""Where they look for something due: what is of a destination that they do not find, they give up."""
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def destination(outbox: Outbox, receiver: Receiver) -> Destination:
    saved = await outbox.destinations().create("acme", receiver.url, DestinationFormat.WEBHOOK)
    return saved.destination


async def seen_by_old_programs(outbox: Outbox) -> int:
    where = outbox.rows.aggregate(OLD_DESTINATIONS)
    found = await outbox.rows.count_documents(OLD_DUE) + await outbox.rows.count_documents(OLD_EXPIRED)
    return found + len(await where.to_list(None))


async def as_written_before(outbox: Outbox) -> None:
    """The rows as the first programs with spikes wrote them."""
    await outbox.rows.update_many({}, {"$set": {"due_at": LONG_AGO}, "$unset": {"ready_at": 1}})


async def test_a_spike_is_never_seen_by_a_program_that_knows_none(outbox: Outbox, destination: Destination) -> None:
    await outbox.add_spikes("spk_1", to=destination)
    queue, lane = outbox.queue(claim_seconds=0.0), (destination.id, ["acme"], 10)
    assert await seen_by_old_programs(outbox) == 0
    [claimed] = await queue.claim(*lane)  # its claim runs out at once
    assert (claimed.spike or {})["spike_id"] == "spk_1"
    assert await seen_by_old_programs(outbox) == 0
    [again] = await queue.claim(*lane)
    await queue.release([again])
    assert await seen_by_old_programs(outbox) == 0
    [last] = await queue.claim(*lane)
    pending = Settlement(last, (await Notifications(outbox.db).get(last.id)).state, status=500, error="no")
    await queue.settle([pending])
    assert await seen_by_old_programs(outbox) == 0
    [after] = await queue.claim(*lane)
    assert after.attempts == 1
    await outbox.rows.update_many({}, {"$set": {"give_up_at": LONG_AGO}})
    assert (await seen_by_old_programs(outbox), await queue.expire()) == (0, 1)
    await Notifications(outbox.db).redrive(last.id)
    assert (await seen_by_old_programs(outbox), len(await queue.claim(*lane))) == (0, 1)


async def test_two_that_claim_a_spike_do_not_both_get_it(outbox: Outbox, destination: Destination) -> None:
    await outbox.add_spikes("spk_1", to=destination)
    lane = (destination.id, ["acme"], 10)
    assert [len(await outbox.queue().claim(*lane)) for _ in range(2)] == [1, 0]


@pytest.mark.parametrize("is_old", [False, True])
async def test_spikes_are_delivered_once_beside_tickets(
    outbox: Outbox, destination: Destination, receiver: Receiver, *, is_old: bool
) -> None:
    await outbox.add_spikes("spk_1", "spk_2", to=destination)
    if is_old:
        await as_written_before(outbox)
    await outbox.add("T-1")
    async with at_work(outbox.delivery(), outbox.delivery()):
        await outbox.settled()
    events = [received.json for received in receiver.received]
    spikes = sorted(event["data"]["spike_id"] for event in events if event["type"] == "spike.detected")
    tickets = [event["data"]["ticket_id"] for event in events if event["type"] == "ticket.urgent"]
    assert (spikes, tickets) == (["spk_1", "spk_2"], ["T-1"])


async def test_what_the_first_programs_with_spikes_wrote_is_hidden_from_older_ones(
    outbox: Outbox, destination: Destination
) -> None:
    await outbox.add_spikes("spk_1", to=destination)
    await as_written_before(outbox)
    assert await seen_by_old_programs(outbox) == 2  # a claim of the row, and its destination
    queue = outbox.queue()
    assert (await queue.adopt(), await queue.adopt()) == (1, 0)
    assert await seen_by_old_programs(outbox) == 0
    assert len(await queue.claim(destination.id, ["acme"], 10)) == 1


async def test_of_what_a_later_version_hides_nothing_is_claimed(outbox: Outbox, destination: Destination) -> None:
    await outbox.add_spikes("spk_1", to=destination)
    await outbox.rows.update_many({}, {"$rename": {"spike": "something_new"}})
    assert await outbox.queue().claim(destination.id, ["acme"], 10) == []


async def test_a_list_says_when_a_spike_is_due(outbox: Outbox, destination: Destination) -> None:
    await outbox.add_spikes("spk_1", to=destination)
    found = await Notifications(outbox.db).slice("acme", NotificationFilter(), Window(10))
    assert found.items[0].due_at < SystemClock().now() < UNSEEN


async def test_a_flood_counts_spikes_that_are_due(outbox: Outbox, destination: Destination) -> None:
    await outbox.add_spikes("spk_1", "spk_2", to=destination)
    await outbox.add("T-1", destination_id=destination.id)
    flood = await outbox.queue().flood(destination.id, "acme", 10)
    assert (flood.recent, flood.due) == (3, 3)
