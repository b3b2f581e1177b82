"""What a run makes of a help desk that behaves oddly: each trap of the stand-in."""

import pytest

from mock_external_api.settings import RetryAfterStyle
from tests.zendesk_reading import DeskReader, ago, paths, read_desk

LOOK = ["incremental/tickets/cursor"]


async def all_read(reader: DeskReader) -> None:
    """Read to the end, and once more."""
    reader.advance(61)
    await reader.run()
    truth = reader.desk.truth()
    assert set(reader.tickets) == {str(number) for number, each in truth.items() if not each.deleted}
    assert paths(await reader.run()) == LOOK


async def test_records_that_are_told_twice() -> None:
    reader = read_desk(ticket_count=95, page_cap=10, repeat_last_item=True)
    await all_read(reader)


@pytest.mark.parametrize("end", ["late", "stuck"])
@pytest.mark.parametrize("is_cursor_null", [False, True])
@pytest.mark.parametrize("is_repeated", [False, True])
async def test_an_end_that_is_not_told(*, end: str, is_cursor_null: bool, is_repeated: bool) -> None:
    reader = read_desk(
        ticket_count=40,
        page_cap=10,
        end_of_stream=end,
        null_cursor_at_end=is_cursor_null,
        repeat_last_item=is_repeated,
    )
    await all_read(reader)
    reader.desk.create("New", "It is new.")
    await all_read(reader)


async def test_links_to_elsewhere_are_not_followed() -> None:
    reader = read_desk(ticket_count=95, page_cap=10, after_url_host="http://elsewhere.example")
    await all_read(reader)


async def test_events_of_one_second_that_are_cut() -> None:
    reader = read_desk(page_cap=10, events_same_second="stuck")
    reader.desk.many_in_one_second(25)
    reader.advance(1)
    number = reader.desk.create("Next", "A second later.")
    await all_read(reader)
    assert len(set(reader.remarks)) == 1
    assert "no history" in reader.remarks[0]
    assert reader.history(number)


async def test_events_of_one_second_that_fill_pages() -> None:
    reader = read_desk(page_cap=10)
    numbers = reader.desk.many_in_one_second(25)
    reader.advance(1)
    numbers += reader.desk.many_in_one_second(25)
    await all_read(reader)
    assert all(reader.history(number) for number in numbers)
    assert not reader.remarks


@pytest.mark.parametrize("newest", ["shown", "ragged"])
async def test_the_newest_minute_is_told_as_well(newest: str) -> None:
    reader = read_desk(newest_minute=newest)
    first, second = reader.desk.create("First", "one"), reader.desk.create("Second", "two")
    await reader.run()
    reader.desk.set_priority(first, "high")  # in the same second, behind the cursor of a client that reads all
    await reader.run()
    assert not reader.tickets
    reader.advance(30)
    await reader.run()
    reader.desk.system_update(second)
    await reader.run()
    assert not reader.tickets
    await all_read(reader)
    assert ("priority", None, "high") in [change[1:] for change in reader.history(first)]


@pytest.mark.parametrize("skew", [-7_200, -61, -5, 5, 61, 7_200])
async def test_a_clock_of_zendesk_that_is_off(skew: int) -> None:
    reader = read_desk(date_skew_seconds=skew)
    number = reader.desk.create("First", "one")
    reader.advance(61)
    await reader.run()
    for priority in ("low", "high", "urgent"):
        reader.advance(20)
        reader.desk.set_priority(number, priority)
        reader.advance(20)
        await reader.run()
        assert all(change[0] <= ago(reader, 0) for change in reader.history(number))
    reader.advance(max(61, 61 - skew))
    await reader.run()
    assert [change[1:] for change in reader.history(number)][-3:] == [
        ("priority", None, "low"),
        ("priority", "low", "high"),
        ("priority", "high", "urgent"),
    ]
    assert reader.tickets[str(number)].updated_at == max(change[0] for change in reader.history(number))


async def test_a_zendesk_that_lives_in_our_future() -> None:
    reader = read_desk(ahead_seconds=86_400)
    number = reader.desk.create("First", "one")
    reader.advance(61)
    await reader.run()
    assert set(reader.tickets) == {str(number)}
    reader.desk.set_priority(number, "high")
    reader.advance(61)
    await reader.run()
    assert ("priority", None, "high") in [change[1:] for change in reader.history(number)]


@pytest.mark.parametrize(
    "field", ["via", "requester_id", "subject", "updated_at", "generated_timestamp", "tags", "url"]
)
@pytest.mark.parametrize("how", ["null_fields", "absent_fields"])
async def test_fields_that_are_missing(field: str, how: str) -> None:
    reader = read_desk(**{how: frozenset([field])})
    for number in range(9):
        reader.desk.create(f"Number {number}", "First line.\nSecond line.")
    await all_read(reader)
    third = reader.tickets["3"]
    assert third.subject == ("First line." if field == "subject" else "Number 2")
    assert (third.source, third.customer_id).count(None) == (field in ("via", "requester_id"))
    reader.desk.set_priority(3, "high")
    await all_read(reader)
    assert not reader.rejected


@pytest.mark.parametrize("field", ["id", "created_at"])
async def test_a_ticket_without_what_it_needs_is_set_apart(field: str) -> None:
    reader = read_desk(absent_fields=frozenset([field]))
    for number in range(4):
        reader.desk.create(f"Number {number}", "Some text.")
    reader.advance(61)
    await reader.run()
    assert set(reader.tickets) == {"1", "2", "4"}
    (rejected,) = reader.rejected
    assert rejected.position == 2
    assert rejected.reason.startswith(field)
    assert "Number 2" in rejected.raw
    assert "_notes" not in rejected.raw
    assert paths(await reader.run()) == LOOK


@pytest.mark.parametrize("users", ["partial", "absent"])
async def test_users_are_not_taken_from_the_export(users: str) -> None:
    reader = read_desk(ticket_count=50, users_sideload=users)
    await all_read(reader)


@pytest.mark.parametrize("style", list(RetryAfterStyle))
async def test_the_limits_are_kept_to(style: RetryAfterStyle) -> None:
    reader = read_desk(ticket_count=60, page_cap=10, incremental_per_minute=3, retry_after_style=style)
    reader.advance(61)
    requests = await reader.run()
    assert len(reader.tickets) + len(reader.gone) == 60
    statuses = [request["status"] for request in requests]
    assert 0 < statuses.count(429) <= len(statuses) / 3


async def test_failures_that_heal() -> None:
    reader = read_desk(ticket_count=100, page_cap=10, error_rate=0.3)
    reader.advance(61)
    await reader.run()
    assert len(reader.tickets) + len(reader.gone) == 100
    assert reader.retries


async def test_an_agent_who_is_gone_goes_by_the_number() -> None:
    reader = read_desk()
    number = reader.desk.create("First", "one")
    agent = reader.desk.book.people.agents[0]
    reader.desk.assign(number, agent)
    reader.desk.book.remove_user(agent, reader.desk.now())
    await all_read(reader)
    assert ("assignee", None, str(agent)) in [change[1:] for change in reader.history(number)]


async def test_names_that_may_not_be_read_are_numbers() -> None:
    reader = read_desk(forbidden_paths=("/api/v2/users", "/api/v2/custom_statuses"))
    number = reader.desk.create("First", "one")
    agent = reader.desk.book.people.agents[0]
    reader.desk.assign(number, agent)
    await all_read(reader)
    assert ("assignee", None, str(agent)) in [change[1:] for change in reader.history(number)]


async def test_an_end_without_a_cursor_leaves_the_one_before() -> None:
    reader = read_desk(page_cap=10, end_of_stream="late", null_cursor_at_end=True)
    reader.desk.many_in_one_second(25)
    reader.advance(61)
    await reader.run()
    new = reader.desk.create("New", "It is new.")
    reader.advance(61)
    before = len(reader.pages)
    await reader.run()
    assert [ticket_id for page in reader.pages[before:] for ticket_id in page.ids] == [str(new)]
