"""What tests do on the dashboard, in the words of its users."""

import base64
import json
import os
import random
import socket
from collections import defaultdict
from contextlib import AbstractAsyncContextManager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from fastapi import FastAPI

from gql_app.http.address import bind
from tests.api.graphql.sockets import served
from tests.browser.chromium import Page
from tests.properties import THOROUGH

TOTAL = "document.querySelector('[data-figure=total]')"
SETTLED = "!document.querySelector('[aria-busy=true], .skeleton, .loading-page')"
FIGURES = "document.querySelector('.figures')"
ANSWERS = "performance.getEntriesByType('resource').filter((each) => each.name.endsWith('/graphql')).length"
"""How many questions over HTTP were answered."""
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = os.environ.get("SCREENSHOTS")
SHIFTS = """(() => {
  const observer = new PerformanceObserver(() => undefined);
  observer.observe({ type: "layout-shift", buffered: true });
  return observer.takeRecords().reduce((sum, each) => sum + each.value, 0);
})()"""
STEADY = 0.1
"""The sum of all layout shifts up to which a page counts as good."""

LOOKS = [(1280, "light"), (360, "dark")]
"""Every width that has a layout of its own, and both colours."""
if THOROUGH:
    LOOKS += [(1280, "dark"), (360, "light"), (2560, "dark")]


def at_home(app: FastAPI) -> AbstractAsyncContextManager[str]:
    """Serve the application where this process serves all of them, one after the other: the browser has its files."""
    return served(app, _home().getsockname()[1])


@cache
def _home() -> socket.socket:
    """An address that nobody else gets, as long as this is open; whoever says so, too, may listen there."""
    return bind("127.0.0.1", 0)


async def shows(page: Page, text: str) -> None:
    """Wait until the page shows a text."""
    await page.until(f"document.body?.innerText.includes({json.dumps(text)})")


async def settled(page: Page) -> None:
    """Wait until everything that was asked for is there."""
    await page.until(f"Boolean(document.querySelector('#main')) && {SETTLED}")


async def follow(page: Page, address: str) -> None:
    """Follow the link with this address, as a click does."""
    found = (
        f"[...document.querySelectorAll('a[href]')].find((link) => link.getAttribute('href') === {json.dumps(address)})"
    )
    await page.until(f"Boolean({found})")
    await page.evaluate(f"{found}.click()")


async def click(page: Page, text: str, within: str = "#main") -> None:
    """Press the button with this text as soon as it can be pressed."""
    buttons = f"[...document.querySelectorAll({json.dumps(within + ' button')})]"
    found = f"{buttons}.find((button) => button.innerText === {json.dumps(text)} && !button.disabled)"
    await page.until(f"Boolean({found})")
    await page.evaluate(f"{found}.click()")


async def go(page: Page, address: str) -> None:
    """Be where a link leads, without looking for it: the page has begun to show it when this returns."""
    await page.evaluate(f"history.pushState(null, '', {json.dumps(address)}); dispatchEvent(new Event('popstate'))")


async def total(page: Page) -> int:
    """How many tickets the list says that there are."""
    text = await page.until(f"{SETTLED} && {TOTAL}?.innerText")
    return int(text.split()[0].replace(",", ""))


async def figures(page: Page, within: str = "#main") -> dict[str, int]:
    """Every figure on the page, or within a part of it, that opens a list: the address of the list, and the number."""
    links = json.dumps(f'{within} a[href*="view=tickets"]:not([href*="ticket="])')
    script = f"""[...document.querySelectorAll({links})].map((link) => {{
      const number = (link.querySelector('.bar-count') ?? link).innerText.match(/^(?:All )?([0-9,]+)/);
      return number && [link.getAttribute('href'), Number(number[1].replaceAll(',', ''))];
    }}).filter(Boolean)"""
    found: dict[str, int] = {}
    for address, number in await page.evaluate(script):
        assert found.setdefault(address, number) == number, address
    return found


def some_of_each_kind(found: dict[str, int]) -> list[tuple[str, int]]:
    """Figures to open: one of those whose addresses have the same parameters, another each time; thoroughly, all."""
    if THOROUGH:
        return list(found.items())
    kinds: dict[tuple[str, ...], list[tuple[str, int]]] = defaultdict(list)
    for address, number in found.items():
        kinds[tuple(name for name, _ in parse_qsl(urlsplit(address).query))].append((address, number))
    return [random.choice(kind) for kind in kinds.values()]


async def told(page: Page, selector: str) -> list[Any]:
    """The texts of what a selector finds."""
    return list(await page.evaluate(f"[...document.querySelectorAll({json.dumps(selector)})].map((e) => e.innerText)"))


async def asked(page: Page, query: str) -> Any:
    """What the API answers."""
    request = json.dumps({"method": "POST", "headers": {"content-type": "application/json"}})
    body = json.dumps(json.dumps({"query": query}))
    answer = await page.evaluate(f"fetch('/graphql', {{...{request}, body: {body}}}).then((a) => a.json())")
    assert "errors" not in answer, answer
    return answer["data"]


async def findings(page: Page, within: str = "html") -> list[str]:
    """What axe-core has against the page, or against a part of it, in a line each."""
    if not AXE.is_file():
        return []
    await page.evaluate(AXE.read_text() + "; true")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    options = json.dumps({"runOnly": tags, "resultTypes": ["violations"]})  # of all else it tells less, and sooner
    script = f"""axe.run({json.dumps(within)}, {options}).then((found) => found.violations.map((each) => {{
      const nodes = each.nodes.slice(0, 3).map((node) => node.html.slice(0, 200) + node.any.map((why) => why.message));
      return each.id + ": " + nodes.join(" | ");
    }}))"""
    return list(await page.evaluate(script))


async def picture(page: Page, name: str) -> None:
    """Keep a picture of what is seen, where a folder for pictures is named."""
    if PICTURES:
        shot = await page.send("Page.captureScreenshot", format="png")
        _save(Path(PICTURES) / f"{name}.png", base64.b64decode(shot["data"]))


def _save(path: Path, picture: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture)
