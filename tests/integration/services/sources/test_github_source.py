"""A repository read run by run, as its people change it."""

import random
from typing import Any

import pytest

from documents.database import Database
from mock_external_api.github.living import random_step
from services.sources.github.records import priority_in
from services.sources.pages import SourcePage
from tests.github_reading import Reading
from tests.properties import some_of

LONG = 3_600


def true_tickets(reading: Reading) -> dict[str, dict[str, Any]]:
    """What is true of each issue that is there, as a ticket has it."""
    return {
        str(number): _as_ticket(truth["fields"])
        for number, truth in reading.desk.truth().items()
        if truth["gone"] is None and not truth["is_pull_request"]
    }


def _as_ticket(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "customer_id": None if fields["author"] == "ghost" else fields["author"],
        "subject": fields["title"],
        "message": fields["body"] or "",
        "status": fields["state"],
        "updated": fields["updated"],
        "state_reason": fields["state_reason"],
    }


def read_tickets(reading: Reading) -> dict[str, dict[str, Any]]:
    return {
        key: {
            **{name: getattr(ticket, name) for name in ("customer_id", "subject", "message", "status")},
            "updated": int(ticket.updated_at.timestamp()),
            "state_reason": (ticket.extra or {}).get("state_reason"),
        }
        for key, ticket in reading.tickets.items()
    }


def true_changes(reading: Reading, number: str, field: str) -> list[tuple[int, Any, Any]]:
    history = reading.desk.truth()[int(number)]["history"]
    return [(one["moment"], one["old"], one["new"]) for one in history if one["field"] == field]


def label_steps(reading: Reading, number: str) -> list[tuple[int, Any, Any]]:
    steps = true_changes(reading, number, "labels")
    return [(moment, sorted(old) or None, sorted(new) or None) for moment, old, new in steps]


def assignee_steps(reading: Reading, number: str) -> list[tuple[int, Any, Any]]:
    steps = [(moment, old[:1], new[:1]) for moment, old, new in true_changes(reading, number, "assignees")]
    return [(moment, *(each[0] if each else None for each in (old, new))) for moment, old, new in steps if old != new]


async def test_first_run_reads_everything(db: Database) -> None:
    reading = Reading(db, issue_count=250)
    reading.upstream.turned.advance(LONG)
    await reading.run()
    assert read_tickets(reading) == true_tickets(reading)
    assert len(reading.shown) == len(set(reading.shown)) > 180
    for number in reading.tickets:
        assert reading.told("status")[number] == true_changes(reading, number, "state")
    assert any(reading.replies().values())
    assert not reading.remarks


async def test_run_with_nothing_new_costs_one_request_and_then_a_free_one(db: Database) -> None:
    reading = Reading(db)
    reading.upstream.turned.advance(LONG)
    await reading.run()
    reading.calls()
    statuses = []
    for _ in range(4):
        reading.upstream.turned.advance(300)
        await reading.run()
        assert reading.shown == []
        statuses.append([call["status"] for call in reading.calls()])
    assert statuses == [[200], [304], [304], [304]]


async def test_change_costs_four_requests_and_shows_what_changed(db: Database) -> None:
    reading = Reading(db)
    reading.upstream.turned.advance(LONG)
    await reading.run()
    issue = next(one for one in reading.desk.home.issues.values() if one.pull is None and one.state == "open")
    before = set(reading.details)
    reading.calls()
    author, number = issue.author, str(issue.number)
    reading.desk.label(issue.number, "outage")
    reading.desk.comment(issue.number, "It is down again.", author)
    reading.desk.comment(issue.number, "We look into it.", "ada-support")
    reading.desk.edit(issue.number, title="All is down")
    reading.desk.close(issue.number, "not_planned")
    reading.upstream.turned.advance(300)
    await reading.run()
    assert reading.shown == [number]
    ticket = reading.tickets[number]
    assert (ticket.subject, ticket.status, ticket.extra["state_reason"]) == ("All is down", "closed", "not_planned")
    fresh = [one for key, one in reading.details.items() if key not in before]
    assert {name for one in fresh for name in one.changes} >= {"tags", "subject", "status"}
    assert [one.said for one in fresh if one.author == author] == ["It is down again."]
    assert len(reading.calls()) == 4


async def test_last_minute_is_left_to_the_next_run(db: Database) -> None:
    reading = Reading(db)
    reading.upstream.turned.advance(LONG)
    await reading.run()
    made = reading.desk.open("Just now", "Please help")
    for _ in range(2):
        reading.upstream.turned.advance(20)
        await reading.run()
        assert reading.shown == []
    reading.upstream.turned.advance(60)
    await reading.run()
    assert reading.shown == [str(made.number)]


async def test_thousands_in_one_second_are_all_shown_and_not_again(db: Database) -> None:
    reading = Reading(db, issue_count=0)
    made = reading.desk.many_in_one_second(2_500)
    reading.upstream.turned.advance(LONG)
    await reading.run()
    assert sorted(map(int, reading.shown)) == [one.number for one in made]
    reading.calls()
    for _ in range(2):
        reading.upstream.turned.advance(300)
        await reading.run()
        assert reading.shown == []
        assert len(reading.calls()) == 1
    late = reading.desk.open("One more")
    reading.upstream.turned.advance(300)
    await reading.run()
    assert reading.shown == [str(late.number)]


@pytest.mark.parametrize(
    "settings", [{"link": "missing"}, {"link": "foreign"}, {"link": "relative"}, {"numbered_links": True}]
)
async def test_thousands_in_one_second_whatever_the_links(db: Database, settings: dict[str, Any]) -> None:
    reading = Reading(db, issue_count=0, **settings)
    reading.desk.open("Before")
    reading.upstream.turned.advance(60)
    made = reading.desk.many_in_one_second(350)
    reading.upstream.turned.advance(60)
    reading.desk.open("After")
    reading.upstream.turned.advance(LONG)
    await reading.run()
    assert set(map(int, reading.shown)) == {1, *(one.number for one in made), 352}
    assert bool(reading.remarks) is (settings == {"link": "foreign"})


async def test_issue_that_moves_on_while_numbered_pages_are_read_hides_no_other(db: Database) -> None:
    reading = Reading(db, issue_count=0, numbered_links=True, page_size=20)
    made = reading.desk.many_in_one_second(200)
    reading.upstream.turned.advance(LONG)

    def between(page: SourcePage) -> None:
        if page.records:
            for issue in made[: len(reading.shown) // 2 : 3]:
                reading.desk.comment(issue.number, "Any news?")

    reading.between = between
    await reading.run()
    unmoved = {one.number for one in made if not one.comments}
    assert unmoved <= {int(key) for key in reading.tickets}
    reading.between = lambda page: None
    reading.upstream.turned.advance(LONG)
    await reading.run()
    assert {int(key) for key in reading.tickets} == {one.number for one in made}


async def test_events_of_deleted_issues_hide_no_others(db: Database) -> None:
    reading = Reading(db, issue_count=0, page_size=20)
    kept = [reading.desk.open(f"Report {number}").number for number in range(60)]
    spam = [reading.desk.open(f"Spam {number}").number for number in range(60)]
    for number, other in zip(kept, spam, strict=True):
        reading.upstream.turned.advance(1)
        reading.desk.close(number)
        reading.desk.close(other)
    reading.upstream.turned.advance(LONG)

    def between(page: SourcePage) -> None:
        for _ in range(4 if page.details and spam else 0):
            reading.desk.delete(spam.pop())

    reading.between = between
    await reading.run()
    for number in map(str, kept):
        assert reading.told("status")[number] == true_changes(reading, number, "state")


@pytest.mark.thorough
@pytest.mark.parametrize("seed", some_of(range(12), one_in=4))
async def test_whatever_happens_the_pages_tell_what_is_true(db: Database, seed: int) -> None:
    dice = random.Random(seed)
    reading = Reading(
        db,
        issue_count=dice.choice((40, 90)),
        page_size=dice.choice((20, 27, 30, 100)),
        numbered_links=dice.random() < 0.5,
        restless_etags=dice.random() < 0.2,
        error_share=dice.choice((0, 0.1)),
        same_second=dice.choice((0, 25)),
    )

    def between(page: SourcePage) -> None:
        for record in page.records:  # at this moment all that has led to it is told
            number = str(record["number"])
            assert reading.told("status")[number] == true_changes(reading, number, "state")
            assert reading.told("subject")[number] == true_changes(reading, number, "title")
        for _ in range(dice.choice((0, 0, 1, 3))):
            reading.upstream.turned.advance(dice.choice((0, 1, 30)))
            random_step(reading.desk, dice)

    reading.between = between
    for _ in range(8):
        for _ in range(dice.randrange(12)):
            reading.upstream.turned.advance(dice.choice((0, 0, 1, 600)))
            random_step(reading.desk, dice)
        # A run that is given up after some pages is begun anew.
        await reading.run(whole=dice.random() < 0.2, pages=dice.choice((2, 5, 2_000)))
    reading.between = lambda page: None
    reading.upstream.turned.advance(LONG)
    await reading.run()
    await _settle(reading)
    assert read_tickets(reading) == true_tickets(reading)
    _compare_details(reading)


async def _settle(reading: Reading) -> None:
    """What a complete walk does not show is asked for by its number."""
    await reading.run(whole=True)
    for key in reading.tickets.keys() - set(reading.shown):
        assert await reading.source.is_gone(reading.caller, key)
        del reading.tickets[key]


def _compare_details(reading: Reading) -> None:
    truth = reading.desk.truth()
    for number, ticket in reading.tickets.items():
        assert reading.told("status")[number] == true_changes(reading, number, "state")
        assert reading.told("subject")[number] == true_changes(reading, number, "title")
        assert _is_within(reading.told("tags")[number], label_steps(reading, number))
        assert _is_within(reading.told("assignee")[number], assignee_steps(reading, number))
        assert ticket.extra is None or ticket.extra.get("state_reason") == truth[int(number)]["fields"]["state_reason"]
        told = {
            serial for (kind, serial), one in reading.details.items() if kind == "comment" and one.ticket_id == number
        }
        assert told >= {one["id"] for one in truth[int(number)]["comments"]}


def _is_within(told: list[Any], true: list[Any]) -> bool:
    """Whether all that was told is true, in that order."""
    rest = iter(true)
    return all(any(one == each for each in rest) for one in told)


async def test_labels_and_accounts_of_the_newest_events_are_told_with_what_was_before(db: Database) -> None:
    reading = Reading(db, issue_count=0)
    number = reading.desk.open("Exports hang", labels=["bug", "priority: low"]).number
    reading.upstream.turned.advance(LONG)
    await reading.run()
    for change in (
        lambda: reading.desk.label(number, "priority: high"),
        lambda: reading.desk.unlabel(number, "bug"),
        lambda: reading.desk.assign(number, "jonas-helps"),
        lambda: reading.desk.unassign(number, "jonas-helps"),
        lambda: reading.desk.assign(number, "mireille-k"),
        lambda: reading.desk.assign(number, "ada-support"),
    ):
        reading.upstream.turned.advance(10)
        change()
    reading.upstream.turned.advance(300)
    await reading.run()
    key = str(number)
    assert reading.told("tags")[key] == label_steps(reading, key)
    assert reading.told("assignee")[key] == assignee_steps(reading, key)
    assert [change[1:] for change in reading.told("priority")[key]] == [(None, "low"), ("low", "high")]
    ticket = reading.tickets[key]
    assert priority_in(["priority: high", "priority: low"]) == "high"
    assert ticket.customer_id == "alex-north"
