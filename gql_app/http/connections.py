"""How many connections there may be, and how long each may keep us waiting.

Nothing is timed request by request: once a second `OpenConnections.sweep` asks every connection what it waits for, and
ends those that have waited for the same thing for too long. That costs a request nothing.
"""

import asyncio
from abc import abstractmethod
from collections import Counter
from enum import Enum
from math import inf

import structlog
from uvicorn.server import ServerState

SWEEP_SECONDS = 1.0
MIN_BODY_BYTES = 5_000
"""What a body has to bring in `Stage.BODY`'s time: 500 bytes a second, as Apache's mod_reqtimeout asks for."""
LARGEST_LIMIT = 10_000
SMALLEST_LIMIT = 16

log = structlog.get_logger("gql_app.connections")


class Stage(Enum):
    """What a connection waits for, and the seconds after which it has waited for too long."""

    seconds: float

    SILENT = "silent", 10.0
    """The first byte of a request."""
    IDLE = "idle", inf
    """The next request, after an answer; uvicorn's own timer ends that (`keep_alive_seconds`)."""
    HEAD = "head", 10.0
    """The rest of a request's head, however slowly it trickles."""
    BODY = "body", 10.0
    """The next `MIN_BODY_BYTES` of a body that we are ready to read."""
    DRAINED = "drained", 2.0
    """The rest of what was answered already: a client that is cut off while it sends cannot read the answer."""
    STALLED = "stalled", 30.0
    """That the client reads on; we have more to send than it takes."""
    CLOSING = "closing", 10.0
    """That the client takes the end of what was sent."""
    BUSY = "busy", inf
    """Us."""

    def __new__(cls, value: str, seconds: float) -> "Stage":
        """A member: its name in log lines, and its patience."""
        stage = object.__new__(cls)
        stage._value_ = value
        stage.seconds = seconds
        return stage


class Watched:
    """A connection that can be asked what it waits for."""

    transport: asyncio.Transport
    since = 0.0
    """When it was first seen waiting for what it waits for now, in the event loop's time."""
    _standing: tuple[Stage, int] | None = None

    @abstractmethod
    def standing(self) -> tuple[Stage, int]:
        """What it waits for, and a number that changes with every progress."""

    @abstractmethod
    def give_up(self, stage: Stage) -> None:
        """It has waited for too long."""

    def look(self, now: float) -> Stage | None:
        """Note what it waits for; the stage if that has taken too long."""
        standing = self.standing()
        if standing != self._standing:
            self._standing, self.since = standing, now
        return standing[0] if now - self.since > standing[0].seconds else None

    def unsent(self) -> int:
        """Bytes that the client has not taken yet."""
        return self.transport.get_write_buffer_size()


class OpenConnections(ServerState):
    """The connections of one server."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit
        self.turned_away: Counter[str] = Counter()
        """How many were refused or ended since the last sweep, by reason."""

    def watched(self) -> list[Watched]:
        """All of them; uvicorn keeps the set."""
        return [connection for connection in self.connections if isinstance(connection, Watched)]

    def admit(self, newcomer: Watched) -> bool:
        """Whether there is room for one more; the one that has kept us waiting for longest is ended for it.

        Those that only wait for their client make room: whoever holds many connections open without asking for
        anything loses them to those who do ask. False if all are being answered.
        """
        if len(self.connections) <= self.limit:
            return True
        waiting = [
            (stage is Stage.BODY, connection.since, id(connection), connection)
            for connection in self.watched()
            if connection is not newcomer and (stage := connection.standing()[0]) not in (Stage.BUSY, Stage.STALLED)
        ]
        if not waiting:
            return False
        *_, victim = min(waiting)
        self.connections.discard(victim)
        victim.transport.abort()
        self.turned_away["made_room"] += 1
        return True

    def sweep(self, now: float) -> None:
        """End those that have waited for too long, and log how many were turned away: one line for all of them."""
        for connection in self.watched():
            if stage := connection.look(now):
                self.turned_away[stage.value] += 1
                connection.give_up(stage)
        if self.turned_away:
            log.info("connections_turned_away", **self.turned_away)
            self.turned_away.clear()


def connection_limit(file_limit: int) -> int:
    """How many connections a process may have that may have so many files open.

    Half: the others are for MongoDB, the external API, and connections that were accepted a moment ago.
    """
    return max(SMALLEST_LIMIT, min(LARGEST_LIMIT, file_limit // 2))
