"""The commands that serve: `serve` and `up`."""

import asyncio
import socket
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from typing import Any

import structlog
from rich.console import Console

from gql_app.commands.configuration import load_mock_settings
from gql_app.commands.data.contexts import open_context
from gql_app.commands.metrics_port import operators_served
from gql_app.commands.runtime import Means
from gql_app.commands.screen.board import Board
from gql_app.commands.screen.following import show_everything
from gql_app.commands.stopping import unless_stopped
from gql_app.commands.waiting import waiting
from gql_app.http.address import url_of
from gql_app.http.server import create_server
from gql_app.main import create_app
from gql_app.telemetry.telemetry import Telemetry
from gql_app.working import spare_the_collector
from resolvers.context import Services
from services.kit.background import shut_down

LINKS = {"Dashboard": "/", "GraphiQL": "/graphql", "REST documentation": "/docs"}

log = structlog.get_logger("gql_app.commands")


async def serve(means: Means, *, listener: socket.socket) -> int:
    """Answer requests, and run a worker unless the settings say no, until told to stop.

    Raises:
        DatabaseUnavailableError: MongoDB cannot be used.
        AddressError: somebody else was faster in listening there.
    """
    telemetry = Telemetry(means.settings, "serve")
    async with (
        open_context(means, telemetry.listeners) as context,
        operators_served(means.settings, telemetry),
        _serving(means, context.services, listener, telemetry),
    ):
        log.info("serving", url=url_of(listener), auth_mode=means.settings.auth_mode)
        if means.settings.auth_mode == "open":
            log.warning("access_is_open", meaning="whoever reaches this address may do everything")
        await means.stop.wait()
    return 0


async def up(means: Means, *, tenants: Sequence[str] | None, listener: socket.socket) -> int:
    """Serve, ingest the tenants (the sample ones) before everybody's eyes, and go on serving until told to stop.

    Raises:
        DatabaseUnavailableError: MongoDB cannot be used.
        AddressError: somebody else was faster in listening there.
        InvalidInputError: no tenant can have such a name.
    """
    console, settings, telemetry = Console(), means.settings, Telemetry(means.settings, "up")
    wanted = tenants or (list(load_mock_settings().tenants) if settings.uses_bundled_mock else [])
    async with AsyncExitStack() as open_parts:
        with waiting("Starting the service.", console):
            context = await open_parts.enter_async_context(open_context(means, telemetry.listeners))
            await open_parts.enter_async_context(operators_served(settings, telemetry))
            await open_parts.enter_async_context(_serving(means, context.services, listener, telemetry))
        for name, path in LINKS.items():
            console.print(f"{name:<18} {url_of(listener)}{path}", highlight=False, soft_wrap=True)
        console.print()
        with Board(console, lease_seconds=settings.lock_ttl_seconds) as board:
            await unless_stopped(means.stop, show_everything(board, context, telemetry.work, wanted))
            board.part("Stopping; what is unfinished goes on next time.")
    return 0


@asynccontextmanager
async def _serving(
    means: Means, services: Services, listener: socket.socket, telemetry: Telemetry
) -> AsyncIterator[None]:
    """Requests are answered inside; at the end the worker hands its jobs back while the last answers are sent."""
    app = create_app(means.settings, lambda: nullcontext(services), telemetry)
    server = create_server(app)
    async with _alongside(server.serve([listener]), means.stop):
        try:
            await unless_stopped(means.stop, server.ready.wait())
            spare_the_collector()
            yield
        finally:
            shut_down(services.background)
            server.stop()


@asynccontextmanager
async def _alongside(work: Coroutine[Any, Any, None], stop: asyncio.Event) -> AsyncIterator[None]:
    """Something that goes on in the background; when it ends, so does the command, with its error if it has one."""
    task = asyncio.create_task(work)
    task.add_done_callback(lambda _: stop.set())
    try:
        yield
    finally:
        await task
