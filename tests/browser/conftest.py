"""A browser for each test; without Chromium these tests are skipped."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gql_app.http.dashboard import WEB_FOLDER, bundle
from resolvers.context import Services
from tests.api.graphql.sockets import served
from tests.browser import chromium
from tests.browser.chromium import Page
from tests.fakes import app_with, at_rest, make_settings


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    browser = chromium.find()
    if browser is None:
        pytest.skip("there is no Chromium")
    async with chromium.opened(browser, tmp_path) as page:
        yield page


@pytest.fixture
async def address(services: Services) -> AsyncIterator[str]:
    """Where the service is, which has whatever tickets the test makes."""
    if bundle(WEB_FOLDER) is None:
        pytest.skip("the files of web/ are not installed")
    async with served(app_with(at_rest(services), make_settings())) as address:
        yield address
