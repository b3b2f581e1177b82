"""What GitHub may answer instead of a list, one thing after the other, and what its source makes of it."""

from datetime import timedelta
from typing import Any

import pytest

from documents.database import Database
from documents.vocabulary import SourceProblem
from mock_external_api.github.settings import Access
from services.errors import UpstreamError
from services.kit.clock import SystemClock
from services.kit.retry import Patience
from services.sources.budget import RateLimiter
from services.sources.github.opening import open_github
from services.sources.http import transport
from services.sources.pages import BEGINNING
from tests.github_reading import Reading
from tests.github_standin import TOKEN

LONG = 3_600
ONCE = Patience(seconds=0, least_attempts=1)


async def read(db: Database, **settings: Any) -> Reading:
    """A repository that was read to its end."""
    reading = Reading(db, **settings)
    reading.upstream.turned.advance(LONG)
    await reading.run()
    reading.calls()
    return reading


async def problem_of(reading: Reading) -> SourceProblem:
    with pytest.raises(UpstreamError) as caught:
        await reading.run()
    assert TOKEN not in str(caught.value)
    return caught.value.problem


@pytest.mark.parametrize(
    ("access", "problem"),
    [
        (None, SourceProblem.CREDENTIAL_REFUSED),
        (Access.NO_ISSUES, SourceProblem.FORBIDDEN),
        (Access.SSO, SourceProblem.FORBIDDEN),
        (Access.BLIND, SourceProblem.NOT_FOUND),
    ],
)
async def test_tokens(db: Database, access: Access | None, problem: SourceProblem) -> None:
    reading = await read(db)
    if access is None:
        reading.upstream.github.revoke(TOKEN)
    else:
        reading.upstream.github.set_access(TOKEN, access)
    assert await problem_of(reading) is problem
    assert len(reading.calls()) == 1
    with pytest.raises(UpstreamError):
        await reading.source.is_gone(reading.caller, "1")


async def test_public_repository_needs_no_token(db: Database) -> None:
    reading = await read(db, token="")
    assert reading.tickets
    assert not any(call["authorized"] for call in reading.upstream.github.log)


@pytest.mark.parametrize(
    ("switch", "problem"),
    [
        (lambda desk: desk.enable_issues(on=False), SourceProblem.SWITCHED_OFF),
        (lambda desk: desk.block(), SourceProblem.FORBIDDEN),
    ],
)
async def test_repository_that_is_shut_is_no_sign_that_its_issues_are_gone(
    db: Database, switch: Any, problem: SourceProblem
) -> None:
    reading = await read(db)
    switch(reading.desk)
    assert await problem_of(reading) is problem
    with pytest.raises(UpstreamError) as caught:
        await reading.source.is_gone(reading.caller, next(iter(reading.tickets)))
    assert caught.value.problem is problem


async def test_renamed_repository_is_read_with_a_remark(db: Database) -> None:
    for status in (301, 302, 307):
        reading = await read(db, redirect_status=status)
        reading.desk.rename_repository("customers")
        made = reading.desk.open("After the move")
        reading.upstream.turned.advance(300)
        await reading.run()
        assert reading.shown == [str(made.number)]
        assert set(reading.remarks) == {"the repository has another name now: give the connection that one"}
        assert not await reading.source.is_gone(reading.caller, str(made.number))
        reading.desk.delete(made.number)
        assert await reading.source.is_gone(reading.caller, str(made.number))
        reading.calls()
        reading.upstream.turned.advance(300)
        await reading.run()
        assert len(reading.calls()) == 2


async def test_name_that_another_repository_has_now_is_not_found(db: Database) -> None:
    reading = await read(db, repository="Acme/SUPPORT")
    assert reading.tickets
    reading.desk.home.name = "elsewhere"
    assert await problem_of(reading) is SourceProblem.NOT_FOUND
    with pytest.raises(UpstreamError):
        await reading.source.is_gone(reading.caller, "1")


async def test_deleted_and_transferred_issues_are_gone(db: Database) -> None:
    reading = await read(db)
    numbers = [issue.number for issue in reading.desk.home.issues.values() if issue.pull is None]
    reading.desk.delete(numbers[0])
    reading.desk.transfer(numbers[1])
    reading.desk.transfer(numbers[2], hidden=True)
    gone = [await reading.source.is_gone(reading.caller, str(number)) for number in numbers[:4]]
    assert gone == [True, True, True, False]
    assert await reading.source.is_gone(reading.caller, "999999")
    assert await reading.source.deleted_ids(reading.caller) == set()
    # Five answers (one of them led on), and one look at the repository.
    assert [call["path"].count("/") for call in reading.calls()] == [5, 3, 5, 4, 5, 5, 5]


async def test_repository_is_looked_at_again_after_a_while(db: Database) -> None:
    reading = await read(db)
    assert await reading.source.is_gone(reading.caller, "999999")
    reading.desk.enable_issues(on=False)
    reading.upstream.turned.advance(120)
    with pytest.raises(UpstreamError):
        await reading.source.is_gone(reading.caller, next(iter(reading.tickets)))


@pytest.mark.parametrize("status", [403, 429])
async def test_hour_that_is_used_up_is_sat_out(db: Database, status: int) -> None:
    reading = Reading(db, primary_limit=5, primary_status=status, page_size=30)
    began = reading.upstream.turned.moment
    reading.upstream.turned.advance(LONG)
    await reading.run()
    assert len(reading.tickets) > 20
    calls = [call["status"] for call in reading.calls()]
    assert calls.count(status) == 1
    assert timedelta(hours=2) <= reading.upstream.turned.moment - began < timedelta(hours=2, minutes=2)
    assert reading.waits


async def test_reset_in_the_past_makes_no_storm(db: Database) -> None:
    reading = Reading(db, primary_limit=3, reset_skew_seconds=-7_200)
    reading.upstream.turned.advance(LONG)
    await reading.run()
    refused = [call["status"] for call in reading.calls()].count(403)
    assert 50 <= refused <= 61  # once a minute


@pytest.mark.parametrize("wait", [5, None, 200])
async def test_secondary_limit(db: Database, wait: int | None) -> None:
    reading = await read(db)
    reading.upstream.github.change_settings({"secondary_retry_after": wait})
    reading.upstream.github.fail_next(403, 429)
    reading.clock.slept.clear()
    reading.upstream.turned.advance(300)
    await reading.run()
    assert [call["status"] for call in reading.calls()] == [403, 429, 200]
    least = 2 * (60 if wait is None else wait)
    assert least <= sum(reading.clock.slept) <= least + 10


async def test_who_only_looks_does_not_wait_for_a_limit(db: Database) -> None:
    reading = Reading(db, primary_limit=1, patience=ONCE)
    await reading.page()
    with pytest.raises(UpstreamError):
        await reading.page()
    assert not reading.clock.slept


async def test_errors_now_and_then(db: Database) -> None:
    reading = await read(db, error_share=0.4, issue_count=300)
    assert len(reading.tickets) > 200


async def test_outage_is_given_up_long_before_an_hour(db: Database) -> None:
    reading = await read(db)
    reading.upstream.github.change_settings({"error_share": 1})
    began = reading.upstream.turned.moment
    assert await problem_of(reading) is SourceProblem.UNREACHABLE
    assert reading.upstream.turned.moment - began < timedelta(minutes=12)


async def test_issues_without_author_text_or_labels(db: Database) -> None:
    reading = await read(db, bare_share=0.5)
    bare = [ticket for ticket in reading.tickets.values() if ticket.customer_id is None]
    assert 0 < len(bare) < len(reading.tickets)
    assert {ticket.message for ticket in bare} == {""}
    assert not reading.rejected


async def test_labels_as_texts(db: Database) -> None:
    plain, texts = await read(db), await read(db, label_strings=True)
    assert plain.tickets == texts.tickets
    assert plain.told("tags") == texts.told("tags") != {}


@pytest.mark.parametrize("null", [True, False])
async def test_accounts_that_are_gone_are_nobody(db: Database, *, null: bool) -> None:
    reading = Reading(db, ghost_is_null=null)
    comment = next(one for one in reading.desk.home.comments.values() if one.author not in (None, "ada-support"))
    reading.desk.delete_account(comment.author)
    reading.upstream.turned.advance(LONG)
    await reading.run()
    assert "ghost" not in {ticket.customer_id for ticket in reading.tickets.values()}
    assert ("comment", comment.id) not in reading.details


async def test_tags_that_change_always_cost_one_request_a_run(db: Database) -> None:
    reading = await read(db, restless_etags=True)
    for _ in range(3):
        reading.upstream.turned.advance(300)
        await reading.run()
        assert [call["status"] for call in reading.calls()] == [200]


async def test_304_is_not_believed_forever(db: Database) -> None:
    reading = await read(db, always_304=True)
    reading.upstream.turned.advance(300)
    await reading.run()
    made = reading.desk.open("Is anybody there?")
    for _ in range(15):
        reading.upstream.turned.advance(300)
        await reading.run()
        if reading.shown:
            break
    assert reading.shown == [str(made.number)]


async def test_events_that_are_no_longer_listed(db: Database) -> None:
    reading = await read(db, issue_count=200, events_depth=120, page_size=50)
    assert len(reading.tickets) > 150
    assert reading.remarks == ["GitHub does not list events as old as some that were not read yet"]
    assert reading.told("status")


async def test_issue_list_that_ends_within_a_second(db: Database) -> None:
    reading = Reading(db, issue_count=0, numbered_links=True, page_number_depth=200)
    reading.desk.many_in_one_second(300)
    reading.upstream.turned.advance(60)
    late = reading.desk.open("Later")
    reading.upstream.turned.advance(LONG)
    await reading.run()
    assert str(late.number) in reading.shown
    assert any("within one second" in remark for remark in reading.remarks)


async def test_texts_that_are_too_large_to_come_together(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = Reading(db, issue_count=0)
    made = [reading.desk.open("Huge", "<" * 9_000, labels=["bug"]) for _ in range(150)]
    monkeypatch.setattr(transport, "MAX_BODY_BYTES", 400_000)
    reading.upstream.turned.advance(LONG)
    await reading.run()
    assert sorted(map(int, reading.tickets)) == [issue.number for issue in made]


async def test_cursor_that_cannot_be_read_begins_anew(db: Database) -> None:
    reading = await read(db)
    for cursor in ("", "{", '{"v":2}', 7, "x" * 5_000, '{"v":1,"since":-4}', '{"v":1,"event":"9"}'):
        reading.cursor = cursor
        await reading.run()
        assert set(reading.shown) == set(reading.tickets)
        assert reading.remarks[0].startswith("the place where the last run ended cannot be read")
    page = await reading.source.page(reading.caller, "{broken")
    assert page.remarks


async def test_first_page_shows_an_issue_to_whoever_only_looks(db: Database) -> None:
    reading = Reading(db, page_size=1)
    reading.upstream.turned.advance(LONG)
    page = await reading.page(BEGINNING)
    assert page.records
    assert reading.upstream.github.log[0]["user_agent"] == "support-ticket-ingestion"


async def test_edited_comment_counts_once(db: Database) -> None:
    reading = await read(db)
    issue = next(one for one in reading.desk.home.issues.values() if one.pull is None)
    comment = reading.desk.comment(issue.number, "It is brokn.", issue.author)
    reading.upstream.turned.advance(300)
    await reading.run()
    reading.desk.edit_comment(comment.id, "It is broken.")
    reading.upstream.turned.advance(300)
    await reading.run()
    said = reading.replies()[str(issue.number)]
    assert [text for text in said if text.startswith("It is bro")] == ["It is brokn."]


async def test_what_was_read_stays_read_when_a_first_run_is_given_up(db: Database) -> None:
    reading = Reading(db, issue_count=300, page_size=50)
    reading.upstream.turned.advance(LONG)
    while not reading.shown:
        page = await reading.page(reading.source.begin(None, whole=True) if not reading.remarks else BEGINNING)
        while not page.records:
            page = await reading.page(page.next)
    first = set(reading.tickets)
    assert 0 < len(first) < 60
    await reading.run()
    assert len(first & set(reading.shown)) <= 1
    assert len(reading.tickets) > 240


async def test_complete_walk_takes_details_up_where_they_were_left(db: Database) -> None:
    reading = await read(db, issue_count=300)
    before = set(reading.details)
    reading.details.clear()
    await reading.run(whole=True)
    assert set(reading.shown) == set(reading.tickets)
    assert not before & set(reading.details)


async def test_requests_draw_on_the_shared_budget(db: Database) -> None:
    upstream = Reading(db).upstream
    limiter = RateLimiter(db, SystemClock(), limit=50, request_seconds=30, name="github:api.github.com/acme/support")
    settings = {"base_url": "http://github.test", "repository": "acme/support"}
    source = open_github(
        settings, {"token": TOKEN}, http=upstream, limiter=limiter, clock=SystemClock(), patience=Patience()
    )
    await source.page(Reading(db).caller, BEGINNING)
    assert (await limiter.state()).used == 1
