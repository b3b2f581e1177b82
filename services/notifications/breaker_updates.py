"""The circuit breaker's transitions as pipeline updates of its document; drawn in `services/notifications/breaker.py`.

Each update is one atomic operation by the server's clock, so processes cannot interleave within it.
"""

from collections.abc import Sequence

from documents.circuit_breaker import CircuitState
from documents.database import Row

WINDOW_SIZE = 10
FAILURES_TO_OPEN = 5
MAX_ALLOWANCE = 256
"""Requests in flight at most, however healthy the destination."""

CLOSED, OPEN, HALF_OPEN = (state.value for state in CircuitState)
_NEW: Row = {"state": CLOSED, "generation": 0, "window": [], "allowance": float(FAILURES_TO_OPEN), "in_flight": []}


def admission(ids: Sequence[str], open_ms: int, permit_ms: int) -> list[Row]:
    """Give permits to the first of `ids`, as many as may be sent now (b, f).

    `capacity` is how many that would be at most; it is only kept where `ids` is empty.
    """
    is_live = {"$gt": ["$$this.expires_at", "$$NOW"]}
    is_over = {"$lte": [{"$add": ["$opened_at", open_ms]}, "$$NOW"]}
    starts_probing = {"$and": [{"$eq": ["$state", OPEN]}, is_over]}
    limits = [
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


def report(permit_id: str, *, is_success: bool) -> list[Row]:
    """Count one result, if its permit is still good (a, c, d)."""
    changed = _shift(CLOSED, window=[]) if is_success else _shift(OPEN, opened_at="$$NOW")
    failures = {"$size": {"$filter": {"input": "$window", "cond": {"$eq": ["$$this", False]}}}}
    is_probe = {"$eq": ["$state", HALF_OPEN]}
    changes_state = is_probe if is_success else {"$or": [is_probe, {"$gte": [failures, FAILURES_TO_OPEN]}]}
    allowance = (
        {"$min": [MAX_ALLOWANCE, {"$add": ["$allowance", 1]}]}
        if is_success
        else {"$max": [FAILURES_TO_OPEN, {"$divide": ["$allowance", 2]}]}
    )
    longer = {"$slice": [{"$concatArrays": ["$window", [is_success]]}, -WINDOW_SIZE]}
    return [
        {"$set": {"counts": {"$in": [permit_id, "$in_flight.id"]}}},
        {
            "$set": {
                "window": {"$cond": ["$counts", longer, "$window"]},
                "allowance": {"$cond": ["$counts", allowance, "$allowance"]},
            }
        },
        *discard(permit_id),
        {"$set": {"counts": {"$and": ["$counts", changes_state]}}},
        {"$set": {name: {"$cond": ["$counts", value, f"${name}"]} for name, value in changed.items()}},
        {"$unset": "counts"},
    ]


def discard(permit_id: str) -> list[Row]:
    """Take a permit back; if it was the probe's, another request may probe (f)."""
    kept = {"$filter": {"input": "$in_flight", "cond": {"$ne": ["$$this.id", permit_id]}}}
    return [{"$set": {"in_flight": kept}}]


def reset_state() -> list[Row]:
    """Close the circuit, whatever it was (e)."""
    return [{"$set": {"generation": {"$ifNull": ["$generation", 0]}}}, {"$set": _shift(CLOSED, window=[])}]


def _shift(state: str, **more: object) -> Row:
    """A change of state: what was admitted before it counts for nothing."""
    return {
        **_NEW,
        "window": "$window",
        "opened_at": None,
        **more,
        "state": state,
        "generation": {"$add": ["$generation", 1]},
    }
