"""The pipeline behind `services/analytics/stats.py`: one command that ends in one document.

Single tickets are grouped into their distinct combinations of values, and rows of the rollups join them as combinations
with one value each; all that follows counts those. But for the tags, no part reads a ticket: indexes cover them.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import Enum, auto

from documents.database import Row
from documents.ticket import (
    COUNTED_FIELDS,
    KEYWORD_SEPARATOR,
    SPARSE_FIELDS,
    Ticket,
)
from documents.ticket_rollup import TicketRollup
from services.analytics.at_risk import at_risk_customers
from services.analytics.partition import CustomerPartition, CutDay, Partition
from services.analytics.values import (
    TOTAL,
    category_counts,
    counted_by,
    counted_by_sparse,
    counted_by_tag,
    having,
    ratios,
    tags_one_by_one,
    with_unknown,
)
from services.kit.clock import EPOCH
from services.rollups.rows import KEYWORD, QUARTERS_A_DAY, TAG, TOTALS, quarters_since_epoch, rows_of
from services.tenancy import Filter

HOUR = "hour"
TREND_HOURS = 24
TOP_KEYWORDS = 10
HOUR_LENGTH = timedelta(hours=1)
_QUARTERS = 4
"""Of an hour."""


class StatsPart(Enum):
    """The parts that can be computed on their own."""

    COUNTS = auto()
    """Total, counts by field, and the two ratios."""
    TAGS = auto()
    """Counts by tag."""
    KEYWORDS = auto()
    TREND = auto()
    AT_RISK = auto()


ALL_PARTS = frozenset(StatsPart)


def build_pipeline(
    of: Partition, customers: CustomerPartition, trend_end: datetime, parts: Collection[StatsPart]
) -> list[Row]:
    """The pipeline for `parts` of the statistics of a period, shared out in two ways.

    `trend_end`: when the last hour of the trend ends.
    """
    fields = _fields(trend_end, parts)
    tags = [TAG] if StatsPart.TAGS in parts else []
    facets, finish = _facets(trend_end, parts)
    pipeline: list[Row] = _combinations(of, fields) if fields else [{"$match": of.all_tickets}, {"$limit": 1}]
    pipeline += [_union(each) for each in tags_one_by_one(of) if tags]
    if rolled_up := sorted([*fields.keys() - {HOUR}, *tags]):
        pipeline += _rolled_up(of, rolled_up)
    if of.gone is not None and StatsPart.TREND in parts:
        pipeline.append(_union(_rolled_up_hours(of, trend_end), TicketRollup.Settings.name))
    pipeline.append({"$facet": facets or {"nothing": [{"$project": {"_id": 1}}]}})
    if StatsPart.AT_RISK in parts:
        pipeline.append(_union(at_risk_customers(customers)))
    pipeline.append({"$group": {"_id": None, "parts": {"$push": "$$ROOT"}}})
    pipeline.append({"$replaceWith": {"$mergeObjects": "$parts"}})
    if finish:
        pipeline.append({"$set": finish})
    return pipeline


def _facets(trend_end: datetime, parts: Collection[StatsPart]) -> tuple[dict[str, list[Row]], Row]:
    """The counts, as stages for each, and what is made of them in the end."""
    facets: dict[str, list[Row]] = {}
    finish: Row = {}
    if StatsPart.COUNTS in parts:
        facets |= {f"by_{name}": counted_by(name) for name in COUNTED_FIELDS}
        facets |= {f"by_{name}": counted_by_sparse(name) for name in SPARSE_FIELDS}
        finish |= ratios() | {f"by_{name}": with_unknown(f"$by_{name}", TOTAL) for name in SPARSE_FIELDS}
        finish["by_status_category"] = category_counts()
    if StatsPart.TAGS in parts:
        facets[f"by_{TAG}"] = counted_by_tag()
    if StatsPart.KEYWORDS in parts:
        facets["top_keywords"] = _keywords()
    if StatsPart.TREND in parts:
        facets["hours"] = counted_by(HOUR)
        finish["hourly_trend"] = _every_hour(trend_end)
    return facets, finish


def total_count(of: Partition) -> list[Row]:
    """A pipeline on tickets that ends in one document: `{total}`."""
    return [*_combinations(of, {}), *_rolled_up(of, [TOTALS]), {"$group": {"_id": None, "total": {"$sum": "$count"}}}]


def combined_counts(of: Partition, fields: Sequence[str], *, is_led: bool = True) -> list[Row]:
    """A pipeline on tickets: what `counted_by` makes counts of, by the values of counted fields.

    `is_led`: whether it begins a command that names its index, which leads to all of the single tickets.
    """
    return [*_combinations(of, {name: f"${name}" for name in fields}, is_led=is_led), *_rolled_up(of, list(fields))]


def _fields(trend_end: datetime, parts: Collection[StatsPart]) -> Row:
    """What tickets are grouped by, with the expressions for it."""
    fields: Row = {name: f"${name}" for name in COUNTED_FIELDS} if StatsPart.COUNTS in parts else {}
    if StatsPart.KEYWORDS in parts:
        fields[KEYWORD] = "$keyword_key"
    if StatsPart.TREND in parts:
        begin = trend_end - TREND_HOURS * HOUR_LENGTH
        is_recent = {"$and": [{"$gte": ["$created_at", begin]}, {"$lt": ["$created_at", trend_end]}]}
        fields[HOUR] = {"$cond": [is_recent, _hour_of(quarters_since_epoch("$created_at")), None]}
    return fields


def _combinations(of: Partition, fields: Row, *, is_led: bool = True) -> list[Row]:
    def combine(where: Filter, sign: int = 1) -> list[Row]:
        return [{"$match": where}, {"$group": {"_id": fields, "count": {"$sum": sign}}}]

    single, *others = [of.single] if is_led else of.singles
    gone = [_union(combine(of.gone, -1))] if of.gone else []
    return [*combine(single), *(_union(combine(each)) for each in others), *gone]


def _rolled_up(of: Partition, fields: list[str]) -> list[Row]:
    """Joins what the rollups have counted, in the form of combinations of one field."""
    among = {"field": {"$in": fields}}
    parts = [_rows(rows_of(of.tenant_id, day=cut.day, **among), count_of_part(cut)) for cut in of.cut_days]
    if of.whole_days is not None:
        parts.append(_rows({**of.whole_days, **among}))
    return [_union(part, TicketRollup.Settings.name) for part in parts]


def _rows(where: Filter, count: object = "$tickets") -> list[Row]:
    """Rows of the rollups as combinations of one field. `count`: the expression for what counts of a row."""
    combination = {"$arrayToObject": [[{"k": "$_id.field", "v": "$_id.value"}]]}
    return [
        {"$match": where},
        {"$group": {"_id": {"field": "$field", "value": "$value"}, "count": {"$sum": count}}},
        {"$project": {"_id": combination, "field": "$_id.field", "count": 1}},
    ]


def count_of_part(cut: CutDay) -> Row:
    """The expression for how many tickets of a day's row were created in a part of the day."""
    names = [{"$gte": ["$$this.k", f"{cut.begin:02}"]}, {"$lt": ["$$this.k", f"{cut.end:02}"]}]
    counted = {"$filter": {"input": {"$objectToArray": "$quarters"}, "cond": {"$and": names}}}
    return {"$sum": {"$map": {"input": counted, "in": "$$this.v"}}}


def _rolled_up_hours(of: Partition, trend_end: datetime) -> list[Row]:
    """The rollups' counts of the last hours, as combinations."""
    end = _number(trend_end) * _QUARTERS
    begin = end - TREND_HOURS * _QUARTERS
    begin, end = max(begin, begin if of.begin is None else of.begin), min(end, end if of.end is None else of.end)
    days = {"$gte": begin // QUARTERS_A_DAY, "$lte": end // QUARTERS_A_DAY}
    number = {"$add": [{"$multiply": ["$day", QUARTERS_A_DAY]}, {"$toInt": "$quarter.k"}]}
    return [
        {"$match": rows_of(of.tenant_id, field=TOTALS, day=days)},
        {"$project": {"day": 1, "quarter": {"$objectToArray": "$quarters"}}},
        {"$unwind": "$quarter"},
        {"$project": {"number": number, "count": "$quarter.v"}},
        {"$match": {"number": {"$gte": begin, "$lt": end}}},
        {"$group": {"_id": {HOUR: _hour_of("$number")}, "count": {"$sum": "$count"}}},
        {"$set": {"field": HOUR}},
    ]


def _hour_of(quarter: object) -> Row:
    """The expression for the hour of a quarter of an hour, both as numbers since 1970."""
    return {"$toLong": {"$floor": {"$divide": [quarter, _QUARTERS]}}}


def _union(pipeline: list[Row], collection: str = Ticket.Settings.name) -> Row:
    return {"$unionWith": {"coll": collection, "pipeline": pipeline}}


def _keywords() -> list[Row]:
    return [
        having(KEYWORD),
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


def _every_hour(trend_end: datetime) -> Row:
    """All hours with what `hours` has of each, the empty ones too."""
    same_hour = {"$filter": {"input": {"$ifNull": ["$hours", []]}, "cond": {"$eq": ["$$this._id", "$$number"]}}}
    count = {"$sum": {"$map": {"input": same_hour, "in": "$$this.count"}}}
    start = {"$dateAdd": {"startDate": trend_end - TREND_HOURS * HOUR_LENGTH, "unit": "hour", "amount": "$$this"}}
    number = {"$add": [_number(trend_end) - TREND_HOURS, "$$this"]}
    bucket = {"$let": {"vars": {"number": number, "start": start}, "in": {"hour": "$$start", "count": count}}}
    return {"$map": {"input": {"$range": [0, TREND_HOURS]}, "in": bucket}}


def _number(hour: datetime) -> int:
    """How many hours lie between 1970 and this one."""
    return (hour - EPOCH) // HOUR_LENGTH
