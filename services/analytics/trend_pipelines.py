"""The pipelines behind `services/analytics/trends.py`."""

from datetime import datetime, timedelta
from enum import StrEnum

from documents.database import Row
from documents.ticket import Sentiment, Urgency
from services.analytics.pipeline import RATIO_DECIMALS
from services.rollups.rows import CLOSED, UNKNOWN
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


_COUNTED_FOR: dict[CustomerOrder, Filter] = {
    CustomerOrder.TICKETS: {},
    CustomerOrder.HIGH_URGENCY: {"urgency": Urgency.HIGH.value},
    CustomerOrder.NEGATIVE: {"sentiment": Sentiment.NEGATIVE.value},
    CustomerOrder.NOT_CLOSED: {"status": {"$ne": CLOSED}},
}


def customer_index(order: CustomerOrder) -> str:
    """The smallest index that `customer_counts` can begin on."""
    return "tenant_high_urgency" if order is CustomerOrder.HIGH_URGENCY else "tenant_customer_created"


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


def customer_counts(tickets: str, where: Filter, order: CustomerOrder, first: int) -> list[Row]:
    """The leading customers with their counts and their share of all tickets that match.

    Only what the order rests on is counted for every customer: the rest is counted for those who lead.
    """

    def having(condition: Row) -> Row:
        return {"$sum": {"$cond": [condition, 1, 0]}}

    counts = {
        "_id": "$customer_id",
        "ticket_count": {"$sum": 1},
        "high_urgency_count": having({"$eq": ["$urgency", Urgency.HIGH.value]}),
        "negative_count": having({"$eq": ["$sentiment", Sentiment.NEGATIVE.value]}),
        "not_closed_count": having({"$ne": ["$status", CLOSED]}),
    }
    of_leading = {
        "from": tickets,
        "localField": "leading",
        "foreignField": "customer_id",
        "pipeline": [{"$match": where}, {"$group": counts}],
        "as": "customer",
    }
    of_all = {"from": tickets, "pipeline": [{"$match": where}, {"$count": "count"}], "as": "all"}
    share = {"$round": [{"$divide": ["$customer.ticket_count", {"$first": "$all.count"}]}, RATIO_DECIMALS]}
    return [
        {"$match": {**where, "customer_id": {"$gt": ""}, **_COUNTED_FOR[order]}},
        {"$group": {"_id": "$customer_id", "count": {"$sum": 1}}},
        {"$sort": {"count": -1, "_id": 1}},
        {"$limit": first},
        {"$group": {"_id": None, "leading": {"$push": "$_id"}}},
        {"$lookup": of_leading},
        {"$lookup": of_all},
        {"$unwind": "$customer"},
        {"$replaceWith": {"$mergeObjects": ["$customer", {"customer_id": "$customer._id", "share": share}]}},
        {"$sort": {order.value: -1, "_id": 1}},
        {"$unset": "_id"},
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
