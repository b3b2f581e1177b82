"""How the dashboard looks to everybody: wide and narrow, light and dark, for people and for axe-core.

Where axe-core is not installed (`make test` installs it), it is not asked; all else is looked at.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from documents.database import Database
from documents.tenant_classifier import LabelLearning, Learning, TenantClassifier
from documents.ticket import Sentiment, Urgency
from documents.vocabulary import SourceKind, SourceProblem
from gql_app.http.dashboard import WEB_FOLDER, bundle
from resolvers.context import Services
from services.classification.own.words import OwnWords
from services.connections.changes import NewConnection
from services.judging.corrections import PersonsWord
from services.tickets.choices import only
from services.tickets.filter import TicketFilter
from tests.browser.chromium import Page
from tests.browser.dashboard_page import LOOKS, SHIFTS, STEADY, at_home, findings, picture, settled
from tests.fakes import MockApi, app_with, at_rest, empty, ingest, make_settings, open_services, running
from tests.properties import some_of

VIEWS = {
    "home": "/",
    "overview": "/?tenant=tenant_a&period=all",
    "filtered": "/?tenant=tenant_a&period=all&urgency=high&urgency=medium&source_not=fax&keyword=refund",
    "empty": "/?tenant=nobody&period=all",
    "tickets": "/?tenant=tenant_a&period=all&view=tickets&q=refund&urgency=high&urgency=medium&source_not=fax",
    "customers": "/?tenant=tenant_a&period=all&view=customers",
    "ingestion": "/?tenant=tenant_a&view=ingestion",
    "notifications": "/?tenant=tenant_a&view=notifications",
    "connections": "/?tenant=tenant_b&view=connections",
    "words": "/?tenant=tenant_a&view=words",
    "words-tried": "/?tenant=tenant_a&view=words",
    "ticket": "/?tenant=tenant_a&period=all&view=tickets&urgency=high",
    "corrected": "/?tenant=tenant_a&period=all&view=tickets&sentiment=positive",
}
OPENED = {
    "ticket": [("a.subject", ".drawer .timeline")],
    "corrected": [("a.subject", ".drawer .said"), (".correction .begins", ".correcting")],
    "connections": [(".card-head .opens-form:enabled", ".connection-form")],
    "words-tried": [
        (".revisions summary", ".revisions button"),
        (".revisions button", ".moved"),
        (".spelling summary", ".spelling dd"),
    ],
    "overview": [(".trend .twin summary", ".trend .twin tr"), (".heat ~ .twin summary", ".heat ~ .twin tr")],
}
"""What is clicked in a view before it is looked at, one after the other, and what shows then."""
SHOWN = {
    "home": ".tenant dd a",
    "tickets": ".list tbody tr",
    "ingestion": ".run-state",
    "notifications": ".circuit .badge",
    "connections": ".connection-card .trouble",
    "words": ".trials",
}
"""What comes last into a view."""


@pytest.fixture(scope="module")
async def address(database: Database) -> AsyncIterator[str]:
    """Where the service is; nobody changes its tickets, as these tests look only."""
    if bundle(WEB_FOLDER) is None:
        pytest.skip("the files of web/ are not installed")
    await empty(database)
    async with open_services(database, MockApi().transport, make_settings()) as services:
        assert services.worker is not None
        async with running(services.worker):
            await ingest(services, "tenant_a")
        await _correct_the_friendly(services)
        await _write_words(services, database)
        connection = NewConnection("tenant_b", SourceKind.GITHUB, {"repository": "acme/shop"})
        made = await services.connections.create(connection)
        await services.connections.note_outcome(made.id, SourceProblem.FORBIDDEN, "status 403")
        async with at_home(app_with(at_rest(services), make_settings())) as address:
            yield address


async def _correct_the_friendly(services: Services) -> None:
    wanted = TicketFilter(sentiment=only(Sentiment.POSITIVE))
    word = PersonsWord(Urgency.MEDIUM, note="They leave, however friendly they put it. " * 3)
    for ticket in (await services.tickets.page("tenant_a", wanted, page=1, page_size=9)).items:
        await services.corrections.correct("tenant_a", ticket, word, by="ann@acme.example")


async def _write_words(services: Services, db: Database) -> None:
    """Two editors, one after the other, and what was learned."""
    words = OwnWords(("rename * workspace", "data/privacy leak~", "sla * breach"), ("code is rejected", "test ticket"))
    saved = await services.own_words.save("tenant_a", words, expected_revision=0, editor="bob@acme.example")
    fewer = OwnWords(("sla * breach", "schwerwiegender Zwischenfall in der Produktion"), ("test ticket",))
    await services.own_words.save("tenant_a", fewer, expected_revision=saved.revision, editor="ann@acme.example")
    tried = [("urgency", 40, 12, 33, True), ("sentiment", 40, 30, None, False), ("requires_action", 4, 1, None, False)]
    labels = [
        LabelLearning(label=label, tried=count, rules_right=rules, learned_right=learned, is_on=is_on)
        for label, count, rules, learned, is_on in tried
    ]
    numbers = {"corrected": 7, "corrections": 40, "unreadable": 2, "uncorrected": 300, "uncorrected_changed": 21}
    learning = Learning(trained_at=datetime.now(UTC), labels=labels, **numbers)
    row = {"$set": {"learning": learning.model_dump()}}
    await db.collection(TenantClassifier).update_one({"_id": "tenant_a"}, row)


@pytest.mark.thorough
@pytest.mark.parametrize("name", some_of(VIEWS, one_in=2))
async def test_a_view_is_for_everybody(page: Page, address: str, name: str) -> None:
    await page.note_requests()
    for width, scheme in LOOKS:
        await page.look(width=width, scheme=scheme)
        await page.open(f"http://{address}{VIEWS[name]}")
        await settled(page)
        if name in SHOWN:
            await page.until(f"document.querySelector('{SHOWN[name]}') !== null")
        assert await page.evaluate(SHIFTS) < STEADY, (width, scheme)
        for clicked, shown in OPENED.get(name, []):
            await page.until(f"document.querySelector('{clicked}') !== null")
            await page.evaluate(f"document.querySelector('{clicked}').click()")
            await page.until(f"document.querySelector('{shown}') !== null")
        await settled(page)
        await picture(page, f"{name}-{width}-{scheme}")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (width, scheme)
        assert await findings(page) == [], (width, scheme)
    assert page.complaints == []
    assert {url.split("/")[2] for url in page.urls if not url.startswith("data:")} == {address}
