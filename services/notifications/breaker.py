"""The circuit breaker of one destination, shared by all processes: state, results and time are MongoDB's.

              a: 5 failures among the last 10 results
      CLOSED ─────────────────────────────────────────▶ OPEN
        ▲ ▲                                             │  ▲
        │ └── e: reset (from any state)      b: open time │  │ d: the probe failed
        │                                      is over  ▼  │
        └───────────────────────────────────────── HALF_OPEN ─┐ f: the prober is dead (its lease ran out)
              c: the probe succeeded                    ▲ ▲   │    or cancelled: another request probes
                                                        │ └───┘
                                                        one request at a time: the probe

Every request needs a permit, which only CLOSED and HALF_OPEN give, and reports its result with it. A change of
state (a to e) discards all permits and raises the generation, so a result that comes late counts for nothing,
and one that is reported twice counts once.

While closed, the requests in flight are limited too, over all processes: to the number of failures that opens
the circuit, one more for each success, half as many after a failure (additive increase, multiplicative
decrease). A destination that breaks down is thus met by a few requests, not by as many as there are workers.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import uuid4

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from documents.circuit_breaker import Circuit, CircuitState
from documents.database import Database, Row
from services.notifications.breaker_updates import (
    FAILURES_TO_OPEN,
    WINDOW_SIZE,
    admission,
    discard,
    report,
    reset_state,
)


@dataclass(frozen=True, slots=True)
class Permit:
    """The right to send one request now."""

    id: str
    generation: int


@dataclass(frozen=True, slots=True)
class RequestResult:
    """What became of a permitted request."""

    permit: Permit
    is_success: bool | None
    """None: it was cancelled, which says nothing of the destination."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What the circuit would let pass at this moment."""

    requests: int
    retry_after: float | None
    """Seconds until a probe may be sent; None unless open."""


@dataclass(frozen=True, slots=True)
class CircuitStatus:
    """The circuit as anybody sees it at this moment."""

    name: str
    state: CircuitState
    """Half-open from the moment in which a probe may be sent."""
    failure_count: int
    """Failures among the last `window_size` results."""
    window_size: int
    opened_at: datetime | None
    """When it opened; None while closed."""
    retry_after: float | None
    """Seconds until a probe may be sent; None unless open."""


class CircuitBreaker:
    """Admits requests to one destination."""

    def __init__(self, database: Database, name: str, *, open_seconds: float, permit_seconds: float) -> None:
        """`permit_seconds`: the longest that a request may take; a permit whose result takes longer is void."""
        self._circuits = database.collection(Circuit)
        self._open_ms = math.ceil(open_seconds * 1000)
        self._permit_ms = math.ceil(permit_seconds * 1000)
        self.name = name

    async def capacity(self) -> Capacity:
        """How many requests would be admitted at this moment; takes nothing."""
        stages = [*admission([], self._open_ms, self._permit_ms), {"$set": {"now": "$$NOW"}}]
        rows = await self._circuits.aggregate([{"$match": {"_id": self.name}}, *stages]).to_list(1)
        if not rows:
            return Capacity(FAILURES_TO_OPEN, None)
        return Capacity(rows[0]["capacity"], self._retry_after(rows[0]))

    async def admit(self, wanted: int) -> list[Permit]:
        """Take permits for up to `wanted` requests, to be sent at once (b, f); the list may be shorter, or empty."""
        ids = [uuid4().hex for _ in range(wanted)]
        row = await self._update(admission(ids, self._open_ms, self._permit_ms))
        granted = {permit["id"] for permit in row["in_flight"]}
        return [Permit(permit_id, row["generation"]) for permit_id in ids if permit_id in granted]

    async def report(self, results: Sequence[RequestResult]) -> None:
        """Count results (a, c, d), in their order; those of an earlier generation count for nothing."""
        ordered = sorted(results, key=lambda result: result.permit.generation)  # stable
        for generation, group in groupby(ordered, key=lambda result: result.permit.generation):
            stages = [
                stage
                for result in group
                for stage in (
                    discard(result.permit.id)
                    if result.is_success is None
                    else report(result.permit.id, is_success=result.is_success)
                )
            ]
            await self._circuits.update_one({"_id": self.name, "generation": generation}, stages)

    async def reset(self) -> None:
        """Close the circuit and forget the results (e)."""
        await self._update(reset_state())

    async def status(self) -> CircuitStatus:
        """The circuit at this moment."""
        rows = await self._circuits.aggregate([{"$match": {"_id": self.name}}, {"$set": {"now": "$$NOW"}}]).to_list(1)
        if not rows:
            return CircuitStatus(self.name, CircuitState.CLOSED, 0, WINDOW_SIZE, None, None)
        row = rows[0]
        state, retry_after = CircuitState(row["state"]), self._retry_after(row)
        if state is CircuitState.OPEN and retry_after is None:
            state = CircuitState.HALF_OPEN
        opened_at = None if state is CircuitState.CLOSED else row["opened_at"]
        return CircuitStatus(self.name, state, row["window"].count(False), WINDOW_SIZE, opened_at, retry_after)

    def _retry_after(self, row: Row) -> float | None:
        if row["state"] != CircuitState.OPEN:
            return None
        left: float = self._open_ms / 1000 - (row["now"] - row["opened_at"]).total_seconds()
        return left if left > 0 else None

    async def _update(self, stages: list[Row]) -> Row:
        while True:
            try:
                return await self._circuits.find_one_and_update(
                    {"_id": self.name}, stages, upsert=True, return_document=ReturnDocument.AFTER
                )
            except DuplicateKeyError:
                continue  # another process created the circuit at the same moment
