"""What was stored of tickets at a past moment, and the counts of it: what the statistics would have told then.

The history tells it backwards: a ticket had the old value of the first change that was recorded after the moment, or
else the value that it has now. Of a purged ticket, its deletion tells the last values. Tickets that no run has brought
are there from their creation; changes that other programs made without a word in the history were always so.
"""

from collections import Counter
from datetime import datetime

from documents.database import Row
from documents.ticket import COUNTED_FIELDS, CountedField, Sentiment, Urgency
from documents.ticket_history import HistoryAction, TicketHistory
from services.analytics.pipeline import RATIO_DECIMALS
from services.analytics.stats import TenantStats
from services.kit.clock import EPOCH
from services.rollups.rows import UNKNOWN
from services.statuses import category_of
from services.tenancy import owned
from services.tickets.filter import created_between

_REBUILT = (*COUNTED_FIELDS, "created_at")


def past_pipeline(
    tenant_id: str, as_of: datetime, created_from: datetime | None, created_to: datetime | None
) -> list[Row]:
    """A pipeline on tickets: one document `{status: [{_id, count}], urgency: [...], ...}`, one list a counted field."""
    stored = {name: f"${name}" for name in (*_REBUILT, "deleted_at", "first_ingested_at")}
    return [
        {"$match": owned(tenant_id)},
        {"$project": {"_id": 0, "ticket": "$external_id", "stored": stored}},
        {"$unionWith": {"coll": TicketHistory.Settings.name, "pipeline": _changes_since(tenant_id, as_of)}},
        # One document a ticket, {_id: its id, stored: what is stored or null, rows: [{action, status: {old}, ...}]}.
        {"$group": {"_id": "$ticket", "stored": {"$max": "$stored"}, "rows": {"$push": "$row"}}},
        {"$set": {"rows": {"$sortArray": {"input": "$rows", "sortBy": {"recorded": 1}}}}},
        {"$set": {name: _value_then(name) for name in _REBUILT}},
        {"$match": {"$expr": _was_live(as_of)}},
        {"$match": created_between(created_from, created_to)},
        {"$group": {"_id": {name: f"${name}" for name in COUNTED_FIELDS}, "count": {"$sum": 1}}},
        {
            "$facet": {
                name: [{"$group": {"_id": f"$_id.{name}", "count": {"$sum": "$count"}}}] for name in COUNTED_FIELDS
            }
        },
    ]


def to_past_stats(
    found: list[Row], tenant_id: str, created_from: datetime | None, created_to: datetime | None
) -> TenantStats:
    """The statistics as far as the history tells them; their other parts are empty."""
    by_field = {field: _counts(found[0].get(field, [])) for field in COUNTED_FIELDS}
    total = sum(by_field[CountedField.STATUS].values())
    categories: Counter[str] = Counter()
    for row in found[0][CountedField.STATUS]:
        categories[category_of(row["_id"]).value] += row["count"]
    by_field[CountedField.STATUS_CATEGORY] = _ranked(categories)

    def share(field: CountedField, value: str) -> float:
        return round(by_field[field].get(value, 0) / total, RATIO_DECIMALS) if total else 0.0

    return TenantStats(
        tenant_id=tenant_id,
        created_from=created_from,
        created_to=created_to,
        total_tickets=total,
        by_field={str(field): counts for field, counts in by_field.items()},
        urgency_high_ratio=share(CountedField.URGENCY, Urgency.HIGH),
        negative_sentiment_ratio=share(CountedField.SENTIMENT, Sentiment.NEGATIVE),
        hourly_trend=[],
        top_keywords=[],
        at_risk_customers=[],
    )


def _counts(groups: list[Row]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for group in groups:
        counts[UNKNOWN if group["_id"] is None else str(group["_id"])] += group["count"]
    return _ranked(counts)


def _ranked(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _changes_since(tenant_id: str, as_of: datetime) -> list[Row]:
    """From the rows that were recorded after the moment to `{ticket, row}`."""
    later = owned(tenant_id, recorded_at={"$gt": as_of}, action={"$in": list(HistoryAction)})
    row: Row = {"action": "$action", "recorded": "$recorded_at"}
    for name in _REBUILT:
        is_told = {"$ne": [{"$type": f"$changes.{name}"}, "missing"]}
        row[name] = {"$cond": [is_told, {"old": {"$ifNull": [f"$changes.{name}.old", None]}}, "$$REMOVE"]}
    return [{"$match": later}, {"$project": {"_id": 0, "ticket": "$ticket_id", "row": row}}]


def _value_then(name: str) -> Row:
    """The expression for what the field held: the old value of its first change since, or else what it holds now."""
    is_told = {"$eq": [{"$type": f"$$this.{name}"}, "object"]}
    change = {"$first": {"$filter": {"input": "$rows", "cond": is_told, "limit": 1}}}
    is_changed = {"$eq": [{"$type": "$$change"}, "object"]}
    value = {"$cond": [is_changed, f"$$change.{name}.old", {"$ifNull": [f"$stored.{name}", None]}]}
    return {"$let": {"vars": {"change": change}, "in": value}}


def _was_live(as_of: datetime) -> Row:
    """The expression for whether the ticket was there, and not deleted: by its first change since, or else as it is."""
    is_stored = {"$gt": ["$stored", None]}
    is_later = {action: {"$eq": [{"$first": "$rows.action"}, action.value]} for action in HistoryAction}
    has_changed = {"$or": [is_later[HistoryAction.UPDATED], is_later[HistoryAction.DELETED]]}
    was_brought = {"$and": [_is_date("$stored.first_ingested_at"), {"$lte": ["$stored.first_ingested_at", as_of]}]}
    was_created = {"$or": [{"$not": [_is_date("$created_at")]}, {"$lte": ["$created_at", as_of]}]}
    was_there = {
        "$cond": [
            is_stored,
            {"$or": [was_brought, was_created]},
            {"$in": [HistoryAction.DELETED.value, "$rows.action"]},  # else somebody has removed it without a word
        ]
    }
    since = {"$cond": [_is_date("$stored.first_ingested_at"), was_brought, was_created]}
    died = {"$and": [_is_date("$stored.deleted_at"), {"$gt": ["$stored.deleted_at", EPOCH]}]}
    is_dead = {"$and": [died, {"$lte": ["$stored.deleted_at", as_of]}]}
    unchanged = {"$and": [is_stored, since, {"$not": [is_dead]}]}
    return {"$cond": [{"$eq": ["$rows", []]}, unchanged, {"$and": [has_changed, was_there]}]}


def _is_date(value: str) -> Row:
    return {"$eq": [{"$type": value}, "date"]}
