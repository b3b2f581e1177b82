"""The stand-in of GitHub in this process, with a clock that a test turns, and a client of its API."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from mock_external_api.clock import Clock
from mock_external_api.github.app import create_github
from mock_external_api.github.desk import Desk
from mock_external_api.github.service import Github
from mock_external_api.github.settings import GithubSettings
from tests.waiting import until

TOKEN = "github_pat_standin"
HERE = "/repos/acme/support"
WALK = {"state": "all", "sort": "updated", "direction": "asc", "per_page": "100"}


@dataclass
class TurnedClock:
    """A clock that moves when a test says so."""

    moment: datetime = datetime(2026, 2, 5, 12, tzinfo=UTC)
    clock: Clock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = Clock(now=lambda: self.moment, monotonic=lambda: self.moment.timestamp())

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class GithubClient(httpx.AsyncClient):
    """Talks to a stand-in of its own, as the API's documentation says."""

    def __init__(self, token: str | None = TOKEN, **settings: Any) -> None:
        self.turned = TurnedClock()
        self.app = create_github(GithubSettings(**{"issue_count": 30, **settings}), self.turned.clock)
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        super().__init__(transport=httpx.ASGITransport(self.app), base_url="http://github.test", headers=headers)

    @property
    def desk(self) -> Desk:
        desk: Desk = self.app.state.desk
        return desk

    @property
    def github(self) -> Github:
        github: Github = self.app.state.github
        return github

    async def pages(self, path: str = f"{HERE}/issues", **params: Any) -> list[Any]:
        """All records of a list."""
        return await self.following(await self.get(path, params=params or WALK))

    async def following(self, answer: httpx.Response) -> list[Any]:
        """The records of a page and of all that its links lead to."""
        records: list[Any] = []
        while True:
            assert answer.status_code == 200, answer.text
            records += answer.json()
            if "next" not in answer.links:
                return records
            answer = await self.get(answer.links["next"]["url"])


def seen(issue: dict[str, Any]) -> dict[str, Any]:
    """What a client sees of an issue, by the names that the truth has for it."""
    return {
        "title": issue["title"],
        "body": issue["body"],
        "author": (issue["user"] or {}).get("login"),
        "state": issue["state"],
        "state_reason": issue["state_reason"],
        "labels": [label["name"] for label in issue["labels"]],
        "assignees": [person["login"] for person in issue["assignees"]],
        "milestone": (issue["milestone"] or {}).get("title"),
        "locked": issue["locked"],
        "lock_reason": issue["active_lock_reason"],
        "comments": issue["comments"],
        "created": seconds(issue["created_at"]),
        "updated": seconds(issue["updated_at"]),
        "closed": seconds(issue["closed_at"]),
        "closed_by": (issue["closed_by"] or {}).get("login"),
    }


def seconds(text: str | None) -> int | None:
    return None if text is None else int(datetime.fromisoformat(text).timestamp())


def true_now(desk: Desk) -> dict[int, dict[str, Any]]:
    """What every issue that is there is like, as `seen` puts it."""
    return {number: truth["fields"] for number, truth in desk.truth().items() if truth["gone"] is None}


@asynccontextmanager
async def on_a_socket(app: FastAPI) -> AsyncIterator[str]:
    """Serve an application that is not ours; yields its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", log_config=None, ws="none"))
        task = asyncio.create_task(server.serve([listener]))
        await until(lambda: server.started)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await task
