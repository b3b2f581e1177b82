"""A headless Chromium, driven over the DevTools protocol."""

import asyncio
import itertools
import json
import re
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.waiting import PATIENCE_SECONDS, POLL_SECONDS, until

KEY_CODES = {"Enter": 13, "Escape": 27}
MAX_POLL_SECONDS = 0.1
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def find() -> str | None:
    """Where the browser is, if there is one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Page:
    """One tab: what it asked for, what it complained about, and what can be evaluated in it."""

    def __init__(self, connection: ClientConnection, session: str) -> None:
        self._connection = connection
        self._session = session
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._documents: set[str] = set()
        """Those that were begun, by the ids of their loaders."""
        self.urls: list[str] = []
        """What was requested, WebSockets too."""
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
        number = next(self._ids) + 100
        self._answers[number] = asyncio.get_running_loop().create_future()
        order = {"id": number, "sessionId": self._session, "method": method, "params": params}
        await self._connection.send(json.dumps(order))
        answer = await asyncio.wait_for(self._answers[number], PATIENCE_SECONDS)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    async def open(self, url: str) -> None:
        """Go to a page, having begun to listen."""
        for domain in ("Network", "Runtime", "Log", "Page"):
            await self.send(f"{domain}.enable")
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
    """A browser that was started; each tab knows nothing of the others', as if its browser were new."""

    def __init__(self, url: str) -> None:
        self._url = url

    @asynccontextmanager
    async def tab(self) -> AsyncIterator[Page]:
        """A new tab, with a profile of its own: its storage, its cookies, its cache."""
        async with connect(self._url, max_size=None, open_timeout=PATIENCE_SECONDS, ping_interval=None) as connection:
            page = await _new_page(connection)
            listening = asyncio.create_task(page.listen())
            try:
                yield page
            finally:
                listening.cancel()  # the profile goes with the connection


@asynccontextmanager
async def started(path: str, profile: Path) -> AsyncIterator[Browser]:
    """A fresh browser."""
    process = await asyncio.create_subprocess_exec(
        path,
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--remote-debugging-port=0",
        f"--user-data-dir={profile}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Browser(await asyncio.wait_for(_devtools(process), PATIENCE_SECONDS))
    finally:
        process.kill()
        await process.wait()


async def _devtools(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    async for line in process.stderr:
        if found := re.search(r"DevTools listening on (ws://\S+)", line.decode(errors="replace")):
            return found[1]
    raise AssertionError("the browser did not start")


async def _new_page(connection: ClientConnection) -> Page:
    async def order(number: int, method: str, **params: Any) -> dict[str, Any]:
        await connection.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(await connection.recv())
            if message.get("id") == number:
                result: dict[str, Any] = message["result"]
                return result

    profile = await order(1, "Target.createBrowserContext", disposeOnDetach=True)
    target = await order(2, "Target.createTarget", url="about:blank", browserContextId=profile["browserContextId"])
    attached = await order(3, "Target.attachToTarget", targetId=target["targetId"], flatten=True)
    return Page(connection, attached["sessionId"])
