"""What Zendesk refuses, and what it sends that is no answer: problems, or a new beginning."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from documents.vocabulary import SourceProblem
from services.errors import UpstreamError
from services.sources.http import transport
from services.sources.pages import BEGINNING, PagePlace
from tests.zendesk_reading import EVENTS, TICKETS, DeskReader, paths, read_desk

SECRET_WORDS = "Card 4111 of Ms Abara"
Answering = Callable[[httpx.Request], httpx.Response]


def answered_by(answer: Answering) -> DeskReader:
    """A reader whose help desk answers as told."""
    reader = read_desk()
    reader.http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return reader


async def problem_of(reader: DeskReader) -> SourceProblem:
    with pytest.raises(UpstreamError) as raised:
        await reader.run()
    assert SECRET_WORDS not in str(raised.value)
    assert "zendesk-api-token" not in str(raised.value)
    return raised.value.problem


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"revoked": True}, SourceProblem.CREDENTIAL_REFUSED),
        ({"exists": False}, SourceProblem.NOT_FOUND),
        ({"forbidden_paths": ("/api/v2/incremental",)}, SourceProblem.FORBIDDEN),
        ({"error_rate": 1.0}, SourceProblem.UNREACHABLE),
    ],
)
async def test_refusals_have_their_problem(settings: dict[str, Any], problem: SourceProblem) -> None:
    reader = read_desk(ticket_count=5)
    await reader.run()
    reader.desk.change_settings(**settings)
    cursor = reader.cursor
    assert await problem_of(reader) is problem
    assert reader.cursor == cursor
    reader.cursor = None
    assert await problem_of(reader) is problem


async def test_an_oauth_token_needs_its_scope() -> None:
    reader = read_desk(ticket_count=5)
    reader.settings, reader.secrets = {"base_url": "http://desk/"}, {"oauth_token": "zendesk-oauth-token"}
    await reader.run()
    assert len(reader.tickets) + len(reader.gone) == 5
    reader.desk.change_settings(oauth_scopes=frozenset())
    assert await problem_of(reader) is SourceProblem.FORBIDDEN


async def test_the_address_of_a_subdomain() -> None:
    reader = read_desk(ticket_count=5)
    reader.settings = {"subdomain": "acme", "email": "admin@acme.example"}
    await reader.run()
    assert len(reader.tickets) + len(reader.gone) == 5
    reader.settings["subdomain"] = "acmee"
    assert await problem_of(reader) is SourceProblem.NOT_FOUND


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (403, {"error": {"title": "Forbidden", "message": f"Not in your plan. {SECRET_WORDS}"}}, "not_in_plan"),
        (403, {"error": f"Please upgrade {SECRET_WORDS}"}, "not_in_plan"),
        (403, {"error": f"The explanation is missing. {SECRET_WORDS}"}, "forbidden"),
        (402, {"error": SECRET_WORDS}, "not_in_plan"),
        (422, {"error": SECRET_WORDS}, "refused"),
        (400, {"error": SECRET_WORDS}, "refused"),
        (418, {"error": SECRET_WORDS}, "refused"),
        (200, [SECRET_WORDS], "unreachable"),
        (200, {"ticket_events": SECRET_WORDS}, "unreachable"),
        (503, SECRET_WORDS, "unreachable"),
    ],
)
async def test_answers_that_are_none(status: int, body: Any, problem: str) -> None:
    reader = answered_by(lambda request: httpx.Response(status, json=body))
    assert await problem_of(reader) == SourceProblem(problem)


async def test_a_redirect_to_elsewhere_is_not_followed() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(302, headers={"location": "https://elsewhere.example/"})

    assert await problem_of(answered_by(answer)) is SourceProblem.REFUSED
    assert asked == ["desk"]


async def test_a_cursor_that_has_expired_is_replaced() -> None:
    reader = read_desk(ticket_count=50, page_cap=10)
    await reader.run()
    known = dict(reader.tickets)
    new = reader.desk.create("New", "It is new.")
    reader.desk.expire_cursors()
    reader.advance(61)
    reader.tickets = {}
    requests = await reader.run()
    assert str(new) in reader.tickets
    assert len(reader.tickets) < len(known) / 2
    assert {request["status"] for request in requests} == {200, 400}
    assert any("did not take the cursor" in remark for remark in reader.remarks)
    assert {request["status"] for request in await reader.run()} == {200}


async def test_a_cursor_that_expires_during_a_walk_is_replaced() -> None:
    reader = read_desk(ticket_count=50, page_cap=10)
    source = reader.source()
    place: PagePlace | None = BEGINNING
    while place is not None:
        if reader.tickets:
            reader.desk.expire_cursors()
        place = reader.keep(source, await source.page(reader.caller, place))
    assert len(reader.tickets) + len(reader.gone) == 50
    assert len(reader.remarks) >= 3


async def test_events_that_are_asked_for_too_early_are_none() -> None:
    reader = read_desk()
    reader.desk.create("First", "one")
    reader.advance(61)
    await reader.run()
    place = json.loads(str(reader.cursor))
    here = {**place, "phase": "events", "at": reader.desk.now() - 30, "horizon": reader.desk.now() - 60}
    page = await reader.source().page(reader.caller, json.dumps(here))
    assert [request["status"] for request in reader.desk.requests][-1] == 422
    assert (page.details, json.loads(str(page.next))["phase"]) == ([], "tickets")


async def test_fewer_are_asked_for_where_an_answer_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = read_desk()
    for number in range(20):
        reader.desk.create(f"Number {number}", "word " * 2_000)
        reader.advance(1)
    reader.advance(61)
    monkeypatch.setattr(transport, "MAX_BODY_BYTES", 120_000)
    requests = await reader.run()
    assert len(reader.tickets) == 20
    assert "per_page=10" in "".join(request["query"] for request in requests)
    monkeypatch.setattr(transport, "MAX_BODY_BYTES", 1_000)
    reader.cursor = None
    assert await problem_of(reader) is SourceProblem.REFUSED


async def test_a_list_that_does_not_say_where_it_goes_on_is_no_complete_one() -> None:
    ticket = {"id": 1, "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == EVENTS:
            return httpx.Response(200, json={"ticket_events": [], "end_of_stream": True})
        return httpx.Response(200, json={"tickets": [ticket], "end_of_stream": False, "after_cursor": "x" * 5_000})

    reader = answered_by(answer)
    await reader.run()
    assert set(reader.tickets) == {"1"}
    assert reader.remarks == ["Zendesk does not say where its list of tickets goes on"]
    assert json.loads(str(reader.cursor))["known"] == -1


async def test_what_is_no_record_or_event_is_passed_over() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == EVENTS:
            odd = [None, 7, {}, {"id": 1}, {"id": 2, "ticket_id": 3, "timestamp": 10**15}]
            return httpx.Response(200, json={"ticket_events": odd, "end_of_stream": True})
        assert request.url.path == TICKETS
        return httpx.Response(200, json={"tickets": [None, 7, [], {}], "end_of_stream": True, "after_cursor": "x"})

    reader = answered_by(answer)
    await reader.run()
    assert not reader.tickets
    assert [each.position for each in reader.rejected] == [0, 1, 2, 3]
    assert reader.remarks == ["5 events could not be read"]


async def test_limits_are_named_by_account() -> None:
    made: dict[str, int] = {}
    reader = read_desk()

    def limiter(name: str, limit: int) -> Any:
        made[name] = limit

    reader.limiters = limiter
    for asked in (None, "5", "0", "700"):
        reader.settings = {"base_url": "https://desk:8443/zendesk/", "email": "a@b.example"}
        reader.settings |= {} if asked is None else {"requests_per_minute": asked}
        made.clear()
        reader.source()
        limits = [10, 200] if asked is None else [min(10, int(asked)), int(asked)]
        assert made == dict(
            zip(["zendesk_exports:desk:8443/zendesk", "zendesk:desk:8443/zendesk"], limits, strict=True)
        )


async def test_one_ticket_more_is_not_asked_for_by_what_is_no_number() -> None:
    reader = read_desk()
    reader.desk.requests.clear()
    assert not await reader.source().is_gone(reader.caller, "../users/me")
    assert await reader.source().deleted_ids(reader.caller) == set()
    assert paths(list(reader.desk.requests)) == []


async def test_a_cursor_that_is_refused_when_nothing_is_new_is_refused_once() -> None:
    reader = read_desk(ticket_count=50)
    await reader.run()
    reader.desk.expire_cursors()
    reader.tickets, reader.gone = {}, {}
    assert [request["status"] for request in await reader.run()] == [400, 200]
    assert [request["status"] for request in await reader.run()] == [200]
    assert len(reader.remarks) == 1
    assert not reader.tickets
    new = reader.desk.create("New", "It is new.")
    reader.advance(61)
    await reader.run()
    assert str(new) in reader.tickets


async def test_events_behind_a_page_of_broken_ones_are_read() -> None:
    changes = [{"id": 10, "event_type": "Change", "status": "open", "previous_value": "new"}]
    event = {"id": 9, "ticket_id": 7, "timestamp": 1_770_000_000, "child_events": changes}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == TICKETS:
            return httpx.Response(200, json={"tickets": [], "end_of_stream": True})
        is_first = request.url.params["start_time"] == "0"
        rows = [{"id": "broken"}] if is_first else [event]
        end = {"end_of_stream": not is_first, "end_time": 1_760_000_000}
        return httpx.Response(200, json={"ticket_events": rows, **end})

    reader = answered_by(answer)
    await reader.run()
    assert [change[1:] for change in reader.history(7)] == [("status", "new", "open")]
    assert reader.remarks == ["1 events could not be read"]
