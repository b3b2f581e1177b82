"""Figures of this process's connections to MongoDB and of its commands, of what pymongo tells of them."""

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
    ConnectionCheckedInEvent,
    ConnectionCheckedOutEvent,
    ConnectionCheckOutFailedEvent,
    ConnectionCheckOutStartedEvent,
    ConnectionClosedEvent,
    ConnectionCreatedEvent,
    ConnectionPoolListener,
    ConnectionReadyEvent,
    PoolClearedEvent,
    PoolClosedEvent,
    PoolCreatedEvent,
    PoolReadyEvent,
)

COMMANDS = frozenset(
    [
        *("find", "getMore", "aggregate", "count", "distinct"),
        *("insert", "update", "delete", "findAndModify", "bulkWrite"),
        *("commitTransaction", "abortTransaction", "killSessions", "endSessions", "killCursors"),
        *("hello", "ping", "create", "createIndexes", "dropIndexes", "listIndexes", "collMod"),
    ]
)
"""Those that have a label of their own."""
ERRORS = {
    50: "timeout",
    112: "write_conflict",
    **dict.fromkeys((11000, 11001), "duplicate_key"),
    **dict.fromkeys((91, 189, 10058, 10107, 11600, 11602, 13435, 13436), "not_primary"),
}
"""What some codes of the server mean; of the last ones the driver looks for another server."""
COMMAND_BUCKETS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5)
CHECKOUT_BUCKETS = (0.0001, 0.001, 0.01, 0.1, 0.5, 1, 2.5)
REASONS = {"timeout": "timeout", "connectionError": "connection_error", "poolClosed": "pool_closed"}


class CommandMetrics(CommandListener):
    """What commands take, and how they fail."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Histogram(
            "mongodb_command_duration_seconds",
            "Commands of this process to MongoDB.",
            ["command"],
            buckets=COMMAND_BUCKETS,
            registry=registry,
        )
        self._failures = Counter(
            "mongodb_command_failures", "Commands that failed, by how.", ["command", "error"], registry=registry
        )

    def started(self, event: CommandStartedEvent) -> None:
        """Nothing: its end tells how long it took."""

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Count it."""
        self._seconds.labels(_named(event.command_name)).observe(event.duration_micros / 1e6)

    def failed(self, event: CommandFailedEvent) -> None:
        """Count it, and how it failed."""
        command = _named(event.command_name)
        self._seconds.labels(command).observe(event.duration_micros / 1e6)
        self._failures.labels(command, _error(event.failure)).inc()


class PoolMetrics(ConnectionPoolListener):
    """How many connections there are, and how long an operation waits for one."""

    def __init__(self, registry: CollectorRegistry) -> None:
        connections = Gauge(
            "mongodb_pool_connections", "Connections of this process to MongoDB.", ["state"], registry=registry
        )
        self._idle, self._in_use = connections.labels("idle"), connections.labels("in_use")
        self._seconds = Histogram(
            "mongodb_pool_checkout_duration_seconds",
            "How long an operation waited for a connection.",
            buckets=CHECKOUT_BUCKETS,
            registry=registry,
        )
        self._failures = Counter(
            "mongodb_pool_checkout_failures", "Operations that got no connection.", ["reason"], registry=registry
        )
        self._clears = Counter(
            "mongodb_pool_clears", "How often all connections to a server were dropped.", registry=registry
        )

    def pool_created(self, event: PoolCreatedEvent) -> None:
        """Nothing: it has no connections yet."""

    def pool_ready(self, event: PoolReadyEvent) -> None:
        """Nothing."""

    def pool_cleared(self, event: PoolClearedEvent) -> None:
        """Its connections are told of one by one."""
        self._clears.inc()

    def pool_closed(self, event: PoolClosedEvent) -> None:
        """Nothing: its connections are told of one by one."""

    def connection_created(self, event: ConnectionCreatedEvent) -> None:
        """One more."""
        self._idle.inc()

    def connection_ready(self, event: ConnectionReadyEvent) -> None:
        """Nothing."""

    def connection_closed(self, event: ConnectionClosedEvent) -> None:
        """One less; one that was in use is checked in before it is closed."""
        self._idle.dec()

    def connection_check_out_started(self, event: ConnectionCheckOutStartedEvent) -> None:
        """Nothing: its end tells how long it took."""

    def connection_check_out_failed(self, event: ConnectionCheckOutFailedEvent) -> None:
        """Count it, and why."""
        self._seconds.observe(event.duration or 0.0)
        self._failures.labels(REASONS.get(event.reason, "connection_error")).inc()

    def connection_checked_out(self, event: ConnectionCheckedOutEvent) -> None:
        """Somebody uses it."""
        self._seconds.observe(event.duration or 0.0)
        self._idle.dec()
        self._in_use.inc()

    def connection_checked_in(self, event: ConnectionCheckedInEvent) -> None:
        """It is free again."""
        self._in_use.dec()
        self._idle.inc()


def _named(command: str) -> str:
    return command if command in COMMANDS else "other"


def _error(failure: Any) -> str:
    """The kind of a failure: pymongo's words for one of its own, the server's answer else."""
    kind = failure.get("errtype", "")
    if kind:
        return "timeout" if "Timeout" in kind else "network"
    return ERRORS.get(failure.get("code", 0), "other")
