"""The overview of some of the tickets: what is clicked becomes a filter of every figure."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from documents.database import Database
from documents.ticket import Ticket
from gql_app.http.dashboard import WEB_FOLDER, bundle
from resolvers.context import Services
from tests.browser.chromium import Page
from tests.browser.dashboard_page import FIGURES, at_home, figures, go, shows, some_of_each_kind, told, total
from tests.fakes import app_with, at_rest, make_settings
from tests.properties import some_of

NOW = datetime.now(UTC)
CHIPS = "[...document.querySelectorAll('.chip')].map((chip) => chip.innerText.replace(/[\\s\\u00d7]+/g, ' ').trim())"
READY = f"{FIGURES} !== null && !document.querySelector('[aria-busy=true], .skeleton')"
MOVED = """(() => {
  window.moved = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((each) => { window.moved += each.value; }))
    .observe({ type: "layout-shift" });
})()"""


def rows() -> list[dict[str, Any]]:
    """Tickets of every kind, in two periods of 30 days."""
    return [
        {
            "tenant_id": "t",
            "external_id": f"t{number}",
            "urgency": ("high", "high", "medium", "low")[number % 4],
            "sentiment": ("negative", "neutral", "positive")[number % 3],
            "status": ("open", "closed", "waiting")[number % 3],
            "source": ("email", "web", "chat", "phone", "fax")[number % 5],
            "customer_id": f"c{number % 3}",
            "keyword_key": ("refund", "bug|refund", "bug", "")[number % 4],
            "created_at": NOW - timedelta(hours=17 * number + 1),
        }
        for number in range(84)
    ]


@pytest.fixture
async def address(services: Services, db: Database) -> AsyncIterator[str]:
    if bundle(WEB_FOLDER) is None:
        pytest.skip("the files of web/ are not installed")
    await db.collection(Ticket).insert_many(rows())
    async with at_home(app_with(at_rest(services), make_settings())) as address:
        yield address


async def press(page: Page, name: str, within: str = ".bars") -> None:
    """Click the bar, or the entry of the legend, of this name, and wait for what follows."""
    found = (
        f"[...document.querySelectorAll('{within} button[aria-pressed]')].find((b) => b.innerText.trim() === '{name}')"
    )
    before = await page.evaluate("location.search")
    await page.evaluate(f"{found}.click()")
    await page.until(f"location.search !== {json.dumps(before)} && {READY}")


async def chips(page: Page) -> list[str]:
    return list(await page.evaluate(CHIPS))


async def pressed(page: Page, within: str = ".bars") -> list[str]:
    return await told(page, f"{within} [aria-pressed=true]")


@pytest.fixture(autouse=True)
async def _one_day() -> None:
    """The page's days and the test's are the same: what would begin within a minute before midnight waits for it."""
    now = datetime.now(UTC)
    left = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1) - now
    if left < timedelta(minutes=1):
        await asyncio.sleep(left.total_seconds())


async def stats(page: Page, query_filter: str) -> dict[str, Any]:
    """What the API says of the tickets that a filter chooses, in the period that the page shows."""
    query = f"""query ($from: DateTime) {{ tenantStats(tenantId: "t", fromDate: $from, filter: {query_filter}) {{
        totalTickets byUrgency {{ urgency count }} bySentiment {{ sentiment count }} byStatus {{ value count }}
        bySource {{ value count }} topKeywords {{ keyword count }} atRiskCustomers {{ highUrgencyCount }}
        heatMap(timeZone: "UTC") {{ count }} trend(unit: DAY, timeZone: "UTC") {{ count }} }} }}"""
    start = (datetime.now(UTC) - timedelta(days=29)).replace(hour=0, minute=0, second=0, microsecond=0)
    body = json.dumps(json.dumps({"query": query, "variables": {"from": start.isoformat()}}))
    request = f"{{method: 'POST', headers: {{'content-type': 'application/json'}}, body: {body}}}"
    answer = await page.evaluate(f"fetch('/graphql', {request}).then((a) => a.json())")
    assert "errors" not in answer, answer
    return dict(answer["data"]["tenantStats"])


async def bars(page: Page) -> list[dict[str, int]]:
    """The counts of every card of bars, by name."""
    cards = "[...document.querySelectorAll('.quarters .card, .halves .card:first-child')]"
    row = "[row.querySelector('.bar-name').innerText.trim(), row.querySelector('.bar-count').innerText]"
    script = f"{cards}.map((card) => [...card.querySelectorAll('.bars li')].map((row) => {row}))"
    return [{name: int(count) for name, count in card} for card in await page.evaluate(script)]


async def agrees(page: Page, query_filter: str) -> dict[str, Any]:
    """See that every part of the page says what the API says with this filter."""
    await page.until(READY)
    expected = await stats(page, query_filter)
    names = {"byStatus": "value", "byUrgency": "urgency", "bySentiment": "sentiment", "bySource": "value"}
    names["topKeywords"] = "keyword"
    shown = [{name.lower(): count for name, count in card.items()} for card in await bars(page)]
    assert shown == [{str(each[key]).lower(): each["count"] for each in expected[part]} for part, key in names.items()]
    assert (await told(page, ".figure .value"))[0] == str(expected["totalTickets"])
    cells = [int(count) for count in await told(page, ".heat-cells > a")]
    assert cells == [cell["count"] for cell in expected["heatMap"] if cell["count"]]
    risks = [int(text.split()[0]) for text in await told(page, ".at-risk .count")]
    assert risks == [customer["highUrgencyCount"] for customer in expected["atRiskCustomers"]]
    message = await page.evaluate("document.querySelector('.trend').getAttribute('aria-label')")
    assert f": {sum(step['count'] for step in expected['trend'])} in all" in message
    return expected


OFFERED = "[...document.querySelectorAll('.chips select option')].map((option) => option.value)"
FACTS = "[...document.querySelectorAll('.facts div')].map((fact) => fact.innerText.split(/\\s*\\n\\s*/))"


async def test_what_no_ticket_has_is_not_offered(page: Page, address: str) -> None:
    await page.open(f"http://{address}/?tenant=t&zone=UTC&view=tickets&ticket=t3")
    await page.until("document.querySelector('.facts') !== null")
    assert {"Priority", "Assignee", "Tags"}.isdisjoint(name for name, *_ in await page.evaluate(FACTS))
    await page.open(f"http://{address}/?tenant=t&zone=UTC&view=tickets")
    await page.until("document.querySelector('table') !== null")
    await page.evaluate("document.querySelector('[aria-label=\"Add a filter\"]').click()")
    await page.until(f"{OFFERED}.includes('source')")
    assert {"priority", "assignee", "tag"}.isdisjoint(await page.evaluate(OFFERED))


async def test_priority_assignee_and_tags_are_shown_and_offered_where_there_are_any(
    page: Page, address: str, db: Database
) -> None:
    further = {"priority": "high", "assignee": "ann", "tags": ["vip", "eu"], "replies": "My parcel?"}
    await db.collection(Ticket).update_one({"external_id": "t3"}, {"$set": further})
    await page.open(f"http://{address}/?tenant=t&zone=UTC&view=tickets&ticket=t3")
    await page.until("document.querySelector('.facts') !== null")
    assert [fact for fact in await page.evaluate(FACTS) if fact[0] in ("Priority", "Assignee", "Tags")] == [
        ["Priority", "high"],
        ["Assignee", "ann"],
        ["Tags", "vip, eu"],
    ]
    assert await page.evaluate("document.querySelectorAll('.message')[1].innerText") == "My parcel?"
    await page.evaluate("[...document.querySelectorAll('.facts a')].find((a) => a.innerText === 'eu').click()")
    await page.until("document.querySelectorAll('tbody tr').length === 1")
    assert await chips(page)
    await page.evaluate("document.querySelector('[aria-label=\"Add a filter\"]').click()")
    await page.until(f"['priority', 'assignee', 'tag'].every((name) => {OFFERED}.includes(name))")


async def test_what_is_clicked_restricts_every_figure(page: Page, address: str) -> None:
    await page.open(f"http://{address}/?tenant=t&zone=UTC")
    await page.until(READY)
    everything = await agrees(page, "{}")
    await page.evaluate(MOVED)
    await press(page, "High")
    assert (await chips(page), await pressed(page)) == (["Urgency is High"], ["High"])
    high = await agrees(page, "{urgency: HIGH}")
    await press(page, "bug")
    assert await chips(page) == ["Urgency is High", "Keyword is bug"]
    both = await agrees(page, '{urgency: HIGH, keyword: "bug"}')
    assert everything["totalTickets"] > high["totalTickets"] > both["totalTickets"] > 0
    await page.evaluate(
        "[...document.querySelectorAll('.switch button')].find((b) => b.innerText === 'Source').click()"
    )
    await press(page, "web", ".trend .readout")
    assert await pressed(page, ".trend .readout") == ["web"]
    assert await pressed(page) == ["High", "web", "bug"]
    await agrees(page, '{urgency: HIGH, keyword: "bug", source: "web"}')
    for name in ("bug", "web", "High"):
        await press(page, name)
    assert await chips(page) == []
    assert await agrees(page, "{}") == everything
    assert await page.evaluate("window.moved") < 0.1
    assert page.complaints == []


async def test_filters_lie_in_the_address(page: Page, address: str) -> None:
    await page.open(f"http://{address}/?tenant=t&zone=UTC")
    await page.until(READY)
    await press(page, "Negative")
    await press(page, "email")
    query = parse_qs(urlsplit(await page.evaluate("location.href")).query)
    assert query == {"tenant": ["t"], "zone": ["UTC"], "sentiment": ["negative"], "source": ["email"]}
    await page.evaluate("history.back()")
    await page.until("!location.search.includes('source')")
    assert await chips(page) == ["Sentiment is Negative"]
    await agrees(page, "{sentiment: NEGATIVE}")
    await page.evaluate("document.querySelector('a.chip-verb').click()")
    await page.until(f"location.search.includes('sentiment_not') && {READY}")
    await page.open(await page.evaluate("location.href"))
    await page.until(READY)
    assert await chips(page) == ["Sentiment is not Negative"]
    await agrees(page, "{sentimentNotIn: [NEGATIVE]}")
    await page.evaluate("document.querySelector('.chip-close').click()")
    await page.until("document.querySelector('.chip') === null")
    await agrees(page, "{}")
    assert page.complaints == []


FILTERS = [
    "urgency=high&keyword=bug",
    "keyword=bug&keyword=refund&source_not=web",
    "urgency=low&status_category=closed",
    "status_category=closed&status_category=pending&customer_id=c1&customer_id=c2",
    f"created_hour={(NOW - timedelta(hours=1)).hour}&sentiment=negative&sentiment=neutral",
]


@pytest.mark.thorough
@pytest.mark.parametrize("chosen", some_of(FILTERS, one_in=2))
async def test_every_figure_opens_the_tickets_that_it_counts_with_the_filter(
    page: Page, address: str, chosen: str
) -> None:
    await page.open(f"http://{address}/?tenant=t&period=30d&zone=UTC&{chosen}")
    await page.until(READY)
    await page.evaluate("document.querySelectorAll('.twin summary').forEach((each) => each.click())")
    await page.until("document.querySelectorAll('.trend .twin tbody tr').length === 30")
    found = await figures(page)
    assert len(found) > 10
    for href, number in some_of_each_kind(found):
        await go(page, href)
        assert await total(page) == number, href
    assert page.complaints == []


async def test_the_list_and_the_export_of_a_bar_are_the_same_tickets(page: Page, address: str) -> None:
    await page.open(f"http://{address}/?tenant=t&period=all&zone=UTC&source_not=fax")
    await page.until(READY)
    await press(page, "High")
    number = int((await bars(page))[4]["bug"])
    await page.evaluate("[...document.querySelectorAll('.bars a')].find((a) => a.href.includes('keyword=bug')).click()")
    assert await total(page) == number > 0
    assert await chips(page) == ["Urgency is High", "Source is not fax", "Keyword is bug"]
    await page.evaluate("document.querySelector('.menu-button[aria-label=Export]').click()")
    await page.until("document.querySelector('a[download]') !== null")
    lines = await page.evaluate("fetch(document.querySelector('a[download][href*=ndjson]').href).then((a) => a.text())")
    exported = [json.loads(line)["external_id"] for line in lines.splitlines()]
    listed = "[...document.querySelectorAll('a.subject')].map((a) => new URL(a.href).searchParams.get('ticket'))"
    assert exported == await page.evaluate(listed)
    assert len(exported) == number
    await page.evaluate("history.back()")
    await page.until(READY)
    assert await pressed(page) == ["High"]


async def test_the_keyboard_reaches_a_bar_and_its_list(page: Page, address: str) -> None:
    await page.open(f"http://{address}/?tenant=t&zone=UTC")
    await page.until(READY)
    await page.evaluate("document.querySelector('.quarters .bars button').focus()")
    await page.press("Enter")
    await page.until(f"document.activeElement.getAttribute('aria-pressed') === 'true' && {READY}")
    assert len(await chips(page)) == 1
    await page.send("Input.dispatchKeyEvent", type="keyDown", key="Tab", windowsVirtualKeyCode=9)
    await page.until("document.activeElement.matches('a.bar-count')")
    number = int(await page.evaluate("document.activeElement.innerText"))
    await page.press("Enter")
    assert await total(page) == number


async def test_closings_are_not_shown_of_some_tickets(page: Page, address: str) -> None:
    await page.open(f"http://{address}/?tenant=t&zone=UTC")
    await page.until(READY)
    assert "Closings" in await page.evaluate("document.querySelector('.trend .readout').innerText")
    await press(page, "High")
    await shows(page, "No closings: they are known of all tickets together only")
    assert await page.evaluate("document.querySelector('.closed-line .line').getAttribute('points').trim()") == ""
    await page.evaluate("document.querySelector('.trend .twin summary').click()")
    await page.until("document.querySelector('.trend .twin th') !== null")
    assert "Closings" not in await told(page, ".trend .twin thead th")


async def test_a_filter_that_takes_too_long_says_so(
    page: Page, address: str, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = [{**row, "external_id": f"{row['external_id']}-{copy}"} for copy in range(25) for row in rows()]
    await db.collection(Ticket).insert_many(copies)
    await page.open(f"http://{address}/?tenant=t&zone=UTC")
    await page.until(READY)
    with monkeypatch.context() as patch:
        patch.setattr("services.analytics.stats.FIGURE_MILLISECONDS", 1)
        await page.evaluate("document.querySelector('.bars button').click()")
        await page.until("document.querySelector('.problem') !== null")
    await shows(page, "take a shorter period, or choose fewer")
    assert await page.evaluate(f"{FIGURES} === null")
    await page.evaluate("document.querySelector('.chip-close').click()")
    await page.until(f"{READY} && document.querySelector('.problem') === null")
