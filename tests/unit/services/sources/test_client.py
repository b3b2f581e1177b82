import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest

from services.errors import UpstreamError
from services.kit.http_answers import retry_after_seconds
from services.kit.retry import Patience
from services.observing import UNOBSERVED
from services.sources.http import transport
from services.sources.pages import UpstreamCaller
from services.sources.standard.client import ExternalApi

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

    source, observer = "external_api", UNOBSERVED

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
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
        await self.clock.sleep(seconds)


class Setup:
    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        """The last one is given again and again."""
        self.requests: list[httpx.Request] = []
        self.clock = FakeClock()
        self.limiter = RecordingLimiter(self.clock)
        self.retries = 0
        self.waits: list[datetime] = []
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        self.api = ExternalApi(http, "http://upstream/", self.limiter, self.clock, page_size=50, patience=Patience())  # type: ignore[arg-type]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _count(self) -> None:
        self.retries += 1

    @property
    def caller(self) -> UpstreamCaller:
        async def note(until: datetime) -> None:
            self.waits.append(until)

        return UpstreamCaller("acme", note, self._count)


def ok(body: object = PAGE) -> httpx.Response:
    return httpx.Response(200, json=body)


async def test_a_page_is_asked_for_with_tenant_and_size() -> None:
    setup = Setup(ok())
    await setup.api.page(setup.caller, 3)
    assert str(setup.requests[0].url) == (
        "http://upstream/external/support-tickets?page=3&page_size=50&tenant_id=acme&include_deleted=false"
    )


@pytest.mark.parametrize(
    "failure",
    [
        *[httpx.Response(status, text="oops") for status in (408, 425, 500, 502, 503, 504, 520, 521, 529, 599)],
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("peer closed connection"),
        httpx.Response(200, text='{"tickets": [{"id": "T-1"'),
        httpx.Response(200, text="<html>Please log in</html>"),
        httpx.Response(200, json={"items": []}),
        httpx.Response(200, content=b"\xff\xfe"),
        httpx.Response(200, text="[" * 100_000),
        httpx.Response(200, json=[]),
        httpx.DecodingError("incorrect header check"),
        ValueError("whatever a library does with nonsense"),
    ],
    ids=lambda failure: repr(failure)[:40],
)
async def test_what_may_heal_is_tried_again(failure: httpx.Response | Exception) -> None:
    setup = Setup(failure, ok())
    page = await setup.api.page(setup.caller, 1)
    assert (page.records, setup.retries, len(setup.clock.slept)) == ([], 1, 1)


async def test_it_is_given_up_when_patience_ends_and_the_last_answer_is_told_without_its_text() -> None:
    setup = Setup(httpx.Response(502, text="Bad\ngateway"))
    with pytest.raises(UpstreamError, match=r"given up on after \d+ attempts in \d+ s; last: status 502, 11 bytes$"):
        await setup.api.page(setup.caller, 1)
    assert 540 < sum(setup.clock.slept) <= 600
    assert 20 < len(setup.requests) < 50
    assert len(setup.waits) > 15  # waits of more than a second are shown


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 301, 302])
async def test_what_cannot_heal_fails_at_once(status: int) -> None:
    setup = Setup(httpx.Response(status, text="no", headers={"location": "http://elsewhere/"}))
    with pytest.raises(UpstreamError, match=f"status {status}"):
        await setup.api.page(setup.caller, 1)
    assert len(setup.requests) == 1


async def test_an_answered_request_is_settled_and_a_lost_one_is_not() -> None:
    setup = Setup(httpx.ReadTimeout("slow"), httpx.Response(500), ok())
    await setup.api.page(setup.caller, 1)
    assert setup.limiter.taken == ["0", "1", "2"]
    assert setup.limiter.settled == ["1", "2"]


async def test_a_429_pauses_everybody_and_counts_as_no_retry() -> None:
    throttled = [httpx.Response(429, headers={"retry-after": str(seconds)}) for seconds in (7, 1, 1, 1, 1)]
    setup = Setup(*throttled, ok())
    await setup.api.page(setup.caller, 1)
    assert [int(pause) for pause in setup.limiter.pauses[:1]] == [7]
    assert len(setup.limiter.pauses) == 5
    assert min(setup.limiter.pauses) >= 1
    assert setup.retries == 0


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("header", [{"retry-after": "0"}, {"retry-after": "0.0"}])
async def test_leave_to_come_back_at_once_is_not_taken_for_an_order(status: int, header: dict[str, str]) -> None:
    setup = Setup(*[httpx.Response(status, headers=header)] * 5, ok())
    await setup.api.page(setup.caller, 1)
    waits = setup.limiter.pauses or setup.clock.slept
    floors = [0.25, 0.5, 1, 2, 4]
    assert all(floor <= wait <= 2 * floor for wait, floor in zip(waits, floors, strict=True))


@pytest.mark.parametrize(
    ("header", "least"),
    [("25", 25.0), ("2.5", 2.5), ("Thu, 05 Feb 2026 10:00:25 GMT", 25.0)],
)
@pytest.mark.parametrize("status", [408, 425, 429, 500, 503, 520])
async def test_upstream_is_left_alone_for_as_long_as_it_asks(status: int, header: str, least: float) -> None:
    answer = httpx.Response(status, headers={"retry-after": header, "date": "Thu, 05 Feb 2026 10:00:00 GMT"})
    setup = Setup(answer, ok())
    await setup.api.page(setup.caller, 1)
    assert least <= sum(setup.clock.slept) <= least + 0.5


async def test_whoever_asks_for_more_than_all_patience_is_given_up_at_once_with_the_reason() -> None:
    setup = Setup(httpx.Response(503, headers={"retry-after": "900"}))
    with pytest.raises(UpstreamError, match="which asked for 900 s of rest"):
        await setup.api.page(setup.caller, 1)
    assert len(setup.requests) == 1


async def test_an_answer_that_is_too_large_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_BODY_BYTES", 10)
    setup = Setup(httpx.Response(200, content=b"x" * 11))
    with pytest.raises(UpstreamError, match="larger than 10 bytes"):
        await setup.api.page(setup.caller, 1)


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
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "1e3"}, 60),
        ({"retry-after": "²"}, 60),
        ({}, 60),
    ],
)
def test_retry_after_is_read_in_all_its_forms(headers: dict[str, str], seconds: float) -> None:
    assert retry_after_seconds(headers) == seconds


@pytest.mark.parametrize("location", ["/v2/tickets", "http://upstream/v2/tickets", "https://upstream/v2/tickets"])
async def test_a_redirect_within_the_host_is_followed(location: str) -> None:
    setup = Setup(httpx.Response(308, headers={"location": location}), ok())
    assert (await setup.api.page(setup.caller, 1)).records == []
    assert setup.requests[1].url.path == "/v2/tickets"
    assert setup.limiter.settled == ["0", "1"]


@pytest.mark.parametrize(
    "location", ["http://evil/", "//evil/x", "http://upstream:99/", "ftp://upstream/", "", "http://["]
)
async def test_any_other_redirect_is_a_refusal(location: str) -> None:
    setup = Setup(httpx.Response(302, headers={"location": location}), ok())
    with pytest.raises(UpstreamError, match="status 302, 0 bytes, a redirect"):
        await setup.api.page(setup.caller, 1)
    assert len(setup.requests) == 1


async def test_redirects_are_followed_only_so_often() -> None:
    setup = Setup(httpx.Response(302, headers={"location": "/again"}))
    with pytest.raises(UpstreamError, match="more than 5 times"):
        await setup.api.page(setup.caller, 1)
    assert len(setup.requests) == 6


async def test_a_page_that_is_gone_is_the_end_but_not_the_first_one() -> None:
    assert (await Setup(httpx.Response(404)).api.page(Setup().caller, 7)).next is None
    setup = Setup(httpx.Response(404))
    with pytest.raises(UpstreamError, match="status 404"):
        await setup.api.page(setup.caller, 1)


SECRET = "the text of somebody's ticket"


@pytest.mark.parametrize(
    "body",
    [
        f'{{"tickets": [{{"id": "{SECRET}", "message": "{SECRET}',
        f'{{"deleted_ids": "{SECRET}"}}',
        f'{{"tickets": "{SECRET}"}}',
        f'{{"tickets": [], "x": {SECRET}}}',
        f"<html>{SECRET}</html>",
        f'{{"{SECRET}": "\\q"}}',
    ],
)
@pytest.mark.parametrize("status", [200, 400, 500])
async def test_no_error_quotes_what_upstream_sent(status: int, body: str) -> None:
    setup = Setup(httpx.Response(status, text=body))
    for request in (setup.api.page(setup.caller, 1), setup.api.deleted_ids(setup.caller)):
        with pytest.raises(UpstreamError) as failed:
            await request
        assert SECRET not in str(failed.value)
        assert f"status {status}, {len(body)} bytes" in str(failed.value)


async def test_a_missing_ticket_is_gone_and_another_failure_is_not() -> None:
    setup = Setup(httpx.Response(404), ok({"id": "T-1"}), httpx.Response(403))
    assert await setup.api.is_gone(setup.caller, "a/b?c") is True
    assert setup.requests[0].url.raw_path == b"/external/support-tickets/a%2Fb%3Fc"
    assert await setup.api.is_gone(setup.caller, "T-1") is False
    assert len(setup.requests) == 2
    with pytest.raises(UpstreamError):
        await setup.api.is_gone(setup.caller, "T-1")


async def test_the_deleted_list_is_read_whatever_the_type_of_its_ids() -> None:
    setup = Setup(ok(json.loads('{"deleted_ids": ["T-1", 7, null, {}, ""]}')), ok({"deleted_ids": None}))
    assert await setup.api.deleted_ids(setup.caller) == {"T-1", "7"}
    assert await setup.api.deleted_ids(setup.caller) == set()


@pytest.mark.parametrize("answer", [httpx.Response(500), httpx.ConnectError("refused")])
async def test_an_unhealthy_upstream_fails_the_ping(answer: httpx.Response | Exception) -> None:
    with pytest.raises(UpstreamError):
        await Setup(answer).api.ping()
