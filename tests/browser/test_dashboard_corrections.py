"""Tickets corrected where their reasons are shown, with a real browser and service."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from documents.database import Database
from documents.notification import Notification
from documents.ticket import Ticket, Urgency
from gql_app.http.dashboard import WEB_FOLDER, bundle
from resolvers.context import Services
from services.judging.corrections import PersonsWord
from tests.browser.chromium import Page
from tests.browser.dashboard_page import at_home, click, shows, told
from tests.fakes import app_with, at_rest, make_jwt_settings, make_settings, make_token

DRAWER = "dialog.drawer"
FORM = "document.querySelector('.correcting')"


def view(address: str, ticket: str = "1") -> str:
    return f"http://{address}/?tenant=acme&period=all&view=tickets&ticket={ticket}"


@pytest.fixture(autouse=True)
async def _tickets(db: Database) -> None:
    """Two tickets that the rules think little of, and one that they could not read."""
    judged = {"urgency": "low", "sentiment": "neutral", "requires_action": False, "judged_by": "rules"}
    rows = [
        {"external_id": "1", "subject": "Hello", "message": "Nothing.", "language": "en"},
        {"external_id": "2", "subject": "Another", "message": "Nothing.", "language": "en"},
        {"external_id": "3", "subject": "Помогите", "message": "Ничего не работает.", "language": "unsupported"},
    ]
    await db.collection(Ticket).insert_many(
        judged
        | row
        | {"tenant_id": "acme", "created_at": datetime.now(UTC) - timedelta(minutes=number), "keyword_key": ""}
        for number, row in enumerate(rows)
    )


@pytest.fixture
async def guarded(services: Services) -> AsyncIterator[str]:
    """Where the service is that asks for tokens."""
    if bundle(WEB_FOLDER) is None:
        pytest.skip("the files of web/ are not installed")
    async with at_home(app_with(at_rest(services), make_jwt_settings())) as address:
        yield address


async def sign_in(page: Page, address: str, **claims: Any) -> None:
    await page.open(f"http://{address}/")
    await page.evaluate(f"sessionStorage.setItem('token', {json.dumps(make_token(tenants=['acme'], **claims))})")


async def choose(page: Page, name: str, value: str) -> None:
    """Choose one of the values of a label in the form."""
    radio = f"{FORM}.querySelector('[name={name}][value={value}]')"
    await page.until(f"{FORM} !== null")
    await page.evaluate(f"{radio}.click()")
    await page.until(f"{radio}.checked")


async def checked(page: Page) -> list[str]:
    return list(await page.evaluate(f"[...{FORM}.querySelectorAll('input:checked')].map((each) => each.value)"))


async def badges(page: Page, *wanted: str) -> None:
    """Wait until the open ticket has exactly these."""
    found = f"JSON.stringify([...document.querySelectorAll('{DRAWER} .badges .badge')].map((each) => each.innerText))"
    await page.until(f"{found} === {json.dumps(json.dumps(list(wanted), separators=(',', ':')))}")


async def stored(db: Database, ticket: str = "1") -> dict[str, Any]:
    row = await db.collection(Ticket).find_one({"tenant_id": "acme", "external_id": ticket})
    assert row is not None
    return dict(row)


async def test_a_ticket_is_corrected_and_the_correction_is_taken_back(page: Page, guarded: str, db: Database) -> None:
    await sign_in(page, guarded, sub="ann", scope="tickets:read tickets:write")
    await page.open(view(guarded))
    await badges(page, "Low urgency", "Neutral", "unknown", "No action required")
    await shows(page, "The rules decided.")
    await click(page, "Correct …", DRAWER)
    await page.until("document.activeElement?.name === 'urgency'")
    assert await checked(page) == ["LOW", "NEUTRAL", "false"]
    await choose(page, "urgency", "HIGH")
    assert await checked(page) == ["HIGH", "NEUTRAL", "true"]
    await page.evaluate(f"{FORM}.querySelector('[name=note]').value = 'The pump <b>leaks</b>'")
    await click(page, "Save", DRAWER)
    await badges(page, "High urgency", "Neutral", "unknown", "Action required")
    await shows(page, "Corrected by ann")
    await shows(page, "The pump <b>leaks</b>")
    await shows(page, "Without it: low urgency, neutral sentiment, no action required.")
    await page.until("document.activeElement?.innerText === 'Correct again …'")
    correction = (await stored(db))["correction"]
    assert (correction["urgency"], correction["requires_action"], correction.get("sentiment")) == ("high", True, None)
    assert await db.collection(Notification).count_documents({}) == 0
    await page.until(f"[...document.querySelectorAll('{DRAWER} .timeline li')].length > 0")
    assert "Updated by ann" in (await told(page, f"{DRAWER} .timeline"))[0]

    await click(page, "Take back", DRAWER)
    await badges(page, "Low urgency", "Neutral", "unknown", "No action required")
    await shows(page, "Taken back")
    assert (await stored(db)).get("correction") is None
    await page.until("document.activeElement?.innerText === 'Correct …'")
    assert page.complaints == []


async def test_only_who_asks_for_it_has_an_urgent_ticket_announced(page: Page, address: str, db: Database) -> None:
    await page.open(view(address))
    await click(page, "Correct …", DRAWER)
    await choose(page, "sentiment", "NEGATIVE")
    assert await page.evaluate(f"{FORM}.querySelector('.announce')") is None
    await choose(page, "urgency", "HIGH")
    await page.until(f"{FORM}.querySelector('.announce input')?.checked === false")
    await page.evaluate(f"{FORM}.querySelector('.announce input').click()")
    await click(page, "Save", DRAWER)
    await badges(page, "High urgency", "Negative", "unknown", "Action required")
    await shows(page, "Corrected by somebody")
    assert await db.collection(Notification).count_documents({"ticket_id": "1"}) == 1


async def test_what_is_kept_as_it_is_is_said_by_nobody(page: Page, address: str, db: Database) -> None:
    await page.open(view(address))
    await click(page, "Correct …", DRAWER)
    await page.until(f"{FORM} !== null")
    await click(page, "Save", DRAWER)
    await shows(page, "This is what it is classified as already")
    await choose(page, "requiresAction", "true")
    await click(page, "Save", DRAWER)
    await badges(page, "Low urgency", "Neutral", "unknown", "Action required")
    correction = (await stored(db))["correction"]
    assert {name: correction.get(name) for name in ("urgency", "sentiment", "requires_action")} == {
        "urgency": None,
        "sentiment": None,
        "requires_action": True,
    }


async def test_keys_in_the_form_are_for_the_form(page: Page, address: str) -> None:
    await page.open(view(address))
    await click(page, "Correct …", DRAWER)
    await page.until("document.activeElement?.name === 'urgency'")
    await page.evaluate(f"{FORM}.querySelector('textarea').focus()")
    for key in "jk?/":
        await page.press(key)
    assert await page.evaluate(f"{FORM}.querySelector('textarea').value") == "jk?/"
    assert "ticket=1" in await page.evaluate("location.search")
    await page.press("Escape")
    await page.until("document.activeElement?.innerText === 'Correct …'")
    assert await page.evaluate(f"document.querySelector('{DRAWER}').open")
    await page.press("Escape")
    await page.until(f"document.querySelector('{DRAWER}') === null")


async def test_without_the_scope_the_page_says_what_it_takes(page: Page, guarded: str) -> None:
    await sign_in(page, guarded, scope="tickets:read")
    await page.open(view(guarded))
    await shows(page, "Your token may not correct it: that takes the scope tickets:write.")
    assert "Correct …" not in await told(page, f"{DRAWER} button")
    assert page.complaints == []


async def test_what_cannot_be_saved_says_why_and_keeps_what_was_chosen(
    page: Page, address: str, services: Services, db: Database
) -> None:
    await page.open(view(address))
    await click(page, "Correct …", DRAWER)
    await choose(page, "urgency", "MEDIUM")
    ticket = await services.tickets.get("acme", "1")
    await services.corrections.correct("acme", ticket, PersonsWord(Urgency.HIGH), by="bob")
    await shows(page, "Somebody else has corrected it while this was open. Saving replaces that.")
    await shows(page, "Corrected by bob")
    assert await checked(page) == ["MEDIUM", "NEUTRAL", "true"]
    await db.collection(Ticket).update_one({"external_id": "1"}, {"$set": {"deleted_at": datetime.now(UTC)}})
    await click(page, "Save", DRAWER)
    await shows(page, "close it, and look for it in the list")


async def test_what_is_changed_before_the_page_is_live_is_seen(page: Page, services: Services) -> None:
    if bundle(WEB_FOLDER) is None:
        pytest.skip("the files of web/ are not installed")
    app, opened = app_with(at_rest(services), make_settings()), asyncio.Event()

    class Held:
        """Lets nobody follow anything until it is opened."""

        def __init__(self, inner: ASGIApp) -> None:
            self.inner = inner

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "websocket":
                await opened.wait()
            await self.inner(scope, receive, send)

    app.add_middleware(Held)
    async with at_home(app) as address:
        await page.open(view(address))
        await badges(page, "Low urgency", "Neutral", "unknown", "No action required")
        await services.corrections.correct(
            "acme", await services.tickets.get("acme", "1"), PersonsWord(Urgency.HIGH), by="bob"
        )
        opened.set()
        await shows(page, "Corrected by bob")


LEARNED = [
    {"rule": "problem", "keyword": "leak", "text": "nothing", "field": "message", "start": 0, "end": 7},
    {"rule": "learned", "keyword": "leaks", "text": "leaks", "weight": 2.13, "label": "urgency"},
    {"rule": "learned", "keyword": "problem: leak", "text": "problem: leak", "weight": 0.94, "label": "urgency"},
    {"rule": "learned", "keyword": "<b>", "text": "<b>", "weight": 3.5, "label": "requires_action"},
]


async def test_what_was_learned_shows_its_words_and_what_they_carried(page: Page, address: str, db: Database) -> None:
    learned = {"urgency": "high", "judged_by": "learned", "matched": LEARNED}
    await db.collection(Ticket).update_one({"external_id": "1"}, {"$set": learned})
    await page.open(view(address))
    await shows(page, "What was learned from this tenant's corrections decided.")
    assert await told(page, ".reasons li") == ["Problem: nothing"]
    found = [text.split("\n") for text in await told(page, ".learned-reasons ul")]
    assert found == [["leaks +2.1", "Problem: leak +0.9"], ["<b> +3.5"]]
    assert "Learned about urgency" in (await told(page, ".learned-reasons p"))[0]
    assert await told(page, f"{DRAWER} .message mark") == ["Nothing"]
    assert page.complaints == []


async def test_a_text_that_was_not_understood_says_so(page: Page, address: str) -> None:
    await page.open(view(address, "3"))
    await shows(page, "Its text was not understood.")
    assert "No rule fired" not in (await told(page, DRAWER))[0]
