from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from mock_external_api.app import create_app
from mock_external_api.clock import Clock
from mock_external_api.settings import MockSettings

NOON = datetime(2026, 2, 5, 12, tzinfo=UTC)


@dataclass
class HandClock:
    """A clock that only moves when a test says so."""

    moment: datetime = NOON
    clock: Clock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = Clock(now=lambda: self.moment, monotonic=lambda: self.moment.timestamp())

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class MockClient(httpx.AsyncClient):
    """Talks to the mock inside this process."""

    async def page(self, **params: Any) -> dict[str, Any]:
        answer = await self.get("/external/support-tickets", params=params)
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        return page

    async def walk(self, **params: Any) -> list[Any]:
        tickets, page = [], 1
        while page:
            answer = await self.page(page=page, page_size=100, **params)
            tickets += answer["tickets"]
            page = answer["next_page"]
        return tickets

    async def control(self, path: str, body: Any) -> Any:
        answer = await self.post(f"/_control/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def state(self) -> dict[str, Any]:
        answer = await self.get("/_control/state")
        state: dict[str, Any] = answer.json()
        return state


@pytest.fixture
def hand_clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def start(hand_clock: HandClock) -> AsyncIterator[Callable[..., MockClient]]:
    """Start a small mock: 500 tickets, no rate limit, no waiting in /notify, control open; or as told."""
    usual: dict[str, Any] = {
        "ticket_count": 500,
        "rate_limit_per_minute": 0,
        "notify_latency_min": 0,
        "notify_latency_max": 0,
        "control": True,
    }
    async with AsyncExitStack() as clients:
        started: list[MockClient] = []

        def start_mock(**settings: Any) -> MockClient:
            app = create_app(MockSettings(**{**usual, **settings}), hand_clock.clock)
            client = MockClient(transport=httpx.ASGITransport(app), base_url="http://mock")
            started.append(client)
            return client

        yield start_mock
        for client in started:
            clients.push_async_callback(client.aclose)
