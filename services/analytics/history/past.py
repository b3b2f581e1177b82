"""What was stored of tickets at a past moment, and the counts of it: what the statistics would have told then.

The history tells it backwards: a ticket had the old value of the first change that was recorded after the moment, or
else the value that it has now. Of a purged ticket, its deletion tells the last values. Tickets that no run has brought
are there from their creation; changes that other programs made without a word in the history were always so.
"""

from collections import Counter
from datetime import datetime

from documents.database import Row
from documents.ticket import COUNTED_FIELDS, CountedField, Sentiment, Ticket, Urgency
from documents.ticket_history import HistoryAction
from services.analytics.history.joins import created_or_deleted_since, joined
from services.analytics.pipeline import RATIO_DECIMALS
from services.analytics.stats import TenantStats
from services.kit.clock import EPOCH
from services.rollups.rows import UNKNOWN
from services.statuses import category_of
from services.tenancy import live, owned
from services.tickets.filter import created_between

_REBUILT = (*COUNTED_FIELDS, "created_at")


def past_pipeline(
    tenant_id: str, as_of: datetime, created_from: datetime | None, created_to: datetime | None
) -> list[Row]:
    """A pipeline on tickets: one document `{status: [{_id, count}], urgency: [...], ...}`, one list a counted field.

    What is live now is counted, and put right by the tickets that have changed since: they are counted as they were,
    and taken off as they are.
    """
    period = created_between(created_from, created_to)
    values = {name: f"${name}" for name in COUNTED_FIELDS}
    changed: list[Row] = [
        *_changed(tenant_id, as_of),
        # Two documents a ticket from here on, {count: 1, status, ...} as it was, and {count: -1, status, ...} as it is.
        {"$project": {"state": [_then(as_of), _now(as_of)]}},
        {"$unwind": "$state"},
        {"$replaceWith": "$state"},
        {"$match": {"count": {"$ne": 0}, **period}},
        {"$group": {"_id": values, "count": {"$sum": "$count"}}},
    ]
    return [
        {"$match": {"$and": [live(tenant_id, **period), {"created_at": {"$not": {"$gt": as_of}}}]}},
        {"$group": {"_id": values, "count": {"$sum": 1}}},
        {"$unionWith": {"coll": Ticket.Settings.name, "pipeline": changed}},
        {"$facet": {name: _counted_by(name) for name in COUNTED_FIELDS}},
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


def _counted_by(name: str) -> list[Row]:
    value = {"$ifNull": [f"$_id.{name}", UNKNOWN]}
    return [{"$group": {"_id": value, "count": {"$sum": "$count"}}}, {"$match": {"count": {"$gt": 0}}}]


def _changed(tenant_id: str, as_of: datetime) -> list[Row]:
    """From tickets to one document for each that may have been another: `{_id: its id, stored, rows, then}`.

    `stored` is what is stored of it, or null; `rows` are those of the history since, oldest first:
    `{action, recorded, status: {old}, ...}`, with the fields that changed; `then` has what the fields held.
    """
    stored = {name: f"${name}" for name in (*_REBUILT, "deleted_at", "first_ingested_at")}
    in_order = {"$sortArray": {"input": "$rows", "sortBy": {"recorded": 1}}}
    history: list[Row] = [
        *_changes_since(tenant_id, as_of),
        {"$group": {"_id": "$ticket", "rows": {"$push": "$row"}}},
        {"$project": {"_id": 0, "ticket": "$_id", "rows": in_order}},
    ]
    return [
        *joined(tenant_id, created_or_deleted_since(tenant_id, as_of), stored, history, with_changed=True),
        {"$set": {"rows": {"$ifNull": ["$rows", []]}}},
        {"$set": {"then": {name: _value_then(name) for name in _REBUILT}}},
    ]


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


def _then(as_of: datetime) -> Row:
    """The expression for what the ticket was, counted if it was live."""
    return {"$mergeObjects": ["$then", {"count": {"$cond": [_was_live(as_of), 1, 0]}}]}


def _now(as_of: datetime) -> Row:
    """The expression for what the ticket is, taken off if it is among those that are counted as they are."""
    is_old = {"$or": [{"$not": [_is_date("$stored.created_at")]}, {"$lte": ["$stored.created_at", as_of]}]}
    is_counted = {"$and": [_IS_STORED, {"$not": [_HAS_DIED]}, is_old]}
    return {"$mergeObjects": ["$stored", {"count": {"$cond": [is_counted, -1, 0]}}]}


def _was_live(as_of: datetime) -> Row:
    """The expression for whether the ticket was there, and not deleted: by its first change since, or else as it is."""
    is_first = {action: {"$eq": [{"$first": "$rows.action"}, action.value]} for action in HistoryAction}
    has_changed = {"$or": [is_first[HistoryAction.UPDATED], is_first[HistoryAction.DELETED]]}
    was_brought = {"$and": [_is_date("$stored.first_ingested_at"), {"$lte": ["$stored.first_ingested_at", as_of]}]}
    was_created = {"$or": [{"$not": [_is_date("$then.created_at")]}, {"$lte": ["$then.created_at", as_of]}]}
    has_gone = {"$in": [HistoryAction.DELETED.value, "$rows.action"]}  # else somebody has removed it without a word
    was_there = {"$cond": [_IS_STORED, {"$or": [was_brought, was_created]}, has_gone]}
    since = {"$cond": [_is_date("$stored.first_ingested_at"), was_brought, was_created]}
    is_dead = {"$and": [_HAS_DIED, {"$lte": ["$stored.deleted_at", as_of]}]}
    unchanged = {"$and": [_IS_STORED, since, {"$not": [is_dead]}]}
    return {"$cond": [{"$eq": ["$rows", []]}, unchanged, {"$and": [has_changed, was_there]}]}


def _is_date(value: str) -> Row:
    return {"$eq": [{"$type": value}, "date"]}


_IS_STORED: Row = {"$gt": ["$stored", None]}
_HAS_DIED: Row = {"$and": [_is_date("$stored.deleted_at"), {"$gt": ["$stored.deleted_at", EPOCH]}]}
