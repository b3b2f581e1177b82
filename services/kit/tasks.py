"""Tasks of asyncio: what its own functions leave to be said."""

import asyncio
from typing import Any


async def abandon(task: "asyncio.Future[Any]") -> None:
    """Cancel a task and see it end, whatever it ends with."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
