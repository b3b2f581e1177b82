import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.waiting import until

BODY = {"ticket_id": "tkt-1", "tenant_id": "tenant_a", "urgency": "high", "reason": "legal threat"}


async def test_third_attempt_is_accepted(start: Callable[..., Any]) -> None:
    client = start(notify_mode="reference")
    answers = [await client.post("/notify", json=BODY) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [500, 502, 200]
    assert answers[2].json() == {"status": "accepted"}


async def test_outage_answers_503_with_the_seconds_left(start: Callable[..., Any], hand_clock: Any) -> None:
    client = start(notify_mode="reference")
    for n in range(10):
        await client.post("/notify", json={**BODY, "ticket_id": f"tkt-{n}"})
    hand_clock.advance(10)
    answer = await client.post("/notify", json=BODY)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "20")


async def test_what_arrives_is_logged_with_its_idempotency_key(start: Callable[..., Any]) -> None:
    client = start(notify_mode="reference")
    await client.post("/notify", json=BODY, headers={"Idempotency-Key": "key-1"})
    await client.post("/notify", json=BODY)
    log = (await client.state())["notifications"]
    assert log[0] == BODY | {
        "at": "2026-02-05T12:00:00.000Z",
        "idempotency_key": "key-1",
        "attempt": 1,
        "status": 500,
    }
    assert (log[1]["idempotency_key"], log[1]["attempt"]) == (None, 2)


@pytest.mark.parametrize(
    "wrong",
    [{"ticket_id": ""}, {"tenant_id": None}, {"urgency": "enormous"}, {"reason": 5}],
)
async def test_wrong_body_is_422_and_no_attempt(start: Callable[..., Any], wrong: dict[str, Any]) -> None:
    client = start()
    assert (await client.post("/notify", json=BODY | wrong)).status_code == 422
    assert (await client.state())["notifications"] == []


async def test_latency_lies_in_the_given_range(start: Callable[..., Any]) -> None:
    client = start(notify_latency_min=0.05, notify_latency_max=0.06)
    begin = time.perf_counter()
    await client.post("/notify", json=BODY)
    assert time.perf_counter() - begin >= 0.05


async def test_notifications_do_not_use_up_the_rate_limit(start: Callable[..., Any]) -> None:
    client = start(rate_limit_per_minute=1)
    statuses = [(await client.post("/notify", json=BODY)).status_code for _ in range(3)]
    assert 429 not in statuses


async def test_healthy_mode_accepts_at_once(start: Callable[..., Any]) -> None:
    assert (await start(notify_mode="healthy").post("/notify", json=BODY)).status_code == 200


async def test_html_mode_answers_200_with_a_web_page(start: Callable[..., Any]) -> None:
    answer = await start(notify_mode="html").post("/notify", json=BODY)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")


async def test_redirect_mode_points_elsewhere(start: Callable[..., Any]) -> None:
    answer = await start(notify_mode="redirect").post("/notify", json=BODY)
    assert (answer.status_code, answer.headers["Location"]) == (307, "/notify/elsewhere")


async def test_client_error_mode_answers_400(start: Callable[..., Any]) -> None:
    assert (await start(notify_mode="client_error").post("/notify", json=BODY)).status_code == 400


async def test_huge_mode_sends_50_megabytes(start: Callable[..., Any]) -> None:
    answer = await start(notify_mode="huge").post("/notify", json=BODY)
    assert (answer.status_code, len(answer.content)) == (200, 50 * 1024 * 1024)


async def test_hang_mode_never_answers(start: Callable[..., Any]) -> None:
    client = start(notify_mode="hang")
    asking = asyncio.create_task(client.post("/notify", json=BODY))

    async def received() -> list[Any]:
        arrived: list[Any] = (await client.state())["notifications"]
        return arrived

    [notification] = await until(received, "the notification")
    assert (await asyncio.wait([asking], timeout=0.2))[0] == set()
    assert notification["status"] is None
    asking.cancel()
    await asyncio.wait([asking])


async def test_close_mode_breaks_off_without_a_complete_answer(start: Callable[..., Any]) -> None:
    with pytest.raises(ConnectionAbortedError):
        await start(notify_mode="close").post("/notify", json=BODY)
