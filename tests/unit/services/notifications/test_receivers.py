import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.destination import DestinationFormat
from services.notifications.claims import ClaimedNotification
from services.notifications.receivers.answers import (
    MAX_DETAIL_CHARACTERS,
    MAX_REPLY_BYTES,
    Attempt,
    Notifier,
    Verdict,
    judge,
)
from services.notifications.receivers.formats import compose
from tests.fakes import ScriptedTransport

DELIVERED, FAILED, BUSY, UNWELCOME, REFUSED = Verdict
NOTIFICATION = ClaimedNotification(
    id="0123abcd",
    claim="c",
    tenant_id="acme",
    ticket_id="T-\u00e4\n",
    urgency="high",
    reason="outage: down",
    attempts=0,
    refusals=0,
    created_at=datetime(2026, 2, 5, tzinfo=UTC),
)
MESSAGE = compose(DestinationFormat.SPECIFICATION, [NOTIFICATION], (), NOTIFICATION.created_at)
JSON = {"content-type": "application/json"}


class Endless(httpx.AsyncByteStream):
    """A body without an end."""

    def __init__(self) -> None:
        self.sent = 0
        self.is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.sent += 1024
            yield b"x" * 1024

    async def aclose(self) -> None:
        self.is_closed = True


def streamed(status: int, body: bytes = b"", **headers: str) -> httpx.Response:
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))


async def send(answer: httpx.Response | Exception) -> tuple[Attempt, httpx.Request]:
    transport = ScriptedTransport(answer)
    notifier = Notifier(httpx.AsyncClient(transport=transport), "http://notifier/notify")
    return await notifier.send(MESSAGE), transport.requests[0]


async def test_the_request_carries_what_the_notifier_expects() -> None:
    _, request = await send(streamed(200))
    assert (request.method, str(request.url)) == ("POST", "http://notifier/notify")
    assert request.headers["idempotency-key"] == "0123abcd"
    assert json.loads(request.content) == {
        "ticket_id": "T-\u00e4\n",
        "tenant_id": "acme",
        "urgency": "high",
        "reason": "outage: down",
    }


@pytest.mark.parametrize("status", [200, 201, 202, 204])
@pytest.mark.parametrize("body", [b"", b"ok", b'{"status": "accepted"}', b"\xff\x00"])
def test_a_2xx_is_a_delivery_whatever_its_body(status: int, body: bytes) -> None:
    assert judge(status, JSON, body) == Attempt(DELIVERED, status)


@pytest.mark.parametrize("media_type", ["text/html", "text/html; charset=utf-8", "TEXT/HTML", "application/xhtml+xml"])
@pytest.mark.parametrize("body", [b"ok", b"", b"<ok/>", b"thanks <html"])
def test_a_header_alone_makes_no_web_page(media_type: str, body: bytes) -> None:
    assert judge(200, {"content-type": media_type}, body) == Attempt(DELIVERED, 200)


PAGE = "<!doctype html><title>Sign in</title>"


@pytest.mark.parametrize("headers", [{}, JSON, {"content-type": "text/html"}], ids=str)
@pytest.mark.parametrize(
    "body",
    [
        PAGE.encode(),
        b"<!DOCTYPE HTML PUBLIC>",
        b" \r\n\t<HtMl lang='en'>",
        b"\xef\xbb\xbf<html>",
        b"\xef\xbb\xbf\n <!DocType html>",
        PAGE.encode("utf-16"),
        b"<?xml version='1.0'?>\n<html xmlns='http://www.w3.org/1999/xhtml'>",
        b"<!-- proxy --> <!-- 2 --><html>",
        gzip.compress(PAGE.encode(), mtime=0),
    ],
)
def test_a_web_page_is_no_delivery_whatever_the_header_says(headers: dict[str, str], body: bytes) -> None:
    assert judge(200, headers, body).verdict is FAILED


@given(st.binary(max_size=300))
def test_any_body_is_judged(body: bytes) -> None:
    assert judge(200, {}, body).verdict in (DELIVERED, FAILED)
    assert judge(200, {}, b"\n<!doctype" + body).verdict is FAILED


@pytest.mark.parametrize("status", [301, 302, 307, 308, 408, 429, 500, 502, 503, 504, 520, 599])
def test_what_time_may_heal_is_a_failure(status: int) -> None:
    assert judge(status, JSON, b"").verdict is FAILED


@pytest.mark.parametrize("status", [401, 403, 404, 405, 407, 409, 410, 421, 423, 425, 426, 451, 499])
def test_what_a_redeployment_may_heal_is_unwelcome(status: int) -> None:
    assert judge(status, JSON, b"").verdict is UNWELCOME


@pytest.mark.parametrize("status", [400, 411, 413, 414, 415, 422, 431])
def test_what_speaks_of_the_message_is_a_refusal(status: int) -> None:
    assert judge(status, JSON, b"").verdict is REFUSED


def test_one_who_says_when_to_come_back_is_busy() -> None:
    assert judge(429, {"retry-after": "7"}, b"") == Attempt(BUSY, 429, "status 429:", 7.0)


@pytest.mark.parametrize("status", [301, 400, 404, 409, 425, 429, 500, 503])
def test_the_wish_to_be_left_alone_is_told_of_every_answer(status: int) -> None:
    assert judge(status, {"retry-after": "30"}, b"").retry_after == 30


async def test_a_redirect_is_not_followed() -> None:
    attempt, _ = await send(streamed(307, location="http://elsewhere/"))
    assert (attempt.verdict, attempt.status) == (FAILED, 307)


@pytest.mark.parametrize("value", ["30", "30 "])
def test_the_wait_that_the_notifier_asks_for_is_told(value: str) -> None:
    assert judge(503, {"retry-after": value}, b"").retry_after == 30


def test_without_such_a_wish_there_is_no_wait() -> None:
    assert judge(503, {}, b"").retry_after == 0


def test_what_is_kept_of_an_answer_is_one_short_printable_line() -> None:
    detail = judge(400, {}, b"a\x00b\r\n\x1b[31mc\xff" + b"x" * 10_000).detail
    assert detail is not None
    assert detail.startswith("status 400: a b [31mc")
    assert detail.isprintable()
    assert len(detail) == MAX_DETAIL_CHARACTERS


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("refused"),
        httpx.ReadError(""),
        httpx.RemoteProtocolError("no answer"),
        httpx.PoolTimeout("full"),
    ],
)
async def test_a_broken_connection_is_a_failure(error: Exception) -> None:
    attempt, _ = await send(error)
    assert (attempt.verdict, attempt.status) == (FAILED, None)
    assert (attempt.detail or "").startswith(type(error).__name__)


@pytest.mark.parametrize(("status", "verdict"), [(200, DELIVERED), (500, FAILED), (400, REFUSED)])
async def test_of_an_endless_answer_only_the_beginning_is_read(status: int, verdict: Verdict) -> None:
    body = Endless()
    attempt, _ = await send(httpx.Response(status, stream=body))
    assert attempt.verdict is verdict
    assert body.sent <= MAX_REPLY_BYTES + 2 * 1024
    assert body.is_closed


async def test_a_notifier_that_hangs_is_given_up() -> None:
    async def hang(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        return httpx.Response(200)

    http = httpx.AsyncClient(transport=httpx.MockTransport(hang))
    attempt = await Notifier(http, "http://notifier/", request_seconds=0.02).send(MESSAGE)
    assert (attempt.verdict, attempt.detail) == (FAILED, "TimeoutError")


async def test_an_unusable_url_is_a_failure_and_no_crash() -> None:
    attempt = await Notifier(httpx.AsyncClient(), "no-scheme").send(MESSAGE)
    assert attempt.verdict is FAILED
