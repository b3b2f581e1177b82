"""GraphQL over WebSocket (the protocol `graphql-transport-ws`): what Strawberry's handler leaves open.

Messages of a wrong shape close the connection instead of crashing it, a refusal has a code, an operation counts
against the client's budget as a request does, and a connection ends with its credential.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.requests import HTTPConnection
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)

from gql_app.graphql.errors import failure
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
    connection_params: object = None
    """The payload of `connection_init`, set by Strawberry."""


class WebSocketHandler(BaseGraphQLTransportWSHandler[Context, None]):
    """One connection."""

    context: SocketContext
    _expiry: asyncio.Task[None] | None = None

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        """Learn who asks, and end the connection when their credential does."""
        await super().handle_connection_init(message)
        expires_at = self.context.caller.expires_at
        if self.connection_acknowledged and expires_at is not None and self._expiry is None:
            self._expiry = asyncio.create_task(self._close_at(expires_at))

    async def shutdown(self) -> None:
        """End every operation."""
        if self._expiry is not None:
            self._expiry.cancel()
        await super().shutdown()

    async def handle_message(self, message: Message) -> None:
        """Act on a message, unless it is none of the protocol's."""
        if _is_well_formed(message):
            await super().handle_message(message)
        else:
            await self.handle_invalid_message("The message is malformed")

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Start an operation, unless there are too many."""
        refusal = self._refusal() if self.connection_acknowledged and message["id"] not in self.operations else None
        if refusal is None:
            await super().handle_subscribe(message)
        else:
            error = failure(ErrorCode.RATE_LIMITED, refusal)
            await self.send_message({"id": message["id"], "type": "error", "payload": [error.formatted]})

    def _refusal(self) -> str | None:
        """Why one more operation is not started, if it is not."""
        limit = self.max_subscriptions_per_connection
        if limit is not None and len(self.operations) >= limit:
            return f"More than {limit} operations at once on one connection."
        connection = self.context.connection
        rate: RequestRate | None = getattr(connection.app.state, "request_rate", None)
        wait = 0.0 if rate is None else rate.admit(client_name(connection, self.context.caller.subject))
        return f"Too many requests; wait {wait:.0f} seconds." if wait else None

    async def _close_at(self, moment: datetime) -> None:
        await asyncio.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))
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
        and isinstance(payload.get("query"), str)
        and isinstance(payload.get("variables"), (dict, type(None)))
        and isinstance(payload.get("operationName"), (str, type(None)))
    )
