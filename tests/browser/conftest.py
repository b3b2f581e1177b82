"""A tab for each test; without Chromium these tests are skipped."""

from collections.abc import AsyncIterator

import pytest

from gql_app.http.dashboard import WEB_FOLDER, bundle
from resolvers.context import Services
from tests.browser import chromium
from tests.browser.chromium import Browser, Page
from tests.browser.dashboard_page import at_home
from tests.fakes import app_with, at_rest, make_settings


@pytest.fixture(scope="session")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    path = chromium.find()
    if path is None:
        pytest.skip("there is no Chromium")
    async with chromium.started(path, tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    async with browser.tab() as page:
        yield page


@pytest.fixture
async def address(services: Services) -> AsyncIterator[str]:
    """Where the service is, which has whatever tickets the test makes."""
    if bundle(WEB_FOLDER) is None:
        pytest.skip("the files of web/ are not installed")
    async with at_home(app_with(at_rest(services), make_settings())) as address:
        yield address
