"""The pipeline behind `services/stats.py`: one command that ends in one document.

The counts rest on one grouping of the index `tenant_created` into its distinct combinations of values, a few
thousand at most; all that follows works on those. Index entries are counted faster without a condition on each, so
all tickets are counted and then the few soft-deleted ones taken off. No part reads a ticket: the indexes cover them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from documents.database import Row
from documents.ticket import Sentiment, Urgency
from services.keywords import SEPARATOR
from services.tenancy import Filter

TREND_HOURS = 24
RATIO_DECIMALS = 3
COUNTED_FIELDS = ("status", "urgency", "sentiment", "source")
TOP_KEYWORDS = 10
TOP_CUSTOMERS = 10
AT_RISK_FROM = 2
"""A customer with at least so many high-urgency tickets that are not closed is at risk."""
TICKET_IDS_SHOWN = 20
CLOSED = "closed"
UNKNOWN = "unknown"
"""The name under which tickets without the counted field appear."""


class StatsPart(Enum):
    """The parts that can be computed on their own."""

    COUNTS = auto()
    """Total, counts by field, and the two ratios."""
    KEYWORDS = auto()
    TREND = auto()
    AT_RISK = auto()


ALL_PARTS = frozenset(StatsPart)
INDEX = "tenant_created"
"""The index on which the pipeline begins."""


@dataclass(frozen=True, slots=True)
class TicketSets:
    """The tickets that statistics are of, as conditions: `everything` is what is `live` and what is `gone`."""

    everything: Filter
    live: Filter
    gone: Filter


def build_pipeline(collection: str, of: TicketSets, hour: datetime, parts: Collection[StatsPart]) -> list[Row]:
    """The pipeline for `parts` of the statistics. `hour`: the start of the present hour."""
    pipeline = _grouped(collection, of, parts)
    finish: Row = {}
    if StatsPart.COUNTS in parts:
        finish |= _ratios()
    if StatsPart.TREND in parts:
        pipeline.append({"$unionWith": {"coll": collection, "pipeline": _hours(of.live, hour)}})
        finish["hourly_trend"] = _every_hour(hour)
    if StatsPart.AT_RISK in parts:
        pipeline.append({"$unionWith": {"coll": collection, "pipeline": _at_risk(of.live)}})
    pipeline.append({"$group": {"_id": None, "parts": {"$push": "$$ROOT"}}})
    pipeline.append({"$replaceWith": {"$mergeObjects": "$parts"}})
    if finish:
        pipeline.append({"$set": finish})
    return pipeline


def _grouped(collection: str, of: TicketSets, parts: Collection[StatsPart]) -> list[Row]:
    """Group the covering index into combinations of values, and count those. Always ends in one document."""
    counted = list(COUNTED_FIELDS) if StatsPart.COUNTS in parts else []
    keys = [*counted, "keyword_key"] if StatsPart.KEYWORDS in parts else counted
    if not keys:
        return [{"$match": of.live}, {"$limit": 1}, {"$facet": {"nothing": [{"$limit": 1}, {"$project": {"_id": 1}}]}}]

    def combinations(where: Filter, sign: int) -> list[Row]:
        return [{"$match": where}, {"$group": {"_id": {name: f"${name}" for name in keys}, "count": {"$sum": sign}}}]

    pipeline = [
        *combinations(of.everything, 1),
        {"$unionWith": {"coll": collection, "pipeline": combinations(of.gone, -1)}},
    ]
    if StatsPart.KEYWORDS not in parts:
        return [*pipeline, {"$facet": {f"by_{name}": _counted_by(name) for name in counted}}]
    if not counted:
        return [*pipeline, {"$facet": {"top_keywords": _keywords()}}]
    # Keywords make most of the combinations: without them, there are few left to count by each field.
    fewer = {"$group": {"_id": {name: f"$_id.{name}" for name in counted}, "count": {"$sum": "$count"}}}
    return [
        *pipeline,
        {"$facet": {"top_keywords": _keywords(), "combination": [fewer]}},
        {"$unwind": {"path": "$combination", "preserveNullAndEmptyArrays": True}},
        {
            "$facet": {
                **{f"by_{name}": _counted_by(name, "combination.") for name in counted},
                "keywords": [{"$limit": 1}, {"$project": {"top_keywords": 1}}],
            }
        },
        {"$set": {"top_keywords": {"$first": "$keywords.top_keywords"}}},
        {"$unset": "keywords"},
    ]


def _counted_by(field: str, prefix: str = "") -> list[Row]:
    value = {"$ifNull": [f"${prefix}_id.{field}", UNKNOWN]}
    return [{"$group": {"_id": value, "count": {"$sum": f"${prefix}count"}}}, {"$match": {"count": {"$gt": 0}}}]


def _ratios() -> Row:
    total = {"$sum": "$by_status.count"}

    def share(field: str, value: str) -> Row:
        having = {"$filter": {"input": f"${field}", "cond": {"$eq": ["$$this._id", value]}}}
        count = {"$sum": {"$map": {"input": having, "in": "$$this.count"}}}
        return {"$cond": [{"$eq": [total, 0]}, 0.0, {"$round": [{"$divide": [count, total]}, RATIO_DECIMALS]}]}

    return {
        "total_tickets": total,
        "urgency_high_ratio": share("by_urgency", Urgency.HIGH.value),
        "negative_sentiment_ratio": share("by_sentiment", Sentiment.NEGATIVE.value),
    }


def _keywords() -> list[Row]:
    return [
        {"$match": {"_id.keyword_key": {"$gt": ""}}},
        {"$group": {"_id": "$_id.keyword_key", "count": {"$sum": "$count"}}},
        {"$project": {"count": 1, "keyword": {"$split": ["$_id", SEPARATOR]}}},
        {"$unwind": "$keyword"},
        {"$group": {"_id": "$keyword", "count": {"$sum": "$count"}}},
        {"$match": {"count": {"$gt": 0}}},
        {"$sort": {"count": -1, "_id": 1}},
        {"$limit": TOP_KEYWORDS},
        {"$project": {"_id": 0, "keyword": "$_id", "count": 1}},
    ]


def _hours(where: Filter, hour: datetime) -> list[Row]:
    """Tickets per hour of the last whole hours, as far as there are any."""
    period = {"created_at": {"$gte": hour - timedelta(hours=TREND_HOURS), "$lt": hour}}
    return [
        {"$match": {"$and": [where, period]}},
        {"$group": {"_id": {"$dateTrunc": {"date": "$created_at", "unit": "hour"}}, "count": {"$sum": 1}}},
        {"$group": {"_id": None, "hours": {"$push": "$$ROOT"}}},
        {"$unset": "_id"},
    ]


def _every_hour(hour: datetime) -> Row:
    """`hours` with the empty ones filled in."""
    start = hour - timedelta(hours=TREND_HOURS)
    same_hour = {"$filter": {"input": {"$ifNull": ["$hours", []]}, "cond": {"$eq": ["$$this._id", "$$hour"]}}}
    count = {"$sum": {"$map": {"input": same_hour, "in": "$$this.count"}}}
    nth_hour = {"$dateAdd": {"startDate": start, "unit": "hour", "amount": "$$this"}}
    bucket = {"$let": {"vars": {"hour": nth_hour}, "in": {"hour": "$$hour", "count": count}}}
    return {"$map": {"input": {"$range": [0, TREND_HOURS]}, "in": bucket}}


def _at_risk(where: Filter) -> list[Row]:
    newest = {
        "$topN": {"n": TICKET_IDS_SHOWN, "sortBy": {"created_at": -1, "external_id": 1}, "output": "$external_id"}
    }
    risky = {"urgency": Urgency.HIGH.value, "status": {"$ne": CLOSED}, "customer_id": {"$gt": ""}}
    return [
        {"$match": {"$and": [where, risky]}},
        {"$group": {"_id": "$customer_id", "high_urgency_count": {"$sum": 1}, "ticket_ids": newest}},
        {"$match": {"high_urgency_count": {"$gte": AT_RISK_FROM}}},
        {"$sort": {"high_urgency_count": -1, "_id": 1}},
        {"$limit": TOP_CUSTOMERS},
        {"$project": {"_id": 0, "customer_id": "$_id", "high_urgency_count": 1, "ticket_ids": 1}},
        {"$group": {"_id": None, "at_risk_customers": {"$push": "$$ROOT"}}},
        {"$unset": "_id"},
    ]
