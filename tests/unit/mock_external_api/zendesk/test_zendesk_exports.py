from typing import Any

import pytest

from tests.unit.mock_external_api.zendesk.conftest import EVENTS, TICKETS, DeskClient, StartDesk

MINUTE = 61


def _numbers(tickets: list[dict[str, Any]]) -> list[int]:
    return [ticket["id"] for ticket in tickets]


async def _written(client: DeskClient, count: int) -> list[int]:
    """Tickets of different seconds, all past the newest minute."""
    numbers = []
    for _ in range(count):
        numbers.append(client.desk.create("Lamp", "It is dark."))
        client.time.advance(1)
    client.time.advance(MINUTE)
    return numbers


class TestTickets:
    async def test_every_ticket_comes_once_in_the_order_of_its_latest_change(self, start_desk: StartDesk) -> None:
        client = start_desk(ticket_count=200)
        tickets = await client.tickets(per_page=7, most=99)
        assert sorted(_numbers(tickets)) == sorted(client.desk.book.tickets)
        places = [(ticket["generated_timestamp"], ticket["id"]) for ticket in tickets]
        assert places == sorted(places)

    async def test_records_are_the_truth(self, start_desk: StartDesk) -> None:
        client = start_desk(ticket_count=50)
        assert {t["id"]: t for t in await client.tickets()} == {n: t.record for n, t in client.desk.truth().items()}

    async def test_a_change_moves_a_ticket_behind_the_cursor(self, start_desk: StartDesk) -> None:
        client = start_desk()
        first, second = await _written(client, 2)
        (page,) = await client.pages()
        client.desk.set_priority(first, "high")
        client.time.advance(MINUTE)
        (later,) = await client.pages(cursor=page["after_cursor"])
        assert [(t["id"], t["priority"]) for t in later["tickets"]] == [(first, "high")]
        assert second not in _numbers(later["tickets"])

    async def test_the_cursor_stays_valid_at_the_end(self, start_desk: StartDesk) -> None:
        client = start_desk()
        await _written(client, 1)
        (page,) = await client.pages()
        (nothing,) = await client.pages(cursor=page["after_cursor"])
        assert (nothing["tickets"], nothing["after_cursor"]) == ([], page["after_cursor"])
        (still,) = await client.pages(cursor=nothing["after_cursor"])
        assert still["end_of_stream"]

    async def test_after_url_leads_on_with_the_same_parameters(self, start_desk: StartDesk) -> None:
        client = start_desk()
        await _written(client, 3)
        page = await client.read(TICKETS, start_time=0, per_page=2, include="users")
        following = (await client.get(page["after_url"])).json()
        assert _numbers(following["tickets"]) == [3]
        assert following["users"]

    async def test_a_deleted_ticket_is_in_the_stream(self, start_desk: StartDesk) -> None:
        client = start_desk()
        (number,) = await _written(client, 1)
        client.desk.delete(number)
        client.time.advance(MINUTE)
        assert [t["status"] for t in await client.tickets()] == ["deleted"]
        assert await client.tickets(exclude_deleted="true") == []
        client.desk.restore(number)
        client.time.advance(MINUTE)
        assert [t["status"] for t in await client.tickets()] == ["new"]

    async def test_the_newest_minute_is_left_out(self, start_desk: StartDesk) -> None:
        client = start_desk()
        client.desk.create("Lamp", "It is dark.")
        client.time.advance(59)
        assert await client.tickets() == []
        client.time.advance(1)
        assert len(await client.tickets()) == 1

    async def test_a_second_may_hold_more_than_a_page(self, start_desk: StartDesk) -> None:
        client = start_desk()
        client.desk.many_in_one_second(2500)
        client.time.advance(MINUTE)
        pages = await client.pages()
        assert [len(page["tickets"]) for page in pages] == [1000, 1000, 500]
        tickets = [ticket for page in pages for ticket in page["tickets"]]
        assert len(set(_numbers(tickets))) == 2500
        assert len({ticket["generated_timestamp"] for ticket in tickets}) == 1

    async def test_users_come_along_when_asked_for(self, start_desk: StartDesk) -> None:
        client = start_desk(ticket_count=30)
        assert "users" not in await client.read(TICKETS, start_time=0)
        page = await client.read(TICKETS, start_time=0, include="users")
        named = {t[role] for t in page["tickets"] for role in ("requester_id", "submitter_id", "assignee_id")} - {None}
        assert {user["id"] for user in page["users"]} == named

    async def test_a_deleted_requester_is_named_and_not_shown(self, start_desk: StartDesk) -> None:
        client = start_desk()
        (number,) = await _written(client, 1)
        client.desk.delete_requester(number)
        page = await client.read(TICKETS, start_time=0, include="users")
        assert page["users"] == []
        assert page["tickets"][0]["requester_id"]

    @pytest.mark.parametrize(
        ("params", "status", "error"),
        [
            ({}, 422, "InvalidValue"),
            ({"start_time": "noon"}, 422, "InvalidValue"),
            ({"cursor": "what?"}, 400, "InvalidPaginationParameter"),
        ],
    )
    async def test_parameters_that_make_no_sense(
        self, start_desk: StartDesk, params: dict[str, str], status: int, error: str
    ) -> None:
        answer = await start_desk().get(TICKETS, params=params)
        assert answer.status_code == status
        assert error in answer.text

    async def test_a_start_time_within_the_minute_is_too_recent(self, start_desk: StartDesk) -> None:
        client = start_desk()
        now = client.desk.now()
        assert (await client.get(TICKETS, params={"start_time": now - 60})).status_code == 200
        answer = await client.get(TICKETS, params={"start_time": now - 59})
        assert answer.status_code == 422
        assert answer.json()["description"].startswith("Too recent start_time")

    async def test_an_expired_cursor_is_refused(self, start_desk: StartDesk) -> None:
        client = start_desk()
        await _written(client, 1)
        (page,) = await client.pages()
        client.desk.expire_cursors()
        answer = await client.get(TICKETS, params={"cursor": page["after_cursor"]})
        assert answer.status_code == 400

    async def test_a_ticket_is_written_once_until_it_changes(self, start_desk: StartDesk) -> None:
        client = start_desk()
        (number,) = await _written(client, 1)
        await client.tickets()
        client.desk.book.tickets[number].record["subject"] = "Behind the back"
        assert (await client.tickets())[0]["subject"] == "Lamp"
        client.desk.set_priority(number, "low")
        client.time.advance(MINUTE)
        assert (await client.tickets())[0]["subject"] == "Behind the back"


class TestEvents:
    async def test_the_whole_history_can_be_read(self, start_desk: StartDesk) -> None:
        client = start_desk(ticket_count=100)
        pages = await client.events(include="comment_events")
        events = {event["id"]: event for page in pages for event in page["ticket_events"]}
        read = sorted(
            (event["ticket_id"], child["id"], event["timestamp"], child["event_type"])
            for event in events.values()
            for child in event["child_events"]
        )
        true = []
        for audit in (audit for ticket in client.desk.book.tickets.values() for audit in ticket.audits):
            kind = "Create" if audit.created else "Change"
            true += [(audit.ticket_id, audit.id + 2 + place, audit.at, kind) for place in range(len(audit.changes))]
            true += [(audit.ticket_id, audit.comment.id, audit.at, "Comment")] if audit.comment else []
        assert read == sorted(true)

    async def test_a_change_says_what_was_before(self, start_desk: StartDesk) -> None:
        client = start_desk()
        (number,) = await _written(client, 1)
        client.desk.set_tags(number, ["vip"])
        client.time.advance(MINUTE)
        (page,) = await client.events()
        (child,) = page["ticket_events"][-1]["child_events"]
        assert (child["tags"], child["previous_value"], child["added_tags"]) == (["vip"], [], ["vip"])
        assert child["event_type"] == "Change"

    async def test_comments_are_told_of_or_shown(self, start_desk: StartDesk) -> None:
        client = start_desk()
        await _written(client, 1)
        (told,) = await client.events()
        (shown,) = await client.events(include="comment_events")
        told_of, whole = (page["ticket_events"][0]["child_events"][-1] for page in (told, shown))
        assert told_of["comment_present"]
        assert "body" not in told_of
        assert (whole["body"], whole["public"], whole["event_type"]) == ("It is dark.", True, "Comment")

    async def test_the_next_page_begins_with_the_last_second(self, start_desk: StartDesk) -> None:
        client = start_desk(page_cap=3)
        await _written(client, 6)
        pages = await client.events()
        ids = [[event["id"] for event in page["ticket_events"]] for page in pages]
        assert ids[1][0] == ids[0][-1]
        assert len({each for page in ids for each in page}) == 6
        assert pages[0]["end_time"] == pages[0]["ticket_events"][-1]["timestamp"]

    async def test_a_second_that_does_not_fit_makes_the_page_longer(self, start_desk: StartDesk) -> None:
        client = start_desk()
        client.desk.many_in_one_second(1200)
        client.time.advance(1)
        client.desk.create("Lamp", "It is dark.")
        client.time.advance(MINUTE)
        pages = await client.events()
        assert [page["count"] for page in pages] == [1200, 1]

    async def test_nothing_new_is_an_empty_page_without_a_next_one(self, start_desk: StartDesk) -> None:
        client = start_desk()
        page = await client.read(EVENTS, start_time=client.desk.now() - 100)
        assert (page["count"], page["next_page"], page["end_time"], page["end_of_stream"]) == (0, None, None, True)
