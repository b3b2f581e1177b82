"""Turns: what one client follows is computed so many times a second at most, however much of it changes."""

from collections import OrderedDict

from services.kit.clock import Clock

PER_SECOND = 20
"""Computations for one client. A dashboard follows a handful of things, each of which is computed once a second."""
MAX_KNOWN_CLIENTS = 10_000
"""The one who has been quiet for longest is forgotten first."""


class Turns:
    """Hands out turns, to each client in the order in which it asks."""

    def __init__(self, clock: Clock, per_second: float = PER_SECOND) -> None:
        self._clock = clock
        self._interval = 1 / per_second
        self._next: OrderedDict[str, float] = OrderedDict()

    async def take(self, client: str) -> None:
        """Wait for the client's next turn, and use it."""
        now = self._clock.monotonic()
        turn = max(now, self._next.get(client, now))
        self._next[client] = turn + self._interval
        self._next.move_to_end(client)
        if len(self._next) > MAX_KNOWN_CLIENTS:
            self._next.popitem(last=False)
        if turn > now:
            await self._clock.sleep(turn - now)
