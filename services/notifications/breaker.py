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
and one that is reported twice counts once. One exception: a failure that was in flight when the circuit opened
begins the open time anew, so that a probe meets a destination that was left alone for the whole of it.

A refusal is an answer of a living destination to one message. It is no failure; but ten in a row, without a success
between them, open the circuit as well (a), and it closes (c) only when something else than a refusal comes.

A destination can ask to be left alone for a while (`Retry-After`): until then nothing is sent, in any state.

While closed, the requests in flight are limited too, over all processes: to `AT_FIRST`, two more for each success,
half as many after a failure (additive increase, multiplicative decrease). A destination that breaks down is thus met
by a few requests, not by as many as there are workers.
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
from documents.database import Collection, Database, Row
from services.notifications.breaker_updates import (
    AT_FIRST,
    OPEN,
    WINDOW_SIZE,
    admission,
    discard,
    report,
    report_refusal,
    reset_state,
)

DEFAULT_CIRCUIT = "notify"
"""The name of the operator's own destination; the others' is their id."""


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
    is_refusal: bool = False
    """No success, but no failure of the destination either."""
    pause_seconds: float = 0.0
    """How long the destination asked to be left alone."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What the circuit would let pass at this moment."""

    requests: int
    retry_after: float | None
    """Seconds until anything may be sent; None: no time is known, or it is now."""


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
    """Seconds until anything may be sent; None: now."""


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
            return Capacity(AT_FIRST, None)
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
            reported = list(group)
            stages = [stage for result in reported for stage in _stages(result)]
            counted = await self._circuits.update_one({"_id": self.name, "generation": generation}, stages)
            if not counted.matched_count and any(map(_is_failure, reported)):
                # It opened while these were in flight: they are its last sign of life.
                await self._circuits.update_one(
                    {"_id": self.name, "generation": generation + 1, "state": OPEN}, [{"$set": {"opened_at": "$$NOW"}}]
                )

    async def reset(self) -> None:
        """Close the circuit and forget the results (e)."""
        await self._update(reset_state())

    async def status(self) -> CircuitStatus:
        """The circuit at this moment."""
        return (await circuit_statuses(self._circuits, [self.name], self._open_ms / 1000))[self.name]

    def _retry_after(self, row: Row) -> float | None:
        return _seconds_left(row, self._open_ms / 1000)

    async def _update(self, stages: list[Row]) -> Row:
        while True:
            try:
                return await self._circuits.find_one_and_update(
                    {"_id": self.name}, stages, upsert=True, return_document=ReturnDocument.AFTER
                )
            except DuplicateKeyError:
                continue  # another process created the circuit at the same moment


async def circuit_statuses(circuits: Collection, names: Sequence[str], open_seconds: float) -> dict[str, CircuitStatus]:
    """Several circuits at this moment, by name; one that was never used is closed."""
    rows = await circuits.aggregate([{"$match": {"_id": {"$in": list(names)}}}, {"$set": {"now": "$$NOW"}}]).to_list(
        None
    )
    known = {row["_id"]: _status(row, open_seconds) for row in rows}
    return {name: known.get(name) or _untouched(name) for name in names}


def _untouched(name: str) -> CircuitStatus:
    return CircuitStatus(name, CircuitState.CLOSED, 0, WINDOW_SIZE, None, None)


def _status(row: Row, open_seconds: float) -> CircuitStatus:
    state, retry_after = CircuitState(row["state"]), _seconds_left(row, open_seconds)
    if state is CircuitState.OPEN and retry_after is None:
        state = CircuitState.HALF_OPEN
    opened_at = None if state is CircuitState.CLOSED else row["opened_at"]
    return CircuitStatus(row["_id"], state, row["window"].count(False), WINDOW_SIZE, opened_at, retry_after)


def _seconds_left(row: Row, open_seconds: float) -> float | None:
    """Until anything may be sent: the rest of the open time, or of the time that the destination asked for."""
    waits = []
    if row["state"] == CircuitState.OPEN:
        waits.append(open_seconds - (row["now"] - row["opened_at"]).total_seconds())
    if row.get("paused_until") is not None:
        waits.append((row["paused_until"] - row["now"]).total_seconds())
    longest: float = max(waits, default=0.0)
    return longest if longest > 0 else None


def _is_failure(result: RequestResult) -> bool:
    return result.is_success is False and not result.is_refusal


def _stages(result: RequestResult) -> list[Row]:
    permit_id, pause_ms = result.permit.id, math.ceil(result.pause_seconds * 1000)
    if result.is_success is None:
        return discard(permit_id)
    if result.is_refusal:
        return report_refusal(permit_id, pause_ms=pause_ms)
    return report(permit_id, is_success=result.is_success, pause_ms=pause_ms)
