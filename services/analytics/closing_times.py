"""How long tickets take to be closed, exactly, from their history."""

from dataclasses import dataclass
from datetime import datetime

from documents.database import Row
from documents.ticket import StatusCategory
from documents.ticket_history import CHANGES_OF_KNOWN, TicketHistory
from services.statuses import in_category, is_closed
from services.tenancy import Filter, live, owned
from services.tickets.filter import created_between


@dataclass(frozen=True, slots=True)
class TimeToClose:
    """From creation to the recorded change to a closed status, of the tickets that are closed now."""

    ticket_count: int
    median_seconds: float | None
    """None when no close was recorded."""
    p90_seconds: float | None


def closing_times(tenant_id: str, created_from: datetime | None, created_to: datetime | None) -> list[Row]:
    """A pipeline on tickets: `{count, median, p90}`, the two in milliseconds from creation to the last recorded close.

    MongoDB 6 has no `$percentile`: the times are sorted and the two ranks picked from an array, which takes about
    16 MB of the server's memory for a million closed tickets.

    Raises:
        InvalidInputError: the period makes no sense.
    """
    closed = in_category(StatusCategory.CLOSED)
    closed_now = live(tenant_id, **created_between(created_from, created_to), status=closed)
    closes = owned(tenant_id, **{"changes.status.new": closed, "action": {"$in": list(CHANGES_OF_KNOWN)}})
    return [
        *_with_moments(closed_now, closes),
        {"$match": {"created_at": {"$type": "date"}, "closed_at": {"$type": "date"}}},
        {"$project": {"_id": 0, "time": {"$subtract": ["$closed_at", "$created_at"]}}},
        {"$match": {"time": {"$gte": 0}}},
        {"$sort": {"time": 1}},
        {"$group": {"_id": None, "count": {"$sum": 1}, "times": {"$push": "$time"}}},
        {"$project": {"_id": 0, "count": 1, "median": _nearest_rank(0.5), "p90": _nearest_rank(0.9)}},
    ]


def time_to_close(found: list[Row]) -> TimeToClose:
    """What the pipeline's one document says, or that there was none."""
    if not found:
        return TimeToClose(0, None, None)
    return TimeToClose(found[0]["count"], found[0]["median"] / 1000, found[0]["p90"] / 1000)


def _with_moments(tickets: Filter, closes: Filter) -> list[Row]:
    """One document a ticket: `{created_at, closed_at}`.

    Tickets and history are joined by grouping their union, which reads each covering index once; a `$lookup` would
    seek once a ticket. A change from one closed status to another closes nothing.
    """
    closed_at = {"$ifNull": ["$occurred_at", "$recorded_at"]}
    from_history: list[Row] = [
        {"$match": closes},
        {
            "$project": {
                "_id": 0,
                "ticket": "$ticket_id",
                "closed_at": closed_at,
                "was_closed": is_closed("$changes.status.old"),
            }
        },
        {"$match": {"was_closed": False}},
    ]
    moments = {"created_at": {"$max": "$created_at"}, "closed_at": {"$max": "$closed_at"}}
    return [
        {"$match": tickets},
        {"$project": {"_id": 0, "ticket": "$external_id", "created_at": 1}},
        {"$unionWith": {"coll": TicketHistory.Settings.name, "pipeline": from_history}},
        {"$group": {"_id": "$ticket", **moments}},
    ]


def _nearest_rank(share: float) -> Row:
    """The element of the sorted `times` below or at which this share of them lies."""
    return {"$arrayElemAt": ["$times", {"$subtract": [{"$ceil": {"$multiply": ["$count", share]}}, 1]}]}
