"""Waiting for what has to happen: nothing may depend on how fast the machine is, or on what else it is doing."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

PATIENCE_SECONDS = 120.0
"""How long a test waits: ten times what the slowest of them needs on a busy machine. Only a fault uses it up."""
POLL_SECONDS = 0.02
MAX_POLL_SECONDS = 0.2
T = TypeVar("T")


async def until(probe: Callable[[], T | Awaitable[T | None] | None], what: str = "what the test waits for") -> T:
    """The first truthy answer of `probe`, which may be a coroutine function."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = probe()
        found = await answer if inspect.isawaitable(answer) else answer
        if found:
            return found
        assert time.monotonic() < deadline, f"{what} did not come in {PATIENCE_SECONDS:.0f} s"
        await asyncio.sleep(_pause(deadline))


async def becomes(read: Callable[[], Awaitable[object]], expected: object) -> None:
    """Wait until what is read is what is expected."""

    async def is_so() -> bool:
        return await read() == expected

    await until(is_so, f"{expected}")


def eventually(probe: Callable[[], T | None], complaint: Callable[[], str] = lambda: "it never came true") -> T:
    """The same outside an event loop; `complaint` says what is there instead."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (answer := probe()):
        assert time.monotonic() < deadline, complaint()
        time.sleep(_pause(deadline))
    return answer


def _pause(deadline: float) -> float:
    """Until the next look, which takes others' time: the longer it has taken, the less a moment more matters."""
    waited = time.monotonic() + PATIENCE_SECONDS - deadline
    return min(POLL_SECONDS + waited / 20, MAX_POLL_SECONDS)
