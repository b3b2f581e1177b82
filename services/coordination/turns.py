"""Turns: what one client follows is computed one by one, so many times a second and half of the time at most.

So however much a client follows, and however often it changes, the database has time for the others. Who waits for a
turn is told later, and then the latest.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from services.kit.clock import Clock

PER_SECOND = 20
"""Turns of one client. A dashboard follows a handful of things, each of which is computed once a second."""
AT_ONCE = 4
"""Turns of all clients of a process together."""
MAX_KNOWN_CLIENTS = 10_000
"""The one who has been quiet for longest is forgotten first."""


@dataclass(slots=True)
class _Client:
    """When a client's next turn may be."""

    next_turn: float
    one_by_one: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Also keeps the order in which turns are asked for."""


class Turns:
    """Hands out turns, to each client in the order in which it asks."""

    def __init__(self, clock: Clock, per_second: float = PER_SECOND, at_once: int = AT_ONCE) -> None:
        self._clock = clock
        self._pause = 1 / per_second
        self._at_once = asyncio.Semaphore(at_once)
        self._clients: OrderedDict[str, _Client] = OrderedDict()

    @asynccontextmanager
    async def turn(self, client: str) -> AsyncIterator[None]:
        """Wait for the client's next turn, which lasts as long as the block; as long a pause follows."""
        known = self._known(client)
        async with known.one_by_one:
            await self._clock.sleep(max(0.0, known.next_turn - self._clock.monotonic()))
            async with self._at_once:
                began = self._clock.monotonic()
                try:
                    yield
                finally:
                    now = self._clock.monotonic()
                    known.next_turn = now + max(self._pause, now - began)

    def _known(self, client: str) -> _Client:
        known = self._clients.setdefault(client, _Client(self._clock.monotonic()))
        self._clients.move_to_end(client)
        if len(self._clients) > MAX_KNOWN_CLIENTS:
            self._clients.popitem(last=False)
        return known
