"""Everything that can be asked of the service: each route, each root field of GraphQL, over HTTP and WebSocket.

All of it is read from what the service says of itself, so that a new route or field is asked for, too. Whoever answers
well without a database did not need one; else the answer has a code, and says nothing that the driver said.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import httpx
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    build_client_schema,
    get_introspection_query,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_required_argument,
    is_required_input_field,
)
from graphql.pyutils import camel_to_snake
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from soak.cluster import PATIENCE_SECONDS

PLACEHOLDER = "1"
"""The value of whatever has none in `Given`: it is refused, if not for want of a database."""
FROM_THE_DRIVER = ("127.0.0.1:", "operation cancelled", "timed out", "timeout", "__system", "pymongo", "seconds")
"""What stands in no answer, but in the driver's errors."""
WITHOUT_DATABASE = ("/health", "/metrics")
"""Routes that tell the state of the database in a form of their own, or have nothing to do with it."""
DEPTH = 3

Given = Mapping[str, str]
"""Values for parameters and arguments, by the names that they have in REST."""
Question = Callable[[], str | None]
"""Asks for something while there is no database; returns what was wrong with the answer, if anything."""


def ask_graphql(service: httpx.Client, document: str) -> Any:
    """What the service answers to a GraphQL document."""
    return service.post("/graphql", json={"query": document}, headers={"accept": "application/json"}).json()


def questions(service: httpx.Client, given: Given) -> Iterator[tuple[str, Question]]:
    """Whatever can be asked, by name; the service has to be well, as it is asked what there is."""
    yield from _routes(service, given)
    schema = build_client_schema(ask_graphql(service, get_introspection_query())["data"])
    for kind, root in (("query", schema.query_type), ("mutation", schema.mutation_type)):
        for name in root.fields if root else ():
            document = _document(schema, root, kind, name, given)
            yield f"{kind} {name}", partial(_ask_document, service, document)
            yield f"{kind} {name} over WebSocket", partial(_ask_socket, service, document)
    for name in schema.subscription_type.fields if schema.subscription_type else ():
        document = _document(schema, schema.subscription_type, "subscription", name, given)
        yield f"subscription {name}", partial(_ask_socket, service, document)


def _routes(service: httpx.Client, given: Given) -> Iterator[tuple[str, Question]]:
    for path, methods in service.get("/openapi.json").json()["paths"].items():
        if path.startswith(WITHOUT_DATABASE):
            continue
        for method, operation in methods.items():
            required = [each for each in operation.get("parameters", []) if each["required"] and each["in"] == "query"]
            query = {each["name"]: given.get(each["name"], PLACEHOLDER) for each in required}
            place = path.format_map(defaultdict(lambda: PLACEHOLDER, given))
            yield f"{method} {path}", partial(_ask_route, service, method, place, query)


def _ask_route(service: httpx.Client, method: str, path: str, query: dict[str, str]) -> str | None:
    answer = service.request(method, path, params=query)
    if answer.is_success:
        return None
    is_coded = answer.status_code < 500 or answer.status_code in (503, 504)
    return _said_by_the_driver(answer.text) if is_coded else f"{answer.status_code} {answer.text[:200]}"


def _ask_document(service: httpx.Client, document: str) -> str | None:
    return _fault_of(ask_graphql(service, document))


def _fault_of(answer: Any) -> str | None:
    errors = answer.get("errors", [])
    uncoded = [error for error in errors if error.get("extensions", {}).get("code", "INTERNAL") == "INTERNAL"]
    return str(uncoded)[:300] if uncoded else _said_by_the_driver(json.dumps(errors))


def _ask_socket(service: httpx.Client, document: str) -> str | None:
    """Start an operation; its first answer tells."""
    url = str(service.base_url).replace("http", "ws", 1) + "/graphql"
    protocol = Subprotocol("graphql-transport-ws")
    with connect(url, subprotocols=[protocol], open_timeout=PATIENCE_SECONDS) as socket:
        socket.send(json.dumps({"type": "connection_init"}))
        socket.recv(PATIENCE_SECONDS)
        socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": document}}))
        message = json.loads(socket.recv(PATIENCE_SECONDS))
        while message["type"] == "ping":
            message = json.loads(socket.recv(PATIENCE_SECONDS))
    payload = message.get("payload")
    return _fault_of({"errors": payload} if isinstance(payload, list) else payload or {})


def _said_by_the_driver(text: str) -> str | None:
    return next((f"{text[:200]} (of the driver)" for sign in FROM_THE_DRIVER if sign in text), None)


def _document(schema: GraphQLSchema, root: Any, kind: str, name: str, given: Given) -> str:
    field = root.fields[name]
    required = {key: argument for key, argument in field.args.items() if is_required_argument(argument)}
    arguments = ", ".join(f"{key}: {_value(argument.type, key, given)}" for key, argument in required.items())
    called = f"{name}({arguments})" if arguments else name
    return f"{kind} {{ {called} {_selection(schema, field.type, DEPTH)} }}"


def _value(kind: GraphQLInputType, name: str, given: Given) -> str:
    named = get_named_type(kind)
    if isinstance(named, GraphQLInputObjectType):
        required = {key: field for key, field in named.fields.items() if is_required_input_field(field)}
        return f"{{{', '.join(f'{key}: {_value(field.type, key, given)}' for key, field in required.items())}}}"
    if isinstance(named, GraphQLEnumType):
        return str(next(iter(named.values)))
    value = json.dumps(given.get(camel_to_snake(name), PLACEHOLDER))
    return f"[{value}]" if is_list_type(kind) else value


def _selection(schema: GraphQLSchema, kind: GraphQLOutputType, depth: int) -> str:
    """Every field that needs no argument, so many types deep."""
    named = get_named_type(kind)
    if is_leaf_type(named):
        return ""
    if not isinstance(named, GraphQLObjectType):
        return "{ __typename }"
    fields = [
        f"{name} {_selection(schema, field.type, depth - 1)}"
        for name, field in named.fields.items()
        if (depth > 1 or is_leaf_type(get_named_type(field.type)))
        and not any(is_required_argument(argument) for argument in field.args.values())
    ]
    return f"{{ {' '.join(fields) or '__typename'} }}"
