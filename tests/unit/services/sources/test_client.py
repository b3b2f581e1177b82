import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest

from services.errors import UpstreamError
from services.kit.http_answers import retry_after_seconds
from services.kit.retry import RetryPolicy
from services.sources.standard import client as external_api
from services.sources.standard.client import ExternalApi, UpstreamCaller

PAGE = {"tickets": [], "next_page": None, "total_count": 0}
Answer = Callable[[httpx.Request], httpx.Response]


class FakeClock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 2, 5, tzinfo=UTC)

    def monotonic(self) -> float:
        return sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


class RecordingLimiter:
    """Grants every slot and writes down what it is told."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.settled: list[str] = []
        self.pauses: list[float] = []

    async def acquire(self, tenant_id: str, on_wait: object) -> str:
        self.taken.append(str(len(self.taken)))
        return self.taken[-1]

    async def settle(self, slot_id: str) -> None:
        self.settled.append(slot_id)

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


class Setup:
    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.limiter = RecordingLimiter()
        self.clock = FakeClock()
        self.retries = 0
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        policy = RetryPolicy(attempts=3)
        self.api = ExternalApi(http, "http://upstream/", self.limiter, self.clock, retries=policy)  # type: ignore[arg-type]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _count(self) -> None:
        self.retries += 1

    @property
    def caller(self) -> UpstreamCaller:
        async def ignore(until: datetime) -> None: ...

        return UpstreamCaller("acme", ignore, self._count)


def ok(body: object = PAGE) -> httpx.Response:
    return httpx.Response(200, json=body)


async def test_a_page_is_asked_for_with_tenant_and_size() -> None:
    setup = Setup(ok())
    await setup.api.fetch_page(setup.caller, 3, 50)
    assert str(setup.requests[0].url) == (
        "http://upstream/external/support-tickets?page=3&page_size=50&tenant_id=acme&include_deleted=false"
    )


@pytest.mark.parametrize(
    "failure",
    [
        httpx.Response(500, text="oops"),
        httpx.Response(503),
        httpx.Response(408),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("peer closed connection"),
        httpx.Response(200, text='{"tickets": [{"id": "T-1"'),
        httpx.Response(200, text="<html>Please log in</html>"),
        httpx.Response(200, json={"items": []}),
        httpx.Response(200, content=b"\xff\xfe"),
        httpx.Response(200, text="[" * 100_000),
        httpx.Response(200, json=[]),
    ],
    ids=lambda failure: repr(failure)[:40],
)
async def test_what_may_heal_is_tried_again(failure: httpx.Response | Exception) -> None:
    setup = Setup(failure, ok())
    page = await setup.api.fetch_page(setup.caller, 1, 100)
    assert (page.tickets, setup.retries, len(setup.clock.slept)) == ([], 1, 1)


async def test_retries_are_bounded_and_the_last_answer_is_told() -> None:
    setup = Setup(*[httpx.Response(502, text="Bad\ngateway")] * 3)
    with pytest.raises(UpstreamError, match=r"gave up after 3 attempts; last: status 502, 11 bytes: 'Bad gateway'"):
        await setup.api.fetch_page(setup.caller, 1, 100)
    assert len(setup.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 301, 302])
async def test_what_cannot_heal_fails_at_once(status: int) -> None:
    setup = Setup(httpx.Response(status, text="no", headers={"location": "http://elsewhere/"}))
    with pytest.raises(UpstreamError, match=f"status {status}"):
        await setup.api.fetch_page(setup.caller, 1, 100)
    assert len(setup.requests) == 1


async def test_an_answered_request_is_settled_and_a_lost_one_is_not() -> None:
    setup = Setup(httpx.ReadTimeout("slow"), httpx.Response(500), ok())
    await setup.api.fetch_page(setup.caller, 1, 100)
    assert setup.limiter.taken == ["0", "1", "2"]
    assert setup.limiter.settled == ["1", "2"]


async def test_a_429_pauses_everybody_and_uses_up_no_attempt() -> None:
    throttled = [httpx.Response(429, headers={"retry-after": str(seconds)}) for seconds in (7, 1, 1, 1, 1)]
    setup = Setup(*throttled, ok())
    await setup.api.fetch_page(setup.caller, 1, 100)
    assert setup.limiter.pauses == [7, 1, 1, 1, 1]
    assert setup.retries == 0


async def test_endless_429_is_given_up() -> None:
    setup = Setup(*[httpx.Response(429)] * 20)
    with pytest.raises(UpstreamError, match="answered 429 20 times in a row"):
        await setup.api.fetch_page(setup.caller, 1, 100)


async def test_an_answer_that_is_too_large_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external_api, "MAX_BODY_BYTES", 10)
    setup = Setup(httpx.Response(200, content=b"x" * 11))
    with pytest.raises(UpstreamError, match="larger than 10 bytes"):
        await setup.api.fetch_page(setup.caller, 1, 100)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "12"}, 12),
        ({"retry-after": " 0 "}, 0),
        ({"retry-after": "999999999"}, 3600),
        ({"retry-after": "Thu, 05 Feb 2026 10:00:30 GMT", "date": "Thu, 05 Feb 2026 10:00:00 GMT"}, 30),
        ({"retry-after": "Thu, 05 Feb 2026 09:00:00 GMT", "date": "Thu, 05 Feb 2026 10:00:00 GMT"}, 0),
        ({"retry-after": "Thu, 05 Feb 2026 10:00:30 GMT"}, 60),
        ({"retry-after": "soon"}, 60),
        ({"retry-after": "-5"}, 60),
        ({"retry-after": "1.5"}, 60),
        ({"retry-after": "²"}, 60),
        ({}, 60),
    ],
)
def test_retry_after_is_read_in_all_its_forms(headers: dict[str, str], seconds: float) -> None:
    assert retry_after_seconds(headers) == seconds


async def test_a_missing_ticket_is_gone_and_another_failure_is_not() -> None:
    setup = Setup(httpx.Response(404), ok({"id": "T-1"}), httpx.Response(403))
    assert await setup.api.is_gone(setup.caller, "a/b?c") is True
    assert setup.requests[0].url.raw_path == b"/external/support-tickets/a%2Fb%3Fc"
    assert await setup.api.is_gone(setup.caller, "T-1") is False
    with pytest.raises(UpstreamError):
        await setup.api.is_gone(setup.caller, "T-1")


async def test_the_deleted_list_is_read_whatever_the_type_of_its_ids() -> None:
    setup = Setup(ok(json.loads('{"deleted_ids": ["T-1", 7]}')))
    assert await setup.api.deleted_ids(setup.caller) == {"T-1", "7"}


@pytest.mark.parametrize("answer", [httpx.Response(500), httpx.ConnectError("refused")])
async def test_an_unhealthy_upstream_fails_the_ping(answer: httpx.Response | Exception) -> None:
    with pytest.raises(UpstreamError):
        await Setup(answer).api.ping()
