"""The browser of these tests: what one of them leaves behind, no other finds."""

from tests.browser.chromium import Browser
from tests.waiting import until

KEPT = "[localStorage.length, sessionStorage.length, document.cookie, history.length]"


async def test_a_tab_knows_nothing_of_the_one_before(browser: Browser, address: str) -> None:
    async with browser.tab() as page:
        await page.open(f"http://{address}/")
        new = await page.evaluate(KEPT)
        assert new[:3] == [0, 0, ""]
        await page.evaluate("localStorage.a = sessionStorage.a = document.cookie = 'a=1; max-age=1000'")
        await page.evaluate("history.pushState(null, '', '?tenant=a')")
        assert await page.evaluate(KEPT) == [1, 1, "a=1", new[3] + 1]
        await page.evaluate("fetch('/nothing')")
        await until(lambda: any("404" in complaint for complaint in page.complaints))
    async with browser.tab() as page:
        await page.open(f"http://{address}/")
        assert await page.evaluate(KEPT) == new
        assert page.complaints == []
