"""The letters are those of the drawing in `services/notifications/breaker.py`."""

import asyncio

import pytest

from documents.circuit_breaker import Circuit, CircuitState
from documents.database import Database
from services.notifications.breaker import CircuitBreaker, Permit, RequestResult
from services.notifications.breaker_updates import AT_FIRST, FAILURES_TO_OPEN, MAX_ALLOWANCE, REFUSALS_TO_OPEN

OPEN_SECONDS = 60.0


def breaker(db: Database, *, open_seconds: float = OPEN_SECONDS, permit_seconds: float = 60.0) -> CircuitBreaker:
    return CircuitBreaker(db, "notify", open_seconds=open_seconds, permit_seconds=permit_seconds)


@pytest.fixture
def circuit(db: Database) -> CircuitBreaker:
    return breaker(db)


async def admitted(circuit: CircuitBreaker) -> Permit:
    [permit] = await circuit.admit(1)
    return permit


async def feed(circuit: CircuitBreaker, results: str) -> None:
    """Send one request after the other: `.` succeeds, `F` fails."""
    for result in results:
        await circuit.report([RequestResult(await admitted(circuit), result == ".")])


async def opened(circuit: CircuitBreaker) -> None:
    await feed(circuit, "F" * FAILURES_TO_OPEN)


async def end_open_time(db: Database) -> None:
    moved = {"$subtract": ["$opened_at", int(OPEN_SECONDS * 1000)]}
    await db.collection(Circuit).update_one({"_id": "notify"}, [{"$set": {"opened_at": moved}}])


async def half_open(circuit: CircuitBreaker, db: Database) -> Permit:
    """Open it and take the probe's permit (a, b)."""
    await opened(circuit)
    await end_open_time(db)
    return await admitted(circuit)


async def state(circuit: CircuitBreaker) -> CircuitState:
    return (await circuit.status()).state


async def test_a_new_circuit_is_closed(circuit: CircuitBreaker) -> None:
    status = await circuit.status()
    assert (status.state, status.failure_count, status.window_size) == (CircuitState.CLOSED, 0, 10)
    assert (status.opened_at, status.retry_after) == (None, None)


@pytest.mark.parametrize("results", ["FFFF", "FFFF......FFFF", ".F" * 4, "FF...FF......FF"])
async def test_fewer_than_five_failures_in_ten_leave_it_closed(circuit: CircuitBreaker, results: str) -> None:
    await feed(circuit, results)
    assert await state(circuit) is CircuitState.CLOSED


@pytest.mark.parametrize("results", ["FFFFF", ".F.F.F.F.F", "FFFF.....F", "..........FF.FF.F"])
async def test_a_five_failures_among_the_last_ten_open_it_at_once(circuit: CircuitBreaker, results: str) -> None:
    await feed(circuit, results[:-1])
    assert await state(circuit) is CircuitState.CLOSED
    await feed(circuit, results[-1])
    status = await circuit.status()
    assert (status.state, status.failure_count) == (CircuitState.OPEN, 5)
    assert status.opened_at is not None
    assert status.retry_after == pytest.approx(OPEN_SECONDS, abs=20)


async def test_a_failures_of_all_processes_count_together(db: Database) -> None:
    for _ in range(FAILURES_TO_OPEN):
        await feed(breaker(db), "F")
    assert await state(breaker(db)) is CircuitState.OPEN


async def test_while_open_nothing_is_admitted(circuit: CircuitBreaker) -> None:
    await opened(circuit)
    assert (await circuit.capacity()).requests == 0
    assert await circuit.admit(5) == []


async def test_b_after_the_open_time_it_is_half_open_for_everybody_to_see(
    circuit: CircuitBreaker, db: Database
) -> None:
    await opened(circuit)
    await end_open_time(db)
    status = await circuit.status()
    assert (status.state, status.retry_after) == (CircuitState.HALF_OPEN, None)
    assert (await circuit.capacity()).requests == 1


async def test_b_of_a_hundred_racers_one_gets_the_probe(db: Database) -> None:
    await opened(breaker(db))
    await end_open_time(db)
    permits = await asyncio.gather(*(breaker(db).admit(3) for _ in range(100)))
    assert sum(map(len, permits)) == 1


async def test_c_a_successful_probe_closes_it_with_an_empty_window(circuit: CircuitBreaker, db: Database) -> None:
    await circuit.report([RequestResult(await half_open(circuit, db), True)])
    status = await circuit.status()
    assert (status.state, status.failure_count, status.opened_at) == (CircuitState.CLOSED, 0, None)
    await feed(circuit, "FFFF")
    assert await state(circuit) is CircuitState.CLOSED


async def test_d_a_failed_probe_opens_it_for_the_whole_time_again(circuit: CircuitBreaker, db: Database) -> None:
    await circuit.report([RequestResult(await half_open(circuit, db), False)])
    status = await circuit.status()
    assert status.state is CircuitState.OPEN
    assert status.retry_after == pytest.approx(OPEN_SECONDS, abs=20)


async def test_e_a_reset_closes_an_open_circuit_and_forgets_the_results(circuit: CircuitBreaker) -> None:
    await opened(circuit)
    await circuit.reset()
    assert await state(circuit) is CircuitState.CLOSED
    await feed(circuit, "FFFF")
    assert await state(circuit) is CircuitState.CLOSED


async def test_e_a_circuit_that_was_never_used_can_be_reset(circuit: CircuitBreaker) -> None:
    await circuit.reset()
    assert len(await circuit.admit(1)) == 1


async def test_f_a_dead_prober_does_not_wedge_the_circuit(db: Database) -> None:
    dead = await half_open(breaker(db, permit_seconds=0.001), db)
    await asyncio.sleep(0.01)
    circuit = breaker(db)
    alive = await admitted(circuit)
    await circuit.report([RequestResult(dead, False)])
    assert await state(circuit) is CircuitState.HALF_OPEN
    await circuit.report([RequestResult(alive, True)])
    assert await state(circuit) is CircuitState.CLOSED


async def test_f_a_cancelled_probe_frees_the_place_for_another(circuit: CircuitBreaker, db: Database) -> None:
    await circuit.report([RequestResult(await half_open(circuit, db), None)])
    assert await state(circuit) is CircuitState.HALF_OPEN
    assert (await circuit.capacity()).requests == 1


async def test_cancelled_requests_are_no_failures(circuit: CircuitBreaker) -> None:
    permits = await circuit.admit(5)
    await circuit.report([RequestResult(permit, None) for permit in permits])
    assert (await circuit.status()).failure_count == 0
    assert (await circuit.capacity()).requests == AT_FIRST


async def test_late_results_of_an_earlier_generation_count_for_nothing(circuit: CircuitBreaker, db: Database) -> None:
    late = await circuit.admit(1)
    await opened(circuit)
    await end_open_time(db)
    await circuit.report([RequestResult(await admitted(circuit), True)])
    await circuit.report([RequestResult(permit, False) for permit in late])
    assert (await circuit.status()).failure_count == 0


async def test_a_late_success_does_not_close_an_open_circuit(circuit: CircuitBreaker) -> None:
    late = await circuit.admit(1)
    await opened(circuit)
    await circuit.report([RequestResult(permit, True) for permit in late])
    assert await state(circuit) is CircuitState.OPEN


async def test_a_late_result_does_not_decide_for_the_probe(circuit: CircuitBreaker, db: Database) -> None:
    late = await circuit.admit(1)
    await half_open(circuit, db)
    await circuit.report([RequestResult(permit, True) for permit in late])
    assert await state(circuit) is CircuitState.HALF_OPEN


async def test_a_result_that_is_reported_twice_counts_once(circuit: CircuitBreaker) -> None:
    failed = RequestResult(await admitted(circuit), False)
    await circuit.report([failed, failed])
    await circuit.report([failed])
    assert (await circuit.status()).failure_count == 1


async def test_a_results_that_are_reported_together_count_in_their_order(circuit: CircuitBreaker) -> None:
    permits = await circuit.admit(5)
    await circuit.report([RequestResult(permit, False) for permit in permits])
    assert await state(circuit) is CircuitState.OPEN


async def test_requests_in_flight_are_limited_until_successes_come(circuit: CircuitBreaker) -> None:
    first = await circuit.admit(100)
    assert len(first) == AT_FIRST
    assert await circuit.admit(1) == []
    await circuit.report([RequestResult(permit, True) for permit in first])
    assert len(await circuit.admit(100)) == 3 * AT_FIRST


async def test_a_failure_halves_the_requests_in_flight(circuit: CircuitBreaker) -> None:
    await feed(circuit, "." * 16 + "F")
    assert (await circuit.capacity()).requests == (AT_FIRST + 2 * 16) // 2


async def test_failures_leave_the_requests_in_flight_that_were_allowed_at_first(circuit: CircuitBreaker) -> None:
    await feed(circuit, "FFFF")
    assert (await circuit.capacity()).requests == AT_FIRST


async def test_the_requests_in_flight_have_an_upper_limit(circuit: CircuitBreaker) -> None:
    while len(permits := await circuit.admit(1000)) < MAX_ALLOWANCE:
        await circuit.report([RequestResult(permit, True) for permit in permits[:60]])
        await circuit.report([RequestResult(permit, True) for permit in permits[60:]])
    await circuit.report([RequestResult(permit, True) for permit in permits[:20]])
    assert (await circuit.capacity()).requests == 20


async def test_two_destinations_have_two_circuits(circuit: CircuitBreaker, db: Database) -> None:
    await opened(circuit)
    other = CircuitBreaker(db, "other", open_seconds=1, permit_seconds=1)
    assert await state(other) is CircuitState.CLOSED


async def refuse(circuit: CircuitBreaker, times: int = 1, *, pause: float = 0.0) -> None:
    for _ in range(times):
        result = RequestResult(await admitted(circuit), False, is_refusal=True, pause_seconds=pause)
        await circuit.report([result])


async def test_refusals_of_single_messages_are_no_failures(circuit: CircuitBreaker) -> None:
    for _ in range(5):
        await refuse(circuit, REFUSALS_TO_OPEN - 1)
        await feed(circuit, ".")
    status = await circuit.status()
    assert (status.state, status.failure_count) == (CircuitState.CLOSED, 0)


async def test_a_ten_refusals_in_a_row_open_it_and_a_refused_probe_opens_it_again(
    circuit: CircuitBreaker, db: Database
) -> None:
    await refuse(circuit, REFUSALS_TO_OPEN)
    assert await state(circuit) is CircuitState.OPEN
    await end_open_time(db)
    await refuse(circuit)
    assert await state(circuit) is CircuitState.OPEN
    await end_open_time(db)
    await feed(circuit, ".")
    await refuse(circuit, REFUSALS_TO_OPEN - 1)
    assert await state(circuit) is CircuitState.CLOSED


async def test_c_a_probe_that_is_refused_for_itself_shows_that_the_destination_is_back(
    circuit: CircuitBreaker, db: Database
) -> None:
    await opened(circuit)
    await end_open_time(db)
    await refuse(circuit)
    assert await state(circuit) is CircuitState.CLOSED


async def test_a_destination_that_asks_to_be_left_alone_is_in_any_state(circuit: CircuitBreaker, db: Database) -> None:
    await refuse(circuit, pause=600)
    status = await circuit.status()
    assert (status.state, status.retry_after) == (CircuitState.CLOSED, pytest.approx(600, abs=20))
    capacity = await circuit.capacity()
    assert (capacity.requests, capacity.retry_after) == (0, pytest.approx(600, abs=20))
    assert await circuit.admit(3) == []


async def test_a_wish_to_be_left_alone_outlasts_the_open_time_and_is_never_shortened(
    circuit: CircuitBreaker, db: Database
) -> None:
    permits = await circuit.admit(5)
    await circuit.report(
        [RequestResult(permit, False, pause_seconds=600 - 100 * n) for n, permit in enumerate(permits)]
    )
    await end_open_time(db)
    status = await circuit.status()
    assert (status.state, status.retry_after) == (CircuitState.OPEN, pytest.approx(600, abs=20))
    assert await circuit.admit(1) == []


async def test_e_a_reset_ends_the_wait_that_was_asked_for(circuit: CircuitBreaker) -> None:
    await refuse(circuit, pause=600)
    await circuit.reset()
    assert len(await circuit.admit(1)) == 1


async def test_one_who_gets_too_many_at_once_gets_fewer_down_to_one(circuit: CircuitBreaker) -> None:
    for _ in range(6):
        await refuse(circuit, pause=0.001)
        await asyncio.sleep(0.005)
    assert (await circuit.capacity()).requests == 1
    await feed(circuit, ".")
    assert (await circuit.capacity()).requests == 3


async def test_a_failure_that_was_in_flight_when_it_opened_begins_the_open_time_anew(
    circuit: CircuitBreaker, db: Database
) -> None:
    late = await circuit.admit(1)
    await opened(circuit)
    await end_open_time(db)
    assert await state(circuit) is CircuitState.HALF_OPEN
    await circuit.report([RequestResult(permit, False) for permit in late])
    status = await circuit.status()
    assert (status.state, status.failure_count) == (CircuitState.OPEN, 5)
    assert status.retry_after == pytest.approx(OPEN_SECONDS, abs=20)
