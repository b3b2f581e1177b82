"""Notifications and customers in the dashboard."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from documents.circuit_breaker import Circuit
from documents.database import Database
from documents.notification import DEFAULT_DESTINATION, DEFAULT_KIND, Notification
from documents.ticket import Ticket
from tests.browser.chromium import Page
from tests.browser.dashboard_page import figures, go, settled, shows, some_of_each_kind, told, total


def notification(number: int, state: str, **fields: Any) -> dict[str, Any]:
    created = datetime.now(UTC) - timedelta(hours=number + 1)
    return {
        "_id": f"{state}-{number}",
        "tenant_id": "t",
        "ticket_id": f"{number}<b>",
        "version": "1",
        "destination_id": DEFAULT_DESTINATION,
        "kind": DEFAULT_KIND,
        "urgency": "high",
        "reason": "outage: <i>down</i>",
        "state": state,
        "created_at": created,
        "due_at": created,
        "give_up_at": created + timedelta(hours=72),
        "attempts": 3,
        **fields,
    }


async def test_dead_letters_are_sent_again_one_or_all(page: Page, address: str, db: Database) -> None:
    rows = [notification(number, "dead", last_error="HTTP 500: <script>") for number in range(23)]
    await db.collection(Notification).insert_many(rows)
    await page.open(f"http://{address}/?tenant=t&view=notifications")
    await shows(page, "Send all again")
    assert (await told(page, ".states .value"))[-1] == "23"
    assert len(await told(page, "#dead tbody tr")) == 20
    await page.evaluate("document.querySelector('#dead .act button').click()")
    await page.until("document.querySelectorAll('.states .value')[3].innerText === '22'")
    assert await db.collection(Notification).count_documents({"state": "pending"}) == 1
    await page.evaluate(
        "[...document.querySelectorAll('button')].find((b) => b.innerText === 'Send all again').click()"
    )
    await shows(page, "Nothing was given up")
    assert await db.collection(Notification).count_documents({"state": "pending"}) == 23
    assert page.complaints == []


async def test_what_waits_says_why(page: Page, address: str, db: Database) -> None:
    errors = ["HTTP 503", "HTTP 503", "no answer in time"]
    rows = [notification(number, "pending", last_error=error) for number, error in enumerate(errors)]
    await db.collection(Notification).insert_many(rows)
    now = datetime.now(UTC)
    await db.collection(Circuit).insert_one(
        {
            "_id": "notify",
            "state": "open",
            "generation": 1,
            "window": [False] * 5,
            "allowance": 4.0,
            "opened_at": now,
            "paused_until": now + timedelta(hours=1),
        }
    )
    await page.open(f"http://{address}/?tenant=t&view=notifications")
    await shows(page, "waiting uses no attempt up")
    assert (await told(page, ".states .value"))[:2] == ["3", "3 hours ago"]
    await shows(page, "5 of the last 10 failed")
    await shows(page, "next attempt in")
    assert (await told(page, ".records summary strong")) == ["HTTP 503", "no answer in time"]
    assert (await told(page, ".records summary"))[0].endswith("2 notifications")
    assert page.complaints == []


async def test_all_that_waits_and_all_that_was_delivered_can_be_paged(page: Page, address: str, db: Database) -> None:
    rows = [notification(number, "pending") for number in range(12)]
    rows += [notification(number, "delivered", delivered_at=datetime.now(UTC)) for number in range(20, 33)]
    await db.collection(Notification).insert_many(rows)
    await page.open(f"http://{address}/?tenant=t&view=notifications")
    for name, count in (("waiting", 12), ("delivered", 13)):
        await page.until(f"document.querySelectorAll('#{name} tbody tr').length === 10")
        first = await told(page, f"#{name} .subject")
        await page.evaluate(f"[...document.querySelectorAll('#{name} .pages button')].at(-1).click()")
        await page.until(f"document.querySelectorAll('#{name} tbody tr').length === {count - 10}")
        rest = await told(page, f"#{name} .subject")
        assert len({*first, *rest}) == count
    assert page.complaints == []


@pytest.mark.thorough
async def test_every_count_of_a_customer_opens_its_tickets(page: Page, address: str, db: Database) -> None:
    rows = [
        {
            "tenant_id": "t",
            "external_id": str(number),
            "customer_id": f"c&{number % 3}",
            "urgency": ("high", "low")[number % 2],
            "sentiment": ("negative", "neutral", "positive")[number % 3],
            "status": ("open", "closed", "solved", "pending")[number % 4],
            "created_at": datetime.now(UTC) - timedelta(days=number),
        }
        for number in range(40)
    ]
    await db.collection(Ticket).insert_many(rows)
    await page.open(f"http://{address}/?tenant=t&period=90d&view=customers")
    await page.until("document.querySelector('.customers tbody') !== null")
    await settled(page)
    found = await figures(page)
    assert len(found) >= 3 * 4
    for href, number in some_of_each_kind(found):
        await go(page, href)
        assert await total(page) == number, href
    await go(page, "?tenant=t&period=90d&view=customers")
    await page.until("document.querySelector('.customers tbody') !== null")
    await page.evaluate("[...document.querySelectorAll('.switch button')].at(-1).click()")
    await page.until("document.querySelector('[aria-sort]').innerText === 'Open now'")
    assert page.complaints == []
