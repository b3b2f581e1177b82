"""What the mock can be told to do to clients: outages, pages of its own size, lists that move, compressed floods."""

import gzip
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from tests.unit.mock_external_api.conftest import HandClock

LIST = "/external/support-tickets"


async def test_an_outage_lasts_as_long_as_it_was_told(start: Callable[..., Any], hand_clock: HandClock) -> None:
    client = start()
    await client.control("outage", {"seconds": 25, "status": 520, "retry_after": "25"})
    answer = await client.get(LIST)
    assert (answer.status_code, answer.headers["retry-after"]) == (520, "25")
    assert (await client.get("/external/deleted-tickets")).status_code == 520
    assert (await client.get("/health")).status_code == 200
    hand_clock.advance(25)
    assert (await client.get(LIST)).status_code == 200


async def test_an_outage_can_name_its_end_as_a_date(start: Callable[..., Any], hand_clock: HandClock) -> None:
    client = start()
    await client.control("outage", {"seconds": 10, "retry_after": "date"})
    answer = await client.get(LIST)
    end = parsedate_to_datetime(answer.headers["retry-after"])
    assert 10 <= (end - hand_clock.moment).total_seconds() <= 11


async def test_pages_are_no_larger_than_the_cap(start: Callable[..., Any]) -> None:
    client = start(page_size_cap=5, deleted_share=0)
    page = await client.page(page=2, page_size=100)
    assert (len(page["tickets"]), page["next_page"], page["total_count"]) == (5, 3, 500)


async def test_a_churning_list_gains_changes_and_loses_tickets(start: Callable[..., Any]) -> None:
    client = start(churn=0.9, deleted_share=0, drifting_updated_at_share=0)
    before = {ticket["id"]: ticket for ticket in await client.walk()}
    for _ in range(30):
        await client.page()
    await client.control("settings", {"churn": 0})
    after = {ticket["id"]: ticket for ticket in await client.walk()}
    assert after.keys() - before.keys()
    assert before.keys() - after.keys()
    assert any(before[name] != after[name] for name in before.keys() & after.keys())


@pytest.mark.parametrize("layers", [1, 2])
async def test_a_scripted_body_is_repeated_and_compressed(start: Callable[..., Any], layers: int) -> None:
    client = start()
    await client.control("script", {"body": "ab", "repeat": 1_000, "gzip": layers})
    async with client.stream("GET", LIST) as answer:
        body = b"".join([piece async for piece in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == ", ".join(["gzip"] * layers)
    for _ in range(layers):
        body = gzip.decompress(body)
    assert body == b"ab" * 1_000
