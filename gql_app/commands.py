"""What the commands do once MongoDB and the external API are there."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import structlog
from fastapi import FastAPI
from pymongo.errors import PyMongoError
from rich.console import Console

from documents.ingestion_job import IngestionJob, JobStatus
from gql_app.main import create_app
from gql_app.progress import RunProgress
from gql_app.runtime import Dependencies
from gql_app.server import create_server, url_of
from gql_app.settings import Settings
from gql_app.wiring import open_services
from resolvers.ingestion import get_job, start_ingestion
from schema.context import Context, Services
from services.access import EVERYONE
from services.errors import AlreadyRunningError

ALIVE_FILE = "worker.alive"
ALIVE_SECONDS = 5.0
FOLLOW_SECONDS = 0.2
LINKS = {"GraphiQL": "/graphql", "REST documentation": "/docs"}

log = structlog.get_logger(__name__)


async def serve(settings: Settings, found: Dependencies, listener: socket.socket, stop: asyncio.Event) -> None:
    """Answer requests, and run a worker unless the settings say no, until told to stop.

    Raises:
        DatabaseUnavailableError: MongoDB cannot be used.
        AddressError: somebody else was faster in listening there.
    """
    async with _services(settings, found) as services, _serving(settings, services, listener):
        log.info("serving", url=url_of(listener))
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
    """
    async with _services(settings, found) as services, _serving(settings, services, listener) as app:
        url = url_of(listener)
        routes = {getattr(route, "path", "") for route in app.routes}
        for name, path in LINKS.items():
            if path in routes:
                console.print(f"{name:<20} {url}{path}", highlight=False)
        with RunProgress(console) as progress:
            await _unless(stop, _ingest_all(services, tenants, progress))
        if not stop.is_set():
            console.print("Serving until Ctrl+C.")
        await stop.wait()


async def work(settings: Settings, found: Dependencies, stop: asyncio.Event) -> None:
    """Run jobs until told to stop. A file in the data directory is touched every 5 s, for health checks.

    Raises:
        DatabaseUnavailableError: MongoDB cannot be used.
    """
    async with _services(settings, found) as services, _working(services):
        log.info("working")
        await _unless(stop, _keep_touching(settings.data_dir / ALIVE_FILE))


async def ingest(
    settings: Settings, found: Dependencies, tenant_id: str, console: Console, stop: asyncio.Event
) -> bool:
    """Run the tenant's ingestion, or join the one that runs already; false when it failed or was cancelled.

    Told to stop, it leaves the run to others. The worker of this process may run the job or not: the lease decides.

    Raises:
        DatabaseUnavailableError: MongoDB cannot be used.
        InvalidInputError: no tenant can have such a name.
    """
    async with _services(settings, found) as services:
        context = Context(services, EVERYONE)
        job_id = await _start(context, tenant_id)
        async with _working(services):
            with RunProgress(console) as progress:
                job = await _unless(stop, _follow(context, job_id, progress))
    if job is None:
        console.print(f"Stopped. The run goes on where a worker runs, or with: ingest {tenant_id}", markup=False)
    return job is None or job.status is JobStatus.COMPLETED


def _services(settings: Settings, found: Dependencies) -> AbstractAsyncContextManager[Services]:
    return open_services(settings, mongo_url=found.mongo_url, external_api_url=found.external_api_url)


@asynccontextmanager
async def _serving(settings: Settings, services: Services, listener: socket.socket) -> AsyncIterator[FastAPI]:
    """Requests are answered inside; at the end the worker hands its jobs back while the last answers are sent."""
    app = create_app(settings, lambda: nullcontext(services))
    server = create_server(app)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve([listener]))
        await server.ready.wait()
        try:
            yield app
        finally:
            if services.worker is not None:
                services.worker.shut_down()
            server.stop()


@asynccontextmanager
async def _working(services: Services) -> AsyncIterator[None]:
    """Jobs are run inside; at the end those that are not finished are handed back."""
    worker = services.worker
    if worker is None:
        raise ValueError("this command needs a worker")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(worker.work())
        try:
            yield
        finally:
            worker.shut_down()


async def _ingest_all(services: Services, tenants: Sequence[str], progress: RunProgress) -> None:
    context = Context(services, EVERYONE)
    jobs = [await _start(context, tenant_id) for tenant_id in tenants]
    await asyncio.gather(*(_follow(context, job_id, progress) for job_id in jobs))


async def _start(context: Context, tenant_id: str) -> str:
    """Start a run, or find the one that runs."""
    try:
        return (await start_ingestion(context, tenant_id)).id
    except AlreadyRunningError as error:
        return error.job_id


async def _follow(context: Context, job_id: str, progress: RunProgress) -> IngestionJob:
    """Show the job until it has ended, also across moments without the database."""
    while True:
        try:
            job = await get_job(context, job_id)
        except PyMongoError as error:
            log.warning("progress_unknown", job_id=job_id, error=str(error)[:200])
        else:
            progress.show(job)
            if job.active is None:
                return job
        await asyncio.sleep(FOLLOW_SECONDS)
