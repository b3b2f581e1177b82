"""Tasks of asyncio: what its own functions leave to be said."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def abandon(task: "asyncio.Future[Any]") -> None:
    """Cancel a task and see it end, whatever it ends with."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Do something that takes a bounded time to its end, also when cancelled: that takes effect afterwards."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
