"""The GraphQL endpoint `/graphql`: operations over POST, queries over GET too, subscriptions over WebSocket."""

from collections.abc import Callable
from datetime import timedelta

import orjson
from fastapi import APIRouter
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.graphql import OperationType

from gql_app.graphql import graphiql
from gql_app.graphql.operations import NoteOperation
from gql_app.graphql.over_http import (
    PLAIN_JSON,
    MalformedRequestError,
    PersistedQueryError,
    encode,
    negotiate,
    read_request,
    render_error,
    render_result,
    wants_page,
)
from gql_app.graphql.over_websocket import Clients, SocketContext, WebSocketHandler
from gql_app.graphql.schema import ApiSchema
from gql_app.http.auth import NOBODY, Authenticator, authenticate
from gql_app.http.limits import RequestRate, client_name
from gql_app.settings import Settings
from resolvers.context import Context, RequestBudget, Services
from resolvers.system import admit
from services.access import Caller
from services.errors import ErrorCode, ServiceError, UnauthenticatedError

PATH = "/graphql"
INIT_TIMEOUT = timedelta(seconds=10)
"""How long a new WebSocket may take to say who asks."""
OPERATIONS = {
    "GET": {OperationType.QUERY},
    "POST": {OperationType.QUERY, OperationType.MUTATION},
}
"""What each HTTP method may do."""


class GraphQLEndpoint(GraphQL[Context, None]):
    """The ASGI application behind the endpoint."""

    schema: ApiSchema
    graphql_transport_ws_handler_class = WebSocketHandler

    def __init__(self, schema: ApiSchema, settings: Settings) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
            connection_init_wait_timeout=INIT_TIMEOUT,
            max_subscriptions_per_connection=settings.graphql_max_subscriptions,
            allowed_origins=settings.cors_origins,
        )
        self.route = Route(PATH, self)
        self._clients = Clients(settings.graphql_max_client_subscriptions)
        self._max_page_size = settings.graphql_max_page_size
        self._shows_page = settings.graphql_ide
        self._max_message = settings.max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or serve one WebSocket."""
        if scope["type"] == "websocket":
            await self.run(WebSocket(scope, receive, send))
        else:
            scope["route"] = self.route  # for those who count requests by route; FastAPI names only its own
            response = await self._answer(Request(scope, receive))
            await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method not in OPERATIONS:
            message = "GraphQL is served over GET and POST."
            return render_error(ErrorCode.METHOD_NOT_ALLOWED, message, headers={"Allow": ", ".join(OPERATIONS)})
        if request.method == "GET" and self._shows_page and wants_page(request.headers.get("accept")):
            return graphiql.page()
        media_type = negotiate(request.headers.get("accept"))
        if media_type is None:
            message = "Accept application/json or graphql-response+json."
            return render_error(ErrorCode.BAD_REQUEST, message, status=406)
        try:
            context = self._context(request, await authenticate(request))
            admit(context)
            wanted = await read_request(request)
        except MalformedRequestError as error:
            return render_error(error.code, str(error), media_type, status=error.status)
        except PersistedQueryError as error:  # Apollo's clients expect 200 with plain JSON
            status = 200 if media_type == PLAIN_JSON else error.code.status
            return render_error(error.code, str(error), media_type, status=status)
        except ServiceError as error:
            challenge = {"WWW-Authenticate": "Bearer"} if isinstance(error, UnauthenticatedError) else {}
            return render_error(error.code, str(error), media_type, headers=challenge)
        result = await self.schema.execute(
            wanted.query,
            variable_values=wanted.variables,
            context_value=context,
            operation_name=wanted.operation_name,
            allowed_operation_types=OPERATIONS[request.method],
            operation_extensions=wanted.extensions,
        )
        return render_result(result, media_type)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        """The context of a WebSocket; who asks is learned when the connection is initialised."""
        services, request_id = request.app.state.services, request.state.request_id
        return SocketContext(
            services,
            NOBODY,
            request_id,
            self._max_page_size,
            budget_of=_budgets(request),
            connection=request,
            clients=self._clients,
        )

    async def on_ws_connect(self, context: Context) -> dict[str, object]:
        """Learn who asks: from `authorization` in the payload of `connection_init`, else from the handshake's header.

        Raises:
            ConnectionRejectionError: the credential is missing, bad, or good for nothing.
        """
        assert isinstance(context, SocketContext)  # noqa: S101 (narrows the type: `get_context` made it)
        payload = context.connection_params if isinstance(context.connection_params, dict) else {}
        given = payload.get("authorization", payload.get("Authorization"))
        authenticator: Authenticator = context.connection.app.state.authenticator
        try:
            header = context.connection.headers.get("authorization")
            context.caller = await authenticator.caller(given if isinstance(given, str) else header)
            admit(context)
        except ServiceError as error:
            raise ConnectionRejectionError from error
        return {}

    def decode_json(self, data: str | bytes) -> object:
        """Read a WebSocket message.

        Raises:
            JSONDecodeError: it is not JSON, or larger than a request's body may be.
        """
        if len(data) > self._max_message:
            raise orjson.JSONDecodeError("too large", "", 0)
        return orjson.loads(data)

    def encode_json(self, data: object) -> str:
        """Write a WebSocket message."""
        return encode(data).decode()

    def _context(self, connection: HTTPConnection, caller: Caller) -> Context:
        services: Services = connection.app.state.services
        client = client_name(connection, caller.subject)
        request_id = connection.state.request_id
        return Context(services, caller, request_id, self._max_page_size, client, _budgets(connection))


def _budgets(connection: HTTPConnection) -> Callable[[str], RequestBudget | None]:
    """How clients stand, which have one budget for all their connections."""
    rate: RequestRate | None = getattr(connection.app.state, "request_rate", None)
    return lambda client: None if rate is None else RequestBudget(*rate.standing(client))


def graphql_router(settings: Settings, note: NoteOperation) -> APIRouter:
    """The routes of the endpoint; `note` is told of its operations."""
    endpoint = GraphQLEndpoint(ApiSchema(settings, note), settings)
    ide = graphiql.routes if settings.graphql_ide else []
    return APIRouter(routes=[endpoint.route, WebSocketRoute(PATH, endpoint), *ide])
