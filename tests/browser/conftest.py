"""A browser for each test; without Chromium these tests are skipped."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.browser import chromium
from tests.browser.chromium import Page


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    browser = chromium.find()
    if browser is None:
        pytest.skip("there is no Chromium")
    async with chromium.opened(browser, tmp_path) as page:
        yield page
