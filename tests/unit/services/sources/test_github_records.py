"""Issues as tickets, and what events and comments tell of them."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from documents.vocabulary import SourceProblem
from services.errors import UpstreamError
from services.sources.github.answers import Listed, demand_readable, reader_of
from services.sources.github.details import comment_details, event_details
from services.sources.github.paging import FEW, following_spot
from services.sources.github.places import NOTHING_READ, Phase, Spot, read_phase
from services.sources.github.records import priority_in, sort_issues
from services.sources.github.stretches import asked_page, events_page
from services.sources.http.transport import TransientError, UpstreamAnswer

THEN = "2026-02-05T12:00:00Z"
SECOND = 1_770_292_800
URL = httpx.URL("https://api.github.com/repos/acme/support/issues")


def issue(**changes: Any) -> dict[str, Any]:
    return {
        "number": 7,
        "title": "Door is stuck",
        "body": "Please help",
        "user": {"login": "alex"},
        "labels": [{"name": "bug"}],
        "state": "open",
        "assignee": None,
        "assignees": [],
        "created_at": THEN,
        "updated_at": THEN,
        "html_url": "https://github.com/acme/support/issues/7",
    } | changes


def event(kind: str, serial: int = 1, shown: Any = None, **details: Any) -> dict[str, Any]:
    return {"id": serial, "event": kind, "created_at": THEN, "issue": shown or issue(), **details}


def here(**changes: Any) -> Phase:
    return Phase(v=1, cursor=NOTHING_READ, horizon=SECOND).at(**changes)


def answer(status: int, body: bytes = b"[]", **headers: str) -> UpstreamAnswer:
    return UpstreamAnswer(status, httpx.Headers({k.replace("_", "-"): v for k, v in headers.items()}), body, URL)


@pytest.mark.parametrize(
    ("labels", "priority"),
    [
        (["bug"], None),
        (["priority: high"], "high"),
        (["P1"], "high"),
        (["prio/high", "p3"], "high"),
        (["urgent"], "urgent"),
        (["Priority: Critical", "priority: low"], "urgent"),
        (["severity-minor"], "low"),
        (["low priority"], "low"),
        (["high"], None),
        (["high memory use"], None),
        (["priority"], None),
        (["p2"], "normal"),
    ],
)
def test_priority_from_labels(labels: list[str], priority: str | None) -> None:
    assert priority_in(labels) == priority


def test_issue_as_a_ticket() -> None:
    shown = issue(
        labels=["b", {"name": "a"}, {"name": None}, 5, None],
        assignee={"login": "jonas"},
        assignees=[{"login": "jonas"}, {"login": "ada"}],
        state="closed",
        state_reason="not_planned",
        milestone={"title": "Spring"},
        type={"name": "Bug"},
        author_association="NONE",
        reactions={"total_count": 4},
    )
    ticket = sort_issues([shown], "acme").own["7"]
    assert (ticket.source, ticket.customer_id, ticket.subject, ticket.message, ticket.status) == (
        *("github", "alex", "Door is stuck", "Please help"),
        "closed",
    )
    assert ticket.extra is not None
    assert ticket.extra["state_reason"] == "not_planned"
    assert (ticket.extra["milestone"], ticket.extra["issue_type"]) == ("Spring", "Bug")
    assert ticket.extra["assignees"] == ["jonas", "ada"]
    assert "reactions" not in ticket.extra


def test_broken_record_is_put_aside_and_stops_nothing() -> None:
    records = [issue(), "nonsense", None, issue(number=None), issue(number=8, created_at="soon"), issue(number=9)]
    found = sort_issues(records, "acme")
    assert set(found.own) == {"7", "9"}
    assert [each.reason for each in found.rejected] == [
        "record: is no object",
        "record: is no object",
        "id: must be a text or a whole number",
        "created_at: is no date",
    ]


@pytest.mark.parametrize("user", [None, {}, {"login": "ghost"}, {"login": None}, "alex"])
def test_author_who_is_nobody(user: Any) -> None:
    ticket = sort_issues([issue(user=user, body=None, labels=None, assignees=None)], "acme").own["7"]
    assert (ticket.customer_id, ticket.message) == (None, "")


def test_events_that_tell_nothing_are_passed_over() -> None:
    events = [
        "nonsense",
        None,
        {},
        event("closed", shown=issue(pull_request={})),
        event("closed") | {"issue": None},
        event("closed") | {"created_at": "soon"},
        event("closed") | {"id": "1"},
        event("closed") | {"created_at": "2026-02-05T12:00:01Z"},
        event("renamed", rename=None),
        event("labeled", label=None),
        event("assigned", assignee=None),
        event("subscribed"),
        event(["closed"]),  # type: ignore[arg-type]
    ]
    assert event_details(events, here()) == []


def test_labels_are_told_backwards_from_the_present() -> None:
    events = [
        event("labeled", 4, label={"name": "bug"}),
        event("unlabeled", 3, label={"name": "prio/high"}),
        event("labeled", 2, label={"name": "prio/high"}),
        event("labeled", 1, label={"name": "its old name"}),
    ]
    told = [
        (one.serial, {name: (c.old, c.new) for name, c in one.changes.items()}) for one in event_details(events, here())
    ]
    assert told == [
        (4, {"tags": (None, ["bug"])}),
        (3, {"tags": (["prio/high"], None), "priority": ("high", None)}),
        (2, {"tags": (None, ["prio/high"]), "priority": (None, "high")}),
    ]
    assert event_details(events, here(spot=Spot(page=2, size=99))) == []


def test_assignee_is_told_as_far_as_it_is_known() -> None:
    shown = issue(assignees=[{"login": "ada"}])
    events = [
        event("assigned", 5, shown, assignee={"login": "ada"}),
        event("unassigned", 4, shown, assignee={"login": "jonas"}),
        event("assigned", 3, shown, assignee={"login": "jonas"}),
    ]
    told = [
        (one.serial, one.changes["assignee"].old, one.changes["assignee"].new) for one in event_details(events, here())
    ]
    assert told == [(5, None, "ada"), (4, "jonas", None), (3, None, "jonas")]
    swapped = [events[1], events[0]]
    assert event_details(swapped, here()) == []  # whether he was the first of the two, nobody says


def test_comments_of_issues() -> None:
    def comment(serial: int, page: str = "issues", **changes: Any) -> dict[str, Any]:
        front = "https://api.github.com/repos/acme/pull"
        html = f"https://github.com/acme/pull/{page}/7#issuecomment-{serial}"
        said = {"id": serial, "issue_url": f"{front}/issues/7", "html_url": html, "body": "Hello", "created_at": THEN}
        return {**said, "user": {"login": "alex"}, **changes}

    comments = [
        comment(1),
        comment(2, "pull"),
        comment(3, body=None),
        comment(4, user=None),
        comment(5, user={"login": "ghost"}),
        comment(6, issue_url="https://api.github.com/x"),
        comment(7, created_at=None),
        "nonsense",
        comment(8, html_url=None),
    ]
    assert [(one.ticket_id, one.serial, one.author) for one in comment_details(comments)] == [
        ("7", 1, "alex"),
        ("7", 8, "alex"),
    ]


@pytest.mark.parametrize(
    ("headers", "body", "wait"),
    [
        ({"retry_after": "30"}, b"", 30),
        ({"retry_after": "soon"}, b"", 60),
        (
            {
                "x_ratelimit_remaining": "0",
                "x_ratelimit_reset": str(SECOND + 90),
                "date": "Thu, 05 Feb 2026 12:00:00 GMT",
            },
            b"",
            91,
        ),
        (
            {
                "x_ratelimit_remaining": "0",
                "x_ratelimit_reset": str(SECOND - 90),
                "date": "Thu, 05 Feb 2026 12:00:00 GMT",
            },
            b"",
            60,
        ),
        ({"x_ratelimit_remaining": "0", "x_ratelimit_reset": "never"}, b"", 60),
        ({"x_ratelimit_remaining": "0", "x_ratelimit_reset": "9" * 11}, b"", 3600),
        ({}, b'{"message": "You have exceeded a secondary rate limit."}', 60),
    ],
)
def test_limits(headers: dict[str, str], body: bytes, wait: float) -> None:
    for status in (403, 429):
        with pytest.raises(TransientError) as caught:
            demand_readable(answer(status, body, **headers))
        assert (caught.value.asked, caught.value.is_throttled) == (wait, True)


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (401, SourceProblem.CREDENTIAL_REFUSED),
        (403, SourceProblem.FORBIDDEN),
        (404, SourceProblem.NOT_FOUND),
        (410, SourceProblem.SWITCHED_OFF),
        (422, SourceProblem.REFUSED),
        (451, SourceProblem.FORBIDDEN),
    ],
)
def test_refusals(status: int, problem: SourceProblem) -> None:
    with pytest.raises(UpstreamError) as caught:
        demand_readable(answer(status, b'{"message": "Must not be told"}'))
    assert caught.value.problem is problem
    assert "told" not in str(caught.value)


@pytest.mark.parametrize("body", [b"{}", b"<html>", b"", b"null", b"[1"])
def test_body_that_is_no_list_may_be_one_the_next_time(body: bytes) -> None:
    with pytest.raises(TransientError):
        reader_of(URL)(answer(200, body))


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ('<https://api.github.com/x?after=abc%3D&page=2>; rel="next"', (True, "abc=", 0)),
        ('</x?after=abc>; rel="next", </y>; rel="prev"', (True, "abc", 0)),
        ('<https://example.net/x?after=abc>; rel="next"', (True, "", 1)),
        ('<http://api.github.com/x?after=abc>; rel="next"', (True, "", 1)),
        ('<https://api.github.com:444/x?after=abc>; rel="next"', (True, "", 1)),
        ('<https://[x/?after=abc>; rel="next"', (True, "", 1)),
        ('<https://api.github.com/x?after=a b>; rel="next"', (True, "", 0)),
        ('<https://api.github.com/x?page=1>; rel="prev"', (False, "", 0)),
        ("nonsense", (False, "", 0)),
    ],
)
def test_links(link: str, told: tuple[bool, str, int]) -> None:
    listed = reader_of(URL)(answer(200, link=link))
    assert (listed.has_next, listed.after, len(listed.remarks)) == told


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50, 100])
def test_numbered_pages_leave_nothing_out(size: int) -> None:
    listed, entries = reader_of(URL)(answer(200)), list(range(1_000))
    spot: Spot | None = Spot()
    seen: set[int] = set()
    asked = 0
    while spot is not None:
        length = spot.size or size
        assert length <= size
        shown = entries[(spot.page - 1) * length :][:length]
        seen.update(shown)
        asked += 1
        spot = following_spot(spot, listed, shown, size)
    assert seen == set(entries)
    assert size < 50 or asked <= 1_000 // size * 1.3 + 2


@pytest.mark.parametrize(
    ("date", "horizon"),
    [
        ("Thu, 05 Feb 2026 12:00:30 GMT", SECOND - 30),
        ("Thu, 05 Feb 2099 12:00:30 GMT", SECOND + 3_540),
        ("soon", SECOND - 60),
    ],
)
def test_horizon_lies_a_minute_before_the_answer(date: str, horizon: int) -> None:
    listed = reader_of(URL)(answer(200, json.dumps([issue(updated_at="2026-02-05T11:00:00Z")]).encode(), date=date))
    page = asked_page(here(horizon=0), listed, 100, datetime.fromtimestamp(SECOND, UTC), shows_first=False)
    assert isinstance(page.next, str)
    following = read_phase(page.next)
    assert following is not None
    assert following.horizon == horizon


@pytest.mark.parametrize("size", [FEW, 50, 100])
def test_numbered_page_shows_again_where_the_last_one_ended(size: int) -> None:
    for end in range(size, 41_000, 7):
        spot = Spot.model_construct(page=2, size=end - 1)
        following = following_spot(spot, Listed([], has_next=True), [end], size)
        assert following is not None
        start = (following.page - 1) * following.size
        assert end - 10 <= start < end < start + following.size
        assert following.size <= size


def test_event_beyond_the_horizon_is_read_later_though_a_newer_one_is_not() -> None:
    late = event("closed", 10) | {"created_at": "2026-02-05T12:00:01Z"}
    listed = reader_of(URL)(answer(200, json.dumps([event("reopened", 11), late, event("closed", 9)]).encode()))
    page = events_page(here(what="events"), listed, 100)
    assert [detail.serial for detail in page.details] == [11, 9]
    following = read_phase(page.next or "")
    assert following is not None
    assert (following.what, following.newest) == ("comments", 9)
