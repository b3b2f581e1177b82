"""GraphQL over WebSocket (the protocol `graphql-transport-ws`): what Strawberry's handler leaves open.

Messages of a wrong shape close the connection instead of crashing it, a refusal has a code, an operation counts
against the client's budget as a request does, over all its connections there are only so many operations at once, and
a connection ends with its credential.
"""

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from graphql import GraphQLError
from starlette.requests import HTTPConnection
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)

from gql_app.graphql.errors import failure
from gql_app.graphql.over_http import PersistedQueryError, is_persisted
from gql_app.http.limits import RequestRate, client_name
from resolvers.context import Context
from services.errors import ErrorCode

FORBIDDEN = 4403
"""The protocol's close code for a connection that is not, or no longer, allowed."""
WITH_ID = ("subscribe", "complete")


@dataclass(kw_only=True)
class SocketContext(Context):
    """A WebSocket, over which one caller sends operations."""

    connection: HTTPConnection
    clients: "Clients"
    """All connections of the endpoint."""
    connection_params: object = None
    """The payload of `connection_init`, set by Strawberry."""


class Clients:
    """The connections of each client, which share a limit on operations under way at once."""

    def __init__(self, max_operations: int) -> None:
        self.max_operations = max_operations
        self._connections: defaultdict[str, set[WebSocketHandler]] = defaultdict(set)

    def add(self, client: str, connection: "WebSocketHandler") -> None:
        """Count the connection's operations from now on."""
        self._connections[client].add(connection)

    def remove(self, client: str, connection: "WebSocketHandler") -> None:
        """Forget a connection."""
        self._connections[client].discard(connection)
        if not self._connections[client]:
            del self._connections[client]

    def is_busy(self, client: str) -> bool:
        """Whether the client has as many operations under way as it may."""
        return sum(len(each.operations) for each in self._connections.get(client, ())) >= self.max_operations


class WebSocketHandler(BaseGraphQLTransportWSHandler[Context, None]):
    """One connection."""

    context: SocketContext
    _expiry: asyncio.Task[None] | None = None

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        """Learn who asks, and end the connection when their credential does."""
        await super().handle_connection_init(message)
        if not self.connection_acknowledged:
            return
        self.context.client = client_name(self.context.connection, self.context.caller.subject)
        self.context.clients.add(self.context.client, self)
        expires_at = self.context.caller.expires_at
        if expires_at is not None and self._expiry is None:
            self._expiry = asyncio.create_task(self._close_at(expires_at))

    async def shutdown(self) -> None:
        """End every operation."""
        if self._expiry is not None:
            self._expiry.cancel()
        self.context.clients.remove(self.context.client, self)
        await super().shutdown()

    async def handle_message(self, message: Message) -> None:
        """Act on a message, unless it is none of the protocol's."""
        if _is_well_formed(message):
            await super().handle_message(message)
        else:
            await self.handle_invalid_message("The message is malformed")

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Start an operation, unless there are too many."""
        refusal = self._refusal(message) if self.connection_acknowledged else None
        if refusal is None or message["id"] in self.operations:
            await super().handle_subscribe(message)
        else:
            await self.send_message({"id": message["id"], "type": "error", "payload": [refusal.formatted]})

    def _refusal(self, message: SubscribeMessage) -> GraphQLError | None:
        """Why an operation is not started, if it is not."""
        limit, context = self.max_subscriptions_per_connection, self.context
        if limit is not None and len(self.operations) >= limit:
            return failure(ErrorCode.RATE_LIMITED, f"More than {limit} operations at once on one connection.")
        if context.clients.is_busy(context.client):
            most = context.clients.max_operations
            return failure(ErrorCode.RATE_LIMITED, f"More than {most} operations at once on all your connections.")
        rate: RequestRate | None = getattr(context.connection.app.state, "request_rate", None)
        wait = 0.0 if rate is None else rate.admit(context.client)
        if wait:
            return failure(ErrorCode.RATE_LIMITED, f"Too many requests; wait {wait:.0f} seconds.")
        if is_persisted(message["payload"]):
            return failure(PersistedQueryError.code, str(PersistedQueryError()))
        return None

    async def _close_at(self, moment: datetime) -> None:
        await asyncio.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))
        for operation_id in list(self.operations):  # also where the client does not read, so that closing takes long
            await self.cleanup_operation(operation_id)
        self.connection_acknowledged = False
        await self.websocket.close(FORBIDDEN, "The credential has expired")


def _is_well_formed(message: Any) -> bool:
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return False
    if message["type"] in WITH_ID and not (isinstance(message.get("id"), str) and message["id"]):
        return False
    return message["type"] != "subscribe" or _is_operation(message.get("payload"))


def _is_operation(payload: Any) -> bool:
    return (
        isinstance(payload, dict)
        and (isinstance(payload.get("query"), str) or is_persisted(payload))
        and isinstance(payload.get("variables"), (dict, type(None)))
        and isinstance(payload.get("operationName"), (str, type(None)))
    )
