import asyncio
import json
import time
from datetime import timedelta

import httpx
import pytest

from documents.notification import NotificationState
from services.kit.clock import SystemClock
from services.kit.retry import RetryPolicy
from services.notifications import delivery, sender
from services.notifications.breaker_updates import AT_FIRST, FAILURES_TO_OPEN
from services.notifications.claims import Settlement
from services.notifications.queue import LANES_AT_ONCE, TOO_OLD
from tests.notifying import UNTIRING, Outbox, accept, always, at_work
from tests.waiting import until

PENDING, DELIVERED, DEAD = NotificationState


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


async def test_of_what_was_not_tried_yet_the_oldest_goes_first(outbox: Outbox) -> None:
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
    [claimed] = await outbox.claim(1)
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
    assert len(await outbox.claim(1)) == 1
    assert await outbox.queue().expire() == 0


@pytest.mark.parametrize("status", [400, 422])
async def test_a_refused_message_is_a_dead_letter_after_a_few_attempts(outbox: Outbox, status: int) -> None:
    outbox.notifier.answer = always(status, text="no such tenant")
    await outbox.add("T-1")
    async with at_work(outbox.delivery(retries=RetryPolicy(attempts=3, base_seconds=0.001))):
        await outbox.settled()
    row = await outbox.row("T-1")
    assert (row["state"], row["attempts"], row["last_error"]) == ("dead", 3, f"status {status}: no such tenant")
    assert (await outbox.circuit().status()).failure_count == 0


async def test_refused_messages_do_not_hold_up_those_that_are_taken(outbox: Outbox) -> None:
    async def picky(request: httpx.Request) -> httpx.Response:
        return httpx.Response(422 if json.loads(request.content)["ticket_id"].startswith("bad") else 200)

    outbox.notifier.answer = picky
    await outbox.add_page(*(f"{kind}-{number}" for number in range(10) for kind in ("bad", "good")))
    async with at_work(outbox.delivery(retries=RetryPolicy(attempts=3, base_seconds=0.001))):
        await outbox.settled()
    delivered = {row["ticket_id"] async for row in outbox.rows.find({"state": "delivered"})}
    assert delivered == {f"good-{number}" for number in range(10)}
    assert (await outbox.circuit().status()).failure_count == 0


@pytest.mark.parametrize("status", [401, 403, 404, 409, 410, 425])
async def test_a_receiver_that_is_being_redeployed_gets_everything_once_it_is_back(outbox: Outbox, status: int) -> None:
    outbox.notifier.answer = always(status)
    await outbox.add_page(*(f"T-{number}" for number in range(12)))
    circuits = outbox.circuits(open_seconds=0.2)
    async with at_work(outbox.delivery(circuits=circuits, retries=UNTIRING)):
        await until(lambda: len(outbox.notifier.bodies) >= FAILURES_TO_OPEN, "a run of refusals")
        outbox.notifier.answer = accept
        await outbox.settled()
    assert await outbox.count(DELIVERED) == 12


async def test_a_run_of_refusals_opens_the_circuit(outbox: Outbox) -> None:
    outbox.notifier.answer = always(404)
    await outbox.add_page(*(f"T-{number}" for number in range(12)))
    circuits = outbox.circuits(open_seconds=3600)
    async with at_work(outbox.delivery(circuits=circuits, retries=UNTIRING)):
        assert await outbox.opened(circuits["notify"]) <= 4 + AT_FIRST


async def test_the_destination_is_left_alone_for_as_long_as_it_asks(outbox: Outbox) -> None:
    outbox.notifier.answer = always(429, headers={"Retry-After": "100"})
    await outbox.add_page(*(f"T-{number}" for number in range(30)))
    async with at_work(outbox.delivery()):
        await until(lambda: len(outbox.notifier.bodies), "a request")
        await asyncio.sleep(1.2)
    assert len(outbox.notifier.bodies) <= AT_FIRST


async def test_of_one_page_what_was_begun_is_finished_first(outbox: Outbox) -> None:
    outbox.notifier.answer = FailsAtFirst(outbox)
    await outbox.add_page(*(f"T-{number:02}" for number in range(24)))
    circuits = outbox.circuits(open_seconds=0.1)
    async with at_work(outbox.delivery(circuits=circuits, retries=RetryPolicy(attempts=9, base_seconds=0.001))):
        await outbox.settled()
    sent = outbox.notifier.tickets
    first = next(number for number, ticket in enumerate(sent) if sent[:number].count(ticket) == 2)
    # Oldest first alone would have begun all of them before any was tried a third time.
    assert len(set(sent[:first])) <= 4 + AT_FIRST


async def test_the_probe_of_an_open_circuit_is_the_one_that_was_tried_most(outbox: Outbox) -> None:
    await outbox.add_page("untried-1")
    await outbox.add("untried-2")
    await outbox.add("tried", attempts=2, rank=-2)
    await outbox.add("in-vain", attempts=9, rank=1)
    assert [each.ticket_id for each in await outbox.claim(1)] == ["tried"]
    assert [each.ticket_id for each in await outbox.claim(3)] == ["untried-1", "untried-2", "in-vain"]


async def test_each_attempt_moves_a_notification_forwards_until_it_was_tried_in_vain_too_often(outbox: Outbox) -> None:
    await outbox.add("T-1")
    ranks = []
    for _ in range(6):
        [claimed] = await outbox.claim(1)
        await outbox.queue().settle([Settlement(claimed, PENDING, 500, "status 500")])
        ranks.append((await outbox.row("T-1"))["rank"])
    assert ranks == [-1, -2, -3, -4, 1, 1]


async def test_tenants_take_turns_however_many_alerts_one_of_them_has(outbox: Outbox) -> None:
    await outbox.add_page(*(f"A-{number}" for number in range(40)), tenant="large")
    await outbox.add_page("B-1", "B-2", tenant="small")
    claimed = await outbox.queue().claim("", ["large", "small"], 6)
    assert [each.tenant_id for each in claimed] == ["large", "small", "large", "small", "large", "large"]


async def test_a_large_tenant_does_not_keep_a_small_one_waiting(outbox: Outbox) -> None:
    await outbox.add_page(*(f"A-{number}" for number in range(60)), tenant="large")
    await outbox.add_page("B-1", tenant="small")
    async with at_work(outbox.delivery(concurrency=4)):
        await outbox.settled()
    assert outbox.notifier.tickets.index("B-1") < 8


async def test_more_tenants_than_a_claim_looks_at_all_have_their_turn(outbox: Outbox) -> None:
    tenants = [f"tenant-{number}" for number in range(2 * LANES_AT_ONCE + 3)]
    for tenant in tenants:
        await outbox.add_page(f"{tenant}-1", f"{tenant}-2", tenant=tenant)
    async with at_work(outbox.delivery()):
        await outbox.settled()
    assert await outbox.count(DELIVERED) == 2 * len(tenants)


async def test_rows_of_an_earlier_version_are_delivered(outbox: Outbox) -> None:
    await outbox.add("T-1", "T-2")
    await outbox.rows.update_many({}, {"$unset": {"destination_id": "", "kind": "", "rank": "", "refusals": ""}})
    outbox.notifier.answer = FailsAtFirst(outbox)
    async with at_work(outbox.delivery()):
        await outbox.settled()
    assert await outbox.count(DELIVERED) == 2


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
    circuits = outbox.circuits(open_seconds=3600)
    circuit = circuits["notify"]
    async with at_work(outbox.delivery(circuits=circuits), outbox.delivery(circuits=circuits)):
        sent = await outbox.opened(circuit)
        await asyncio.sleep(1.2)
    assert 5 <= sent <= 4 + AT_FIRST  # the five that opened it, and those that were in flight then
    assert len(outbox.notifier.bodies) == sent
    assert sum([row["attempts"] async for row in outbox.rows.find()]) == sent


async def test_a_successful_probe_lets_the_others_follow(outbox: Outbox) -> None:
    circuits = outbox.circuits()
    circuit = circuits["notify"]
    await outbox.add(*(f"T-{number}" for number in range(8)))
    outbox.notifier.answer = always(503)
    async with at_work(outbox.delivery(circuits=circuits, retries=UNTIRING)):
        before = await outbox.opened(circuit)
        outbox.notifier.answer = accept
        await outbox.settled()
    assert outbox.notifier.tickets[before] in outbox.notifier.tickets[:before]
    assert await outbox.count(DELIVERED) == 8


async def test_a_reset_lets_delivery_go_on_within_a_second(outbox: Outbox) -> None:
    circuits = outbox.circuits(open_seconds=3600)
    circuit = circuits["notify"]
    outbox.notifier.answer = always(503)
    await outbox.add("T-1", "T-2")
    async with at_work(outbox.delivery(circuits=circuits, retries=UNTIRING)):
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
    circuits = outbox.circuits(open_seconds=0.05)
    async with at_work(outbox.delivery(circuits=circuits, retries=RetryPolicy(attempts=9, base_seconds=0.001))):
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
    assert len(await outbox.claim(5)) == 1
    assert await outbox.claim(5) == []
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
        [taken] = await until(lambda: outbox.claim(1), "the end of the claim")
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
    monkeypatch.setattr(sender, "_LAST_REQUESTS_SECONDS", 0.1)
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
    assert len(await outbox.claim(1)) == 1


async def test_a_wake_up_is_quicker_than_the_poll(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "_POLL_SECONDS", 3600.0)
    woken = outbox.delivery()
    async with at_work(woken):
        await asyncio.sleep(0.2)
        await outbox.add("T-1")
        woken.wake()
        await outbox.settled()
