"""The pipelines behind `services/analytics.py`."""

from datetime import datetime, timedelta
from enum import StrEnum

from documents.database import Row
from documents.ticket import Sentiment, Urgency
from services.rollup_rows import CLOSED, UNKNOWN
from services.stats_pipeline import RATIO_DECIMALS
from services.tenancy import Filter


class TrendUnit(StrEnum):
    """The length of a trend's steps."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    """From Monday."""


class CountedField(StrEnum):
    """The fields by which tickets can be counted."""

    STATUS = "status"
    URGENCY = "urgency"
    SENTIMENT = "sentiment"
    SOURCE = "source"


class CustomerOrder(StrEnum):
    """What customers can be ranked by, always highest first."""

    TICKETS = "ticket_count"
    HIGH_URGENCY = "high_urgency_count"
    NEGATIVE = "negative_count"
    NOT_CLOSED = "not_closed_count"


def trend_buckets(
    where: Filter, start: datetime, end: datetime, unit: TrendUnit, time_zone: str, breakdown: CountedField | None
) -> list[Row]:
    """One document a unit: `start`, `count` and `counts`, oldest first. The empty units are joined as zeros."""

    def truncated(date: object) -> Row:
        return {
            "$dateTrunc": {"date": date, "unit": unit.value, "timezone": time_zone, "startOfWeek": "monday"},
        }

    first = truncated(start)
    # The last unit that holds a moment before the end; a period of no length has none.
    distance = {
        "$dateDiff": {
            "startDate": first,
            "endDate": truncated(end - timedelta(milliseconds=1)),
            "unit": unit.value,
            "timezone": time_zone,
            "startOfWeek": "monday",
        }
    }
    nth = {"$dateAdd": {"startDate": first, "unit": unit.value, "amount": "$$this", "timezone": time_zone}}
    empty = {"$map": {"input": {"$range": [0, {"$add": [distance, 1]}]}, "in": {"_id": nth, "count": 0}}}
    # Truncating in a time zone is slow. Zones differ by quarters of an hour: those come first, by arithmetic.
    quarter = {"$dateTrunc": {"date": "$created_at", "unit": "minute", "binSize": 15}}
    value = {} if breakdown is None else {"value": f"${breakdown}"}
    same_value = {} if breakdown is None else {"value": {"$ifNull": ["$_id.value", UNKNOWN]}}
    counted = {"value": "$_id.value", "count": "$count"}
    return [
        {"$match": where},
        {"$group": {"_id": {"start": quarter, **value}, "count": {"$sum": 1}}},
        {"$group": {"_id": {"start": truncated("$_id.start"), **same_value}, "count": {"$sum": "$count"}}},
        {"$group": {"_id": "$_id.start", "count": {"$sum": "$count"}, "counts": {"$push": counted}}},
        {"$unionWith": {"pipeline": [{"$documents": empty}]}},
        {"$group": {"_id": "$_id", "count": {"$sum": "$count"}, "counts": {"$max": "$counts"}}},
        {"$sort": {"_id": 1}},
        {
            "$project": {
                "_id": 0,
                "start": "$_id",
                "count": 1,
                "counts": {"$literal": []} if breakdown is None else {"$ifNull": ["$counts", []]},
            }
        },
    ]


def customer_counts(where: Filter, order: CustomerOrder, first: int) -> list[Row]:
    """The leading customers with their counts and their share of all tickets that match."""

    def having(condition: Row) -> Row:
        return {"$sum": {"$cond": [condition, "$count", 0]}}

    fields = ("customer_id", "urgency", "sentiment", "status")
    combined = {"_id": {name: f"${name}" for name in fields}, "count": {"$sum": 1}}
    grouped = {
        "_id": "$_id.customer_id",
        "ticket_count": {"$sum": "$count"},
        "high_urgency_count": having({"$eq": ["$_id.urgency", Urgency.HIGH.value]}),
        "negative_count": having({"$eq": ["$_id.sentiment", Sentiment.NEGATIVE.value]}),
        "not_closed_count": having({"$ne": ["$_id.status", CLOSED]}),
    }
    leading = [
        {"$match": {"_id": {"$gt": ""}, order.value: {"$gt": 0}}},
        {"$sort": {order.value: -1, "_id": 1}},
        {"$limit": first},
    ]
    share = {"$round": [{"$divide": ["$ticket_count", {"$first": "$all.count"}]}, RATIO_DECIMALS]}
    return [
        {"$match": where},
        {"$group": combined},
        {"$group": grouped},
        {"$facet": {"leading": leading, "all": [{"$group": {"_id": None, "count": {"$sum": "$ticket_count"}}}]}},
        {"$unwind": "$leading"},
        {"$replaceWith": {"$mergeObjects": ["$leading", {"all": "$all"}]}},
        {"$set": {"share": share, "customer_id": "$_id"}},
        {"$unset": ["_id", "all"]},
    ]


def closing_times(owned: Filter, live_tickets: Filter, history: str) -> list[Row]:
    """Count, median and 90th percentile of the milliseconds from creation to the last recorded close.

    Tickets and history are joined by grouping their union, which reads each covering index once; a `$lookup` would
    seek once a ticket. MongoDB 6 has no `$percentile`: the times are sorted and the two ranks picked from an array,
    which takes about 16 MB of the server's memory for a million closed tickets.
    """

    def rank(share: float) -> Row:
        return {"$arrayElemAt": ["$times", {"$subtract": [{"$ceil": {"$multiply": ["$count", share]}}, 1]}]}

    closes: list[Row] = [
        {"$match": {**owned, "changes.status.new": CLOSED}},
        {"$project": {"_id": 0, "ticket": "$ticket_id", "closed_at": "$recorded_at"}},
    ]
    return [
        {"$match": {**live_tickets, "status": CLOSED}},
        {"$project": {"_id": 0, "ticket": "$external_id", "created_at": 1}},
        {"$unionWith": {"coll": history, "pipeline": closes}},
        {"$group": {"_id": "$ticket", "created_at": {"$max": "$created_at"}, "closed_at": {"$max": "$closed_at"}}},
        {"$project": {"_id": 0, "time": {"$subtract": ["$closed_at", "$created_at"]}}},
        {"$match": {"time": {"$gte": 0}}},
        {"$sort": {"time": 1}},
        {"$group": {"_id": None, "count": {"$sum": 1}, "times": {"$push": "$time"}}},
        {"$project": {"_id": 0, "count": 1, "median": rank(0.5), "p90": rank(0.9)}},
    ]
