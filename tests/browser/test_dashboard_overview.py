"""What the overview and the list of tenants say, against what the API says."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from documents.database import Database
from documents.ticket import Ticket
from tests.browser.chromium import Page
from tests.browser.dashboard_page import FIGURES, SETTLED, asked, figures, go, settled, shows, told, total

ZONE = "Asia/Kolkata"
MONDAY = datetime(2026, 2, 2, 22, 15, tzinfo=UTC)
"""Tuesday, 3:45 by the clock of the zone."""


def tickets(tenant: str, moments: list[datetime]) -> list[dict[str, Any]]:
    """Tickets of every kind, created at these moments."""
    return [
        {
            "tenant_id": tenant,
            "external_id": f"{tenant}-{number}",
            "urgency": ("high", "medium", "low")[number % 3],
            "sentiment": ("negative", "neutral")[number % 2],
            "status": ("open", "closed", "pending", "solved")[number % 4],
            "source": ("email", "web")[number % 2],
            "customer_id": f"c{number % 4}",
            "keyword_key": ("refund", "bug|refund", "")[number % 3],
            "created_at": moment,
        }
        for number, moment in enumerate(moments)
    ]


async def test_the_heat_map_shows_the_hours_of_the_zone_and_each_opens_its_tickets(
    page: Page, address: str, db: Database
) -> None:
    moments = [MONDAY + timedelta(weeks=week, hours=hour) for week in range(3) for hour in (0, 0, 1, 30)]
    await db.collection(Ticket).insert_many(tickets("t", moments))
    await page.open(f"http://{address}/?tenant=t&from=2026-02-01&to=2026-02-28&zone={ZONE}")
    await page.until("document.querySelectorAll('.heat-cells > *').length === 7 * 24")
    expected = {(2, 3): 6, (2, 4): 3, (3, 9): 3}
    shown = {}
    for href, number in (await figures(page, ".heat-cells")).items():
        query = dict(parse_qsl(urlsplit(href).query))
        shown[int(query["created_weekday"]), int(query["created_hour"])] = number
    assert shown == expected
    await page.evaluate("document.querySelector('.heat ~ .twin summary').click()")
    await page.until("document.querySelectorAll('.heat ~ .twin tbody tr').length === 24")
    cells = await figures(page, ".heat ~ .twin")
    assert sorted(cells.values()) == sorted(expected.values())
    for href, number in cells.items():
        await go(page, href)
        assert await total(page) == number, href
        assert (await told(page, ".chip-title"))[0] == "Created"
        export = "fetch(document.querySelector('a[download][href*=ndjson]').href).then((a) => a.text())"
        await page.evaluate("document.querySelector('.menu-button[aria-label=Export]').click()")
        await page.until("document.querySelector('a[download]') !== null")
        assert len((await page.evaluate(export)).splitlines()) == number
        await page.evaluate("document.querySelector('.menu-button[aria-label=Export]').click()")
    assert await page.evaluate("document.querySelector('.card[aria-label^=\"When tickets come\"]') === null")
    await page.evaluate("document.querySelector('.chip-close').click()")
    await page.until("document.querySelector('.chip') === null")
    assert await total(page) == len(moments)
    assert page.complaints == []


async def test_closings_are_a_line_and_a_column_of_the_trend(page: Page, address: str, db: Database) -> None:
    now = datetime.now(UTC)
    rows = tickets("t", [now - timedelta(days=day) for day in (20, 21, 22, 23, 24)])
    await db.collection(Ticket).insert_many([{**row, "status": "open"} for row in rows])
    await page.open(f"http://{address}/?tenant=t&zone={ZONE}")
    await page.until(f"{FIGURES} !== null && document.querySelector('.closed-line polyline') !== null")
    closed = [
        {
            **{name: row[name] for name in ("tenant_id", "source", "customer_id")},
            "id": row["external_id"],
            "status": "closed",
            "created_at": row["created_at"].isoformat(),
            "updated_at": (now - timedelta(days=days)).isoformat(),
        }
        for row, days in zip(rows, (2, 2, 5), strict=False)
    ]
    lines = json.dumps("\n".join(map(json.dumps, closed)))
    request = f"{{method: 'POST', headers: {{'content-type': 'application/x-ndjson'}}, body: {lines}}}"
    stored = await page.evaluate(f"fetch('/ingest/batch?tenant_id=t', {request}).then((a) => a.json())")
    assert stored["updated"] == 3, stored
    await page.evaluate("document.querySelector('.trend .twin summary').click()")
    closings = (
        "[...document.querySelectorAll('.trend .twin tbody tr')].map((row) => Number(row.lastElementChild.innerText))"
    )
    await page.until(f"{closings}.reduce((sum, each) => sum + each, 0) === 3")
    start = await page.evaluate("new URL(document.querySelector('.trend .twin tbody a').href).searchParams.get('from')")
    flow = f'flow(unit: DAY, timeZone: "{ZONE}", fromDate: "{start}") {{ closed }}'
    expected = (await asked(page, f'{{ tenantStats(tenantId: "t") {{ {flow} }} }}'))["tenantStats"]["flow"]
    assert await page.evaluate(closings) == [step["closed"] for step in expected]
    heights = (
        "document.querySelector('.closed-line .line').getAttribute('points').split(' ').map((p) => p.split(',')[1])"
    )
    assert len(set(await page.evaluate(heights))) == 3
    await shows(page, "90 % within")
    assert page.complaints == []


async def test_figures_have_their_change_and_the_period_before_opens(page: Page, address: str, db: Database) -> None:
    now = datetime.now(UTC)
    recent, earlier = [now - timedelta(days=1)] * 12, [now - timedelta(days=10)] * 8
    await db.collection(Ticket).insert_many([*tickets("t", recent), *tickets("t", earlier)][:12])
    await db.collection(Ticket).insert_many(
        [{**row, "external_id": f"x{row['external_id']}"} for row in tickets("t", earlier)]
    )
    await page.open(f"http://{address}/?tenant=t&period=7d&zone={ZONE}")
    await page.until(FIGURES + " !== null")
    assert (await told(page, ".figure .change"))[0] == "+50%"
    found = await figures(page, ".figures")
    assert 8 in found.values()
    for href, number in found.items():
        await go(page, href)
        assert await total(page) == number, href
    await go(page, f"?tenant=t&period=30d&zone={ZONE}")
    await shows(page, "No earlier data")
    assert page.complaints == []


async def test_a_list_follows_its_tickets(page: Page, address: str, db: Database) -> None:
    rows = db.collection(Ticket)
    await rows.insert_many(tickets("t", [datetime.now(UTC)] * 6))
    await page.open(f"http://{address}/?tenant=t&period=all&view=tickets&urgency=high&order=oldest_first")
    await page.until("document.querySelector('.connection.live') !== null")
    assert await total(page) == 2
    await rows.update_one({"external_id": "t-0"}, {"$set": {"subject": "Another subject"}})
    await shows(page, "Another subject")
    await rows.update_one({"external_id": "t-1"}, {"$set": {"urgency": "high"}})
    await page.until("document.querySelector('[data-figure=total]').innerText === '3 tickets'")
    await rows.update_one({"external_id": "t-0"}, {"$set": {"urgency": "low"}})
    await page.until("document.querySelector('[data-figure=total]').innerText === '2 tickets'")
    await rows.insert_one({"tenant_id": "t", "external_id": "new", "urgency": "high", "created_at": datetime.now(UTC)})
    await page.until("document.querySelectorAll('a.subject').length === 3")
    await rows.update_one({"external_id": "new"}, {"$set": {"deleted_at": datetime.now(UTC)}})
    await page.until("document.querySelectorAll('a.subject').length === 2")
    assert page.complaints == []


async def test_every_tenants_figures_open_its_lists(page: Page, address: str, db: Database) -> None:
    names = ("acme", "globex")
    for count, tenant in enumerate(names, start=5):
        await db.collection(Ticket).insert_many(tickets(tenant, [datetime.now(UTC)] * count))
    await page.open(f"http://{address}/")
    await page.until("document.querySelectorAll('.tenant dd a').length >= 6")
    await settled(page)
    facts = "[...document.querySelectorAll('.tenant')].map((card) => card.querySelector('dd .quiet').innerText)"
    tenants = (await asked(page, "{ tenants { tenantId stats { urgencyHighRatio } } }"))["tenants"]
    assert await page.evaluate(facts) == [f"{tenant['stats']['urgencyHighRatio']:.1%}" for tenant in tenants]
    assert await told(page, ".tenant h2") == [*names]
    found = await figures(page)
    assert len(found) == 3 * len(names)
    for href, number in found.items():
        await go(page, href)
        assert await total(page) == number, href
    assert page.complaints == []


async def test_the_tenant_is_chosen_by_a_part_of_its_name(page: Page, address: str, db: Database) -> None:
    for count, tenant in enumerate(("acme", "globex"), start=1):
        await db.collection(Ticket).insert_many(tickets(tenant, [datetime.now(UTC)] * count))
    await page.open(f"http://{address}/?tenant=acme&view=tickets&customer_id=c0&urgency=high")
    assert await total(page) == 1
    await page.evaluate("document.querySelector('.menu-button[aria-label^=Tenant]').click()")
    await page.until("document.activeElement?.type === 'search'")
    for key in "LOB":
        await page.press(key)
    await page.until("document.querySelectorAll('.choices a').length === 1")
    await page.evaluate("document.querySelector('.choices a').click()")
    await page.until("document.querySelector('.menu-button').innerText === 'globex'")
    query = dict(parse_qsl(urlsplit(await page.evaluate("location.href")).query))
    assert query == {"tenant": "globex", "view": "tickets", "urgency": "high"}
    assert await total(page) == 1
    assert page.complaints == []


async def test_among_many_tenants_one_is_found_by_its_name(page: Page, address: str, db: Database) -> None:
    for number in range(30):
        await db.collection(Ticket).insert_many(tickets(f"customer-{number}", [datetime.now(UTC)]))
    await page.open(f"http://{address}/")
    await page.until("document.querySelectorAll('.tenant').length === 30")
    assert await page.evaluate("document.querySelector('.sparkline')") is None
    field = "document.querySelector('.tenant-find')"
    await page.evaluate(f"{field}.value = 'MER-29'; {field}.dispatchEvent(new Event('input', {{bubbles: true}}))")
    await shows(page, "1 of 30")
    assert await told(page, ".tenant h2") == ["customer-29"]
    assert await told(page, ".tenant .value") == ["1 ticket"]
    assert page.complaints == []


SLOWLY = """(() => {
  const quick = fetch;
  window.asked = 0;
  window.fetch = async (url, request) => {
    if (!String(request?.body).includes("query Overview(")) return quick(url, request);
    window.asked += 1;
    const answer = await quick(url, request);
    await new Promise((done) => setTimeout(done, 3000));
    request.signal.throwIfAborted();
    return answer;
  };
})()"""
"""Every answer of the overview takes longer than the page waits between two questions."""


async def test_a_slow_server_is_asked_one_by_one_and_its_answers_are_shown(
    page: Page, address: str, db: Database
) -> None:
    rows = tickets("t", [datetime.now(UTC) - timedelta(days=1)] * 9)
    await db.collection(Ticket).insert_many(rows[:1])
    await page.open(f"http://{address}/?tenant=t&zone={ZONE}")
    await settled(page)
    await page.evaluate(SLOWLY)
    shown = "Number(document.querySelector('.figures .value')?.innerText)"
    before = await page.evaluate(shown)
    for row in rows[1:]:
        await db.collection(Ticket).insert_one(row)
        await asyncio.sleep(0.7)
    assert await page.evaluate(shown) > before, "what changes meanwhile withdraws no question"
    assert await page.evaluate("window.asked") <= 2
    await page.until(f"{shown} === {len(rows)} && {SETTLED}")
