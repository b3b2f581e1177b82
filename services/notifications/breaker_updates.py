"""The circuit breaker's transitions as pipeline updates of its document; drawn in `services/notifications/breaker.py`.

Each update is one atomic operation by the server's clock, so processes cannot interleave within it.
"""

from collections.abc import Sequence

from documents.circuit_breaker import CircuitState
from documents.database import Row

WINDOW_SIZE = 10
FAILURES_TO_OPEN = 5
REFUSALS_TO_OPEN = 10
"""So many in a row, without a success between them: it is not the single message that is unwelcome."""
AT_FIRST = 8
"""Requests in flight before any result is known, and at least after a failure: see docs/notifications.md."""
MAX_ALLOWANCE = 256
"""Requests in flight at most, however healthy the destination."""

CLOSED, OPEN, HALF_OPEN = (state.value for state in CircuitState)
_NEW: Row = {
    "state": CLOSED,
    "generation": 0,
    "window": [],
    "allowance": float(AT_FIRST),
    "in_flight": [],
    "refusals": 0,
}


def admission(ids: Sequence[str], open_ms: int, permit_ms: int) -> list[Row]:
    """Give permits to the first of `ids`, as many as may be sent now (b, f).

    `capacity` is how many that would be at most; it is only kept where `ids` is empty.
    """
    is_live = {"$gt": ["$$this.expires_at", "$$NOW"]}
    is_over = {"$lte": [{"$add": ["$opened_at", open_ms]}, "$$NOW"]}
    is_paused = {"$gt": [{"$ifNull": ["$paused_until", None]}, "$$NOW"]}
    starts_probing = {"$and": [{"$eq": ["$state", OPEN]}, is_over, {"$not": [is_paused]}]}
    limits = [
        {"case": is_paused, "then": 0},
        {"case": {"$eq": ["$state", CLOSED]}, "then": {"$floor": "$allowance"}},
        {"case": {"$eq": ["$state", HALF_OPEN]}, "then": 1},
    ]
    limit = {"$switch": {"branches": limits, "default": 0}}
    permits = [{"id": permit_id, "expires_at": {"$add": ["$$NOW", permit_ms]}} for permit_id in ids]
    granted = {"$cond": [{"$gt": ["$capacity", 0]}, {"$slice": [permits, "$capacity"]}, []]}
    stages: list[Row] = [
        {"$set": {name: {"$ifNull": [f"${name}", {"$literal": value}]} for name, value in _NEW.items()}},
        {"$set": {"in_flight": {"$filter": {"input": "$in_flight", "cond": is_live}}, "starts": starts_probing}},
        {
            "$set": {
                "state": {"$cond": ["$starts", HALF_OPEN, "$state"]},
                "generation": {"$add": ["$generation", {"$cond": ["$starts", 1, 0]}]},
            }
        },
        {"$set": {"capacity": {"$toInt": {"$max": [0, {"$subtract": [limit, {"$size": "$in_flight"}]}]}}}},
        {"$unset": "starts"},
    ]
    if ids:
        stages += [{"$set": {"in_flight": {"$concatArrays": ["$in_flight", granted]}}}, {"$unset": "capacity"}]
    return stages


def report(permit_id: str, *, is_success: bool, pause_ms: int = 0) -> list[Row]:
    """Count one success or failure, if its permit is still good (a, c, d)."""
    changed = _shift(CLOSED, window=[]) if is_success else _shift(OPEN, opened_at="$$NOW")
    failures = {"$size": {"$filter": {"input": "$window", "cond": {"$eq": ["$$this", False]}}}}
    is_probe = {"$eq": ["$state", HALF_OPEN]}
    changes_state = is_probe if is_success else {"$or": [is_probe, {"$gte": [failures, FAILURES_TO_OPEN]}]}
    counted: Row = {
        "window": {"$slice": [{"$concatArrays": ["$window", [is_success]]}, -WINDOW_SIZE]},
        "allowance": {"$min": [MAX_ALLOWANCE, {"$add": ["$allowance", 2]}]} if is_success else _halved(AT_FIRST),
    }
    if is_success:
        counted["refusals"] = 0
    return [
        *_count(permit_id, counted, pause_ms),
        {"$set": {"counts": {"$and": ["$counts", changes_state]}}},
        *_changed_if("$counts", changed),
        {"$unset": "counts"},
    ]


def report_refusal(permit_id: str, *, pause_ms: int = 0) -> list[Row]:
    """Count an answer that shows a living destination which does not want this message, or not now (a, c, d)."""
    counted: Row = {"refusals": {"$add": [{"$ifNull": ["$refusals", 0]}, 1]}}
    if pause_ms:  # too many at once for it, so fewer from now on, down to one
        counted["allowance"] = _halved(1)
    is_run = {"$gte": ["$refusals", REFUSALS_TO_OPEN]}
    is_answered_probe = {"$and": ["$counts", {"$not": [is_run]}, {"$eq": ["$state", HALF_OPEN]}]}
    return [
        *_count(permit_id, counted, pause_ms),
        {"$set": {"opens": {"$and": ["$counts", is_run]}, "closes": is_answered_probe}},
        *_changed_if("$opens", _shift(OPEN, opened_at="$$NOW")),
        *_changed_if("$closes", _shift(CLOSED, window=[])),
        {"$unset": ["counts", "opens", "closes"]},
    ]


def discard(permit_id: str) -> list[Row]:
    """Take a permit back; if it was the probe's, another request may probe (f)."""
    kept = {"$filter": {"input": "$in_flight", "cond": {"$ne": ["$$this.id", permit_id]}}}
    return [{"$set": {"in_flight": kept}}]


def reset_state() -> list[Row]:
    """Close the circuit, whatever it was (e)."""
    return [
        {"$set": {"generation": {"$ifNull": ["$generation", 0]}}},
        {"$set": _shift(CLOSED, window=[], refusals=0, paused_until=None)},
    ]


def _count(permit_id: str, counted: Row, pause_ms: int) -> list[Row]:
    """Set what a result changes if its permit is good, which `counts` tells, and take the permit back."""
    if pause_ms:
        until = {"$add": ["$$NOW", pause_ms]}
        counted = {**counted, "paused_until": {"$max": ["$paused_until", until]}}
    return [
        {"$set": {"counts": {"$in": [permit_id, "$in_flight.id"]}}},
        *_changed_if("$counts", counted),
        *discard(permit_id),
    ]


def _changed_if(condition: str, changed: Row) -> list[Row]:
    return [{"$set": {name: {"$cond": [condition, value, f"${name}"]} for name, value in changed.items()}}]


def _halved(least: int) -> Row:
    """Half the allowance, but at least so many; never more than before."""
    return {"$min": ["$allowance", {"$max": [least, {"$divide": ["$allowance", 2]}]}]}


def _shift(state: str, **more: object) -> Row:
    """A change of state: what was admitted before it counts for nothing."""
    return {
        **_NEW,
        "window": "$window",
        "refusals": {"$ifNull": ["$refusals", 0]},
        "opened_at": None,
        **more,
        "state": state,
        "generation": {"$add": ["$generation", 1]},
    }
