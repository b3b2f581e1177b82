"""What a run is told of a help desk that behaves."""

import json
from datetime import UTC, datetime

from services.sources.pages import BEGINNING
from services.sources.zendesk.client import LOOK_SIZE
from tests.zendesk_reading import ago, paths, read_desk

LOOK, EVENT_PAGE, TICKET_PAGE = "incremental/tickets/cursor", "incremental/ticket_events", "incremental/tickets/cursor"


async def test_the_first_run_reads_events_then_tickets() -> None:
    reader = read_desk(ticket_count=200)
    requests = await reader.run()
    assert [path for path in paths(requests) if path.startswith("incremental")] == [EVENT_PAGE, TICKET_PAGE]
    truth = reader.desk.truth()
    assert set(reader.tickets) == {str(number) for number, each in truth.items() if not each.deleted}
    assert set(reader.gone) == {str(number) for number, each in truth.items() if each.deleted}
    assert reader.remarks == reader.rejected == []


async def test_a_run_with_nothing_new_costs_one_request() -> None:
    reader = read_desk(ticket_count=200)
    await reader.run()
    cursor = reader.cursor
    assert paths(await reader.run()) == [LOOK]
    reader.advance(3_600)
    assert paths(await reader.run()) == [LOOK]
    assert reader.cursor == cursor


async def test_what_is_newer_than_a_minute_is_left_to_the_next_run() -> None:
    reader = read_desk()
    old = reader.desk.create("Old", "It is old.")
    reader.advance(61)
    new = reader.desk.create("New", "It is new.")
    await reader.run()
    assert set(reader.tickets) == {str(old)}
    reader.advance(61)
    await reader.run()
    assert set(reader.tickets) == {str(old), str(new)}


async def test_a_ticket_is_told_as_it_is_stored() -> None:
    reader = read_desk()
    agent = reader.desk.book.people.agents[0]
    number = reader.desk.create("Broken mug", "It came in two.", channel="web", priority="High", tags=["mug", "b2b"])
    reader.desk.assign(number, agent)
    reader.desk.set_custom_status(number, 7107)
    reader.advance(61)
    await reader.run()
    ticket, extra = reader.tickets[str(number)], reader.tickets[str(number)].extra
    assert extra is not None
    told = {**extra, **ticket.model_dump()}
    assert (ticket.source, ticket.subject, ticket.message) == ("web", "Broken mug", "It came in two.")
    assert ticket.status == "open"
    assert ticket.customer_id == str(reader.desk.book.tickets[number].record["requester_id"])
    assert told["assignee"] == reader.desk.book.people.by_id[agent].name
    assert str(told["priority"]).lower() == "high"
    assert told["tags"] == ["mug", "b2b"]
    assert extra["custom_status"] == "Closed by the shop, refund running"
    assert extra["url"] == f"http://desk/agent/tickets/{number}"
    assert ticket.created_at == ticket.updated_at == ago(reader, 61)


async def test_changes_have_the_moments_of_zendesk() -> None:
    reader = read_desk()
    number = reader.desk.create("Broken mug", "It came in two.")
    agent = reader.desk.book.people.agents[0]
    reader.advance(10)
    reader.desk.set_priority(number, "urgent")
    reader.advance(10)
    reader.desk.set_tags(number, ["mug"])
    reader.desk.assign(number, agent)
    reader.advance(10)
    reader.desk.solve(number)
    reader.advance(10)
    reader.desk.reopen(number)
    reader.advance(61)
    await reader.run()
    name = reader.desk.book.people.by_id[agent].name
    changes = reader.history(number)
    assert [change[1:] for change in changes if change[0] > ago(reader, 101)] == [
        ("priority", None, "urgent"),
        ("tags", None, ["mug"]),
        ("assignee", None, name),
        ("status", "new", "solved"),
        ("status", "solved", "open"),
    ]
    assert [change[0] for change in changes][-5:] == [ago(reader, seconds) for seconds in (91, 81, 81, 71, 61)]
    born = [(name, new) for at, name, old, new in changes if at == ago(reader, 101) and old is None]
    assert ("status", "new") in born
    assert ("subject", "Broken mug") in born


async def test_the_description_is_not_told_as_a_reply() -> None:
    reader = read_desk()
    number = reader.desk.create("Broken mug", "It came in two.")
    reader.desk.agent_comment(number, "Have you a picture?")
    reader.desk.agent_comment(number, "He wants money.", public=False)
    reader.desk.customer_comment(number, "Here it is.")
    reader.advance(61)
    await reader.run()
    assert reader.said(number) == ["Here it is."]
    said = [detail.said for detail in reader.details.values() if detail.kind == "comment"]
    assert said == ["Have you a picture?", "Here it is."]


async def test_a_reply_after_the_first_run_is_told_once() -> None:
    reader = read_desk()
    number = reader.desk.create("Broken mug", "It came in two.")
    reader.advance(61)
    await reader.run()
    reader.desk.customer_comment(number, "Here it is.")
    reader.advance(61)
    requests = await reader.run()
    assert paths(requests)[:3] == [LOOK, EVENT_PAGE, TICKET_PAGE]
    assert reader.said(number) == ["Here it is."]


async def test_deletions_and_restorations_are_told() -> None:
    reader = read_desk()
    number = reader.desk.create("Broken mug", "It came in two.")
    reader.advance(61)
    await reader.run()
    reader.desk.delete(number)
    reader.advance(61)
    await reader.run()
    assert reader.gone == {str(number): ago(reader, 61)}
    assert not reader.tickets
    assert await reader.source().is_gone(reader.caller, str(number))
    reader.desk.restore(number)
    reader.advance(61)
    await reader.run()
    assert not reader.gone
    assert reader.tickets[str(number)].status == "new"
    assert not await reader.source().is_gone(reader.caller, str(number))
    assert "deleted" not in {value for *_, old, new in reader.history(number) for value in (old, new) if value != []}


async def test_a_merged_ticket_is_closed_and_keeps_its_tags() -> None:
    reader = read_desk()
    source, target = (reader.desk.create(name, "Twice.", tags=["mug"]) for name in ("One", "Two"))
    reader.desk.merge(source, target)
    reader.advance(61)
    await reader.run()
    ticket = reader.tickets[str(source)]
    assert ticket.status == "closed"
    assert {**(ticket.extra or {}), **ticket.model_dump()}["tags"] == ["mug", "closed_by_merge"]
    assert not reader.said(target)


async def test_2500_tickets_of_one_second_come_once_and_all() -> None:
    reader = read_desk()
    numbers = reader.desk.many_in_one_second(2_500)
    reader.advance(61)
    await reader.run()
    assert set(reader.tickets) == set(map(str, numbers))
    assert [len(page.records) for page in reader.pages if page.records] == [1_000, 1_000, 500]
    created = [detail for page in reader.pages for detail in page.details]
    assert len(created) == len(reader.details) == 2_500
    assert paths(await reader.run()) == [LOOK]
    assert not reader.remarks


async def test_what_happens_while_a_run_reads_is_left_to_the_next() -> None:
    reader = read_desk(page_cap=10)
    numbers = [reader.desk.create(f"Number {number}", "It is one of many.") for number in range(35)]
    reader.advance(100)
    await reader.run(stop_after=3)
    source = reader.source()
    place = reader.pages[-1].next
    changed = numbers[-1]
    reader.desk.set_priority(changed, "urgent")
    reader.advance(200)
    while place is not None:
        place = reader.keep(source, await source.page(reader.caller, place))
    assert str(changed) not in reader.tickets
    assert ("priority", None, "urgent") not in [change[1:] for change in reader.history(changed)]
    await reader.run()
    assert set(reader.tickets) == set(map(str, numbers))
    assert ("priority", None, "urgent") in [change[1:] for change in reader.history(changed)]


async def test_at_most_one_page_is_read_again() -> None:
    reader = read_desk(page_cap=10)
    for number in range(35):
        reader.desk.create(f"Number {number}", "It is one of many.")
    reader.advance(61)
    await reader.run()
    for number in (1, 2, 3):
        reader.desk.set_priority(number, "high")
    reader.advance(61)
    before = len(reader.pages)
    await reader.run()
    assert sum(len(page.records) for page in reader.pages[before:]) == 3


async def test_a_run_that_was_cut_short_is_gone_on_with() -> None:
    reader = read_desk(page_cap=10)
    numbers = reader.desk.many_in_one_second(35)
    reader.advance(61)
    whole_run = read_desk(page_cap=10)
    whole_run.desk.many_in_one_second(35)
    whole_run.advance(61)
    await whole_run.run()
    assert len(whole_run.pages) == 5
    for stop in range(1, 5):
        reader.cursor, reader.tickets, reader.details = None, {}, {}
        await reader.run(stop_after=stop)
        await reader.run()
        assert set(reader.tickets) == set(map(str, numbers)), stop
        assert len(reader.details) == 35
        assert paths(await reader.run()) == [LOOK]


async def test_a_cursor_that_nobody_can_read_means_the_beginning() -> None:
    reader = read_desk(ticket_count=20)
    for cursor in ("", "{", "7", "[]", '{"v":2}', '{"phase":"tickets"}', '{"cursor":"\\u00e9"}', '{"at":-1}', 7):
        reader.cursor, reader.tickets, reader.gone, reader.remarks = cursor, {}, {}, []
        await reader.run()
        assert len(reader.tickets) + len(reader.gone) == 20, cursor
        assert reader.remarks == ["the place to go on from could not be read: the walk begins anew"]


async def test_a_whole_walk_begins_at_the_beginning() -> None:
    reader = read_desk(ticket_count=20)
    await reader.run()
    source = reader.source()
    assert source.begin(reader.cursor, whole=True) == source.begin(None, whole=False) == BEGINNING
    reader.tickets = {}
    await reader.run(whole=True)
    assert len(reader.tickets) + len(reader.gone) == 20


async def test_a_touch_by_the_system_is_new_and_no_update() -> None:
    reader = read_desk()
    number = reader.desk.create("Broken mug", "It came in two.")
    reader.advance(61)
    await reader.run()
    reader.desk.system_update(number, due_at="2026-03-01T00:00:00Z")
    reader.advance(61)
    await reader.run()
    ticket = reader.tickets[str(number)]
    assert (ticket.extra or {})["due_at"] == "2026-03-01T00:00:00Z"
    assert ticket.updated_at == datetime(2026, 2, 5, 12, tzinfo=UTC)


async def test_a_look_at_a_page_of_known_tickets_asks_for_the_rest() -> None:
    reader = read_desk(repeat_last_item=True)
    numbers = reader.desk.many_in_one_second(LOOK_SIZE)
    reader.advance(61)
    await reader.run()
    assert paths(await reader.run()) == [LOOK]
    new = reader.desk.create("New", "It is new.")
    reader.advance(61)
    await reader.run()
    assert set(reader.tickets) == {str(number) for number in (*numbers, new)}


async def test_agents_and_custom_statuses_are_asked_for_once() -> None:
    reader = read_desk(ticket_count=300, page_cap=50)
    requests = paths(await reader.run())
    assert requests.count("custom_statuses") == 1
    assert requests.count("users/show_many") <= 6  # each of the six agents at most once


async def test_nothing_is_asked_for_that_no_ticket_has() -> None:
    reader = read_desk(null_fields=frozenset(["custom_status_id"]))
    reader.desk.create("One", "one"), reader.desk.create("Two", "two"), reader.desk.create("Three", "three")
    reader.desk.delete(1), reader.desk.delete(2)
    reader.advance(61)
    await reader.run()
    reader.desk.system_update(3)
    reader.advance(61)
    assert "custom_statuses" not in paths(await reader.run())


async def test_the_place_is_json_of_ours() -> None:
    reader = read_desk(ticket_count=5)
    await reader.run()
    assert json.loads(str(reader.cursor))["v"] == 1


async def test_a_ticket_that_only_the_system_has_touched_since_is_shown() -> None:
    reader = read_desk(newest_minute="shown")
    number = reader.desk.create("Broken mug", "It came in two.")
    reader.advance(61)
    reader.desk.system_update(number)
    await reader.run()
    assert set(reader.tickets) == {str(number)}


async def test_a_look_that_shows_only_what_is_too_new_ends_the_run() -> None:
    reader = read_desk(newest_minute="shown")
    number = reader.desk.create("Broken mug", "It came in two.")
    reader.advance(61)
    await reader.run()
    reader.desk.set_priority(number, "high")
    assert paths(await reader.run()) == [LOOK]


async def test_a_look_that_shows_only_known_tickets_of_a_page_goes_on() -> None:
    reader = read_desk(newest_minute="shown")
    reader.desk.many_in_one_second(LOOK_SIZE + 50)
    reader.advance(61)
    new = reader.desk.create("Broken mug", "It came in two.")
    await reader.run()
    assert str(new) not in reader.tickets
    reader.advance(61)
    await reader.run()
    assert str(new) in reader.tickets
