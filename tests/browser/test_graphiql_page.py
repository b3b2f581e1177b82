"""GraphiQL in a real browser; needs Chromium and the files of `web/`, and is skipped without them."""

from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest

from documents.database import Database
from documents.ticket import Ticket
from gql_app.graphql import graphiql
from resolvers.context import Services
from tests.browser.chromium import Page
from tests.browser.dashboard_page import at_home
from tests.fakes import app_with, at_rest, make_settings

RESULT = "(document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue() ?? '')"
EDITOR = "(document.querySelector('.graphiql-query-editor .CodeMirror')?.CodeMirror.getValue() ?? '')"
READY = f"Boolean(document.querySelector('.graphiql-execute-button')) && {EDITOR}.includes('{{')"
"""There is something to run: the button is there before the editor has its text."""
RUN = "document.querySelector('.graphiql-execute-button').click()"


@pytest.fixture
async def address(services: Services) -> AsyncIterator[str]:
    if not all((graphiql.WEB / "node_modules" / path).is_file() for path in graphiql.ASSETS.values()):
        pytest.skip("the files of web/ are not installed")
    async with at_home(app_with(at_rest(services), make_settings())) as address:
        yield address


async def test_page_works_without_any_outside_host(page: Page, address: str, db: Database) -> None:
    await db.collection(Ticket).insert_one({"tenant_id": "tenant_a", "external_id": "1"})
    await page.note_requests()
    await page.open(f"http://{address}/graphql")
    await page.until(READY)
    tabs = await page.evaluate("document.querySelectorAll('.graphiql-tab').length")
    assert tabs == len(graphiql.examples())
    await page.evaluate(RUN)
    assert '"totalCount": 0' in await page.until(f"{RESULT}.includes('totalCount') && {RESULT}")
    assert {url.split("/")[2] for url in page.urls if not url.startswith("data:")} == {address}
    assert page.complaints == []


async def test_subscription_runs_in_the_page(page: Page, address: str, db: Database) -> None:
    query = 'subscription { tenantStatsChanged(tenantId: "t") { totalTickets } }'
    await page.note_requests()
    await page.open(f"http://{address}/graphql?query={quote(query)}")
    await page.until(READY)
    await page.evaluate(RUN)
    await page.until(f"{RESULT}.includes('\"totalTickets\": 0')")
    await db.collection(Ticket).insert_one({"tenant_id": "t", "external_id": "1"})
    await page.until(f"{RESULT}.includes('\"totalTickets\": 1')")
    assert f"ws://{address}/graphql" in page.urls
    assert page.complaints == []
