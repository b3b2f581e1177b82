"""Another tenant's data through every field of the schema, by construction: a new field that is not reached fails.

Two tenants have rows with the same ids. What one of them sees, through any field, is the same whether the other one's
rows are there or not; and a nested field refuses an object of a tenant that the caller may not see, wherever that
object came from.
"""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
)
from strawberry.extensions import SchemaExtension

from documents.database import Database
from gql_app.graphql.direct.planning import DEFINITION
from gql_app.graphql.schema import ApiSchema
from resolvers.context import Context, RequestBudget, Services
from schema.base.ids import global_id
from schema.nodes import FINDERS
from services.access import EVERYONE, Caller, Scope
from tests.api.graphql.sockets import opened, served
from tests.api.graphql.twin_rows import MINE, NOW, THEIRS, rows
from tests.committed_schema import committed_schema
from tests.fakes import MockApi, app_with, at_rest, empty, make_jwt_settings, make_settings, make_token, open_services

SCHEMA = committed_schema()
assert SCHEMA.query_type is not None
ROOT_FIELDS = SCHEMA.query_type.fields
LIMITS = dict.fromkeys(("characters", "depth", "aliases", "directives", "comparisons", "tokens", "cost"), 10**8)
SETTINGS = make_settings(**{f"graphql_max_{name}": value for name, value in LIMITS.items()}, graphql_max_seconds=600.0)
CALLER = Caller(
    tenants=frozenset([MINE]), scopes=frozenset(Scope), subject="ann", name="Ann", expires_at=NOW + timedelta(days=1)
)
SHARED = {"health", "rateLimit", "circuitBreaker", "offeredSources"}
"""Root fields that show what all tenants share, and nothing of theirs."""
MOVING = {"madeAt", "createdBefore", "ageSeconds", "hourlyTrend", "timeInStatus", "timeInStatusCategory"}
"""Fields whose value changes with time alone."""
NOT_SHOWN = {
    "CircuitBreaker.openedAt", "CircuitBreaker.retryAfter", "RateLimit.blockedUntil",
    "IngestionJob.waitingUntil", "ClassificationPreview.refusal",
}  # fmt: skip
"""Fields that are null here, and show nothing of a tenant's."""
NEEDS_WEEKS = {"Forecast.points", "ForecastPoint", "Forecast.trial", "ForecastTrial"}
"""What is shown where weeks of tickets prove it (`tests/unit/services/analytics/forecasts`)."""


VALUES = {
    "externalId": '"t0"', "q": '"refund"', "first": "5", "unit": "DAY", "breakdown": "STATUS",
    "fromDate": json.dumps((NOW - timedelta(days=1)).isoformat()),
    "toDate": json.dumps(NOW.isoformat()),
    "at": json.dumps(NOW.isoformat()),
}  # fmt: skip
"""Arguments, as they are written in documents; those that are not here are left out."""


def arguments(field: GraphQLField, tenant_id: str) -> str:
    """The field's arguments, as far as there are values for them, for objects of a tenant."""
    own = {
        "tenantId": json.dumps(tenant_id),
        "jobId": json.dumps(f"job-of-{tenant_id}"),
        "destinationId": json.dumps(f"destination-of-{tenant_id}"),
        "connectionId": json.dumps(f"connection-of-{tenant_id}"),
        "erasureId": json.dumps(f"erasure-of-{tenant_id}"),
        "days": "30",
        "id": json.dumps(global_id("Ticket", tenant_id, "t0")),
    }
    written = [f"{name}: {({**VALUES, **own})[name]}" for name in field.args if name in {**VALUES, **own}]
    return f"({', '.join(written)})" if written else ""


def whole(kind: GraphQLNamedType, tenant_id: str, entered: tuple[str, ...] = ()) -> str:
    """Everything that can be selected of a type, down to the types that were entered before."""
    if is_leaf_type(kind):
        return ""
    if isinstance(kind, GraphQLInterfaceType):  # each type that it can be has a question of its own
        return "{ __typename }"
    assert isinstance(kind, GraphQLObjectType)
    selected = ["__typename"]
    for name, field in kind.fields.items():
        below = get_named_type(field.type)
        if below.name not in entered:
            selected.append(f"{name}{arguments(field, tenant_id)} {whole(below, tenant_id, (*entered, kind.name))}")
    return f"{{ {' '.join(selected)} }}"


@cache
def questions(tenant_id: str) -> dict[str, str]:
    """One question for each root field, and one for each type of object that has a global id."""
    asked = {
        name: f"{{ {name}{arguments(field, tenant_id)} {whole(get_named_type(field.type), tenant_id)} }}"
        for name, field in ROOT_FIELDS.items()
    }
    for name, key in NODE_KEYS.items():
        kind = SCHEMA.get_type(name)
        assert kind is not None
        found = json.dumps(global_id(name, tenant_id, key.format(tenant_id)))
        asked[f"node {name}"] = f"{{ node(id: {found}) {{ ... on {name} {whole(kind, tenant_id)} }} }}"
    return asked


NODE_KEYS = {
    "Ticket": "t0", "Customer": "c", "Tenant": "", "IngestionJob": "job-of-{}", "IngestionLog": "job-of-{}",
    "QuarantinedRecord": "job-of-{}:1:1", "Notification": "{}-0",
    "Spike": "spike-of-{}",
}  # fmt: skip
ASKED = [*ROOT_FIELDS, *(f"node {name}" for name in NODE_KEYS)]
"""The questions' names: to write them down takes a while, which every process of a run would need."""


def test_every_question_is_asked() -> None:
    assert [*questions(MINE)] == [*questions(THEIRS)] == ASKED


@dataclass
class Twins:
    """The service, over the rows of both tenants."""

    services: Services
    schema: ApiSchema
    alone: dict[str, Any]
    """What the caller was answered before the other tenant's rows were there."""

    async def ask(self, query: str, caller: Caller = CALLER) -> dict[str, Any]:
        context = Context(self.services, caller, budget_of=lambda client: RequestBudget(60, 59, 1))
        result = await self.schema.execute(query, context_value=context)
        return {"data": result.data, "errors": [error.formatted for error in result.errors or ()]}


@pytest.fixture(scope="module")
async def twins(database: Database) -> AsyncIterator[Twins]:
    await empty(database)
    async with open_services(database, MockApi().transport, SETTINGS) as services:
        twins = Twins(at_rest(services), ApiSchema(SETTINGS), {})
        for tenant_id, count in ((MINE, 2), (THEIRS, 7)):
            for document, its in rows(tenant_id, count).items():
                await database.collection(document).insert_many(its)
            if tenant_id == MINE:
                twins.alone = {name: await twins.ask(query) for name, query in questions(MINE).items()}
        yield twins


@pytest.mark.parametrize("name", ASKED)
async def test_what_a_tenant_sees_does_not_depend_on_another_ones_rows(twins: Twins, name: str) -> None:
    answer = await twins.ask(questions(MINE)[name])
    assert answer["errors"] == []
    if name not in SHARED:
        assert timeless(answer) == timeless(twins.alone[name])
    assert THEIRS not in str(answer)


@pytest.mark.parametrize("name", [name for name in ASKED if name not in {*SHARED, "tenants", "viewer"}])
async def test_another_tenants_objects_do_not_exist(twins: Twins, name: str) -> None:
    as_everyone = await twins.ask(questions(THEIRS)[name], EVERYONE)
    assert None not in as_everyone["data"].values()
    assert as_everyone["errors"] == []
    answer = await twins.ask(questions(THEIRS)[name])
    assert set(answer["data"].values()) == {None}
    if not name.startswith("node"):
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["NOT_FOUND"]


def timeless(answer: Any) -> Any:
    """The answer without what time alone changes: an age, and the hours that end with the present one."""
    if isinstance(answer, dict):
        return {name: timeless(value) for name, value in answer.items() if name not in MOVING}
    return [timeless(each) for each in answer] if isinstance(answer, list) else answer


def shown(answer: Any) -> Iterator[str]:
    """The coordinates of what has a value in an answer."""
    if isinstance(answer, dict):
        for name, value in answer.items():
            if value is not None and value != []:
                yield f"{answer.get('__typename', 'Query')}.{name}"
                yield from shown(value)
    elif isinstance(answer, list):
        for each in answer:
            yield from shown(each)


def readable() -> set[str]:
    """The coordinates of all fields that queries can reach."""
    found: set[str] = set()
    pending: list[GraphQLNamedType] = [SCHEMA.query_type] if SCHEMA.query_type else []
    while pending:
        kind = pending.pop()
        if isinstance(kind, GraphQLInterfaceType):
            pending += SCHEMA.get_possible_types(kind)
        elif isinstance(kind, GraphQLObjectType) and f"{kind.name}.{next(iter(kind.fields))}" not in found:
            found |= {f"{kind.name}.{name}" for name in kind.fields}
            pending += [get_named_type(field.type) for field in kind.fields.values()]
    return found


async def test_every_field_is_seen_with_a_value(twins: Twins) -> None:
    """Whoever adds a field adds rows that show it, or says in `NOT_SHOWN` why not."""
    seen = {each for answer in twins.alone.values() for each in shown(answer["data"])}
    hidden = {each for each in readable() if NEEDS_WEEKS & {each, each.partition(".")[0]}}
    assert readable() - seen - NOT_SHOWN - hidden == set()


class Swap(SchemaExtension):
    """Has a nested field asked for by a caller who may not see the object that it belongs to."""

    def resolve(self, _next: Any, root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
        path = [each for each in info.path.as_list() if isinstance(each, str)]
        if path == info.context.swapped_at:
            info.context.caller = CALLER
        return _next(root, info, *args, **kwargs)


class SwappingContext(Context):
    """A context whose caller changes on the way."""

    swapped_at: list[str]


def nested_that_read() -> dict[str, list[str]]:
    """Each nested field that reads something, and the names that lead to it from the root.

    The others are attributes, or functions that are not asynchronous: they have what their object has.
    """
    real = ApiSchema(SETTINGS)._schema
    root = real.query_type
    assert root is not None
    paths: dict[str, list[str]] = {}
    entered = {root.name}
    pending: list[tuple[GraphQLObjectType, list[str]]] = [(root, [])]
    while pending:
        kind, path = pending.pop(0)
        for name, field in kind.fields.items():
            if path and field.extensions[DEFINITION].is_async:
                paths.setdefault(f"{kind.name}.{name}", [*path, name])
            below = get_named_type(field.type)
            if isinstance(below, GraphQLObjectType) and below.name not in entered:
                entered.add(below.name)
                pending.append((below, [*path, name]))
    return paths


NESTED = nested_that_read()


@pytest.fixture(scope="module")
def swapping() -> ApiSchema:
    schema = ApiSchema(SETTINGS)
    schema.extensions = [*schema.extensions, Swap]
    return schema


@pytest.mark.parametrize("coordinates", NESTED)
async def test_nested_field_refuses_an_object_of_another_tenant(
    twins: Twins, swapping: ApiSchema, coordinates: str
) -> None:
    path = NESTED[coordinates]
    kind = SCHEMA.query_type
    opening = ""
    for name in path:
        assert isinstance(kind, GraphQLObjectType)
        field = kind.fields[name]
        opening += f"{{ {name}{arguments(field, THEIRS)} "
        kind = get_named_type(field.type)  # type: ignore[assignment]
    below = "" if is_leaf_type(kind) else "{ __typename }"
    query = opening + below + " }" * len(path)
    assert (await twins.ask(query, EVERYONE))["errors"] == [], "the field is not reached with good rights"
    context = SwappingContext(twins.services, EVERYONE)
    context.swapped_at = path
    result = await swapping.execute(query, context_value=context)
    assert context.caller is CALLER, "the field is not reached"
    assert {error.extensions["code"] for error in result.errors or () if error.extensions} == {"NOT_FOUND"}


async def test_circuit_of_another_tenants_destination_does_not_exist(twins: Twins) -> None:
    query = f'{{ circuitBreaker(name: "destination-of-{THEIRS}") {{ name }} }}'
    assert (await twins.ask(query, EVERYONE))["errors"] == []
    answer = await twins.ask(query)
    assert answer["data"] == {"circuitBreaker": None}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["NOT_FOUND"]


def test_every_type_with_a_global_id_is_tried() -> None:
    node = SCHEMA.get_type("Node")
    assert isinstance(node, GraphQLInterfaceType)
    assert {kind.name for kind in SCHEMA.get_possible_types(node)} == set(NODE_KEYS) == set(FINDERS)


@pytest.mark.parametrize("name", SCHEMA.subscription_type.fields if SCHEMA.subscription_type else ())
@pytest.mark.parametrize(
    ("claims", "code"),
    [({"tenants": [MINE]}, "NOT_FOUND"), ({"tenants": ["*"], "scope": "ingest:run"}, "FORBIDDEN")],
)
async def test_subscription_does_not_follow_another_tenant(
    twins: Twins, name: str, claims: dict[str, Any], code: str
) -> None:
    assert SCHEMA.subscription_type is not None
    field = SCHEMA.subscription_type.fields[name]
    query = f"subscription {{ {name}{arguments(field, THEIRS)} {{ __typename }} }}"
    async with served(app_with(twins.services, make_jwt_settings())) as address:
        async with opened(address, init=False) as socket:
            await socket.init({"authorization": f"Bearer {make_token(**claims)}"})
            await socket.subscribe(query)
            message = await socket.receive()
            assert [error["extensions"]["code"] for error in message["payload"]["errors"]] == [code]
            assert await socket.receive() == {"type": "complete", "id": "1"}
        async with opened(address, init=False) as socket:
            await socket.init({"authorization": f"Bearer {make_token(tenants=['*'])}"})
            await socket.subscribe(query)
            assert await socket.next_data()
