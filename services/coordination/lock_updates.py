"""What leases do to the lock's document, as pipeline updates: each is one atomic step by the server's clock."""

from documents.database import Row
from services.kit.clock import EPOCH


def take_if_free(owner_id: str, holder: str, session_id: Row | None, ttl_seconds: float) -> list[Row]:
    """Give the lock to `holder` if nobody has it; else leave it as it is."""
    taken = {
        "owner_id": owner_id,
        "holder": holder,
        "predecessor": {"$ifNull": ["$session_id", None]},
        "session_id": {"$literal": session_id},
        "fence": {"$add": [{"$ifNull": ["$fence", 0]}, 1]},
        "acquired_at": "$$NOW",
        **_renewed(ttl_seconds),
    }
    return [
        {"$set": {"is_free": {"$lte": [{"$ifNull": ["$expires_at", EPOCH]}, "$$NOW"]}}},
        {"$set": {name: {"$cond": ["$is_free", value, f"${name}"]} for name, value in taken.items()}},
        {"$unset": "is_free"},
    ]


def renew(ttl_seconds: float) -> list[Row]:
    """Let the lease run for its whole time from now on."""
    return [{"$set": _renewed(ttl_seconds)}]


def give_back() -> list[Row]:
    """End the lease; the fencing token stays.

    The holder's name goes: a renewal that has waited for this transaction comes with an older time of its own, by which
    the lease would still be held, and would bring it to life again.
    """
    return [{"$set": {"expires_at": "$$NOW", "session_id": None, "holder": None}}]


def _renewed(ttl_seconds: float) -> Row:
    return {"expires_at": {"$add": ["$$NOW", int(ttl_seconds * 1000)]}}
