"""What was added to the dashboard beside the overview's first figures: each opens the tickets that it counts, too."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from documents.database import Database
from documents.ticket import Ticket, Urgency
from resolvers.context import Services
from services.classification.judging import RULES_ALONE
from services.classification.own.words import OwnWords
from services.judging.corrections import PersonsWord
from services.judging.verdicts import judged
from tests.browser.chromium import Page
from tests.browser.dashboard_page import SETTLED, click, figures, go, told, total

TENANT = "acme"
MESSAGES = ["The pump leaks.", "Die Pumpe ist leider kaputt.", "Помогите, ничего не работает.", "Nothing.", "Merci !"]


@pytest.fixture(autouse=True)
async def _tickets(services: Services, db: Database) -> None:
    """Tickets in several languages, one never looked at, one corrected, and two with the tenant's own words."""
    now = datetime.now(UTC)
    rows = [
        {"external_id": f"t{number}", "message": message, **judged(RULES_ALONE, "", message, "")}
        for number, message in enumerate([*MESSAGES, *MESSAGES[:2]])
    ]
    own = {"rule": "own_words", "keyword": "pump leaks", "text": "pump leaks"}
    rows = [{**row, "matched": [own]} if row["message"] == MESSAGES[0] else row for row in rows]
    rows.append({"external_id": "bare"})
    common = {"tenant_id": TENANT, "first_ingested_at": now, "customer_id": "c"}
    await db.collection(Ticket).insert_many(
        {**common, "created_at": now - timedelta(minutes=number), **row} for number, row in enumerate(rows)
    )
    ticket = await services.tickets.get(TENANT, "t3")
    await services.corrections.correct(TENANT, ticket, PersonsWord(Urgency.HIGH), by="ann")
    await services.own_words.save(TENANT, OwnWords(("pump leaks",), ()), expected_revision=0, editor="bob")


async def follow_all(page: Page, found: dict[str, int]) -> None:
    for href, number in found.items():
        await go(page, href)
        assert await total(page) == number, href


async def test_languages_and_what_is_unknown_open_their_tickets(page: Page, address: str) -> None:
    await page.open(f"http://{address}/?tenant={TENANT}&period=all")
    await page.until(f"document.querySelector('.quarters') !== null && {SETTLED}")
    found = await figures(page, ".quarters")
    named = {href.split("&")[-1] for href in found}
    assert {"language=en", "language=de", "language=unsupported", "language=unknown", "urgency=unknown"} <= named
    await follow_all(page, found)
    assert page.complaints == []


async def test_customers_and_the_others_of_a_ticket_open_their_tickets(page: Page, address: str) -> None:
    await page.open(f"http://{address}/?tenant={TENANT}&period=all&view=customers")
    await page.until(f"document.querySelector('.customers') !== null && {SETTLED}")
    found = await figures(page)
    assert sorted(found.values())[-1] == len(MESSAGES) + 3
    await go(page, f"/?tenant={TENANT}&period=all&view=tickets&ticket=t0")
    await page.until("document.querySelector('dialog.drawer .others') !== null")
    others = await figures(page, "dialog.drawer")
    assert set(others.values()) == {len(MESSAGES) + 3}
    await follow_all(page, found | others)
    assert page.complaints == []


async def test_the_figures_of_words_and_corrections_open_their_tickets(page: Page, address: str) -> None:
    await page.open(f"http://{address}/?tenant={TENANT}&period=7d&view=words")
    await page.until("document.querySelector('.word-list.high .word-add input') !== null")
    await page.evaluate("document.querySelector('.word-list.high .word-add input').value = 'kaputt~'")
    await click(page, "Add", ".word-list.high")
    await page.until("document.querySelector('.words-preview[aria-busy=false] .moves a') !== null")
    for cell in await page.evaluate("[...document.querySelectorAll('.moves a')].map((a) => [a.hash, a.innerText])"):
        heading = (await told(page, f"{cell[0]} h3 .quiet"))[0]
        assert heading.split()[0] == cell[1]
    found = await figures(page)
    assert list(found.values()) == [len(MESSAGES) + 3]
    links = '[...document.querySelectorAll(\'#main a[href*="view=tickets"]:not([href*="ticket="])\')]'
    named = {"judged_by=person": 1, "rule=own_words": 2}
    for condition, number in named.items():
        opens = f"{links}.map((a) => a.getAttribute('href')).find((href) => href.includes({json.dumps(condition)}))"
        found[await page.evaluate(opens)] = number
    await follow_all(page, found)
    assert page.complaints == []
