"""Tenants' own destinations: real receivers, real deliveries."""

import asyncio
import itertools
import re
import time
from contextlib import ExitStack
from datetime import timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from documents.circuit_breaker import Circuit, CircuitState
from documents.destination import Destination, DestinationFormat
from documents.notification import Notification, NotificationState
from services.kit.clock import SystemClock
from services.kit.retry import RetryPolicy
from services.notifications import sender
from services.notifications.lanes import Lanes
from services.notifications.receivers.changes import DestinationChange
from services.notifications.receivers.destinations import NO_DESTINATION
from tests.notifying import UNTIRING, Outbox, always, at_work
from tests.receiver import Received, Receiver, receiving
from tests.waiting import until

PENDING, DELIVERED, DEAD = NotificationState
SPECIFICATION, WEBHOOK, SLACK = DestinationFormat


async def count(outbox: Outbox, destination: Destination, state: NotificationState = DELIVERED) -> int:
    return await outbox.rows.count_documents({"destination_id": destination.id, "state": state.value})


async def test_a_webhook_is_signed_and_verifies(outbox: Outbox, receiver: Receiver) -> None:
    saved = await outbox.destinations().create("acme", receiver.url, WEBHOOK)
    assert saved.secret is not None
    await outbox.add("T-1")
    async with at_work(outbox.delivery()):
        await outbox.settled()
    [received] = receiver.received
    event = Webhook(saved.secret).verify(received.body, received.headers)
    row = await outbox.row("T-1")
    assert (event["type"], received.headers["webhook-id"]) == ("ticket.urgent", row["_id"])
    assert event["data"] == {
        "notification_id": row["_id"],
        "tenant_id": "acme",
        "ticket_id": "T-1",
        "urgency": "high",
        "reason": "legal threat: sue",
    }
    assert outbox.notifier.bodies == []
    with pytest.raises(WebhookVerificationError):
        Webhook(saved.secret).verify(received.body + b" ", received.headers)


async def test_a_rotated_secret_and_the_one_before_it_both_verify_for_a_while(
    outbox: Outbox, receiver: Receiver
) -> None:
    destinations = outbox.destinations()
    old = await destinations.create("acme", receiver.url, WEBHOOK)
    new = await destinations.change(old.destination.id, DestinationChange(rotate_secret=True))
    await outbox.add("T-1")
    async with at_work(outbox.delivery()):
        await outbox.settled()
        for saved in (old, new):
            Webhook(saved.secret or "").verify(receiver.received[0].body, receiver.received[0].headers)
        long_ago = SystemClock().now() - timedelta(seconds=1)
        ended = {"secrets.1.valid_until": long_ago, "updated_at": long_ago}
        await outbox.db.collection(Destination).update_one({"_id": old.destination.id}, {"$set": ended})
        await outbox.add("T-2")
        await outbox.settled()
    Webhook(new.secret or "").verify(receiver.received[1].body, receiver.received[1].headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old.secret or "").verify(receiver.received[1].body, receiver.received[1].headers)


async def test_the_other_formats_have_their_shapes(outbox: Outbox, receiver: Receiver) -> None:
    for format_ in (SPECIFICATION, SLACK):
        await outbox.destinations().create("acme", receiver.url, format_)
    await outbox.add("T<1>&")
    async with at_work(outbox.delivery()):
        await outbox.settled()
    bodies = {frozenset(each.json): each.json for each in receiver.received}
    assert bodies[frozenset(["text"])] == {"text": "Urgent ticket T&lt;1&gt;&amp; of acme: legal threat: sue"}
    specified = bodies[frozenset(["ticket_id", "tenant_id", "urgency", "reason"])]
    assert specified == {
        "ticket_id": "T<1>&",
        "tenant_id": "acme",
        "urgency": "high",
        "reason": "legal threat: sue",
    }


async def test_each_destination_has_one_row_for_each_ticket_and_a_repetition_adds_none(
    outbox: Outbox, receiver: Receiver
) -> None:
    destinations = [
        (await outbox.destinations().create("acme", receiver.url, format_)).destination
        for format_ in (WEBHOOK, SPECIFICATION, SLACK)
    ]
    await outbox.add("T-1", "T-2")
    await asyncio.gather(*(Lanes(outbox.db).address("acme", destinations) for _ in range(5)))
    rows = await outbox.rows.find({}, {"ticket_id": 1, "destination_id": 1, "kind": 1}).to_list(None)
    assert sorted((row["ticket_id"], row["destination_id"]) for row in rows) == sorted(
        (ticket, destination.id) for ticket in ("T-1", "T-2") for destination in destinations
    )
    assert {row["kind"] for row in rows} == {"webhook", "specification", "slack"}
    async with at_work(outbox.delivery(), outbox.delivery()):
        await outbox.settled()
    assert len(receiver.received) == 6


async def test_a_tenant_without_a_destination_of_its_own_goes_on_with_the_operators(
    outbox: Outbox, receiver: Receiver
) -> None:
    await outbox.destinations().create("acme", receiver.url, WEBHOOK)
    await outbox.add("T-1")
    await outbox.add("T-2", tenant="other")
    async with at_work(outbox.delivery()):
        await outbox.settled()
    assert receiver.tickets == ["T-1"]
    assert outbox.notifier.tickets == ["T-2"]


async def test_trouble_with_one_destination_holds_up_no_other(outbox: Outbox, receiver: Receiver) -> None:
    with ExitStack() as stack:
        broken = stack.enter_context(receiving())
        broken.answer = lambda received: 503
        bad = (await outbox.destinations().create("acme", broken.url, WEBHOOK)).destination
        good = (await outbox.destinations().create("acme", receiver.url, WEBHOOK)).destination
        outbox.notifier.answer = always(503)
        await outbox.add_page(*(f"T-{number}" for number in range(20)))
        await outbox.add_page(*(f"D-{number}" for number in range(20)), tenant="other")
        circuits = outbox.circuits(open_seconds=3600)
        async with at_work(outbox.delivery(circuits=circuits, retries=UNTIRING)):
            await until(lambda: len(receiver.received) == 20, "the healthy receiver's alerts")
            await outbox.opened(circuits[bad.id])
        states = await circuits.statuses([bad.id, good.id, "notify"])
    assert [states[name].state for name in (bad.id, good.id)] == [CircuitState.OPEN, CircuitState.CLOSED]
    assert await count(outbox, good) == 20
    assert await count(outbox, bad) == 0


async def test_a_page_as_an_answer_is_no_delivery_and_a_word_is_one(outbox: Outbox, receiver: Receiver) -> None:
    await outbox.destinations().create("acme", receiver.url, WEBHOOK)
    receiver.body = b"\n<!DOCTYPE html><p>Sign in"
    await outbox.add("T-1")
    async with at_work(outbox.delivery(retries=UNTIRING)):
        await until(lambda: receiver.received, "an attempt")
        receiver.body = b"ok"  # and still as text/html
        await outbox.settled()
    assert (await outbox.row("T-1"))["state"] == "delivered"


async def test_a_redirect_is_not_followed(outbox: Outbox, receiver: Receiver) -> None:
    await outbox.destinations().create("acme", receiver.url, WEBHOOK)
    receiver.answer = lambda received: 307
    await outbox.add("T-1")
    async with at_work(outbox.delivery(retries=RetryPolicy(attempts=2, base_seconds=0.001))):
        await outbox.settled()
    assert {each.path for each in receiver.received} == {"/hook"}
    assert (await outbox.row("T-1"))["state"] == "dead"


async def test_a_paused_destination_waits_and_loses_nothing(outbox: Outbox, receiver: Receiver) -> None:
    destinations = outbox.destinations()
    saved = await destinations.create("acme", receiver.url, WEBHOOK)
    await destinations.change(saved.destination.id, DestinationChange(is_paused=True))
    await outbox.add("T-1")
    async with at_work(outbox.delivery()):

        async def is_addressed() -> bool:
            return await count(outbox, saved.destination, PENDING) == 1

        await until(is_addressed, "the address")
        await asyncio.sleep(0.7)
        assert receiver.received == []
        await destinations.change(saved.destination.id, DestinationChange(is_paused=False))
        await outbox.settled()
    assert receiver.tickets == ["T-1"]


async def test_an_address_that_changes_is_used_at_once(outbox: Outbox, receiver: Receiver) -> None:
    with receiving() as other:
        destinations = outbox.destinations()
        saved = await destinations.create("acme", receiver.url, WEBHOOK)
        async with at_work(outbox.delivery()):
            await outbox.add("T-1")
            await outbox.settled()
            await destinations.change(saved.destination.id, DestinationChange(url=other.url))
            await outbox.add("T-2")
            await outbox.settled()
        assert (receiver.tickets, other.tickets) == (["T-1"], ["T-2"])


async def test_what_waits_for_a_deleted_destination_is_a_dead_letter(outbox: Outbox, receiver: Receiver) -> None:
    destinations = outbox.destinations()
    saved = await destinations.create("acme", receiver.url, WEBHOOK)
    await outbox.add("T-1", "T-2")
    await Lanes(outbox.db).address("acme", [saved.destination])
    await destinations.delete(saved.destination.id)
    await outbox.add("late", destination_id=saved.destination.id)  # a process that had not heard of it
    async with at_work(outbox.delivery()):
        await outbox.settled()
    rows = await outbox.rows.find().to_list(None)
    assert {(row["state"], row["last_error"]) for row in rows} == {("dead", NO_DESTINATION)}
    assert receiver.received == []


async def test_a_flood_is_told_as_a_digest_where_the_destination_asks_for_it(
    outbox: Outbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "_DIGEST_GATHERS_SECONDS", 0.0)
    saved = await outbox.destinations().create("acme", receiver.url, WEBHOOK, digest_above=10)
    await outbox.add_page(*(f"T-{number}" for number in range(30)))
    async with at_work(outbox.delivery()):
        await outbox.settled()
    [received] = receiver.received
    event = Webhook(saved.secret or "").verify(received.body, received.headers)
    assert (event["type"], event["data"]["count"]) == ("ticket.urgent.digest", 30)
    rows = {row["_id"]: row["ticket_id"] async for row in outbox.rows.find()}
    assert {alert["notification_id"]: alert["ticket_id"] for alert in event["data"]["alerts"]} == rows
    assert await count(outbox, saved.destination) == 30


async def test_spikes_that_a_flood_brings_along_are_sent_no_more_at_once_than_is_allowed(
    outbox: Outbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "_DIGEST_GATHERS_SECONDS", 0.0)
    begun, at_once = itertools.count(1), list[int]()

    def slowly(received: Received) -> int:
        at_once.append(next(begun) - len(receiver.received))
        time.sleep(0.2)
        return 200

    receiver.answer = slowly
    saved = await outbox.destinations().create("acme", receiver.url, WEBHOOK, digest_above=1)
    await outbox.add_spikes(*(f"spk_{number}" for number in range(8)), to=saved.destination)
    async with at_work(outbox.delivery(concurrency=2)):
        await outbox.settled()
    assert len({received.headers["webhook-id"] for received in receiver.received}) == len(receiver.received) == 8
    assert max(at_once) <= 2


async def test_few_alerts_are_told_one_by_one_and_a_flood_is_gathered(outbox: Outbox, receiver: Receiver) -> None:
    saved = await outbox.destinations().create("acme", receiver.url, SLACK, digest_above=3)
    async with at_work(outbox.delivery()):
        await outbox.add_page("T-1", "T-2", "T-3")
        await outbox.settled()
        assert len(receiver.received) == 3
        await outbox.add_page("T-4", "T-5")
        await asyncio.sleep(1.2)
        assert len(receiver.received) == 3  # still gathering, for 10 s
        earlier = SystemClock().now() - timedelta(seconds=20)
        await outbox.rows.update_many({"state": "pending"}, {"$set": {"created_at": earlier}})
        await outbox.settled()
    assert receiver.received[3].json["text"].startswith("2 urgent tickets of acme:\n- T-4: legal threat: sue")
    assert await count(outbox, saved.destination) == 5


async def test_a_digest_that_fails_is_tried_again_with_all_that_is_in_it(
    outbox: Outbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "_DIGEST_GATHERS_SECONDS", 0.0)

    def fail_once(received: Received) -> int:
        return 200 if receiver.received else 503

    receiver.answer = fail_once
    await outbox.destinations().create("acme", receiver.url, WEBHOOK, digest_above=2)
    await outbox.add_page(*(f"T-{number}" for number in range(5)))
    async with at_work(outbox.delivery(retries=RetryPolicy(attempts=9, base_seconds=0.0))):
        await outbox.settled()
    told = {alert["ticket_id"] for each in receiver.received[1:] for alert in each.json["data"]["alerts"]}
    assert told == {f"T-{number}" for number in range(5)}


async def test_nothing_that_is_stored_or_shown_tells_a_secret(outbox: Outbox, receiver: Receiver) -> None:
    url = receiver.url + "?token=very-secret"
    saved = await outbox.destinations().create("acme", url, WEBHOOK)
    assert saved.secret is not None
    stored = str(await outbox.db.collection(Destination).find_one({}))
    for secret in (saved.secret, saved.secret.removeprefix("whsec_"), "very-secret"):
        assert secret not in stored
        assert secret not in repr(saved)
        assert secret not in repr(outbox.destinations().open(saved.destination))
    assert saved.destination.shown_url.endswith("/hook?...")


async def test_an_address_that_becomes_private_is_not_connected_to(outbox: Outbox, receiver: Receiver) -> None:
    saved = await outbox.destinations().create("acme", receiver.url, WEBHOOK)
    await outbox.add("T-1")
    strict = outbox.delivery(allow_private=False, retries=RetryPolicy(attempts=2, base_seconds=0.001))
    async with at_work(strict):
        await outbox.settled()
    row = await outbox.row("T-1")
    assert (row["state"], row["destination_id"]) == ("dead", saved.destination.id)
    assert re.search("not on the public internet", row["last_error"])
    assert receiver.received == []


async def test_a_secret_of_another_key_is_not_sent_with_and_nothing_is_lost(outbox: Outbox, receiver: Receiver) -> None:
    saved = await outbox.destinations().create("acme", receiver.url, WEBHOOK)
    garbled = {"sealed_url": "00000000.AAAA"}
    await outbox.db.collection(Destination).update_one({"_id": saved.destination.id}, {"$set": garbled})
    await outbox.add("T-1")
    await outbox.add("T-2", tenant="other")
    async with at_work(outbox.delivery()):
        await until(lambda: outbox.notifier.tickets == ["T-2"], "the other tenant's alert")
        await asyncio.sleep(0.6)
    assert (await outbox.row("T-1"))["state"] == "pending"


async def test_a_circuit_goes_with_its_destination(outbox: Outbox, receiver: Receiver) -> None:
    saved = await outbox.destinations().create("acme", receiver.url, WEBHOOK)
    await outbox.add("T-1")
    async with at_work(outbox.delivery()):
        await outbox.settled()
    assert await outbox.db.collection(Circuit).count_documents({"_id": saved.destination.id}) == 1
    await outbox.circuits().forget(saved.destination.id)
    assert await outbox.db.collection(Circuit).count_documents({}) == 0
    assert await outbox.db.collection(Notification).count_documents({}) == 1
