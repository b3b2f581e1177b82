"""Counts of tickets by the values of one field: from combinations of values, of which each document has a count.

Of fields that may have very many values, the most frequent ones are listed.
"""

from documents.database import Row
from documents.ticket import SPARSE_FIELDS, Sentiment, StatusCategory, Urgency
from documents.ticket_indexes import HAS_TAGS
from services.analytics.partition import Partition
from services.rollups.rows import TAG, UNKNOWN
from services.statuses import category_expression
from services.tags import tags_expression
from services.tenancy import Filter
from services.tickets.filter import both

MAX_LISTED = 100
"""So many values of a field that may have very many are listed."""
MOST_FREQUENT = {"count": -1, "_id": 1}
"""How counts are sorted."""
RATIO_DECIMALS = 3
TOTAL = {"$sum": "$by_status.count"}
"""The expression for how many tickets there are, of the counts by status."""


def having(field: str) -> Row:
    """Leaves out the rows of the rollups that are about other fields."""
    return {"$match": {"field": {"$in": [field, None]}}}


def counted_by(field: str) -> list[Row]:
    """Stages from combinations of values to `{_id, count}` for each value of one field."""
    value = {"$ifNull": [f"$_id.{field}", UNKNOWN]}
    return [having(field), {"$group": {"_id": value, "count": {"$sum": "$count"}}}, {"$match": {"count": {"$gt": 0}}}]


def counted_by_tag() -> list[Row]:
    """The same for tags, the most frequent ones, from what `tags_one_by_one` makes and rows of the rollups."""
    has_tag = {"$match": {f"_id.{TAG}": {"$ne": None}}}
    return [has_tag, *counted_by(TAG), {"$sort": MOST_FREQUENT}, {"$limit": MAX_LISTED}]


def counted_by_sparse(field: str) -> list[Row]:
    """Stages from combinations to one document or none: how many tickets have a `known` value in a sparse field, and
    the most frequent `values`, each `{_id, count}`."""
    values = {"n": MAX_LISTED, "sortBy": MOST_FREQUENT, "output": {"_id": "$_id", "count": "$count"}}
    return [
        {"$match": {f"_id.{field}": {"$nin": [None, UNKNOWN]}}},
        *counted_by(field),
        {"$group": {"_id": None, "known": {"$sum": "$count"}, "values": {"$topN": values}}},
    ]


def ratios() -> Row:
    """The expressions for the total and the two ratios, of the counts."""

    def share(field: str, value: str) -> Row:
        having = {"$filter": {"input": f"${field}", "cond": {"$eq": ["$$this._id", value]}}}
        count = {"$sum": {"$map": {"input": having, "in": "$$this.count"}}}
        return {"$cond": [{"$eq": [TOTAL, 0]}, 0.0, {"$round": [{"$divide": [count, TOTAL]}, RATIO_DECIMALS]}]}

    return {
        "total_tickets": TOTAL,
        "urgency_high_ratio": share("by_urgency", Urgency.HIGH.value),
        "negative_sentiment_ratio": share("by_sentiment", Sentiment.NEGATIVE.value),
    }


def category_counts() -> list[Row]:
    """The expression for the counts by status, by what the statuses mean: exact without counts of its own."""

    def count(category: StatusCategory) -> Row:
        belongs = {"$eq": [category_expression("$$this._id"), category.value]}
        return {"$sum": {"$map": {"input": "$by_status", "in": {"$cond": [belongs, "$$this.count", 0]}}}}

    return [{"_id": category.value, "count": count(category)} for category in StatusCategory]


def with_unknown(found: str, total: object) -> Row:
    """The expression that makes `[{_id, count}]` of what `counted_by_sparse` has found: the rest has no known value."""
    first = {"$ifNull": [{"$first": found}, {"known": 0, "values": []}]}
    unknown = {"_id": UNKNOWN, "count": {"$subtract": [total, "$$first.known"]}}
    return {"$let": {"vars": {"first": first}, "in": {"$concatArrays": ["$$first.values", [unknown]]}}}


def tags_one_by_one(of: Partition, **keys: object) -> list[list[Row]]:
    """Pipelines on tickets: `{_id: {tag, ...}, field, count}`, of those that the rollups do not count, and of those
    that they count and must not. `keys`: expressions for what else of a ticket is of interest."""

    # For the planner alone, so that it takes the index on the mark: where few tickets have tags, it has been seen to
    # take that on the tags, and to keep to it where many have.
    by_mark = [] if of.gone is None else [{"$sort": {"rolled_up": 1}}]

    def combine(where: Filter, sign: int) -> list[Row]:
        return [
            {"$match": both(where, {"tags": HAS_TAGS})},
            *by_mark,
            {"$project": {TAG: tags_expression(), **keys}},
            {"$unwind": f"${TAG}"},
            {"$group": {"_id": {name: f"${name}" for name in (TAG, *keys)}, "count": {"$sum": sign}}},
            {"$set": {"field": TAG}},
        ]

    single = [combine(where, 1) for where in of.singles]  # one by one, or the planner would choose badly
    return single if of.gone is None else [*single, combine(of.gone, -1)]


def bounded_counts(field: str, counts: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """The most frequent of a field's values, which come first, if it may have very many."""
    return counts[:MAX_LISTED] if field in (*SPARSE_FIELDS, TAG) else counts
