"""Each trap: what the honest help desk does, and what it does with the trap switched on."""

from tests.unit.mock_external_api.zendesk.conftest import TICKETS, StartDesk

MINUTE = 61


class TestNewestMinute:
    async def test_shown_passes_over_what_changes_again_in_the_same_second(self, start_desk: StartDesk) -> None:
        for mode, seen in (("hidden", "low"), ("shown", "high")):
            client = start_desk(newest_minute=mode)
            number = client.desk.create("Lamp", "It is dark.", priority="high")
            first = await client.pages()
            client.desk.set_priority(number, "low")
            client.time.advance(MINUTE)
            later = await client.pages(cursor=first[-1]["after_cursor"])
            tickets = [ticket for page in first + later for ticket in page["tickets"]]
            assert tickets[-1]["priority"] == seen

    async def test_ragged_shows_neighbours_behind_the_cursor(self, start_desk: StartDesk) -> None:
        client = start_desk(newest_minute="ragged")
        client.desk.many_in_one_second(3)
        (page,) = await client.pages()
        assert [ticket["id"] for ticket in page["tickets"]] == [3]
        client.time.advance(MINUTE)
        (after,) = await client.pages(cursor=page["after_cursor"])
        assert after["tickets"] == []
        assert [ticket["id"] for ticket in await client.tickets()] == [1, 2, 3]


class TestCursors:
    async def test_the_last_record_comes_again(self, start_desk: StartDesk) -> None:
        for repeated, numbers in ((False, [[1, 2], [3, 4]]), (True, [[1, 2], [2, 3], [3, 4]])):
            client = start_desk(repeat_last_item=repeated)
            client.desk.many_in_one_second(4)
            client.time.advance(MINUTE)
            pages = await client.pages(per_page=2)
            assert [[ticket["id"] for ticket in page["tickets"]] for page in pages] == numbers

    async def test_the_end_is_told_late_or_never(self, start_desk: StartDesk) -> None:
        for mode, sizes in (("honest", [2]), ("late", [2, 0]), ("stuck", [2, 0, 0, 0])):
            client = start_desk(end_of_stream=mode)
            client.desk.many_in_one_second(2)
            client.time.advance(MINUTE)
            pages = await client.pages(most=4)
            assert [len(page["tickets"]) for page in pages] == sizes
            assert len({page["after_cursor"] for page in pages}) == 1

    async def test_an_empty_page_may_have_no_cursor(self, start_desk: StartDesk) -> None:
        client = start_desk(null_cursor_at_end=True)
        page = await client.read(TICKETS, start_time=0)
        assert (page["after_cursor"], page["after_url"], page["end_of_stream"]) == (None, None, True)

    async def test_after_url_may_lead_elsewhere(self, start_desk: StartDesk) -> None:
        client = start_desk(after_url_host="http://elsewhere.example")
        page = await client.read(TICKETS, start_time=0)
        assert page["after_url"].startswith("http://elsewhere.example/api/v2/")


class TestEventsOfOneSecond:
    async def test_the_next_page_leads_to_itself(self, start_desk: StartDesk) -> None:
        for mode, sizes in (("extended", [5]), ("stuck", [3, 3, 3])):
            client = start_desk(events_same_second=mode, page_cap=3)
            client.desk.many_in_one_second(5)
            client.time.advance(MINUTE)
            pages = await client.events(most=3)
            assert [page["count"] for page in pages] == sizes


class TestFields:
    async def test_some_are_null_or_absent_in_every_third_ticket(self, start_desk: StartDesk) -> None:
        client = start_desk()
        client.desk.many_in_one_second(3)
        client.time.advance(MINUTE)
        assert all(ticket["via"] and ticket["subject"] for ticket in await client.tickets())
        client.desk.change_settings(null_fields={"via", "requester_id"}, absent_fields={"subject", "description"})
        *others, third = await client.tickets()
        assert all(ticket["via"] and ticket["subject"] for ticket in others)
        assert (third["via"], third["requester_id"]) == (None, None)
        assert third.keys().isdisjoint({"subject", "description"})

    async def test_users_may_be_missing_beside_the_tickets(self, start_desk: StartDesk) -> None:
        client = start_desk(ticket_count=20)
        whole = await client.read(TICKETS, start_time=0, include="users")
        client.desk.change_settings(users_sideload="partial")
        part = await client.read(TICKETS, start_time=0, include="users")
        assert 0 < len(part["users"]) < len(whole["users"])
        client.desk.change_settings(users_sideload="absent")
        assert "users" not in await client.read(TICKETS, start_time=0, include="users")
