"""Runs as commands start and follow them."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

from documents.failures import DatabaseError, translating
from documents.ingestion_job import IngestionJob
from gql_app.commands.progress import RunProgress
from resolvers.context import Context
from resolvers.ingestion import get_job, start_ingestion
from services.errors import AlreadyRunningError
from services.kit.tasks import abandon

FOLLOW_SECONDS = 0.2

T = TypeVar("T")

log = structlog.get_logger("gql_app.commands")


async def start_run(context: Context, tenant_id: str) -> str:
    """Start a run, or find the one that runs."""
    try:
        return (await start_ingestion(context, tenant_id)).id
    except AlreadyRunningError as error:
        return error.job_id


async def follow_run(context: Context, job_id: str, progress: RunProgress) -> IngestionJob:
    """Show the job until it has ended, also across moments without the database."""
    while True:
        try:
            with translating():
                job = await get_job(context, job_id)
        except DatabaseError as error:
            log.warning("progress_unknown", job_id=job_id, error=str(error)[:200])
        else:
            progress.show(job)
            if job.active is None:
                return job
        await asyncio.sleep(FOLLOW_SECONDS)


async def unless_stopped(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Do something, but only until told to stop; None if it did not come to its end."""
    task, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([task, stopping], return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        for unfinished in (task, stopping):
            await abandon(unfinished)
