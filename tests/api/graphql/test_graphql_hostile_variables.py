"""Variables that fit nothing: over HTTP and WebSocket, every argument of the schema answers them with a code."""

import json
from collections.abc import AsyncIterator, Iterator

import pytest
from graphql import GraphQLField, GraphQLObjectType, get_named_type, is_required_argument, is_scalar_type

from tests.api.graphql.client import Api
from tests.api.graphql.sockets import Socket, opened, served
from tests.committed_schema import committed_schema
from tests.fakes import app_with, make_settings
from tests.properties import THOROUGH, some_of

SCHEMA = committed_schema()
VALUES = [
    "null", "true", "0", "-1", "1", "1.0", "1.5", "-0.0", "1e300", "-1e300", "1e-400", "2147483648",
    "-2147483649", "9223372036854775808", "1" + "0" * 40, '""', '" "', '"x"', '"HIGH"', '"high"',
    '"\\u0000"', '"\\u202e\\ufeff"', '"\U0001f600"', json.dumps("x" * 9_999), json.dumps("x" * 20_000),
    '"2026-02-30T00:00:00Z"', '"9999-12-31T23:59:59-23:59"', '"0001-01-01T00:00:00+23:59"', '"eyJhIjoxfQ=="',
    '"Infinity"', '"NaN"', "[]", "[[]]", "[null]", "[1,2]", "[1e300]", "{}", '{"$gt": ""}', '{"a": {"b": [1e300]}}',
    "[" * 500 + "]" * 500, '{"a":' * 500 + "1" + "}" * 500,
    '{"status": 1e300}', '{"urgency": "high"}', '{"createdFrom": 1e300}', '{"requiresAction": "yes"}', '{"q": ""}',
    '{"customerId": {"$ne": null}}',
]  # fmt: skip
"""As JSON, which can say more than Python's encoder does."""
BEYOND_JSON = ["1e400", "1" + "0" * 400]
"""Numbers that no double can hold: the message itself is malformed."""
SAMPLES = {"tenantId": '"tenant_a"', "unit": '"DAY"'}
"""What required arguments are while another one is tried; a text if nothing is said here."""


def operations() -> Iterator[tuple[str, str, dict[str, str]]]:
    """For each argument of the schema, an operation with the variable `$tried` in its place: its coordinates, the
    document, and the other variables as JSON."""
    for root, kind in (("query", SCHEMA.query_type), ("mutation", SCHEMA.mutation_type)):
        assert kind is not None
        for name, field in kind.fields.items():
            yield from _with_arguments(root, [], name, field)
    for above in (["tenantStats"], ["tickets", "nodes"]):
        owner: object = SCHEMA.query_type
        for step in above:
            assert isinstance(owner, GraphQLObjectType)
            owner = get_named_type(owner.fields[step].type)
        assert isinstance(owner, GraphQLObjectType)
        for name, field in owner.fields.items():
            yield from _with_arguments("query", above, name, field)


def _with_arguments(
    root: str, above: list[str], name: str, field: GraphQLField
) -> Iterator[tuple[str, str, dict[str, str]]]:
    for tried, argument in field.args.items():
        others = {key: each for key, each in field.args.items() if key != tried and is_required_argument(each)}
        declared = [f"$tried: {argument.type}", *(f"${key}: {each.type}" for key, each in others.items())]
        given = [f"{tried}: $tried", *(f"{key}: ${key}" for key in others)]
        below = "" if is_scalar_type(get_named_type(field.type)) else "{ __typename }"
        selected = f"{name}({', '.join(given)}) {below}"
        for step in reversed(above):
            selected = (
                f'{step}(tenantId: "tenant_a") {{ {selected} }}' if step == above[0] else f"{step} {{ {selected} }}"
            )
        variables = {key: SAMPLES.get(key, '"x"') for key in others}
        yield ".".join([*above, name, tried]), f"{root} ({', '.join(declared)}) {{ {selected} }}", variables


OPERATIONS = {coordinates: (document, variables) for coordinates, document, variables in operations()}
ONE_OF_EACH_TYPE = {document.partition("$tried: ")[2].split(")")[0]: name for name, (document, _) in OPERATIONS.items()}
EXPECTED = {
    "BAD_REQUEST", "QUERY_TOO_COMPLEX", "INVALID_INPUT", "INVALID_CURSOR", "NOT_FOUND", "ALREADY_RUNNING",
    "OWN_WORDS_REFUSED",
}  # fmt: skip


def payload(document: str, others: dict[str, str], value: str) -> str:
    """The request as JSON."""
    variables = ", ".join(f'"{name}": {written}' for name, written in {**others, "tried": value}.items())
    return f'{{"query": {json.dumps(document)}, "variables": {{{variables}}}}}'


@pytest.fixture(scope="module")
async def socket(api: Api) -> AsyncIterator[Socket]:
    async with served(app_with(api.services, make_settings())) as address, opened(address) as socket:
        yield socket


@pytest.mark.thorough
@pytest.mark.parametrize("coordinates", OPERATIONS)
async def test_every_value_of_every_argument_is_answered_over_http(api: Api, coordinates: str) -> None:
    document, others = OPERATIONS[coordinates]
    for value in some_of((*VALUES, *BEYOND_JSON), one_in=5, of=coordinates):
        body = payload(document, others, value)
        response = await api.client.post("/graphql", content=body, headers={"content-type": "application/json"})
        assert response.status_code in (200, 400), (value[:50], response.text[:500])
        codes = {error["extensions"]["code"] for error in response.json().get("errors", ())}
        assert codes <= EXPECTED, (value[:50], response.text[:500])
        assert len(response.content) < 5_000


@pytest.mark.thorough
@pytest.mark.parametrize("coordinates", OPERATIONS if THOROUGH else ONE_OF_EACH_TYPE.values())
async def test_every_value_of_every_argument_is_answered_over_websocket(socket: Socket, coordinates: str) -> None:
    document, others = OPERATIONS[coordinates]
    for number, value in enumerate(some_of(VALUES, of=coordinates)):
        body = payload(document, others, value)
        await socket.connection.send(f'{{"type": "subscribe", "id": "{number}", "payload": {body}}}')
        message = await socket.receive()
        assert message["type"] in ("next", "error"), message
        errors = message["payload"] if message["type"] == "error" else message["payload"].get("errors", ())
        assert {error["extensions"]["code"] for error in errors} <= EXPECTED, (value[:50], str(message)[:500])
        if message["type"] == "next":
            assert await socket.receive() == {"type": "complete", "id": str(number)}


async def test_subscriptions_answer_them_too(socket: Socket) -> None:
    asked = "subscription ($tried: String!) { tenantStatsChanged(tenantId: $tried) { totalTickets } }"
    for number, value in enumerate(VALUES):
        body = payload(asked, {}, value)
        await socket.connection.send(f'{{"type": "subscribe", "id": "{number}", "payload": {body}}}')
        message = await socket.receive()
        errors = message["payload"] if message["type"] == "error" else message["payload"].get("errors", ())
        assert {error["extensions"]["code"] for error in errors} <= EXPECTED, (value[:50], str(message)[:500])
        if message["type"] == "next":
            if not errors:
                await socket.send("complete", id=str(number))
            else:
                assert (await socket.receive())["type"] == "complete"
