"""How long tickets are in each status, exactly, from their history."""

from dataclasses import dataclass
from datetime import datetime

from documents.database import Row
from documents.ticket import StatusCategory
from services.analytics.closing_times import nearest_rank
from services.analytics.history.lives import lives
from services.rollups.rows import UNKNOWN
from services.statuses import category_expression, category_of
from services.tenancy import live
from services.tickets.filter import created_between

MAX_STATUSES = 50


@dataclass(frozen=True, slots=True)
class StatusTime:
    """How long tickets were in a status or a category, all their stays in it together, up to now."""

    status: str
    """The status, or the category that was asked for."""
    status_category: StatusCategory
    ticket_count: int
    """Tickets that were in it."""
    median_seconds: float
    p90_seconds: float
    total_seconds: float


def status_times_pipeline(
    tenant_id: str, created_from: datetime | None, created_to: datetime | None, now: datetime, *, by_category: bool
) -> list[Row]:
    """Ends in one document a status: `{_id, count, total, median, p90}`, times in milliseconds; most tickets first.

    Of the live tickets created in the period. A stay that still lasts counts up to `now`; stays of no length do not
    count, nor does the time in which a ticket was deleted.
    """
    tickets = live(tenant_id, **created_between(created_from, created_to))
    return [
        *lives(
            tenant_id,
            [tickets],
            category_expression if by_category else _known_status,
            created_from,
            with_changed=False,
        ),
        {"$match": {"steps.0.at": {"$type": "date"}}},
        # One document a stay after these two, {ticket, stays: {status, time}}.
        {"$project": {"ticket": 1, "stays": _stays(now)}},
        {"$unwind": "$stays"},
        {"$match": {"stays.time": {"$gt": 0}}},
        {"$group": {"_id": {"ticket": "$ticket", "status": "$stays.status"}, "time": {"$sum": "$stays.time"}}},
        {"$sort": {"time": 1}},
        {
            "$group": {
                "_id": "$_id.status",
                "count": {"$sum": 1},
                "total": {"$sum": "$time"},
                "times": {"$push": "$time"},
            }
        },
        {"$sort": {"count": -1, "_id": 1}},
        {"$limit": MAX_STATUSES},
        {"$project": {"count": 1, "total": 1, "median": nearest_rank(0.5), "p90": nearest_rank(0.9)}},
    ]


def to_status_times(found: list[Row], *, by_category: bool) -> list[StatusTime]:
    """What the pipeline found."""
    return [
        StatusTime(
            status=str(row["_id"]),
            status_category=StatusCategory(row["_id"]) if by_category else category_of(row["_id"]),
            ticket_count=row["count"],
            median_seconds=row["median"] / 1000,
            p90_seconds=row["p90"] / 1000,
            total_seconds=row["total"] / 1000,
        )
        for row in found
    ]


def _known_status(status: str) -> Row:
    return {"$ifNull": [status, UNKNOWN]}


def _stays(now: datetime) -> Row:
    """The expression for the time between each step and the next one, or now."""
    end = {"$ifNull": [{"$arrayElemAt": ["$steps.at", {"$add": ["$$number", 1]}]}, now]}
    step = {"$arrayElemAt": ["$steps", "$$number"]}
    time = {"$subtract": [{"$min": ["$$end", now]}, {"$min": ["$$step.at", now]}]}
    stay = {"status": "$$step.value", "time": {"$cond": ["$$step.live", time, 0]}}
    return {
        "$map": {
            "input": {"$range": [0, {"$size": "$steps"}]},
            "as": "number",
            "in": {"$let": {"vars": {"step": step}, "in": {"$let": {"vars": {"end": end}, "in": stay}}}},
        }
    }
