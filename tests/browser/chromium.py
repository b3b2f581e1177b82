"""A headless Chromium, driven over the DevTools protocol."""

import asyncio
import itertools
import json
import os
import re
import shutil
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect

from tests.waiting import PATIENCE_SECONDS, POLL_SECONDS, until

KEY_CODES = {"Enter": 13, "Escape": 27}
MAX_POLL_SECONDS = 0.1
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
"""The first draws no windows that nobody sees, and takes half of the others' time; all show pages alike."""
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"),
    "--disable-back-forward-cache",  # a page that was left is gone
    "--force-prefers-reduced-motion",  # what moves is painted sixty times a second
    "--in-process-gpu",  # there is none: a process for it has nothing to do but to pass on what it is told
    "--renderer-process-limit=1",  # what it has compiled for one tab it knows in the next
)


def find() -> str | None:
    """Where the browser is, if there is one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Page:
    """One tab: what it asked for, what it complained about, and what can be evaluated in it."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._documents: set[str] = set()
        """Those that were begun, by the ids of their loaders."""
        self._urls: list[str] | None = None
        self._leaving: asyncio.Task[dict[str, Any]] | None = None
        self.origins: set[str] = set()
        """Those of the addresses that were opened."""
        self.complaints: list[str] = []
        """Errors in the console, breaches of the content security policy among them."""

    async def listen(self) -> None:
        """Take in what the browser says, until the connection ends."""
        async for raw in self._connection:
            message = json.loads(raw)
            if "id" in message and message["id"] in self._answers:
                self._answers.pop(message["id"]).set_result(message)
            self._note(message.get("method"), message.get("params", {}))

    async def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Give an order and wait for the answer."""
        number = next(self._ids)
        self._answers[number] = asyncio.get_running_loop().create_future()
        order = {"id": number, "method": method, "params": params}
        await self._connection.send(json.dumps(order))
        answer = await asyncio.wait_for(self._answers[number], PATIENCE_SECONDS)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    @property
    def urls(self) -> list[str]:
        """What was requested, WebSockets too, since `note_requests`."""
        assert self._urls is not None, "nobody has noted the requests"
        return self._urls

    async def note_requests(self) -> None:
        """Note every request from now on, each of which takes several messages: most tests do not ask."""
        self._urls = []
        await self.send("Network.enable")

    async def open(self, url: str) -> None:
        """Go to a page."""
        self.origins.add("{0.scheme}://{0.netloc}".format(urlsplit(url)))
        loader = (await self.send("Page.navigate", url=url)).get("loaderId")
        # The answer comes before the old document goes: what is evaluated now may still be about that.
        await until(lambda: loader is None or loader in self._documents, f"the document of {url}")

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        result = await self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def until(self, expression: str) -> Any:
        """Wait until an expression is truthy; its value."""
        deadline, pause = time.monotonic() + PATIENCE_SECONDS, 0.0
        while not (value := await self.evaluate(expression)):
            shown = "" if time.monotonic() < deadline else await self.evaluate("document.body.innerText")
            assert not shown, f"still not so: {expression}; {self.complaints}; the page says: {shown[:2_000]}"
            pause = min(pause + POLL_SECONDS, MAX_POLL_SECONDS)  # to look keeps the browser from its work
            await asyncio.sleep(pause)
        return value

    async def look(self, *, width: int = 1280, height: int = 900, scheme: str = "light") -> None:
        """Have a window of this size, and a system with light or dark colours."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await self.send("Emulation.setDeviceMetricsOverride", **metrics)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        await self.send("Emulation.setEmulatedMedia", features=features)

    async def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press the mouse at a place, move it to another one, and let go."""
        for kind, (x, y) in (("mousePressed", start), ("mouseMoved", end), ("mouseReleased", end)):
            await self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)

    async def press(self, key: str) -> None:
        """Press a key where the focus is."""
        code = KEY_CODES.get(key, 0)
        text = {"text": "\r" if key == "Enter" else key} if key != "Escape" else {}
        await self.send("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **text)
        await self.send("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def _note(self, method: str | None, params: dict[str, Any]) -> None:
        if method == "Page.frameNavigated":
            self._documents.add(params["frame"]["loaderId"])
        elif method == "Page.javascriptDialogOpening":  # whether to leave what is not saved; else it waits for a person
            self._leaving = asyncio.create_task(self.send("Page.handleJavaScriptDialog", accept=True))
        elif method == "Network.requestWillBeSent":
            self.urls.append(params["request"]["url"])
        elif method == "Network.webSocketCreated":
            self.urls.append(params["url"])
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.complaints.append(params["entry"]["text"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(params["exceptionDetails"]["text"])
        elif method == "Runtime.consoleAPICalled" and params["type"] == "error":
            self.complaints.append(str([each.get("value") for each in params["args"]]))


class Browser:
    """A browser that was started; each tab knows nothing of the others', as if its browser were new.

    Only the cache is common: of the pages' files, which their servers let it keep, and of what was compiled of them.
    """

    def __init__(self, connection: ClientConnection, address: str) -> None:
        self._connection = connection
        """Of the browser itself; tabs have connections of their own."""
        self._ids = itertools.count(1)
        self._address = address
        self._last: str | None = None
        """The tab that was left: it is closed when the next one is there, and their process goes on."""

    @asynccontextmanager
    async def tab(self) -> AsyncIterator[Page]:
        """A new tab, without storage or cookies."""
        target = (await self._order("Target.createTarget", url="about:blank"))["targetId"]
        if self._last is not None:
            await self._order("Target.closeTarget", targetId=self._last)
        self._last = target
        async with _connected(f"{self._address}/devtools/page/{target}") as connection:
            page = Page(connection)
            listening = asyncio.create_task(page.listen())
            try:
                await asyncio.gather(*(page.send(f"{domain}.enable") for domain in ("Runtime", "Log", "Page")))
                yield page
                await self._forget(page)
            finally:
                listening.cancel()

    async def _forget(self, page: Page) -> None:
        """Leave the page, and delete what its origins have stored."""
        await page.send("Page.navigate", url="about:blank")
        await page.send("Network.clearBrowserCookies")
        for origin in page.origins:
            await page.send("Storage.clearDataForOrigin", origin=origin, storageTypes="all")

    async def _order(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._ids)
        await self._connection.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(await asyncio.wait_for(self._connection.recv(), PATIENCE_SECONDS))
            if message.get("id") == number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result


def _connected(url: str) -> connect:
    """A connection over which nothing is compressed: it does not leave the machine."""
    return connect(url, max_size=None, open_timeout=PATIENCE_SECONDS, ping_interval=None, compression=None)


@asynccontextmanager
async def started(path: str, profile: Path) -> AsyncIterator[Browser]:
    """A fresh browser."""
    process = await asyncio.create_subprocess_exec(
        path,
        *FLAGS,
        "--remote-debugging-port=0",
        f"--user-data-dir={profile}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        url = await asyncio.wait_for(_devtools(process), PATIENCE_SECONDS)
        async with _connected(url) as connection:
            yield Browser(connection, url.partition("/devtools/")[0])
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # the program is, as a rule, a script that starts the browser
        await process.wait()


async def _devtools(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    async for line in process.stderr:
        if found := re.search(r"DevTools listening on (ws://\S+)", line.decode(errors="replace")):
            return found[1]
    raise AssertionError("the browser did not start")
