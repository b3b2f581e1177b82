"""An application on a port of its own, in this process: help desks that the service reads over real connections."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from tests.waiting import PATIENCE_SECONDS


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """Serve it as the mock's own command does; yields its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    # The mock dates its answers itself.
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", lifespan="off", log_config=None, date_header=False)
    )
    task = asyncio.create_task(server.serve([listener]))
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not server.started:
                await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
