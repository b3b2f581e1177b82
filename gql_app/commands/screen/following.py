"""Follows runs and alerts for the board, across moments without the database."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog

from documents.failures import DatabaseError, translating
from documents.ingestion_job import IngestionJob
from gql_app.commands.screen.alerts import Alerts
from gql_app.commands.screen.board import Board
from gql_app.telemetry.work import WorkMetrics
from resolvers.circuits import get_circuit
from resolvers.context import Context
from resolvers.ingestion import get_job, start_ingestion
from resolvers.system import get_backlog, get_rate_limit
from services.errors import AlreadyRunningError
from services.kit.tasks import abandon
from services.notifications.breaker import DEFAULT_CIRCUIT

FOLLOW_SECONDS = 0.2
EXPLAIN_SECONDS = 0.5
WHILE_RUNNING = "Ctrl+C stops; what is unfinished goes on at the next start."
WHEN_IDLE = "Serving until Ctrl+C."

log = structlog.get_logger("gql_app.commands")


async def start_or_join(context: Context, tenant_id: str) -> str:
    """Start a run, or find the one that runs; returns its job's id.

    Raises:
        InvalidInputError: no tenant can have such a name.
    """
    try:
        return (await start_ingestion(context, tenant_id)).id
    except AlreadyRunningError as error:
        return error.job_id


async def follow_on(board: Board, context: Context, job_id: str) -> IngestionJob:
    """Show the job until it has ended."""
    while True:
        try:
            with translating():
                job = await get_job(context, job_id)
        except DatabaseError as error:
            log.warning("progress_unknown", job_id=job_id, error=str(error)[:200])
        else:
            board.show(job)
            if job.active is None:
                return job
        await asyncio.sleep(FOLLOW_SECONDS)


async def show_everything(board: Board, context: Context, metrics: WorkMetrics, tenants: Sequence[str]) -> None:
    """Ingest the tenants, and show that and the alerts until cancelled.

    Raises:
        InvalidInputError: no tenant can have such a name.
    """
    jobs = [await start_or_join(context, tenant_id) for tenant_id in tenants]
    for job_id in jobs:  # in the order of the tenants
        board.show(await get_job(context, job_id))
    async with kept_explained(board, context, metrics):
        await asyncio.gather(*(follow_on(board, context, job_id) for job_id in jobs))
        await asyncio.Event().wait()


@asynccontextmanager
async def kept_explained(board: Board, context: Context, metrics: WorkMetrics | None = None) -> AsyncIterator[None]:
    """Inside, the board says what runs wait for; with the `metrics` of this process also how alerts stand."""
    task = asyncio.create_task(_keep_explained(board, context, metrics))
    try:
        yield
    finally:
        await abandon(task)


async def _keep_explained(board: Board, context: Context, metrics: WorkMetrics | None) -> None:
    while True:
        try:
            with translating():
                board.budget = await get_rate_limit(context)
                if metrics is not None:
                    _tell(board, await _alerts(context, metrics))
        except DatabaseError as error:
            log.warning("state_unknown", error=str(error)[:200])
            board.tell(["MongoDB does not answer; what waits for it goes on when it is back."], "database")
        board.refresh()
        await asyncio.sleep(EXPLAIN_SECONDS)


def _tell(board: Board, alerts: Alerts) -> None:
    end = WHILE_RUNNING if board.is_busy else WHEN_IDLE
    lines = [f"Alerts: {alerts.describe()}", *alerts.explain(), end]
    board.tell(lines, (alerts.waiting == 0, alerts.is_held_up, board.is_busy))


async def _alerts(context: Context, metrics: WorkMetrics) -> Alerts:
    backlog, circuit = await asyncio.gather(get_backlog(context), get_circuit(context, DEFAULT_CIRCUIT))
    return Alerts(backlog, circuit, metrics.failed_attempts)
