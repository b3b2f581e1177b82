"""What the stand-in's model knows, and that the API shows exactly that."""

import random
from datetime import datetime
from typing import Any

import pytest

from mock_external_api.clock import Clock
from mock_external_api.github.changes import UnknownIssueError
from mock_external_api.github.desk import Desk
from mock_external_api.github.living import random_step
from mock_external_api.github.settings import GithubSettings
from tests.github_standin import HERE, WALK, GithubClient, TurnedClock, seconds, seen, true_now


async def _shown(client: GithubClient) -> dict[int, dict[str, Any]]:
    return {issue["number"]: seen(issue) for issue in await client.pages()}


async def test_list_shows_what_is_true() -> None:
    client = GithubClient()
    assert await _shown(client) == true_now(client.desk)
    assert len(client.desk.truth()) == 30


async def test_same_seed_and_time_give_the_same_issues() -> None:
    assert GithubClient().desk.truth() == GithubClient().desk.truth() != GithubClient(seed=2).desk.truth()


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_happens_the_api_shows_what_is_true(seed: int) -> None:
    client, dice = GithubClient(), random.Random(seed)
    for _ in range(60):
        client.turned.advance(dice.choice((0, 0, 1, 600)))
        random_step(client.desk, dice)
    assert await _shown(client) == true_now(client.desk)
    comments = await client.pages(f"{HERE}/issues/comments", per_page=100)
    told = [(one["id"], one["body"], seconds(one["updated_at"])) for one in comments]
    truth = [
        (one["id"], one["body"], one["updated"])
        for ticket in client.desk.truth().values()
        for one in ticket["comments"]
        if ticket["gone"] is None
    ]
    assert sorted(told) == sorted(truth)


@pytest.mark.parametrize("seed", range(10))
async def test_history_leads_to_the_present(seed: int) -> None:
    client, dice = GithubClient(issue_count=10), random.Random(seed)
    for _ in range(60):
        client.turned.advance(1)
        random_step(client.desk, dice)
    for ticket in client.desk.truth().values():
        fields = dict(ticket["fields"])
        for change in reversed(ticket["history"]):
            assert fields[change["field"]] == change["new"]
            fields[change["field"]] = change["old"]
        loud = [change["moment"] for change in ticket["history"] if not change["quiet"]]
        assert ticket["fields"]["updated"] >= max(loud, default=0)


async def test_an_event_and_what_it_tells_of_are_of_one_second_however_the_clock_ticks() -> None:
    clock = TurnedClock()

    def ticking() -> datetime:
        clock.advance(1)
        return clock.moment

    desk, dice = Desk(GithubSettings(issue_count=10), Clock(ticking, lambda: 0.0)), random.Random(1)
    for _ in range(60):
        random_step(desk, dice)
    told = {(event.number, event.moment) for event in desk.home.events}
    fields = {"state", "title", "labels", "assignees", "milestone", "locked"}
    marked = {
        (number, change["moment"])
        for number, issue in desk.truth().items()
        for change in issue["history"]
        if number in desk.home.issues and change["field"] in fields and not change["quiet"]
    }
    assert len(marked) > 20
    assert marked <= told
    issue = next(iter(desk.home.issues.values()))
    assert desk.comment(issue.number, "Any news?").created == issue.updated == issue.history[-1].moment


async def test_who_lists_what_was_updated_misses_nothing_but_what_is_quiet() -> None:
    client, dice = GithubClient(), random.Random(3)
    known, since = await _shown(client), "2026-02-05T12:00:00Z"
    for _ in range(80):
        client.turned.advance(7)
        random_step(client.desk, dice)
    changed = await client.pages(**WALK, since=since)
    known |= {issue["number"]: seen(issue) for issue in changed}
    gone = {number for number, ticket in client.desk.truth().items() if ticket["gone"]}
    assert gone
    assert {number: one for number, one in known.items() if number not in gone} == true_now(client.desk)


async def test_reactions_and_pins_do_not_move_updated_at() -> None:
    client = GithubClient()
    before = client.desk.issue(7).updated
    client.desk.react(7)
    client.desk.pin(7)
    assert client.desk.issue(7).updated == before
    assert (await client.get(f"{HERE}/issues/7")).json()["reactions"]["total_count"] == 1
    client.github.change_settings({"quiet": []})
    client.desk.react(7)
    assert client.desk.issue(7).updated > before


async def test_deleted_issue_leaves_no_trace() -> None:
    client = GithubClient()
    number = client.desk.open("Please forget this", "My card is 1234").number
    comment = client.desk.comment(number, "Me too")
    client.desk.label(number, "bug")
    client.desk.delete(number)
    answer = await client.get(f"{HERE}/issues/{number}")
    assert (answer.status_code, answer.json()["message"]) == (410, "This issue was deleted")
    assert number not in {issue["number"] for issue in await client.pages()}
    assert comment.id not in {one["id"] for one in await client.pages(f"{HERE}/issues/comments", per_page=100)}
    events = await client.pages(f"{HERE}/issues/events", per_page=100)
    assert number not in {event["issue"]["number"] for event in events}
    with pytest.raises(UnknownIssueError):
        client.desk.issue(number)


async def test_transferred_issue_is_elsewhere() -> None:
    client = GithubClient()
    issues = [issue for issue in client.desk.home.issues.values() if issue.pull is None and issue.comments]
    moved = client.desk.transfer(issues[0].number)
    client.desk.transfer(issues[1].number, hidden=True)
    assert moved is not None
    answer = await client.get(f"{HERE}/issues/{issues[0].number}/comments")
    assert answer.status_code == 301
    there = await client.get(answer.headers["location"])
    assert len(there.json()) == moved.comments
    assert (await client.get(f"{HERE}/issues/{issues[1].number}")).status_code == 404


@pytest.mark.parametrize(("null", "author"), [(False, "ghost"), (True, None)])
async def test_account_that_is_gone_is_a_ghost(*, null: bool, author: str | None) -> None:
    client = GithubClient(ghost_is_null=null)
    issue = client.desk.issue(5)
    before = issue.updated
    client.turned.advance(60)
    client.desk.delete_account(issue.author or "")
    shown = (await client.get(f"{HERE}/issues/5")).json()
    assert ((shown["user"] or {}).get("login"), issue.updated) == (author, before)
    assert client.desk.truth()[5]["history"][-1]["quiet"]


async def test_events_come_newest_first() -> None:
    client = GithubClient(issue_count=0)
    number = client.desk.open("Export hangs", labels=["bug"]).number
    for change in (
        lambda: client.desk.assign(number, "jonas-helps"),
        lambda: client.desk.edit(number, title="The export hangs"),
        lambda: client.desk.close(number, "not_planned"),
        lambda: client.desk.reopen(number),
    ):
        client.turned.advance(1)
        change()
    events = await client.pages(f"{HERE}/issues/events", per_page=2)
    assert [event["event"] for event in events] == ["reopened", "closed", "renamed", "assigned", "labeled"]
    timeline = await client.pages(f"{HERE}/issues/{number}/timeline", per_page=2)
    assert [event["event"] for event in timeline] == [event["event"] for event in reversed(events)]
    assert timeline[3]["state_reason"] == "not_planned"


async def test_merged_pull_request_is_closed_and_stays_so() -> None:
    client = GithubClient(issue_count=0)
    number = client.desk.open_pull("Faster export").number
    client.desk.merge(number)
    client.desk.reopen(number)
    shown = (await client.get(f"{HERE}/issues/{number}")).json()
    assert (shown["state"], shown["state_reason"]) == ("closed", None)
    assert shown["pull_request"]["merged_at"] == shown["closed_at"] is not None


async def test_many_in_one_second_share_their_time() -> None:
    client = GithubClient(issue_count=0)
    client.desk.many_in_one_second(250)
    issues = await client.pages()
    assert (len(issues), len({issue["updated_at"] for issue in issues})) == (250, 1)
    same = GithubClient(issue_count=300, same_second=200)
    assert len([1 for issue in await same.pages() if issue["updated_at"] == "2026-02-05T12:00:00Z"]) >= 200
