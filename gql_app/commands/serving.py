"""What the commands do once MongoDB and the external API are there."""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

import structlog
from fastapi import FastAPI
from rich.console import Console

from documents.ingestion_job import JobStatus
from gql_app.commands.runtime import Dependencies
from gql_app.commands.screen.board import Board, waiting
from gql_app.commands.screen.following import follow_on, kept_explained, show_everything, start_or_join
from gql_app.http.server import create_server, url_of
from gql_app.main import at_work, create_app
from gql_app.settings import Settings
from gql_app.wiring import open_services
from resolvers.context import Context, Services
from services.access import EVERYONE
from services.kit.background import shut_down
from services.kit.tasks import abandon

ALIVE_FILE = "worker.alive"
ALIVE_SECONDS = 5.0
YOUNG_OBJECTS = 10_000
"""So many new objects make the garbage collector look at them; a page of tickets has some thousand."""
LINKS = {"Dashboard": "/", "GraphiQL": "/graphql", "REST documentation": "/docs"}

T = TypeVar("T")

log = structlog.get_logger("gql_app.commands")


async def serve(settings: Settings, found: Dependencies, listener: socket.socket, stop: asyncio.Event) -> None:
    """Answer requests, and run a worker unless the settings say no, until told to stop.

    Raises:
        DatabaseUnavailableError: MongoDB cannot be used.
        AddressError: somebody else was faster in listening there.
    """
    async with _services(settings, found) as services, _serving(settings, services, listener, stop):
        log.info("serving", url=url_of(listener), auth_mode=settings.auth_mode)
        if settings.auth_mode == "open":
            log.warning("access_is_open", meaning="whoever reaches this address may do everything")
        await stop.wait()


async def up(
    settings: Settings,
    found: Dependencies,
    listener: socket.socket,
    tenants: Sequence[str],
    console: Console,
    stop: asyncio.Event,
) -> None:
    """Serve, ingest the tenants before everybody's eyes, and go on serving until told to stop.

    Raises:
        DatabaseUnavailableError: MongoDB cannot be used.
        AddressError: somebody else was faster in listening there.
        InvalidInputError: no tenant can have such a name.
    """
    async with AsyncExitStack() as open_parts:
        with waiting(console, "Starting the service."):
            services = await open_parts.enter_async_context(_services(settings, found))
            app = await open_parts.enter_async_context(_serving(settings, services, listener, stop))
        for name, path in LINKS.items():
            console.print(f"{name:<18} {url_of(listener)}{path}", highlight=False, soft_wrap=True)
        console.print()
        with Board(console, lease_seconds=settings.lock_ttl_seconds) as board:
            await _unless(stop, show_everything(board, Context(services, EVERYONE), app.state.metrics, tenants))
            board.part("Stopping; what is unfinished goes on next time.")


async def work(settings: Settings, found: Dependencies, stop: asyncio.Event) -> None:
    """Run jobs until told to stop. A file in the data directory is touched every 5 s, for health checks.

    Raises:
        DatabaseUnavailableError: MongoDB cannot be used.
    """
    async with _services(settings, found) as services, at_work(services):
        _spare_the_collector()
        log.info("working")
        await _unless(stop, _keep_touching(settings.data_dir / ALIVE_FILE))


async def ingest(
    settings: Settings, found: Dependencies, tenant_id: str, console: Console, stop: asyncio.Event
) -> bool:
    """Run the tenant's ingestion, or join the one that runs already; false when it failed or was cancelled.

    A worker of its own takes part in it: whether that one runs the job, or a service's, the lease decides. Told to
    stop, it leaves the run to others.

    Raises:
        DatabaseUnavailableError: MongoDB cannot be used.
        InvalidInputError: no tenant can have such a name.
    """
    async with _services(settings, found) as services:
        context, board = Context(services, EVERYONE), Board(console, lease_seconds=settings.lock_ttl_seconds)
        job_id = await start_or_join(context, tenant_id)
        async with at_work(services):
            with board:
                async with kept_explained(board, context):
                    job = await _unless(stop, follow_on(board, context, job_id))
    if job is None:
        console.print(f"Stopped. The run goes on where a worker runs, or with: ingest {tenant_id}", markup=False)
    return job is None or job.status is JobStatus.COMPLETED


def _services(settings: Settings, found: Dependencies) -> AbstractAsyncContextManager[Services]:
    return open_services(settings, **found._asdict())


@asynccontextmanager
async def _serving(
    settings: Settings, services: Services, listener: socket.socket, stop: asyncio.Event
) -> AsyncIterator[FastAPI]:
    """Requests are answered inside; at the end the worker hands its jobs back while the last answers are sent."""
    app = create_app(settings, lambda: nullcontext(services))
    server = create_server(app)
    async with _alongside(server.serve([listener]), stop):
        try:
            await _unless(stop, server.ready.wait())
            _spare_the_collector()
            yield app
        finally:
            shut_down(services.background)
            server.stop()


def _spare_the_collector() -> None:
    """Take what start-up has made out of the garbage collector's sight: it stays, and looking through it again and
    again costs a page of tickets a tenth of its time. Nor need it look several times a page."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)


@asynccontextmanager
async def _alongside(work: Coroutine[Any, Any, None], stop: asyncio.Event) -> AsyncIterator[None]:
    """Something that goes on in the background; when it ends, so does the command, with its error if it has one."""
    task = asyncio.create_task(work)
    task.add_done_callback(lambda _: stop.set())
    try:
        yield
    finally:
        await task


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Do something, but only until told to stop; None if it did not come to its end."""
    task, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([task, stopping], return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        for unfinished in (task, stopping):
            await abandon(unfinished)


async def _keep_touching(path: Path) -> None:
    while True:
        await asyncio.to_thread(path.touch)
        await asyncio.sleep(ALIVE_SECONDS)
