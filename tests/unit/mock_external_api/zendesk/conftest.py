from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from mock_external_api.zendesk.app import create_zendesk
from mock_external_api.zendesk.desk import ZendeskDesk
from mock_external_api.zendesk.settings import ZendeskSettings
from tests.unit.mock_external_api.conftest import HandClock

TICKETS = "/api/v2/incremental/tickets/cursor.json"
EVENTS = "/api/v2/incremental/ticket_events.json"
TOKEN = ("admin@acme.example/token", "zendesk-api-token")


class DeskClient(httpx.AsyncClient):
    """Asks the stand-in inside this process as a client with an API token does; `desk` and `time` are behind it."""

    desk: ZendeskDesk
    time: HandClock

    async def read(self, path: str, **params: Any) -> dict[str, Any]:
        answer = await self.get(path, params=params)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def pages(self, most: int = 30, **params: Any) -> list[dict[str, Any]]:
        """The pages of the ticket export, from the beginning unless told, until one says that it is the last."""
        pages = [await self.read(TICKETS, **({} if "cursor" in params else {"start_time": 0}), **params)]
        kept = {name: value for name, value in params.items() if name not in {"start_time", "cursor"}}
        while not pages[-1]["end_of_stream"] and len(pages) < most:
            pages.append(await self.read(TICKETS, cursor=pages[-1]["after_cursor"], **kept))
        return pages

    async def tickets(self, **params: Any) -> list[dict[str, Any]]:
        return [ticket for page in await self.pages(**params) for ticket in page["tickets"]]

    async def events(self, start: int = 0, most: int = 30, **params: Any) -> list[dict[str, Any]]:
        """The pages of the events' export, by `next_page`."""
        pages = [await self.read(EVENTS, start_time=start, **params)]
        while not pages[-1]["end_of_stream"] and len(pages) < most:
            answer = await self.get(pages[-1]["next_page"])
            pages.append(answer.json())
        return pages


StartDesk = Callable[..., DeskClient]


@pytest.fixture
async def start_desk(hand_clock: HandClock) -> AsyncIterator[StartDesk]:
    """Start a stand-in: no sample tickets and no limits, or as told."""
    usual: dict[str, Any] = {"ticket_count": 0, "requests_per_minute": 0, "incremental_per_minute": 0, "control": True}
    async with AsyncExitStack() as clients:

        def start(**settings: Any) -> DeskClient:
            app = create_zendesk(ZendeskSettings(**{**usual, **settings}), hand_clock.clock)
            transport = httpx.ASGITransport(app)
            client = DeskClient(transport=transport, base_url="http://desk", auth=TOKEN)
            client.desk, client.time = app.state.desk, hand_clock
            clients.push_async_callback(client.aclose)
            return client

        yield start
