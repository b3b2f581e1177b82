"""A page over GraphQL: our endpoint against plain Strawberry, and against itself without the direct executor.

`python -m benchmarks.graphql_page` measures it alone.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias

import httpx
import orjson
import strawberry
from fastapi import FastAPI
from starlette.types import Message, Scope
from strawberry.fastapi import BaseContext, GraphQLRouter
from strawberry.schema.config import StrawberryConfig

from benchmarks.report import Chapter, Finding
from benchmarks.stage import Stage, at_stage, sample
from benchmarks.timing import medians, ms
from documents.database import Database, connect
from documents.ticket import Ticket
from gql_app.graphql.endpoint import PATH, GraphQLEndpoint
from gql_app.graphql.schema import ApiSchema
from gql_app.http.auth import Authenticator
from gql_app.settings import Settings
from gql_app.wiring import build_services
from resolvers.context import Context, Services
from schema.base.scalars import SCALARS
from schema.roots import Mutation, Query
from services.access import EVERYONE

App: TypeAlias = Callable[..., Awaitable[None]]

TENANT = "graphql"
TICKETS = 2_000
PAGE = """query Page($tenant: String!) { tickets(tenantId: $tenant, first: 50) { nodes {
  id externalId subject status urgency sentiment requiresAction createdAt updatedAt customerId } } }"""
BODY = orjson.dumps({"query": PAGE, "variables": {"tenant": TENANT}})
ROUNDS = 100
REQUESTS_A_ROUND = 10
LEAST_RATIO = 3.0
"""Against plain Strawberry."""
LEAST_GAIN = 1.5
"""Of the direct executor alone: below this it would not be worth its dependence on the insides of graphql-core."""

METHOD = """A page of 50 tickets with 10 fields each, from MongoDB to the encoded answer, without the network. Plain is
`strawberry.Schema` behind its `GraphQLRouter` with the same types, resolvers and database, and nothing that ours
does besides (limits, cost, codes of errors). The second line is of our endpoint alone, with the direct executor
(`gql_app/graphql/direct/`) and without, everything else the same. Figures are medians, taken in turns."""


async def measure(stage: Stage) -> Chapter:
    """Measure all three side by side."""
    database = await connect(stage.mongo_url, stage.database)
    await _fill(database)
    async with httpx.AsyncClient() as http:
        services = build_services(Settings(_env_file=None), database, http, "http://nowhere")
        direct = ApiSchema(Settings(_env_file=None))
        apps: dict[str, App] = {
            "ours": _ours(services, direct),
            "ordinary": _ours(services, ApiSchema(Settings(_env_file=None), direct=False)),
            "plain": _plain(services),
        }
        _compare([await _ask(app) for app in apps.values()])
        taken = await medians({name: partial(_ask_often, app) for name, app in apps.items()}, stage.rounds(ROUNDS))
    await database.collection(Ticket).delete_many({"tenant_id": TENANT})
    database.close()
    seconds = {name: each / REQUESTS_A_ROUND for name, each in taken.items()}
    return Chapter("GraphQL pages", METHOD, _findings(seconds, direct.direct_fallbacks.total()))


def _findings(seconds: dict[str, float], fallbacks: int) -> list[Finding]:
    """`seconds`: of one request; `fallbacks`: of the direct executor, in all requests together."""
    rates = {name: f"{1 / each:,.0f} requests/s ({ms(each)})" for name, each in seconds.items()}
    ratio, gain = seconds["plain"] / seconds["ours"], seconds["ordinary"] / seconds["ours"]
    return [
        Finding(
            "50 tickets, 10 fields",
            f"{rates['ours']}, plain Strawberry {rates['plain']}: {ratio:.2f} times as many",
            f"at least {LEAST_RATIO:g} times as many",
            ratio >= LEAST_RATIO,
        ),
        Finding(
            "the direct executor alone",
            f"{rates['ours']}, without it {rates['ordinary']}: {gain:.2f} times as many; {fallbacks} fallbacks",
            f"at least {LEAST_GAIN:g} times as many",
            gain >= LEAST_GAIN,
        ),
    ]


def _ours(services: Services, schema: ApiSchema) -> FastAPI:
    settings = Settings(_env_file=None)
    app = FastAPI()
    app.state.services, app.state.authenticator = services, Authenticator(settings)
    app.router.routes.append(GraphQLEndpoint(schema, settings).route)
    return app


class _PlainContext(Context, BaseContext):
    """The context as Strawberry's router wants it."""


def _plain(services: Services) -> FastAPI:
    """What one would write at first."""
    scalars = {kind: scalar for kind, scalar in SCALARS.items() if kind is not datetime}
    schema = strawberry.Schema(Query, Mutation, config=StrawberryConfig(scalar_map=scalars))
    app = FastAPI()
    app.include_router(GraphQLRouter(schema, path=PATH, context_getter=lambda: _PlainContext(services, EVERYONE)))
    return app


async def _ask(app: App) -> bytes:
    """One request, as uvicorn would hand it over; the answer's body."""
    sent: list[Message] = []
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
    scope: Scope = {
        "type": "http",
        "method": "POST",
        "path": PATH,
        "raw_path": PATH.encode(),
        "root_path": "",
        "query_string": b"",
        "scheme": "http",
        "http_version": "1.1",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {"request_id": "-"},
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": BODY, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return b"".join(message.get("body", b"") for message in sent)


async def _ask_often(app: App) -> None:
    for _ in range(REQUESTS_A_ROUND):
        await _ask(app)


def _compare(answers: Sequence[bytes]) -> None:
    """Make sure that all answer the same tickets."""

    def tickets(answer: bytes) -> list[dict[str, Any]]:
        nodes: list[dict[str, Any]] = orjson.loads(answer)["data"]["tickets"]["nodes"]
        for node in nodes:  # plain Strawberry writes moments differently
            node |= {name: datetime.fromisoformat(node[name]) for name in ("createdAt", "updatedAt")}
        return nodes

    first, *others = map(tickets, answers)
    if len(first) != 50 or any(other != first for other in others):
        raise AssertionError("the answers differ")


async def _fill(database: Database) -> None:
    await database.collection(Ticket).insert_many([{**row, "tenant_id": TENANT} for row in sample(TENANT, TICKETS)])


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    with at_stage(quick=False) as alone:
        print(asyncio.run(measure(alone)).as_text())
