"""The pipeline behind `services/analytics/stats.py`: one command that ends in one document.

Single tickets are grouped into their distinct combinations of values, and rows of the rollups join them as combinations
with one value each; all that follows counts those. No part reads a ticket: indexes cover them.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import Enum, auto

from documents.database import Row
from documents.ticket import COUNTED_FIELDS, KEYWORD_SEPARATOR, Sentiment, StatusCategory, Ticket, Urgency
from documents.ticket_rollup import TicketRollup
from services.analytics.at_risk import at_risk_customers
from services.analytics.partition import Partition
from services.kit.clock import EPOCH
from services.rollups.rows import HOUR, HOURS_A_DAY, KEYWORD, UNKNOWN, hours_since_epoch
from services.statuses import category_expression
from services.tenancy import Filter

TREND_HOURS = 24
RATIO_DECIMALS = 3
TOP_KEYWORDS = 10
_HOUR = timedelta(hours=1)


class StatsPart(Enum):
    """The parts that can be computed on their own."""

    COUNTS = auto()
    """Total, counts by field, and the two ratios."""
    KEYWORDS = auto()
    TREND = auto()
    AT_RISK = auto()


ALL_PARTS = frozenset(StatsPart)


def build_pipeline(of: Partition, hour: datetime, parts: Collection[StatsPart]) -> list[Row]:
    """The pipeline for `parts` of the statistics. `hour`: the start of the present hour."""
    fields = _fields(hour, parts)
    facets: dict[str, list[Row]] = {f"by_{name}": _counted_by(name) for name in COUNTED_FIELDS if name in fields}
    finish: Row = {}
    if StatsPart.COUNTS in parts:
        finish |= _ratios() | {"by_status_category": _by_category()}
    if StatsPart.KEYWORDS in parts:
        facets["top_keywords"] = _keywords()
    if StatsPart.TREND in parts:
        facets["hours"] = _counted_by(HOUR)
        finish["hourly_trend"] = _every_hour(hour)
    pipeline: list[Row] = _combinations(of, fields) if fields else [{"$match": of.all_tickets}, {"$limit": 1}]
    if of.rollups and fields.keys() - {HOUR}:
        rows = {**of.rollups, "field": {"$in": [name for name in fields if name != HOUR]}}
        pipeline.append(_union(_rows(rows), TicketRollup.Settings.name))
    if of.rollup_hours and StatsPart.TREND in parts:
        rows = {"$and": [of.rollup_hours, _rolled_up_hours(hour)]}
        pipeline.append(_union(_rows(rows), TicketRollup.Settings.name))
    pipeline.append({"$facet": facets or {"nothing": [{"$project": {"_id": 1}}]}})
    if StatsPart.AT_RISK in parts:
        pipeline.append(_union(at_risk_customers(of)))
    pipeline.append({"$group": {"_id": None, "parts": {"$push": "$$ROOT"}}})
    pipeline.append({"$replaceWith": {"$mergeObjects": "$parts"}})
    if finish:
        pipeline.append({"$set": finish})
    return pipeline


def _fields(hour: datetime, parts: Collection[StatsPart]) -> Row:
    """What tickets are grouped by, with the expressions for it."""
    fields: Row = {name: f"${name}" for name in COUNTED_FIELDS} if StatsPart.COUNTS in parts else {}
    if StatsPart.KEYWORDS in parts:
        fields[KEYWORD] = "$keyword_key"
    if StatsPart.TREND in parts:
        is_recent = {"$and": [{"$gte": ["$created_at", hour - TREND_HOURS * _HOUR]}, {"$lt": ["$created_at", hour]}]}
        fields[HOUR] = {"$cond": [is_recent, hours_since_epoch("$created_at"), None]}
    return fields


def _combinations(of: Partition, fields: Row) -> list[Row]:
    def combine(where: Filter, sign: int = 1) -> list[Row]:
        return [{"$match": where}, {"$group": {"_id": fields, "count": {"$sum": sign}}}]

    return [*combine(of.single), _union(combine(of.gone, -1))] if of.gone else combine(of.single)


def _rows(where: Filter) -> list[Row]:
    """Rows of the rollups as combinations of one field."""
    combination = {"$arrayToObject": [[{"k": "$_id.field", "v": "$_id.value"}]]}
    return [
        {"$match": where},
        {"$group": {"_id": {"field": "$field", "value": "$value"}, "count": {"$sum": "$tickets"}}},
        {"$project": {"_id": combination, "field": "$_id.field", "count": 1}},
    ]


def _rolled_up_hours(hour: datetime) -> Filter:
    end = _number(hour)
    begin = end - TREND_HOURS
    return {
        "day": {"$gte": begin // HOURS_A_DAY, "$lte": end // HOURS_A_DAY},
        "value": {"$gte": begin, "$lt": end},
    }


def _union(pipeline: list[Row], collection: str = Ticket.Settings.name) -> Row:
    return {"$unionWith": {"coll": collection, "pipeline": pipeline}}


def _having(field: str) -> Row:
    """Leaves out the rows of the rollups that are about other fields."""
    return {"$match": {"field": {"$in": [field, None]}}}


def _counted_by(field: str) -> list[Row]:
    value = {"$ifNull": [f"$_id.{field}", UNKNOWN]}
    return [_having(field), {"$group": {"_id": value, "count": {"$sum": "$count"}}}, {"$match": {"count": {"$gt": 0}}}]


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


def _by_category() -> list[Row]:
    """The counts by status, by what the statuses mean: exact without counts of its own."""

    def count(category: StatusCategory) -> Row:
        belongs = {"$eq": [category_expression("$$this._id"), category.value]}
        return {"$sum": {"$map": {"input": "$by_status", "in": {"$cond": [belongs, "$$this.count", 0]}}}}

    return [{"_id": category.value, "count": count(category)} for category in StatusCategory]


def _keywords() -> list[Row]:
    return [
        _having(KEYWORD),
        {"$match": {f"_id.{KEYWORD}": {"$gt": ""}}},
        {"$group": {"_id": f"$_id.{KEYWORD}", "count": {"$sum": "$count"}}},
        {"$project": {"count": 1, "keyword": {"$split": ["$_id", KEYWORD_SEPARATOR]}}},
        {"$unwind": "$keyword"},
        {"$group": {"_id": "$keyword", "count": {"$sum": "$count"}}},
        {"$match": {"count": {"$gt": 0}}},
        {"$sort": {"count": -1, "_id": 1}},
        {"$limit": TOP_KEYWORDS},
        {"$project": {"_id": 0, "keyword": "$_id", "count": 1}},
    ]


def _every_hour(hour: datetime) -> Row:
    """All hours with what `hours` has of each, the empty ones too."""
    same_hour = {"$filter": {"input": {"$ifNull": ["$hours", []]}, "cond": {"$eq": ["$$this._id", "$$number"]}}}
    count = {"$sum": {"$map": {"input": same_hour, "in": "$$this.count"}}}
    start = {"$dateAdd": {"startDate": hour - TREND_HOURS * _HOUR, "unit": "hour", "amount": "$$this"}}
    number = {"$add": [_number(hour) - TREND_HOURS, "$$this"]}
    bucket = {"$let": {"vars": {"number": number, "start": start}, "in": {"hour": "$$start", "count": count}}}
    return {"$map": {"input": {"$range": [0, TREND_HOURS]}, "in": bucket}}


def _number(hour: datetime) -> int:
    """An hour as the rollups write it."""
    return (hour - EPOCH) // _HOUR
