"""A port of its own for operators: `/metrics`, which may name tenants there, and `/health/live`.

Who scrapes need not reach the API, and a process without an API has something to scrape. The figures are not worth a
process's work: where the port cannot be had, the log says so and the work goes on.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gql_app.http.address import AddressError, bind, url_of
from gql_app.http.server import create_server
from gql_app.settings import Settings
from gql_app.telemetry.telemetry import Telemetry
from services.kit.tasks import abandon

log = structlog.get_logger("gql_app.observability")


@asynccontextmanager
async def operators_served(settings: Settings, telemetry: Telemetry) -> AsyncIterator[str | None]:
    """Inside, operators are answered at `METRICS_PORT`, if that is set and free; the address, if so."""
    if settings.metrics_port is None:
        yield None
        return
    try:
        listener = bind(settings.metrics_host, settings.metrics_port, "METRICS_HOST or METRICS_PORT")
    except AddressError as error:
        log.warning("metrics_not_served", error=str(error))
        yield None
        return
    server = create_server(_app(settings, telemetry))
    serving, ready = asyncio.create_task(server.serve([listener])), asyncio.create_task(server.ready.wait())
    await asyncio.wait([serving, ready], return_when=asyncio.FIRST_COMPLETED)
    await abandon(ready)
    address = None if serving.done() else url_of(listener)
    if address is None:  # somebody else began to listen there a moment ago
        log.warning("metrics_not_served", error=str(serving.exception())[:200])
    else:
        log.info("metrics_served", address=address)
    try:
        yield address
    finally:
        server.stop()
        await asyncio.gather(serving, return_exceptions=True)
        listener.close()


def _app(settings: Settings, telemetry: Telemetry) -> Starlette:
    async def metrics(_: Request) -> Response:
        text, media_type = await telemetry.render(with_tenants=True)
        return Response(text, media_type=media_type)

    async def live(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    app = Starlette(routes=[Route("/metrics", metrics), Route("/health/live", live)])
    app.state.settings = settings
    return app
