"""Connections in the dashboard: help desks are connected, read, mended and removed, with a real browser and service."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from documents.audit_entry import AuditEntry
from documents.connection import Connection
from documents.database import Database
from documents.ticket import Ticket
from documents.vocabulary import SourceKind
from gql_app.http.dashboard import WEB_FOLDER, bundle
from gql_app.settings import Settings
from mock_external_api.app import create_app
from mock_external_api.settings import MockSettings
from resolvers.context import Services
from services.connections.changes import ConnectionChange, NewConnection
from services.ingestion.worker import Worker
from tests.browser.chromium import Page
from tests.browser.dashboard_page import FIGURES, at_home, click, follow, go, shows, told
from tests.connecting import KEY
from tests.fakes import app_with, at_rest, make_jwt_settings, make_settings, make_token
from tests.served import served

WRONG, RIGHT, OTHER = "wr0ng-zendesk-token", "zendesk-api-token", "0ther-zendesk-token"
VIEW = "/?tenant=acme&view=connections"
HEARD = """
  window.heard = [];
  const real = window.fetch;
  window.fetch = async (...request) => {
    const answer = await real(...request);
    window.heard.push(await answer.clone().text());
    return answer;
  };
  true
"""
"""Keeps what the service answers from now on."""


@pytest.fixture
def settings() -> Settings:
    return make_settings(secrets_key=KEY, upstream_patience_seconds=0.1)


@pytest.fixture
async def desk() -> AsyncIterator[str]:
    """Where a stand-in of both kinds of help desk listens."""
    zendesk = {"ticket_count": 12, "requests_per_minute": 0, "incremental_per_minute": 0}
    settings = MockSettings(ticket_count=40, rate_limit_per_minute=0, control=True, zendesk=zendesk)
    async with served(create_app(settings)) as url:
        yield url


async def change_zendesk(desk: str, **settings: Any) -> None:
    async with httpx.AsyncClient(base_url=desk) as http:
        (await http.post("/zendesk/_control/settings", json=settings)).raise_for_status()


async def fill(page: Page, **fields: str) -> None:
    """Type into the fields of the form that is open."""
    for name, text in fields.items():
        field = f"document.querySelector('.connection-form [name={json.dumps(name.replace('__', '-'))}]')"
        await page.until(f"{field} !== null")
        await page.evaluate(f"{field}.value = {json.dumps(text)}; true")


async def choose(page: Page, source: str) -> None:
    select = "document.querySelector('#connection-source')"
    await page.until(f"{select} !== null")
    await page.evaluate(f"{select}.value = '{source}'; {select}.dispatchEvent(new Event('change', {{bubbles: true}}))")


async def choose_address(page: Page) -> None:
    """Give an address instead of a subdomain."""
    radio = "document.querySelector('.alternatives [value=base_url]')"
    await page.until(f"{radio} !== null")
    await page.evaluate(f"{radio}.click()")


async def demand_nothing_secret(page: Page) -> None:
    """No secret is in the page, its fields, its addresses, its storage, or what the service answered."""
    kept = await page.evaluate("""JSON.stringify([
      document.documentElement.outerHTML,
      [...document.querySelectorAll('input')].map((field) => field.value),
      location.href, history.state, {...localStorage}, {...sessionStorage}, document.cookie, window.heard,
    ])""")
    assert "connections" in kept
    for secret in (WRONG, RIGHT, OTHER):
        assert secret not in kept
        assert [url for url in page.urls if secret in url] == []


async def test_a_help_desk_is_connected_once_its_credential_is_taken_and_read(
    page: Page, address: str, worker: Worker, db: Database, desk: str
) -> None:
    await page.note_requests()
    await page.open(f"http://{address}{VIEW}")
    await shows(page, "This tenant has no help desk of its own")
    await shows(page, "Its runs read the operator's API.")
    await page.evaluate(HEARD)
    await click(page, "Connect a help desk")
    await page.until("document.activeElement?.id === 'connection-source'")
    await choose(page, "ZENDESK")
    await choose_address(page)
    zendesk = {"base_url": f"{desk}/zendesk", "email": "admin@acme.example", "requests_per_minute": "0"}
    await fill(page, **zendesk, api_token=WRONG, every__minutes="", announce__from="2020-01-01")
    assert await page.evaluate("document.querySelector('[name=api_token]').type") == "password"
    await click(page, "Check and connect")
    await shows(page, "Nothing was stored. It does not take the credential: give the connection another one.")
    assert await db.collection(Connection).count_documents({}) == 0

    await fill(page, api_token=RIGHT)
    await click(page, "Check and connect")
    await shows(page, f"Connected to {desk.removeprefix('http://')}/zendesk. It answers.")
    await shows(page, "when somebody asks")
    assert await told(page, ".connection-card .badge") == ["New"]
    assert "zendesk:…" in (await told(page, ".standing dd"))
    await demand_nothing_secret(page)

    await click(page, "Run now")
    await page.until("document.querySelector('.connection-card .badge')?.innerText === 'Connected'")
    await follow(page, "?tenant=acme")
    await go(page, "/?tenant=acme&period=all")
    await page.until(FIGURES + " !== null")
    stored = await db.collection(Ticket).count_documents({"tenant_id": "acme", "deleted_at": None})
    assert stored > 0
    assert (await told(page, ".figure .value"))[0] == str(stored)
    assert page.complaints == []


async def test_a_help_desk_that_takes_the_secret_no_longer_is_mended_and_removed(
    page: Page, address: str, services: Services, worker: Worker, db: Database, desk: str
) -> None:
    access = {"base_url": f"{desk}/zendesk", "email": "admin@acme.example", "requests_per_minute": "0"}
    await services.connections.create(NewConnection("acme", SourceKind.ZENDESK, access, {"api_token": RIGHT}))
    await page.note_requests()
    await page.open(f"http://{address}{VIEW}")
    await page.evaluate(HEARD)
    await click(page, "Run now")
    await page.until("document.querySelector('.connection-card .badge')?.innerText === 'Connected'")
    stored = await db.collection(Ticket).count_documents({"tenant_id": "acme", "deleted_at": None})
    await change_zendesk(desk, api_token=OTHER)
    await click(page, "Run now")
    await page.until("document.querySelector('.connection-card .badge')?.innerText === 'Failing'")
    await shows(page, "It does not take the credential: give the connection another one.")
    await shows(page, "1 run failed in a row")
    await click(page, "Check")
    await shows(page, "The check failed.")

    await click(page, "Replace the secret …")
    await page.until("document.activeElement?.closest('.panel-form') !== null")
    assert await page.evaluate("document.querySelector('[name=base_url]')") is None
    await fill(page, api_token=WRONG)
    await click(page, "Check and replace")
    await shows(page, "Nothing was changed. It does not take the credential")
    await fill(page, api_token=OTHER)
    await click(page, "Check and replace")
    await shows(page, "has another secret. It answers.")
    await demand_nothing_secret(page)
    await click(page, "Run now")
    await page.until("document.querySelector('.connection-card .badge')?.innerText === 'Connected'")

    await click(page, "Remove …")
    await shows(page, "its tickets stay")
    await page.until("document.activeElement?.innerText === 'Cancel'")
    await click(page, "Remove the connection")
    await shows(page, "is no longer connected.")
    await shows(page, "This tenant has no help desk of its own")
    assert await db.collection(Ticket).count_documents({"tenant_id": "acme", "deleted_at": None}) == stored > 0
    assert await db.collection(Connection).count_documents({"removed_at": None}) == 0
    await demand_nothing_secret(page)
    assert page.complaints == []


async def test_the_schedule_is_set_changed_and_ended(page: Page, address: str, db: Database, desk: str) -> None:
    await page.open(f"http://{address}{VIEW}&zone=Asia/Tokyo")
    await click(page, "Connect a help desk")
    await fill(page, base_url=desk)
    await click(page, "Check and connect")
    await shows(page, f"Connected to {desk}.")
    await shows(page, "every 15 min")
    await click(page, "Schedule …")
    await fill(page, every__minutes="60", announce__from="2026-01-02")
    await click(page, "Save")
    await shows(page, "every 60 min")
    stored = await db.collection(Connection).find_one({})
    assert stored is not None
    assert (stored["schedule_minutes"], stored["announce_from"].isoformat()) == (60, "2026-01-01T15:00:00+00:00")
    await click(page, "Schedule …")
    await fill(page, every__minutes="")
    await click(page, "Save")
    await shows(page, "only by hand")
    changed = await db.collection(Connection).find_one({})
    assert changed is not None
    assert (changed["schedule_minutes"], changed["announce_from"]) == (None, stored["announce_from"])
    await click(page, "Schedule …")
    await fill(page, every__minutes="20000")
    await click(page, "Save")
    await shows(page, "schedule_minutes must be 1 to 10,080.")
    await page.press("Escape")
    await page.until("document.activeElement?.innerText === 'Schedule …'")
    assert page.complaints == []


async def test_the_settings_are_changed_and_the_secret_stays(
    page: Page, address: str, services: Services, db: Database, desk: str
) -> None:
    access = {"base_url": f"{desk}/zendesk", "email": "admin@acme.example", "requests_per_minute": "9"}
    made = await services.connections.create(NewConnection("acme", SourceKind.ZENDESK, access, {"api_token": RIGHT}))
    await page.note_requests()
    await page.open(f"http://{address}{VIEW}")
    await page.evaluate(HEARD)
    await click(page, "Settings …")
    await page.until("document.querySelector('.panel-form [name=base_url]') !== null")
    fields = "[...document.querySelectorAll('.panel-form .form-row input')].map((f) => [f.name, f.value])"
    assert dict(await page.evaluate(fields)) == {**access, "api_token": ""}
    await fill(page, base_url=f"{desk}/zendesk/", requests_per_minute="")
    await click(page, "Check and save")
    await shows(page, "/zendesk is read from now on. It answers.")
    assert (await services.connections.get(made.id)).settings == {
        "base_url": f"{desk}/zendesk/",
        "email": "admin@acme.example",
    }
    await click(page, "Settings …")
    await fill(page, base_url=f"{desk}/elsewhere")
    await click(page, "Check and save")
    await shows(page, "Nothing was changed. There is nothing of that name")
    await click(page, "Cancel")
    await page.until("document.querySelector('.panel-form') === null")
    await demand_nothing_secret(page)
    assert page.complaints == []


async def test_settings_that_do_not_work_are_at_no_moment_stored(
    page: Page, address: str, services: Services, db: Database, desk: str
) -> None:
    """What was stored and taken back would have left other moments, and entries of changes."""
    access = {"base_url": f"{desk}/zendesk", "email": "admin@acme.example", "requests_per_minute": "9"}
    made = await services.connections.create(NewConnection("acme", SourceKind.ZENDESK, access, {"api_token": RIGHT}))
    await page.note_requests()
    await page.open(f"http://{address}{VIEW}")
    await page.evaluate(HEARD)
    await click(page, "Settings …")
    await page.until("document.querySelector('.panel-form [name=base_url]') !== null")
    # What was saved meanwhile stays, too.
    await services.connections.change(made.id, ConnectionChange(settings={"email": "ann@acme.example"}))
    row = await db.collection(Connection).find_one({"_id": made.id})
    here, nowhere = f"{desk}/zendesk", "http://127.0.0.1:9"
    for typed, reason in (
        ({"base_url": f"{desk}/elsewhere"}, "There is nothing of that name"),
        ({"base_url": here, "api_token": WRONG}, "It does not take the credential"),
        ({"base_url": nowhere, "api_token": ""}, "The secrets would be sent to another address than before"),
        ({"base_url": nowhere, "api_token": RIGHT}, "It did not answer"),
        ({"base_url": here, "api_token": "", "requests_per_minute": "x"}, "requests_per_minute must be a whole number"),
    ):
        await fill(page, **typed)
        await click(page, "Check and save")
        await shows(page, f"Nothing was changed. {reason}")
        assert await db.collection(Connection).find_one({"_id": made.id}) == row
    begun = await db.collection(AuditEntry).find({"action": {"$type": "string"}}).to_list(None)
    assert [(each["action"], each["target"]) for each in begun] == [("connection_tried", made.id)] * 5
    await demand_nothing_secret(page)
    assert page.complaints == []


async def test_a_new_secret_is_tried_with_the_settings_that_are_stored(
    page: Page, address: str, services: Services, db: Database, desk: str
) -> None:
    access = {"base_url": f"{desk}/zendesk", "email": "admin@acme.example"}
    made = await services.connections.create(NewConnection("acme", SourceKind.ZENDESK, access, {"api_token": WRONG}))
    await page.open(f"http://{address}{VIEW}")
    await click(page, "Replace the secret …")
    await page.until("document.activeElement?.closest('.panel-form') !== null")
    await services.connections.change(made.id, ConnectionChange(settings={"base_url": f"{desk}/elsewhere"}))
    row = await db.collection(Connection).find_one({"_id": made.id})
    await fill(page, api_token=RIGHT)
    await click(page, "Check and replace")
    await shows(page, "Nothing was changed. There is nothing of that name")
    assert await db.collection(Connection).find_one({"_id": made.id}) == row
    assert page.complaints == []


async def test_a_run_that_is_under_way_is_told_with_the_way_to_it(
    page: Page, address: str, services: Services, desk: str
) -> None:
    await services.connections.create(NewConnection("acme", SourceKind.STANDARD, {"base_url": desk}))
    await page.open(f"http://{address}{VIEW}")
    await click(page, "Run now")
    await shows(page, "A run waits for a worker")
    await follow(page, "?tenant=acme&view=ingestion")
    await shows(page, "Waits for a worker.")
    assert page.complaints == []


async def test_others_than_administrators_are_told_why_not(page: Page, services: Services) -> None:
    if bundle(WEB_FOLDER) is None:
        pytest.skip("the files of web/ are not installed")
    async with at_home(app_with(at_rest(services), make_jwt_settings(secrets_key=KEY))) as address:
        await page.open(f"http://{address}{VIEW}")
        token = make_token(tenants=["acme"], scope="tickets:read ingest:run")
        await page.evaluate(f"sessionStorage.setItem('token', {json.dumps(token)})")
        await page.open(f"http://{address}{VIEW}")
        await shows(page, "Connections are for administrators")
        assert await told(page, "#main button") == []
        assert page.complaints == []
