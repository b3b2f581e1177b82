"""A client of the endpoint, and a listener that counts what it makes MongoDB do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from pymongo import monitoring

from documents.database import Database
from resolvers.context import Services
from services.judging.rejudging import REJUDGE_COMMENT
from services.judging.training import LEARNING_COMMENT
from services.protection.eraser import ERASURE_COMMENT
from services.rollups.keeper import ROLLUP_COMMENT
from services.search.keeper import SEARCH_COMMENT
from services.spikes.arrivals import SPIKES_COMMENT
from tests.fakes import MockApi

_KEEPERS = (
    *(ROLLUP_COMMENT, SEARCH_COMMENT, LEARNING_COMMENT),
    *(REJUDGE_COMMENT, ERASURE_COMMENT, SPIKES_COMMENT),
)


@dataclass
class Api:
    """The endpoint as a client sees it."""

    client: httpx.AsyncClient
    services: Services
    mock_api: MockApi
    db: Database

    async def ask(self, query: str, *, headers: dict[str, str] | None = None, **variables: Any) -> dict[str, Any]:
        """Post an operation; the whole answer, errors and all."""
        body = {"query": query, "variables": variables}
        response = await self.client.post("/graphql", json=body, headers=headers)
        answer: dict[str, Any] = response.json()
        return answer

    async def data(self, query: str, **variables: Any) -> Any:
        """Post an operation that has to succeed; its data."""
        answer = await self.ask(query, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def error(self, query: str, **variables: Any) -> dict[str, Any]:
        """Post an operation that has to fail in one way; the error."""
        answer = await self.ask(query, **variables)
        assert len(answer.get("errors", [])) == 1, answer
        error: dict[str, Any] = answer["errors"][0]
        return error

    async def code(self, query: str, **variables: Any) -> str:
        """Post an operation that has to fail in one way; the error's code."""
        code: str = (await self.error(query, **variables))["extensions"]["code"]
        return code


@dataclass
class Command:
    """A command as it went to the database."""

    name: str
    body: dict[str, Any]


class Commands(monitoring.CommandListener):
    """Records the commands that go to the database while somebody listens."""

    def __init__(self) -> None:
        self._heard: list[Command] | None = None

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if self._heard is not None and event.command.get("comment") not in _KEEPERS:
            self._heard.append(Command(event.command_name, dict(event.command)))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...

    @contextmanager
    def heard(self) -> Iterator[list[Command]]:
        """The commands sent while the block runs."""
        self._heard = []
        try:
            yield self._heard
        finally:
            self._heard = None


COMMANDS = Commands()
monitoring.register(COMMANDS)  # before the first client is made: it listens to those that come later
