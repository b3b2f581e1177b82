"""The coming hours beside those that are over, where the API foretells them."""

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from documents.database import Database, patiently
from documents.ticket import Ticket
from gql_app.http.dashboard import WEB_FOLDER, bundle
from tests.browser.chromium import Page
from tests.browser.dashboard_page import (
    ANSWERS,
    FIGURES,
    LOOKS,
    SHIFTS,
    STEADY,
    asked,
    at_home,
    findings,
    picture,
    settled,
    shows,
    told,
)
from tests.fakes import MockApi, app_with, at_rest, empty, make_settings, open_services
from tests.waiting import PATIENCE_SECONDS

ZONE = "Asia/Kolkata"
HOUR = timedelta(hours=1)
AHEAD = "document.querySelector('.ahead')"


@pytest.fixture(scope="module")
async def address(database: Database) -> AsyncIterator[str]:
    """Where the service is, with tickets of nine weeks of the tenant `old`, and of two weeks of `young`."""
    if bundle(WEB_FOLDER) is None:
        pytest.skip("the files of web/ are not installed")
    await empty(database)
    await store_weeks(database, "old", 9)
    await store_weeks(database, "young", 2)
    async with (
        open_services(database, MockApi().transport, make_settings()) as services,
        at_home(app_with(at_rest(services), make_settings())) as address,
    ):
        yield address


async def store_weeks(db: Database, tenant_id: str, weeks: int) -> None:
    """Tickets of the hours of work, more or fewer by chance: there is nothing that last week knows better."""
    luck, now, tickets = random.Random(1), datetime.now(UTC), list[dict[str, Any]]()
    moment = (now - timedelta(weeks=weeks)).replace(minute=0, second=0, microsecond=0)
    while moment < now:
        count = max(0, round(luck.gauss(7, 2))) if moment.hour in range(8, 18) else 1
        for number in range(count):
            ticket = {"tenant_id": tenant_id, "external_id": f"{moment:%d%m%H}-{number}", "status": "open"}
            tickets.append({**ticket, "created_at": moment + luck.random() * HOUR, "urgency": "low"})
        moment += HOUR
    with patiently(PATIENCE_SECONDS):
        await db.collection(Ticket).insert_many([each for each in tickets if each["created_at"] < now])


async def test_the_coming_hours_are_shown_with_their_band_and_as_a_table(page: Page, address: str) -> None:
    await page.look(width=1280)
    await page.open(f"http://{address}/?tenant=old&zone={ZONE}")
    await page.until(f"{AHEAD} !== null")
    await settled(page)
    assert await page.evaluate(SHIFTS) < STEADY
    assert await told(page, ".ahead .readout") == ["Next 24 hours\nExpected\n80 % of hours"]
    query = f'{{ forecast(tenantId: "old", timeZone: "{ZONE}") {{ points {{ expected low high }} }} }}'
    points = (await asked(page, query))["forecast"]["points"]
    message = await page.evaluate(f"{AHEAD}.getAttribute('aria-label')")
    total = round(sum(point["expected"] for point in points))
    assert message.startswith(f"Next 24 hours: {total:,} tickets expected, most in ")
    drawn = await page.evaluate(
        "[...document.querySelectorAll('.ahead .column')].map((each) => [...each.children].map((part) => ["
        "  parseFloat(part.style.bottom), parseFloat(part.style.height)]))"
    )
    scale = max(point["high"] for point in points) / max(low + height for (low, height), _ in drawn)
    for point, ((low, height), (expected, _)) in zip(points, drawn, strict=True):
        told_of = (point["low"], point["high"], point["expected"])
        for value, part in zip(told_of, (low, low + height, expected), strict=True):
            assert abs(value - part * scale) < 0.01
    await page.evaluate(f"{AHEAD}.querySelector('summary').click()")
    rows = await told(page, ".ahead tbody tr")
    for point, row in zip(points, rows, strict=True):
        assert abs(float(row.split("\t")[1]) - point["expected"]) <= 0.051
    for width, scheme in LOOKS:
        await page.look(width=width, scheme=scheme)
        await page.evaluate(f"{AHEAD}.scrollIntoView({{block: 'center'}})")
        await picture(page, f"ahead-{width}-{scheme}")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (width, scheme)
        assert await findings(page, ".ahead") == [], (width, scheme)
    assert page.complaints == []


async def test_nothing_stands_there_where_nothing_is_foretold_or_something_else_is_asked_for(
    page: Page, address: str
) -> None:
    await page.open(f"http://{address}/?tenant=young&zone={ZONE}")
    await page.until(f"{FIGURES} !== null && {ANSWERS} >= 3")  # the frame, the figures, the forecast
    forecast = (await asked(page, '{ forecast(tenantId: "young") { reason points { low } } }'))["forecast"]
    assert forecast == {"reason": "TOO_LITTLE_HISTORY", "points": None}
    await settled(page)
    assert await page.evaluate(f"{AHEAD} === null && document.querySelectorAll('.plots > *').length === 1")
    await page.open(f"http://{address}/?tenant=old&zone={ZONE}")
    await page.until(f"{AHEAD} !== null")
    await page.evaluate("document.querySelector('.trend .key').click()")
    await shows(page, "No closings")
    assert await page.evaluate(f"{AHEAD} === null"), "the forecast is one of all tickets"
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    await page.open(f"http://{address}/?tenant=old&zone={ZONE}&from=2026-01-01&to={yesterday}")
    await page.until(f"{FIGURES} !== null")
    assert await page.evaluate(f"{AHEAD} === null"), "it is a period that is over"
    assert page.complaints == []
