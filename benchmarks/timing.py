"""Timing things side by side."""

import statistics
import time
from collections.abc import Awaitable, Callable, Mapping

Work = Callable[[], Awaitable[object]]


async def medians(works: Mapping[str, Work], rounds: int) -> dict[str, float]:
    """The median seconds of each, taken in turns so that a busy moment of the machine hits all of them."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        await work()  # the first call fills caches
    for _ in range(rounds):
        for name, work in works.items():
            begin = time.perf_counter()
            await work()
            taken[name].append(time.perf_counter() - begin)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def ms(seconds: float) -> str:
    """Seconds as milliseconds for people."""
    return f"{seconds * 1000:,.1f} ms" if seconds < 0.1 else f"{seconds * 1000:,.0f} ms"
