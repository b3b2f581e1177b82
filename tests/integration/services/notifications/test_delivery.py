import asyncio
import json
import time
from datetime import timedelta

import httpx
import pytest

from documents.circuit_breaker import CircuitState
from documents.database import Database
from documents.notification import NotificationState
from services.kit.clock import SystemClock
from services.kit.retry import RetryPolicy
from services.notifications import delivery
from services.notifications.queue import TOO_OLD, Settlement
from tests.notifying import Outbox, accept, always, at_work
from tests.waiting import until

PENDING, DELIVERED, DEAD = NotificationState


@pytest.fixture
def outbox(db: Database) -> Outbox:
    return Outbox(db)


class FailsAtFirst:
    """Fails the first attempts of each ticket, like the reference notifier."""

    def __init__(self, outbox: Outbox, failures: int = 2, status: int = 503) -> None:
        self.outbox, self.failures, self.status = outbox, failures, status

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        ticket = json.loads(request.content)["ticket_id"]
        return httpx.Response(200 if self.outbox.notifier.by_ticket[ticket] > self.failures else self.status)


async def test_a_notification_is_delivered_with_what_the_notifier_expects(outbox: Outbox) -> None:
    await outbox.add("T-1")
    async with at_work(outbox.delivery()):
        await outbox.settled()
    assert outbox.notifier.bodies == [
        {"ticket_id": "T-1", "tenant_id": "acme", "urgency": "high", "reason": "legal threat: sue"}
    ]
    row = await outbox.row("T-1")
    assert (row["state"], row["attempts"], row["last_status"], row["claim"]) == ("delivered", 1, 200, None)
    assert row["delivered_at"] >= row["created_at"]


async def test_all_attempts_carry_the_same_idempotency_key_and_no_other_ticket_does(outbox: Outbox) -> None:
    outbox.notifier.answer = FailsAtFirst(outbox)
    await outbox.add("T-1", "T-2")
    async with at_work(outbox.delivery()):
        await outbox.settled()
    keys = set(zip(outbox.notifier.tickets, outbox.notifier.keys, strict=True))
    assert len(outbox.notifier.tickets) == 6
    assert len(keys) == len({key for _, key in keys}) == 2


async def test_the_oldest_goes_first(outbox: Outbox) -> None:
    await outbox.add("T-3", "T-1", "T-2")
    async with at_work(outbox.delivery(concurrency=1)):
        await outbox.settled()
    assert outbox.notifier.tickets == ["T-3", "T-1", "T-2"]


async def test_a_failed_attempt_is_made_again_after_a_wait(outbox: Outbox) -> None:
    outbox.notifier.answer = always(500)
    await outbox.add("T-1")
    async with at_work(outbox.delivery(retries=RetryPolicy(attempts=9, base_seconds=3600, cap_seconds=3600))):
        await outbox.attempted("T-1")
        await asyncio.sleep(0.1)
    row = await outbox.row("T-1")
    assert (row["state"], row["attempts"], row["last_status"]) == ("pending", 1, 500)
    assert row["due_at"] > SystemClock().now()
    assert outbox.notifier.tickets == ["T-1"]


async def test_after_the_last_attempt_it_is_a_dead_letter_that_says_why(outbox: Outbox) -> None:
    outbox.notifier.answer = always(500, text="out of paper")
    await outbox.add("T-1")
    async with at_work(outbox.delivery(retries=RetryPolicy(attempts=3, base_seconds=0.001))):
        await outbox.settled()
    row = await outbox.row("T-1")
    assert (row["state"], row["attempts"], row["last_error"]) == ("dead", 3, "status 500: out of paper")


async def test_after_72_hours_a_failed_attempt_is_the_last(outbox: Outbox) -> None:
    await outbox.add("T-1", give_up_at=SystemClock().now())
    [claimed] = await outbox.queue().claim(1)
    await outbox.queue().settle([Settlement(claimed, PENDING, 500, "status 500", delay_seconds=1)])
    row = await outbox.row("T-1")
    assert (row["state"], row["attempts"], row["last_error"]) == ("dead", 1, "status 500")


async def test_what_is_72_hours_old_while_nothing_may_be_sent_is_a_dead_letter(outbox: Outbox) -> None:
    await outbox.add("old", give_up_at=SystemClock().now())
    await outbox.add("new")
    assert await outbox.queue().expire() == 1
    assert (await outbox.row("old"))["last_error"] == TOO_OLD
    assert (await outbox.row("new"))["state"] == "pending"


async def test_what_is_being_sent_does_not_expire(outbox: Outbox) -> None:
    await outbox.add("T-1", give_up_at=SystemClock().now())
    assert len(await outbox.queue().claim(1)) == 1
    assert await outbox.queue().expire() == 0


@pytest.mark.parametrize("status", [400, 401, 404, 410, 422])
async def test_a_refusal_is_final_and_no_failure_of_the_notifier(outbox: Outbox, status: int) -> None:
    outbox.notifier.answer = always(status, text="no such tenant")
    tickets = [f"T-{number}" for number in range(8)]
    await outbox.add(*tickets)
    async with at_work(outbox.delivery()):
        await outbox.settled()
    row = await outbox.row("T-1")
    assert (row["state"], row["attempts"], row["last_error"]) == ("dead", 1, f"status {status}: no such tenant")
    assert (await outbox.circuit().status()).state is CircuitState.CLOSED


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 307])
async def test_an_answer_that_time_may_heal_is_tried_again(outbox: Outbox, status: int) -> None:
    outbox.notifier.answer = FailsAtFirst(outbox, failures=1, status=status)
    await outbox.add("T-1")
    async with at_work(outbox.delivery()):
        await outbox.settled()
    assert (await outbox.row("T-1"))["attempts"] == 2


async def test_the_wait_that_the_notifier_asks_for_is_granted(outbox: Outbox) -> None:
    outbox.notifier.answer = always(429, headers={"Retry-After": "100"})
    await outbox.add("T-1")
    began = SystemClock().now()
    async with at_work(outbox.delivery()):
        await outbox.attempted("T-1")
    assert (await outbox.row("T-1"))["due_at"] > began + timedelta(seconds=90)


async def test_a_request_that_hangs_is_given_up_and_tried_again(outbox: Outbox) -> None:
    async def hang_once(request: httpx.Request) -> httpx.Response:
        if len(outbox.notifier.bodies) == 1:
            await asyncio.sleep(60)
        return httpx.Response(200)

    outbox.notifier.answer = hang_once
    await outbox.add("T-1")
    async with at_work(outbox.delivery(request_seconds=0.5)):
        await outbox.settled()
    assert (await outbox.row("T-1"))["attempts"] == 2


async def test_several_are_in_flight_once_the_notifier_has_shown_that_it_is_well(outbox: Outbox) -> None:
    all_there = asyncio.Event()

    async def well_at_first_then_slow(request: httpx.Request) -> httpx.Response:
        if outbox.notifier.most_in_flight == 12:
            all_there.set()
        if len(outbox.notifier.bodies) > 10:
            await all_there.wait()
        return httpx.Response(200)

    outbox.notifier.answer = well_at_first_then_slow
    await outbox.add(*(f"T-{number}" for number in range(60)))
    async with at_work(outbox.delivery(concurrency=12)):
        await outbox.settled()
    assert outbox.notifier.most_in_flight == 12


async def test_an_open_circuit_lets_nothing_pass_and_uses_no_attempt_up(outbox: Outbox) -> None:
    outbox.notifier.answer = always(503)
    await outbox.add(*(f"T-{number}" for number in range(30)))
    circuit = outbox.circuit(open_seconds=3600)
    async with at_work(outbox.delivery(circuit=circuit), outbox.delivery(circuit=circuit)):
        sent = await outbox.opened(circuit)
        await asyncio.sleep(1.2)
    assert 5 <= sent <= 9  # the five that opened it, and those that were in flight then
    assert len(outbox.notifier.bodies) == sent
    assert sum([row["attempts"] async for row in outbox.rows.find()]) == sent


async def test_the_probe_goes_to_the_oldest_and_its_success_lets_the_others_follow(outbox: Outbox) -> None:
    circuit = outbox.circuit()
    await outbox.add(*(f"T-{number}" for number in range(8)))
    outbox.notifier.answer = always(503)
    async with at_work(outbox.delivery(circuit=circuit, retries=RetryPolicy(attempts=99, base_seconds=0.001))):
        before = await outbox.opened(circuit)
        outbox.notifier.answer = accept
        await outbox.settled()
    assert outbox.notifier.tickets[before] == "T-0"
    assert await outbox.count(DELIVERED) == 8


async def test_a_reset_lets_delivery_go_on_within_a_second(outbox: Outbox) -> None:
    circuit = outbox.circuit(open_seconds=3600)
    outbox.notifier.answer = always(503)
    await outbox.add("T-1", "T-2")
    async with at_work(outbox.delivery(circuit=circuit, retries=RetryPolicy(attempts=99, base_seconds=0.001))):
        await outbox.opened(circuit)
        outbox.notifier.answer = accept
        reset = time.monotonic()
        await circuit.reset()
        await outbox.settled()
        assert time.monotonic() - reset < 15  # ten times the promise: the machine may be busy
    assert await outbox.count(DELIVERED) == 2


async def test_everything_arrives_at_a_notifier_that_fails_each_ticket_twice(outbox: Outbox) -> None:
    outbox.notifier.answer = FailsAtFirst(outbox)
    await outbox.add(*(f"T-{number}" for number in range(20)))
    circuit = outbox.circuit(open_seconds=0.05)
    async with at_work(outbox.delivery(circuit=circuit, retries=RetryPolicy(attempts=9, base_seconds=0.001))):
        await outbox.settled()
    assert await outbox.count(DELIVERED) == 20


async def test_two_processes_do_not_send_the_same_notification(outbox: Outbox) -> None:
    await outbox.add(*(f"T-{number}" for number in range(80)))
    async with at_work(*(outbox.delivery(concurrency=8) for _ in range(4))):
        await outbox.settled()
    assert max(outbox.notifier.by_ticket.values()) == 1
    assert len(outbox.notifier.tickets) == 80


async def test_the_claim_of_a_dead_process_ends_by_itself(outbox: Outbox) -> None:
    await outbox.add("T-1")
    assert len(await outbox.queue().claim(5)) == 1
    assert await outbox.queue().claim(5) == []
    await outbox.rows.update_one({"ticket_id": "T-1"}, [{"$set": {"due_at": "$$NOW"}}])  # as if the time had passed
    async with at_work(outbox.delivery()):
        await outbox.settled()
    assert outbox.notifier.tickets == ["T-1"]


async def test_a_failure_that_comes_after_another_took_over_changes_nothing(outbox: Outbox) -> None:
    is_taken_over = asyncio.Event()

    async def outlive_the_claim(request: httpx.Request) -> httpx.Response:
        await is_taken_over.wait()
        return httpx.Response(500)

    outbox.notifier.answer = outlive_the_claim
    await outbox.add("T-1")
    async with at_work(outbox.delivery(queue=outbox.queue(claim_seconds=0.05), concurrency=1)):
        await outbox.sent()
        [taken] = await until(lambda: outbox.queue().claim(1), "the end of the claim")
        is_taken_over.set()
    row = await outbox.row("T-1")
    assert (row["claim"], row["attempts"]) == (taken.claim, 0)


async def test_a_shutdown_waits_for_what_is_in_flight(outbox: Outbox) -> None:
    async def slow(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.3)
        return httpx.Response(200)

    outbox.notifier.answer = slow
    await outbox.add("T-1")
    async with at_work(outbox.delivery()):
        await outbox.sent()
    assert (await outbox.row("T-1"))["state"] == "delivered"


async def test_what_is_abandoned_at_a_shutdown_is_free_for_others_and_no_failure(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "_LAST_REQUESTS_SECONDS", 0.1)
    never = asyncio.Event()

    async def hang(request: httpx.Request) -> httpx.Response:
        await never.wait()
        return httpx.Response(200)

    outbox.notifier.answer = hang
    await outbox.add("T-1")
    async with at_work(outbox.delivery(request_seconds=3600)):
        await outbox.sent()
    row = await outbox.row("T-1")
    assert (row["state"], row["attempts"], row["claim"]) == ("pending", 0, None)
    assert (await outbox.circuit().status()).failure_count == 0
    assert len(await outbox.queue().claim(1)) == 1


async def test_a_wake_up_is_quicker_than_the_poll(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "_POLL_SECONDS", 3600.0)
    woken = outbox.delivery()
    async with at_work(woken):
        await asyncio.sleep(0.2)
        await outbox.add("T-1")
        woken.wake()
        await outbox.settled()
