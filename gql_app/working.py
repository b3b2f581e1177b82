"""The services' work beside the requests: it lives and ends with the process that does it."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from gql_app.telemetry.telemetry import Telemetry
from resolvers.context import Context, Services
from resolvers.system import get_survey
from services.access import EVERYONE
from services.kit.background import shut_down

_SHUTDOWN_SECONDS = 20.0
"""How long the worker gets to store the page at hand and hand its jobs back; orchestrators kill after 30 s."""
YOUNG_OBJECTS = 10_000
"""So many new objects make the garbage collector look at them; a page of tickets has some thousand."""

log = structlog.get_logger(__name__)


@asynccontextmanager
async def at_work(services: Services) -> AsyncIterator[None]:
    """What works in the background works inside; at the end, what it has not finished is handed back."""
    tasks = [asyncio.create_task(each.work()) for each in services.background]
    try:
        yield
    finally:
        shut_down(services.background)
        unfinished = (await asyncio.wait(tasks, timeout=_SHUTDOWN_SECONDS))[1] if tasks else set()
        if unfinished:
            log.warning("worker_did_not_stop", seconds=_SHUTDOWN_SECONDS)
            for task in unfinished:
                task.cancel()
            await asyncio.wait(unfinished)


@asynccontextmanager
async def watched(services: Services, telemetry: Telemetry) -> AsyncIterator[None]:
    """Operators see what the services do inside; at the end, what is left to be sent to a collector is sent."""
    context = Context(services, EVERYONE)
    telemetry.attach(services.observation, lambda: get_survey(context))
    try:
        yield
    finally:
        await telemetry.end()
        await asyncio.to_thread(telemetry.close)


def spare_the_collector() -> None:
    """Take what start-up has made out of the garbage collector's sight: it stays, and looking through it again and
    again costs a page of tickets a tenth of its time. Nor need it look several times a page."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
