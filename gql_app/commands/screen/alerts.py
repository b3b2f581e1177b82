"""The notifications of urgent tickets in a line, and why some of them wait."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from documents.circuit_breaker import CircuitState
from services.notifications.backlog import Backlog
from services.notifications.breaker import CircuitStatus


@dataclass(frozen=True, slots=True)
class Alerts:
    """How the notifications of all tenants stand."""

    backlog: Backlog
    circuit: CircuitStatus
    """That of the operator's notifier."""
    failed_attempts: int
    """Of this process, since it started."""

    @property
    def waiting(self) -> int:
        """How many are not delivered yet."""
        return sum(self.backlog.pending.values())

    @property
    def is_held_up(self) -> bool:
        """Whether the operator's notifier failed so often that it is left alone."""
        return bool(self.waiting) and self.circuit.state is not CircuitState.CLOSED

    def describe(self) -> str:
        """All of it in one line."""
        parts = [f"{self.backlog.delivered:,} delivered"]
        if self.waiting:
            parts.append(f"{self.waiting:,} waiting")
        if dead := sum(self.backlog.dead.values()):
            parts.append(f"{dead:,} given up")
        if self.failed_attempts:
            one = self.failed_attempts == 1
            parts.append(
                "1 failed attempt, repeated" if one else f"{self.failed_attempts:,} failed attempts, each repeated"
            )
        return ", ".join(parts)

    def explain(self) -> Iterator[str]:
        """Why some of them wait longer than a moment, and when that changes."""
        if self.is_held_up:
            wait = math.ceil(self.circuit.retry_after or 0)
            when = f"asked again in {wait} s" if wait else "being asked again"
            failures = f"{self.circuit.failure_count} of its last {self.circuit.window_size} answers"
            yield f"The notifier is {when}: {failures} were failures (circuit open)."
        elif self.waiting and self.circuit.retry_after:
            yield f"The notifier asked to be left alone for another {math.ceil(self.circuit.retry_after)} s."
