"""A tenant's own words in the dashboard: tried while they are written, saved, and brought back."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from documents.correction import Correction
from documents.database import Database, Row
from documents.notification import Notification
from documents.tenant_classifier import TenantClassifier
from documents.ticket import Ticket
from gql_app.http.dashboard import WEB_FOLDER, bundle
from resolvers.context import Services
from services.classification.judging import RULES_ALONE
from services.classification.own.words import OwnWords
from services.judging.preview import Previews
from services.judging.verdicts import judged
from tests.api.graphql.sockets import served
from tests.browser.chromium import Page
from tests.browser.dashboard_page import SETTLED, at_home, click, follow, go, settled, shows, told
from tests.fakes import app_with, at_rest, make_jwt_settings, make_settings, make_token, running

TENANT = "acme"
VIEW = f"/?tenant={TENANT}&period=all&view=words"
MESSAGES = ["The pump leaks.", "Our pump leaks again.", "The valve leaks, it seems.", "Nothing.", "Nothing at all."]
HIGH, HARMLESS, BAR = ".word-list.high", ".word-list.harmless", ".save-bar"
SAVE = "Save the words"


def ticket(number: int, message: str) -> Row:
    """A stored ticket, as the rules alone have judged it."""
    texts = {"subject": f"Ticket {number}", "message": message, "replies": ""}
    now = datetime.now(UTC)
    times = {"created_at": now - timedelta(minutes=number), "first_ingested_at": now}
    return {"tenant_id": TENANT, "external_id": f"t{number}", **texts, **times, **judged(RULES_ALONE, *texts.values())}


@pytest.fixture(autouse=True)
async def _tickets(db: Database) -> None:
    await db.collection(Ticket).insert_many(ticket(number, message) for number, message in enumerate(MESSAGES))


@pytest.fixture
async def guarded(services: Services) -> AsyncIterator[str]:
    """Where the service is that asks for tokens."""
    if bundle(WEB_FOLDER) is None:
        pytest.skip("the files of web/ are not installed")
    async with at_home(app_with(at_rest(services), make_jwt_settings())) as address:
        yield address


async def save(services: Services, high: list[str], expected: int = 0, harmless: tuple[str, ...] = ()) -> int:
    """Save words as another editor does; the revision that they have."""
    words = OwnWords(tuple(high), harmless)
    saved = await services.own_words.save(TENANT, words, expected_revision=expected, editor="bob")
    return saved.revision


async def add(page: Page, within: str, text: str) -> None:
    """Write an entry into a list's field, and add it."""
    field = f"document.querySelector('{within} .word-add input')"
    await page.until(f"{field} !== null")
    await page.evaluate(f"{field}.value = {json.dumps(text)}")
    await click(page, "Add", within)
    await page.until(f"{field}.value === ''")


async def entries(page: Page, within: str) -> list[str]:
    return list(await page.evaluate(f"[...document.querySelectorAll('{within} .word bdi')].map((e) => e.textContent)"))


async def tried(page: Page) -> None:
    """Wait until the words on the screen have been tried."""
    await page.until("document.querySelector('.words-preview[aria-busy=false] :is(.found, .problem)') !== null")


async def test_words_are_tried_saved_and_count(page: Page, address: str, services: Services, db: Database) -> None:
    assert services.reclassifier is not None
    await page.open(f"http://{address}{VIEW}")
    await shows(page, "None yet.")
    await shows(page, "Nobody has corrected a ticket yet.")
    await add(page, HIGH, "pump/valve leak~")
    await tried(page)
    await shows(page, "3 of 5 tickets would change, 3 would become urgent.")
    assert await told(page, ".matrix td.moves") == ["3"]
    assert await told(page, ".moved:not(details *) h3 .badge") == ["Low", "High"]
    assert await told(page, ".moved:not(details *) li a") == ["Ticket 0", "Ticket 1", "Ticket 2"]
    assert (await told(page, ".because"))[0] == "because of pump leaks"
    assert await db.collection(TenantClassifier).count_documents({}) == 0
    await click(page, SAVE, BAR)
    await shows(page, "Saved. The words count for every ticket that comes")
    await page.until(f"document.querySelector('{BAR}') === null")
    async with running(services.reclassifier):
        await shows(page, "All tickets are judged by the present words.")
    await shows(page, "3 tickets changed, 3 became urgent")
    assert await db.collection(Notification).count_documents({}) == 0
    await follow(page, f"?tenant={TENANT}&view=tickets&rule=own_words&period=all")
    await shows(page, "3 tickets")
    await go(page, f"/?tenant={TENANT}&period=all&view=tickets&ticket=t0")
    await shows(page, "Your own words: pump leaks")
    await shows(page, "The rules decided, this tenant's own words among them.")
    assert page.complaints == []


async def test_what_became_urgent_is_announced_if_somebody_asks(
    page: Page, address: str, services: Services, db: Database
) -> None:
    assert services.reclassifier is not None
    await page.open(f"http://{address}{VIEW}")
    await add(page, HIGH, "pump leak~")
    await page.until(f"document.querySelector('{BAR} .announce input')?.checked === false")
    await page.evaluate(f"document.querySelector('{BAR} .announce input').click()")
    await click(page, SAVE, BAR)
    await shows(page, "Saved.")
    async with running(services.reclassifier):
        await shows(page, "2 tickets that became urgent were announced.")
    assert await db.collection(Notification).count_documents({}) == 2


async def test_what_cannot_be_used_says_why_beside_the_entry(page: Page, address: str) -> None:
    await page.open(f"http://{address}{VIEW}")
    await add(page, HIGH, "the")
    await add(page, HIGH, "pump ** leaks")
    await add(page, HARMLESS, "pump policy")
    await shows(page, "Some of the words cannot be used")
    assert await told(page, ".word.faulty bdi") == ["pump ** leaks", "the"]
    faults = await told(page, ".word .fault")
    assert "At character 6: " in faults[0]
    assert "alone stands in most texts of the language" in faults[1]
    assert await page.evaluate(f"document.querySelector('{BAR} button.primary').disabled")

    await page.evaluate("document.querySelector('.faulty .word-text').click()")
    field = "document.querySelector('.word-rewrite')"
    await page.until(f"document.activeElement === {field} && {field} !== null")
    await page.evaluate(f"{field}.value = 'pump * leaks'")
    await page.press("Enter")
    await page.until(f"{field} === null && document.activeElement?.innerText.includes('pump * leaks')")
    await page.evaluate("document.querySelector('[aria-label=\"Remove the\"]').click()")
    await page.until("document.activeElement?.ariaLabel === 'Remove pump * leaks'")
    await tried(page)
    assert await told(page, ".word.faulty") == []
    assert not await page.evaluate(f"document.querySelector('{BAR} button.primary').disabled")
    assert page.complaints == []


async def test_a_change_that_is_cancelled_changes_nothing(page: Page, address: str, services: Services) -> None:
    await save(services, ["pump leaks"])
    await page.open(f"http://{address}{VIEW}")
    await click(page, "pump leaks", HIGH)
    field = "document.querySelector('.word-rewrite')"
    await page.until(f"{field} !== null && document.activeElement === {field}")
    await page.evaluate(f"{field}.value = 'another'")
    await page.press("Escape")
    await page.until("document.activeElement?.innerText === 'pump leaks'")
    assert await page.evaluate(f"document.querySelector('{BAR}')") is None


async def test_words_that_make_nearly_all_tickets_urgent_are_not_saved(page: Page, address: str, db: Database) -> None:
    await db.collection(Ticket).insert_many(ticket(number, "A gizmo.") for number in range(100, 130))
    await page.open(f"http://{address}{VIEW}")
    await add(page, HIGH, "gizmo")
    await shows(page, "This would not be saved:")
    await click(page, SAVE, BAR)
    await page.until(f"document.querySelector('{HIGH} > .fault') !== null")
    assert "are not urgent now and would be" in (await told(page, f"{HIGH} > .fault"))[0]
    assert await entries(page, HIGH) == ["gizmo"]
    assert await db.collection(TenantClassifier).count_documents({}) == 0


async def test_a_preview_of_a_part_says_so(
    page: Page, address: str, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_most = 500
    monkeypatch.setitem(Previews.preview.__kwdefaults__, "at_most", at_most)
    one = ticket(10_000, "Nothing.")
    await db.collection(Ticket).insert_many([one | {"external_id": f"n{number}"} for number in range(at_most)])
    await page.open(f"http://{address}{VIEW}")
    await add(page, HIGH, "pump leaks")
    await tried(page)
    await page.until("document.querySelector('.partial')?.innerText.startsWith('Only the newest')")
    assert f"of {at_most + len(MESSAGES):,} tickets were looked at" in (await told(page, ".partial"))[0]
    assert "of the newest" in (await told(page, BAR))[0]


async def test_two_editors_are_told_of_each_other(page: Page, address: str, services: Services) -> None:
    revision = await save(services, ["pump leaks", "old words"])
    await page.open(f"http://{address}{VIEW}")
    await add(page, HIGH, "mine alone")
    await page.evaluate("document.querySelector('[aria-label=\"Remove old words\"]').click()")
    await save(services, ["pump leaks", "old words", "theirs <b>too</b>"], revision)
    await shows(page, "bob has saved other words")
    await shows(page, "Added as urgent: theirs <b>too</b>")
    assert await told(page, f"{HIGH} .word:has(.fresh) bdi") == ["mine alone"]
    assert await entries(page, HIGH) == ["mine alone", "pump leaks"]
    assert await page.evaluate(f"document.querySelector('{BAR} button.primary').disabled")
    await click(page, "Add their changes to mine")
    assert await entries(page, HIGH) == ["mine alone", "pump leaks", "theirs <b>too</b>"]
    await click(page, SAVE, BAR)
    await shows(page, "Saved.")
    assert (await services.own_words.of(TENANT))[0].high == ["mine alone", "pump leaks", "theirs <b>too</b>"]
    assert page.complaints == []


async def test_a_conflict_when_saving_keeps_the_words(page: Page, address: str, services: Services) -> None:
    await page.open(f"http://{address}{VIEW}")
    await add(page, HIGH, "mine alone")
    await tried(page)
    await save(services, ["theirs"])
    await click(page, SAVE, BAR)
    await shows(page, "bob has saved other words")
    assert await entries(page, HIGH) == ["mine alone"]
    await click(page, "Keep only mine")
    await click(page, SAVE, BAR)
    await shows(page, "Saved.")
    assert [each.high for each in await services.own_words.of(TENANT)] == [["mine alone"], ["theirs"]]


async def test_what_is_not_saved_outlives_another_view_and_can_be_discarded(page: Page, address: str) -> None:
    await page.open(f"http://{address}{VIEW}")
    await add(page, HIGH, "pump leaks")
    await tried(page)
    await page.evaluate("document.querySelector('.moved li a').click()")
    await page.until("document.querySelector('dialog.drawer .message') !== null")
    await page.evaluate("history.back()")
    await page.until(f"document.querySelector('{BAR}') !== null")
    assert await entries(page, HIGH) == ["pump leaks"]
    await click(page, "Discard", BAR)
    await page.until(f"document.querySelector('{BAR}') === null")
    assert await entries(page, HIGH) == []


async def test_earlier_words_are_brought_back(page: Page, address: str, services: Services) -> None:
    revision = await save(services, ["pump leaks"])
    await save(services, ["valve leaks"], revision)
    await page.open(f"http://{address}{VIEW}")
    await shows(page, "compared with now: 1 added, 1 removed")
    await page.evaluate("document.querySelector('.revisions summary').click()")
    await shows(page, "Also urgent: pump leaks")
    await click(page, "Bring these back")
    assert await entries(page, HIGH) == ["pump leaks"]
    await click(page, SAVE, BAR)
    await shows(page, "Saved.")
    assert (await services.own_words.of(TENANT))[0].high == ["pump leaks"]


async def test_who_may_only_read_sees_the_words(page: Page, guarded: str, services: Services) -> None:
    await save(services, ["pump leaks"], harmless=("pump policy",))
    await page.open(f"http://{guarded}/")
    token = make_token(tenants=[TENANT], scope="tickets:read tickets:write")
    await page.evaluate(f"sessionStorage.setItem('token', {json.dumps(token)})")
    await page.open(f"http://{guarded}{VIEW}")
    await shows(page, "Your token may read the words and not change them")
    assert await entries(page, "#main") == ["pump leaks", "pump policy"]
    assert await told(page, "#main button") == []
    assert page.complaints == []


async def test_many_long_and_hostile_words_are_text(page: Page, address: str, services: Services) -> None:
    evil = "<img src=x onerror=\"document.title='hacked'\">"
    odd = [evil, "x" * 100, "استرداد المبلغ فورا", "退款" * 20]
    many = [f"phrase{chr(97 + number // 26)}{chr(97 + number % 26)} leaks" for number in range(190)]
    await save(services, odd + many, harmless=(f"{evil} not",))
    for width, scheme in ((360, "dark"), (1280, "light")):
        await page.look(width=width, scheme=scheme)
        await page.open(f"http://{address}{VIEW}")
        await settled(page)
        await shows(page, "194 of 200")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        assert (await entries(page, HIGH))[:4] == odd
        assert await page.evaluate("document.querySelectorAll('#app :is(img, script, b, iframe)').length") == 0
        assert "hacked" not in await page.evaluate("document.title")
    field = f"document.querySelector('{HIGH} .word-find')"
    await page.evaluate(f"{field}.value = 'ONERROR'; {field}.dispatchEvent(new Event('input', {{bubbles: true}}))")
    await page.until(f"document.querySelectorAll('{HIGH} .word').length === 1")
    assert page.complaints == []


async def test_pasted_lines_are_entries(page: Page, address: str) -> None:
    await page.open(f"http://{address}{VIEW}")
    field = f"document.querySelector('{HIGH} .word-add input')"
    await page.until(f"{field} !== null")
    await page.evaluate(f"""(() => {{
      const data = new DataTransfer();
      data.setData('text', 'pump leaks\\n  valve leaks \\n\\npump leaks');
      {field}.dispatchEvent(new ClipboardEvent('paste', {{ clipboardData: data, bubbles: true, cancelable: true }}));
    }})()""")
    await page.until(f"document.querySelectorAll('{HIGH} .word').length === 2")
    assert await entries(page, HIGH) == ["pump leaks", "valve leaks"]


async def test_without_the_service_what_was_written_stays(page: Page, services: Services) -> None:
    app = app_with(at_rest(services), make_settings())
    async with served(app) as address:
        await page.open(f"http://{address}{VIEW}")
        await page.until(f"document.querySelector('{HIGH}') !== null && {SETTLED}")
    await add(page, HIGH, "pump leaks")
    await shows(page, "The service cannot be reached. Is it running?")
    await click(page, SAVE, BAR)
    await page.until(f"document.querySelector('{BAR} .problem') !== null")
    assert await entries(page, HIGH) == ["pump leaks"]
    async with served(app, port=int(address.rpartition(":")[2])):
        await click(page, SAVE, BAR)
        await shows(page, "Saved.")


NOT_TRIED = "\N{EN DASH}"
LABELS: list[dict[str, Any]] = [
    {"label": "urgency", "tried": 40, "rules_right": 12, "learned_right": 33, "is_on": True},
    {"label": "sentiment", "tried": 40, "rules_right": 30, "learned_right": None, "is_on": False},
    {"label": "requires_action", "tried": 4, "rules_right": 1, "learned_right": None, "is_on": False},
]


async def test_what_was_learned_says_where_it_decides_and_why_not(page: Page, address: str, db: Database) -> None:
    last = {"corrected": 42, "trained_at": datetime.now(UTC), "corrections": 40, "unreadable": 2}
    last |= {"uncorrected": 300, "uncorrected_changed": 21, "labels": LABELS}
    row = {"_id": TENANT, "revision": 1, "corrected": 42, "learning": last}
    await db.collection(TenantClassifier).insert_one(row)
    await db.collection(Correction).insert_many({"_id": str(n), "tenant_id": TENANT} for n in range(42))
    await page.open(f"http://{address}{VIEW}")
    await shows(page, "42 corrections to learn from.")
    cells = [text.split("\t") for text in await told(page, ".trials tbody tr")]
    assert cells == [
        ["Urgency", "40", "12", "33", "On right more often than the rules"],
        ["Sentiment", "40", "30", NOT_TRIED, "Off the rules are right too often to do better"],
        ["Action", "4", "1", NOT_TRIED, "Off too few corrections: it takes 20"],
    ]
    await shows(page, "2 corrections could not be used")
    await shows(page, "Of 300 other tickets that nobody has corrected, it would decide 21 otherwise")
