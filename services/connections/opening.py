"""From a connection to a source that can be read: the one table of who reads which kind, and what all of them need."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from documents.connection import Connection
from documents.database import Database
from documents.vocabulary import SourceKind, SourceProblem
from services.connections.changes import ConnectionNotFoundError, OpenedConnection
from services.connections.connections import Connections
from services.connections.kinds import SOURCE_NEEDS
from services.connections.prefixed import PrefixedSource
from services.errors import SecretsKeyError, UpstreamError
from services.kit.addresses import AddressRules, checked_client
from services.kit.clock import Clock
from services.kit.retry import Patience
from services.observing import UNOBSERVED, Observer
from services.sources.budget import RateLimiter
from services.sources.github.opening import open_github
from services.sources.http.transport import REQUEST_SECONDS
from services.sources.source import Source
from services.sources.standard.client import ExternalApi
from services.sources.zendesk.opening import open_zendesk

CONNECT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class SourceParts:
    """What every source is made of."""

    http: httpx.AsyncClient
    """Connects to the connection's address only."""
    limiter: RateLimiter
    """That of the connection's account."""
    limiters: Callable[[str, int], RateLimiter]
    """Makes another one, by its name and its requests in any rolling 60 s."""
    clock: Clock
    patience: Patience
    page_size: int
    """Tickets asked for at once, as far as the source leaves that to us."""


@dataclass(frozen=True, slots=True)
class ReadingTerms:
    """How sources are read."""

    patience: Patience
    page_size: int
    requests_per_minute: int
    """Where neither the kind of source nor the connection names a limit."""


def standard_source(opened: OpenedConnection, parts: SourceParts) -> Source:
    """The contract's API of a connection."""
    token = opened.secrets.get("bearer_token")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return ExternalApi(
        parts.http,
        opened.address,
        parts.limiter,
        parts.clock,
        page_size=parts.page_size,
        patience=parts.patience,
        headers=headers,
    )


def zendesk_source(opened: OpenedConnection, parts: SourceParts) -> Source:
    """The account of Zendesk of a connection."""
    return open_zendesk(
        opened.connection.settings,
        opened.secrets,
        http=parts.http,
        limiters=parts.limiters,
        clock=parts.clock,
        patience=parts.patience,
    )


def github_source(opened: OpenedConnection, parts: SourceParts) -> Source:
    """The repository of a connection."""
    return open_github(
        opened.connection.settings,
        opened.secrets,
        http=parts.http,
        limiter=parts.limiter,
        clock=parts.clock,
        patience=parts.patience,
    )


FACTORIES: dict[SourceKind, Callable[[OpenedConnection, SourceParts], Source]] = {
    SourceKind.STANDARD: standard_source,
    SourceKind.ZENDESK: zendesk_source,
    SourceKind.GITHUB: github_source,
}
"""Who reads what. Ids are as the source has them, without a prefix."""


class Sources:
    """Opens sources, and keeps the connections to their servers."""

    def __init__(
        self,
        default: Source,
        connections: Connections,
        database: Database,
        rules: AddressRules,
        clock: Clock,
        terms: ReadingTerms,
        *,
        observer: Observer = UNOBSERVED,
    ) -> None:
        """`default`: what a tenant without connections reads."""
        self._default = default
        self._connections = connections
        self._database = database
        self._rules = rules
        self._clock = clock
        self._terms = terms
        self._observer = observer
        self._clients: dict[tuple[str, bytes], httpx.AsyncClient] = {}

    async def of(self, tenant_id: str, connection_id: str | None) -> Source:
        """What a tenant's connection reads; None: the contract's API.

        Raises:
            UpstreamError: the connection was removed, or its secrets cannot be read.
        """
        if connection_id is None:
            return self._default
        try:
            connection = await self._connections.get(connection_id)
        except ConnectionNotFoundError as error:
            raise UpstreamError("the connection was removed", SourceProblem.NOT_FOUND) from error
        if connection.tenant_id != tenant_id:
            raise UpstreamError("the connection is another tenant's", SourceProblem.NOT_FOUND)
        return self.open(connection)

    def open(self, connection: Connection) -> Source:
        """The source of a connection.

        Raises:
            UpstreamError: its secrets cannot be read.
        """
        opened = self._opened(connection)
        return _source(opened, self._parts(opened, self._client(opened.address), self._terms))

    @asynccontextmanager
    async def open_once(self, connection: Connection, terms: ReadingTerms) -> AsyncIterator[Source]:
        """The source of a connection, which need not be stored: nothing of it is kept after the block.

        Raises:
            UpstreamError: its secrets cannot be read.
        """
        opened = self._opened(connection)
        async with self._new_client() as client:
            yield _source(opened, self._parts(opened, client, terms))

    async def close(self) -> None:
        """Close the connections to all servers."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    def _opened(self, connection: Connection) -> OpenedConnection:
        try:
            return self._connections.open(connection)
        except SecretsKeyError as error:
            raise UpstreamError(str(error), SourceProblem.SECRETS_UNREADABLE) from error

    def _parts(self, opened: OpenedConnection, http: httpx.AsyncClient, terms: ReadingTerms) -> SourceParts:
        connection = opened.connection
        usual = SOURCE_NEEDS[connection.source].requests_per_minute
        usual = self._terms.requests_per_minute if usual is None else usual
        limit = int(connection.settings.get("requests_per_minute", usual))
        limiter = self._limiter(f"{connection.source}:{connection.account}", limit)
        return SourceParts(http, limiter, self._limiter, self._clock, terms.patience, terms.page_size)

    def _limiter(self, name: str, limit: int) -> RateLimiter:
        return RateLimiter(
            self._database,
            self._clock,
            limit=limit,
            request_seconds=REQUEST_SECONDS,
            name=name,
            observer=self._observer,
        )

    def _client(self, address: str) -> httpx.AsyncClient:
        """One for each server: it pools connections by address, and another name at the same address is another's."""
        url = httpx.URL(address)
        key = url.scheme, url.netloc
        if key not in self._clients:
            self._clients[key] = self._new_client()
        return self._clients[key]

    def _new_client(self) -> httpx.AsyncClient:
        return checked_client(self._rules, httpx.Timeout(REQUEST_SECONDS, connect=CONNECT_SECONDS))


def _source(opened: OpenedConnection, parts: SourceParts) -> Source:
    source = FACTORIES[opened.connection.source](opened, parts)
    prefix = opened.connection.prefix
    return PrefixedSource(source, prefix) if prefix else source
