"""The application: routes, middlewares, and the worker that lives and ends with it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware

from gql_app import VERSION
from gql_app.graphql.endpoint import PATH as GRAPHQL
from gql_app.graphql.endpoint import graphql_router
from gql_app.http import dashboard
from gql_app.http import docs as api_docs
from gql_app.http.auth import Authenticator
from gql_app.http.compression import Compressed
from gql_app.http.cors import cors
from gql_app.http.headers import CompletedHeaders
from gql_app.http.limits import BodyLimit, ClientLimit, RequestRate
from gql_app.http.observability import Observed
from gql_app.http.origins import OwnPagesOnly
from gql_app.http.problems import Problems, add_error_handlers
from gql_app.rest import analytics as stats
from gql_app.rest import (
    batch,
    circuits,
    classification,
    connections,
    corrections,
    destinations,
    ingestion,
    notifications,
    system,
    tickets,
)
from gql_app.rest.protection import erasure, retention, trail
from gql_app.settings import Settings
from gql_app.telemetry.telemetry import Telemetry
from gql_app.working import at_work, watched
from resolvers.context import Services

READ_BODIES = (GRAPHQL, "/classification", "/connections", "/destinations", "/notifications", "/tenants", "/tickets")
"""The paths that read the bodies of their requests, and those below them; the bodies of others are thrown away before
anything happens."""
SUBJECTS = (
    *("ingestion", "connections", "tickets", "classification", "statistics"),
    *("notifications", "destinations", "circuit breakers", "data protection", "system"),
)
"""The order of the REST documentation."""
_ROUTES = (
    *(system, tickets, stats, ingestion, batch, corrections, classification),
    *(notifications, destinations, connections, circuits),
    *(erasure, retention, trail),
    *(api_docs, dashboard),
)
"""Requests look for their route in this order, behind GraphQL's: what is asked most often comes first."""

OpenServices = Callable[[], AbstractAsyncContextManager[Services]]


def create_app(settings: Settings, open_services: OpenServices, telemetry: Telemetry | None = None) -> FastAPI:
    """Build the application; `open_services` is entered when it starts and left when it stops.

    `telemetry`: that of the process, which whoever has made it closes; None: one of its own.
    """
    telemetry = telemetry or Telemetry(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_services() as services:
            app.state.services = services
            async with watched(services, telemetry), at_work(services):
                yield

    rate = RequestRate(settings.requests_per_minute) if settings.requests_per_minute else None
    app = FastAPI(
        title="Support ticket analytics",
        description="Ingests, classifies and analyses the support tickets of many tenants.",
        version=VERSION,
        openapi_tags=[{"name": subject} for subject in SUBJECTS],
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=_middlewares(settings, telemetry, rate),
        telemetry=telemetry.of_fastapi,
    )
    app.state.settings = settings
    app.state.authenticator = Authenticator(settings)
    app.state.telemetry = telemetry
    app.state.request_rate = rate
    add_error_handlers(app)
    app.router.routes += graphql_router(settings, telemetry.note_operation).routes
    for module in _ROUTES:
        app.router.routes += module.router.routes
    app.openapi = lambda: api_docs.openapi_of(app)  # type: ignore[method-assign]  # FastAPI documents this way
    return app


def _middlewares(settings: Settings, telemetry: Telemetry, rate: RequestRate | None) -> list[Middleware]:
    """From the outside in: a request is named and counted first, whatever then becomes of it."""
    middlewares = [Middleware(Observed, metrics=telemetry.requests), Middleware(CompletedHeaders)]
    if settings.auth_mode == "open":
        middlewares.append(Middleware(OwnPagesOnly, settings=settings))
    middlewares += [*cors(settings), Middleware(Compressed), Middleware(Problems)]
    if rate is not None:
        middlewares.append(Middleware(ClientLimit, rate=rate))
    middlewares.append(
        Middleware(
            BodyLimit,
            max_bytes=settings.max_body_bytes,
            read_by=READ_BODIES,
            larger={batch.BATCH_PATH: settings.max_batch_bytes},
        )
    )
    return middlewares
