"""The dashboard in a real browser; needs Chromium and the files of `web/`, and is skipped without them."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from documents.database import Database
from documents.ticket import Ticket
from gql_app.http.dashboard import WEB_FOLDER, bundle
from resolvers.context import Services
from services.ingestion.worker import Worker
from services.kit.civil_time import TrendUnit, boundaries, zone
from tests.api.graphql.sockets import served
from tests.browser.chromium import Page
from tests.browser.dashboard_page import (
    ANSWERS,
    FIGURES,
    at_home,
    figures,
    follow,
    go,
    settled,
    shows,
    some_of_each_kind,
    told,
    total,
)
from tests.fakes import app_with, at_rest, ingest, make_jwt_settings, make_settings, make_token
from tests.properties import some_of

TENANT = "tenant_a"


@pytest.fixture(autouse=True)
def _installed() -> None:
    if bundle(WEB_FOLDER) is None:
        pytest.skip("the files of web/ are not installed")


@pytest.fixture
async def address(services: Services, worker: Worker) -> AsyncIterator[str]:
    """The service with the tickets of one tenant."""
    await ingest(services, TENANT)
    async with at_home(app_with(at_rest(services), make_settings())) as address:
        yield address


@pytest.mark.thorough
async def test_every_figure_opens_the_tickets_that_it_counts(page: Page, address: str) -> None:
    await page.open(f"http://{address}/?tenant={TENANT}&period=7d&zone=Asia/Kolkata")
    await page.until(FIGURES + " !== null")
    await page.evaluate("document.querySelector('.twin summary').click()")
    await page.until("document.querySelectorAll('.twin tbody tr').length === 7")
    found = await figures(page)
    assert len({href.split("&")[-1].split("=")[0] for href in found}) > 4
    for href, number in some_of_each_kind(found):
        await go(page, href)
        assert await total(page) == number, href
    assert page.complaints == []


async def test_numbers_move_without_a_reload(page: Page, address: str, db: Database) -> None:
    await page.open(f"http://{address}/?tenant={TENANT}&period=all")
    await page.until(f"{FIGURES} && document.querySelector('.connection.live') !== null")
    before = int((await told(page, ".figure .value"))[0].replace(",", ""))
    await db.collection(Ticket).insert_one(
        {"tenant_id": TENANT, "external_id": "new", "created_at": datetime.now(UTC), "urgency": "high"}
    )
    await page.until(f"document.querySelector('.figure .value').innerText === '{before + 1}'")
    assert page.complaints == []


async def test_a_bar_opens_the_list_and_the_export_has_the_same_tickets(page: Page, address: str) -> None:
    await page.open(f"http://{address}/?tenant={TENANT}&period=all")
    await page.until(FIGURES + " !== null")
    await page.evaluate(
        "[...document.querySelectorAll('.bars a')].find((a) => a.href.includes('urgency=medium')).click()"
    )
    expected = await total(page)
    assert expected > 0
    assert set(await told(page, "td.col-urgency")) == {"Medium"}
    assert "Urgency" in (await told(page, ".chip"))[0]
    await page.evaluate("document.querySelector('.menu-button[aria-label=Export]').click()")
    await page.until("document.querySelector('a[download]') !== null")
    lines = await page.evaluate("fetch(document.querySelector('a[download][href*=ndjson]').href).then((a) => a.text())")
    exported = [json.loads(line) for line in lines.splitlines()]
    shown = await page.evaluate(
        "[...document.querySelectorAll('a.subject')].map((a) => new URL(a.href).searchParams.get('ticket'))"
    )
    assert len(exported) == expected
    assert [ticket["external_id"] for ticket in exported][:50] == shown
    assert {ticket["urgency"] for ticket in exported} == {"medium"}


async def test_dragging_over_the_chart_sets_the_period(page: Page, address: str) -> None:
    await page.look(height=1_200)
    begun = datetime.now(UTC)
    await page.open(f"http://{address}/?tenant={TENANT}&period=30d&zone=UTC")
    await page.until(f"{FIGURES} !== null && document.querySelectorAll('.column').length === 30")
    box = "const box = document.querySelectorAll('.column')[{}].getBoundingClientRect();"
    middle = "(() => {{ " + box + " return [box.left + box.width / 2, box.top + 100]; }})()"
    start, end = [tuple(await page.evaluate(middle.format(index))) for index in (9, 4)]
    await page.drag(start, end)
    await page.until("document.querySelectorAll('.column').length === 6")
    query = dict(parse_qsl(urlsplit(await page.evaluate("location.href")).query))
    assert [query["from"], query["to"]] in [
        [(today - timedelta(days=29 - index)).date().isoformat() for index in (4, 9)]
        for today in (begun, datetime.now(UTC))  # midnight may lie between them
    ]
    assert "view" not in query


async def test_a_ticket_shows_why_it_was_classified(page: Page, address: str) -> None:
    await page.open(f"http://{address}/?tenant={TENANT}&period=all&view=tickets&urgency=high")
    assert await total(page) > 0
    await page.press("j")
    await page.press("Enter")
    await page.until("document.querySelector('dialog.drawer[open] .reasons') !== null")
    reasons = await told(page, ".reasons q")
    marked = " ".join(await told(page, "dialog mark")).lower()
    assert any(reason.lower() in marked for reason in reasons)
    await page.evaluate("document.querySelector('.reasons button').click()")
    assert await page.evaluate("document.activeElement.tagName") == "MARK"
    await page.press("Escape")
    await page.until("document.querySelector('dialog.drawer') === null && !location.search.includes('ticket=')")
    assert page.complaints == []


async def test_filters_have_several_values_and_can_be_turned_round_and_removed(page: Page, address: str) -> None:
    await page.open(f"http://{address}/?tenant={TENANT}&period=all&view=tickets")
    everything = await total(page)
    await page.evaluate("document.querySelector('.chips .menu-button').click()")
    for name in ("High", "Medium"):
        await page.evaluate(
            f"[...document.querySelectorAll('.option')].find((o) => o.innerText.trim() === '{name}').click()"
        )
    await shows(page, "High or Medium")
    pressing = await total(page)
    await page.evaluate("document.querySelector('a.chip-verb').click()")
    await shows(page, "is not")
    assert await total(page) == everything - pressing
    await page.evaluate("document.querySelector('.chip-close').click()")
    await page.until("document.querySelector('.chip') === null")
    assert await total(page) == everything


async def test_the_address_holds_everything(page: Page, address: str) -> None:
    shared = f"?tenant={TENANT}&view=tickets&period=90d&zone=Europe%2FParis&urgency=high&status_not=closed"
    await page.open(f"http://{address}/{shared}")
    await total(page)
    await page.evaluate("document.querySelector('a.subject').click()")
    await page.until("document.querySelector('dialog.drawer .message') !== null")
    query = dict(parse_qsl(urlsplit(await page.evaluate("location.href")).query))
    assert query.items() > dict(parse_qsl(shared[1:])).items()
    await page.evaluate("history.back()")
    await page.until("document.querySelector('dialog.drawer') === null")
    await page.evaluate("history.forward()")
    await page.until("document.querySelector('dialog.drawer .message') !== null")
    await page.evaluate("document.querySelector('dialog.drawer').close()")
    await follow(page, f"?tenant={TENANT}&period=90d&zone=Europe%2FParis")
    await page.until(FIGURES + " !== null")
    assert await told(page, ".top .menu-button") == [TENANT, "90 days", "Paris"]


async def test_a_lost_connection_is_shown_and_healed(page: Page, services: Services, db: Database) -> None:
    app = app_with(at_rest(services), make_settings())
    async with served(app) as address:
        await page.open(f"http://{address}/?tenant=t&period=all&view=tickets")
        await page.until("document.querySelector('.connection.live') !== null")
        assert await total(page) == 0
    await page.until("document.querySelector('.connection.lost') !== null")
    await db.collection(Ticket).insert_one({"tenant_id": "t", "external_id": "1", "created_at": datetime.now(UTC)})
    async with served(app, port=int(address.rpartition(":")[2])):
        await page.until("document.querySelector('.connection.live') !== null")
        await page.until("document.querySelector('[data-figure=total]')?.innerText === '1 ticket'")


async def test_what_fails_because_the_service_is_away_comes_when_it_is_back(page: Page, services: Services) -> None:
    app = app_with(at_rest(services), make_settings())
    async with served(app) as address:
        await page.open(f"http://{address}/")
        await shows(page, "No tenant has tickets yet")
    await page.until("document.querySelector('.connection.lost') !== null")
    await go(page, f"/?tenant={TENANT}")
    await shows(page, "The service cannot be reached. Is it running? Trying again")
    await go(page, f"/?tenant={TENANT}&view=customers")
    await shows(page, "This part of the page could not be fetched")
    async with served(app, port=int(address.rpartition(":")[2])):
        await shows(page, "No tickets of this tenant yet")
        await go(page, f"/?tenant={TENANT}")
        await shows(page, "No tickets of this tenant yet")


async def test_without_tickets_the_page_says_what_to_do(page: Page, address: str) -> None:
    for view in ("overview", "tickets", "customers"):
        await page.open(f"http://{address}/?tenant=nobody&view={view}")
        await shows(page, "No tickets of this tenant yet")
        assert await page.evaluate("document.querySelector('.empty a[href*=\"view=ingestion\"]') !== null")
    await page.open(f"http://{address}/?tenant={TENANT}&from=2001-01-01&to=2001-01-02")
    await shows(page, "No tickets in this period")
    assert await page.evaluate("document.querySelector('.quarters, .trend') === null")
    await go(page, f"/?tenant={TENANT}&from=2001-01-01&to=2001-01-02&view=tickets&urgency=high")
    await shows(page, "No ticket matches")
    await page.evaluate("[...document.querySelectorAll('.empty a')].at(-1).click()")
    assert await total(page) > 0
    assert page.complaints == []


async def test_the_first_view_asks_for_its_data_twice_then_for_the_forecast_and_nobody_else(
    page: Page, address: str
) -> None:
    await page.note_requests()
    await page.open(f"http://{address}/?tenant={TENANT}")
    await page.until(f"{FIGURES} && document.querySelector('.connection.live') !== null && {ANSWERS} >= 3")
    asked = [url for url in page.urls if not url.startswith("data:")]
    assert {urlsplit(url).netloc for url in asked} == {address}
    data = [url for url in asked if urlsplit(url).path == "/graphql"]
    assert sorted(urlsplit(url).scheme for url in data) == ["http", "http", "http", "ws"]


async def test_a_hostile_ticket_is_text(page: Page, services: Services, db: Database) -> None:
    evil = "<img src=x onerror=\"document.title='hacked'\"><script>document.title='hacked'</script>"
    texts = [evil, "\u202egnp.exe\u202c", "😡" * 300, "x" * 50_000, "a\u0300" * 2_000]
    rows = [
        {
            "tenant_id": "t",
            "external_id": f"{number}<b>",
            "subject": text[:1_000],
            "message": text,
            "status": evil,
            "source": evil,
            "customer_id": evil,
            "urgency": "high",
            "extra": {evil: evil},
            "matched": [{"rule": evil, "keyword": "hacked", "text": "hacked"}],
            "keywords": ["hacked"],
            "created_at": datetime.now(UTC) - timedelta(minutes=number),
        }
        for number, text in enumerate(texts)
    ]
    await db.collection(Ticket).insert_many(rows)
    async with at_home(app_with(at_rest(services), make_settings())) as address:
        for view in ("", "&view=tickets", *(f"&view=tickets&ticket={number}%3Cb%3E" for number in range(len(texts)))):
            await page.look(width=360)
            await page.open(f"http://{address}/?tenant=t&period=all{view}")
            await page.until("document.querySelector('.bars, a.subject') !== null")
            if "ticket=" in view:
                await page.until("document.querySelector('dialog.drawer .message') !== null")
            await settled(page)
            assert await page.evaluate("document.querySelectorAll('#app :is(img, script, b, iframe)').length") == 0
            assert "hacked" not in await page.evaluate("document.title")
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
        await page.open(f"http://{address}/?tenant=t&period=all&view=tickets&ticket=0%3Cb%3E")
        await page.until("document.querySelector('dialog.drawer .message') !== null")
        assert (await told(page, "dialog .message"))[0] == evil
    assert page.complaints == []


async def test_with_tokens_the_page_asks_for_one(page: Page, services: Services, db: Database) -> None:
    await db.collection(Ticket).insert_many(
        {"tenant_id": tenant, "external_id": "1", "created_at": datetime.now(UTC)}
        for tenant in ("tenant_a", "tenant_b")
    )
    async with at_home(app_with(at_rest(services), make_jwt_settings())) as address:
        await page.open(f"http://{address}/")
        for token, then in (("nonsense", "does not take that token"), (make_token(), "tenant_a")):
            await page.until("document.querySelector('#token') !== null")
            await page.evaluate(f"document.querySelector('#token').value = '{token}'")
            await page.evaluate("document.querySelector('form button').click()")
            await shows(page, then)
        await page.until(
            "document.querySelector('.tenant') !== null && document.querySelector('.connection.live') !== null"
        )
        assert await told(page, ".tenant h2") == ["tenant_a"]
        assert await page.evaluate("localStorage.length + document.cookie.length") == 0


@pytest.mark.thorough
async def test_days_begin_when_the_service_says(page: Page, address: str) -> None:
    zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo"]
    begin, end = datetime(2024, 1, 1, 12, tzinfo=UTC), datetime(2024, 12, 30, 12, tzinfo=UTC)
    await page.open(f"http://{address}/")
    await settled(page)
    module = await page.evaluate("[...document.scripts].at(-1).src.replace('main.js', 'kit/period.js')")
    for name in some_of(zones, one_in=2):
        expected = [int(start.timestamp() * 1000) for start in boundaries(begin, end, TrendUnit.DAY, zone(name))]
        noons = [(start + 43_200_000) for start in expected[1:-2]]
        computed = await page.evaluate(
            f"import('{module}').then((m) => {json.dumps(noons)}.map((at) => Number(m.startOfDay(at, '{name}'))))"
        )
        assert computed == expected[1:-2], name
