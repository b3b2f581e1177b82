"""The commands that run ingestion without serving: `worker` and `ingest`."""

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path

import structlog
from rich.console import Console

from documents.ingestion_job import JobStatus
from gql_app.commands.configuration import make_data_dir
from gql_app.commands.data.contexts import open_context, tell_if_unknown
from gql_app.commands.data.output import print_json
from gql_app.commands.orders import load
from gql_app.commands.runtime import Means
from gql_app.commands.screen.board import Board
from gql_app.commands.screen.following import follow_on, kept_explained, start_or_join
from gql_app.commands.stopping import unless_stopped
from gql_app.rest.answers.ingestion import ProgressAnswer
from gql_app.settings import Settings
from gql_app.telemetry.telemetry import Telemetry
from gql_app.working import at_work, spare_the_collector, watched

ALIVE_FILE = "worker.alive"
ALIVE_SECONDS = 5.0
OPERATORS_SERVED = "gql_app.commands.metrics_port:operators_served"

log = structlog.get_logger("gql_app.commands")


async def work(means: Means) -> int:
    """Run jobs until told to stop. A file in the data directory is touched every 5 s, for health checks; operators are
    answered at `METRICS_PORT`.

    Raises:
        DatabaseUnavailableError: MongoDB cannot be used.
        InvalidSettingsError: there can be no data directory.
    """
    make_data_dir(means.settings)
    telemetry = Telemetry(means.settings, "worker")
    async with (
        open_context(means, telemetry.listeners) as context,
        watched(context.services, telemetry),
        _operators_served(means.settings, telemetry),
        at_work(context.services),
    ):
        spare_the_collector()
        log.info("working")
        await unless_stopped(means.stop, _keep_touching(means.settings.data_dir / ALIVE_FILE))
    return 0


async def ingest(means: Means, *, tenant_id: str, as_json: bool) -> int:
    """Run the tenant's ingestion, or join the one that runs already; 1 when it failed or was cancelled, or found no
    trace of such a tenant.

    A worker of its own takes part in it: whether that one runs the job, or a service's, the lease decides. Told to
    stop, it leaves the run to others.

    Raises:
        DatabaseUnavailableError: MongoDB cannot be used.
        InvalidInputError: no tenant can have such a name.
    """
    console, telemetry = Console(stderr=as_json), Telemetry(means.settings, "ingest")
    async with open_context(means, telemetry.listeners) as context, watched(context.services, telemetry):
        board = Board(console, lease_seconds=means.settings.lock_ttl_seconds)
        job_id = await start_or_join(context, tenant_id)
        async with at_work(context.services):
            with board:
                async with kept_explained(board, context):
                    job = await unless_stopped(means.stop, follow_on(board, context, job_id))
        if job is None:
            console.print(f"Stopped. The run goes on where a worker runs, or with: ingest {tenant_id}", markup=False)
            return 0
        if as_json:
            print_json(ProgressAnswer.of(job))
        return 1 if await tell_if_unknown(context, tenant_id) else int(job.status is not JobStatus.COMPLETED)


def _operators_served(settings: Settings, telemetry: Telemetry) -> AbstractAsyncContextManager[str | None]:
    """A worker without that port need not load a server."""
    if settings.metrics_port is None:
        return nullcontext()
    served: AbstractAsyncContextManager[str | None] = load(OPERATORS_SERVED)(settings, telemetry)
    return served


async def _keep_touching(path: Path) -> None:
    while True:
        await asyncio.to_thread(path.touch)
        await asyncio.sleep(ALIVE_SECONDS)
