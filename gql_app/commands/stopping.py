"""Work that ends when a command is told to stop."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from services.kit.tasks import abandon

T = TypeVar("T")


class StoppedAtStartError(Exception):
    """Told to stop before there was anything to end in good order."""


async def unless_stopped(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Do something, but only until told to stop; None if it did not come to its end."""
    task, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([task, stopping], return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        for unfinished in (task, stopping):
            await abandon(unfinished)
