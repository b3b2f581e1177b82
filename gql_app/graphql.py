"""The GraphQL endpoint `/graphql`: operations over POST, queries over GET too, subscriptions over WebSocket."""

from fastapi import APIRouter
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.types.graphql import OperationType

from gql_app.auth import NOBODY, authenticate
from gql_app.errors import STATUS_OF
from gql_app.graphql_http import MalformedRequestError, negotiate, read_request, render, render_error
from gql_app.graphql_schema import ApiSchema
from gql_app.settings import Settings
from schema.context import Context, Services
from services.access import Caller
from services.errors import ErrorCode, ServiceError, UnauthenticatedError

PATH = "/graphql"
OPERATIONS = {
    "GET": {OperationType.QUERY},
    "POST": {OperationType.QUERY, OperationType.MUTATION},
}
"""What each HTTP method may do."""


class GraphQLEndpoint(GraphQL[Context, None]):
    """The ASGI application behind the endpoint."""

    schema: ApiSchema

    def __init__(self, settings: Settings) -> None:
        super().__init__(ApiSchema(settings))
        self._max_page_size = settings.graphql_max_page_size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or serve one WebSocket."""
        if scope["type"] == "websocket":
            await self.run(WebSocket(scope, receive, send))
        else:
            response = await self._answer(Request(scope, receive))
            await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method not in OPERATIONS:
            message = "GraphQL is served over GET and POST."
            return render_error(405, ErrorCode.METHOD_NOT_ALLOWED, message, Allow=", ".join(OPERATIONS))
        media_type = negotiate(request.headers.get("accept"))
        if media_type is None:
            return render_error(406, ErrorCode.BAD_REQUEST, "Accept application/json or graphql-response+json.")
        try:
            context = self._context(request, await authenticate(request))
            wanted = await read_request(request)
        except MalformedRequestError as error:
            return render_error(error.status, error.code, str(error), media_type)
        except ServiceError as error:
            challenge = {"WWW-Authenticate": "Bearer"} if isinstance(error, UnauthenticatedError) else {}
            return render_error(STATUS_OF[error.code], error.code, str(error), media_type, **challenge)
        result = await self.schema.execute(
            wanted.query,
            variable_values=wanted.variables,
            context_value=context,
            operation_name=wanted.operation_name,
            allowed_operation_types=OPERATIONS[request.method],
            operation_extensions=wanted.extensions,
        )
        return render(result, media_type)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        """The context of a WebSocket; who asks is learned when the connection is initialised."""
        return self._context(request, NOBODY)

    def _context(self, connection: HTTPConnection, caller: Caller) -> Context:
        services: Services = connection.app.state.services
        return Context(services, caller, connection.state.request_id, self._max_page_size)


def graphql_router(settings: Settings) -> APIRouter:
    """The routes of the endpoint."""
    endpoint = GraphQLEndpoint(settings)
    return APIRouter(routes=[Route(PATH, endpoint), WebSocketRoute(PATH, endpoint)])
