"""What was stored of tickets at a past moment, and the counts of it: what the statistics would have told then.

The history tells it backwards: a ticket had the old value of the first change that was recorded after the moment, or
else the value that it has now. Of a purged ticket, its deletion tells the last values. Tickets that no run has brought
are there from their creation; changes that other programs made without a word in the history were always so.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from documents.database import Row
from documents.ticket import COUNTED_FIELDS, SPARSE_FIELDS, CountedField, Sentiment, Ticket, Urgency
from documents.ticket_history import HistoryAction
from services.analytics.history.candidates import candidates
from services.analytics.history.counted_events import CountedEvents
from services.analytics.partition import partition_of
from services.analytics.pipeline import combined_counts
from services.analytics.stats import TenantStats
from services.analytics.values import RATIO_DECIMALS, bounded_counts, counted_by
from services.kit.clock import EPOCH
from services.rollups.events import ENTERED, STORED
from services.rollups.lives import REBUILT, stored_changes
from services.rollups.rows import UNKNOWN
from services.statuses import category_of
from services.tickets.filter import created_in_period

_STORED: Row = {name: f"${name}" for name in (*REBUILT, "deleted_at", "first_ingested_at")}
_ENTERED, _LEFT = "entered_", "left_"


@dataclass(frozen=True, slots=True)
class PastQuestion:
    """The statistics of which moment are asked for, and of tickets that were created in which period."""

    tenant_id: str
    as_of: datetime
    created_from: datetime | None
    created_to: datetime | None
    rolled_up: bool
    """Whether there are rollups at all."""

    def pipeline(self) -> list[Row]:
        """A pipeline on tickets: one document `{status: [{_id, count}], urgency: [...], ...}`, a list a counted field.

        What is live now is counted, and put right by what has changed since: of tickets in the rollups by their events;
        others are counted as they were, and taken off as they are.
        """
        now = partition_of(self.tenant_id, self.created_from, self.created_to, rolled_up=self.rolled_up)
        changed: list[Row] = [
            *candidates(self.tenant_id, self._since, _STORED, stored_changes(), STORED, rolled_up=self.rolled_up),
            {"$set": {"rows": {"$sortArray": {"input": "$rows", "sortBy": {"recorded": 1}}}}},
            {"$set": {"then": {name: _value_then(name) for name in REBUILT}}},
            {"$project": {"part": {"$concatArrays": [[_as_it_was(self.as_of), _as_it_is()], self._outdated()]}}},
            {"$unwind": "$part"},
            {"$replaceWith": "$part"},
            *self._counted(),
        ]
        return [
            *combined_counts(now, COUNTED_FIELDS),
            {"$unionWith": {"coll": Ticket.Settings.name, "pipeline": changed}},
            *(self._events.single([{"$replaceWith": _of_event("$event")}, *self._counted()]) if self.rolled_up else []),
            *(self._events.sums([{"$set": {"_id": {"event": "$_id"}}}, _combination()]) if self.rolled_up else []),
            {"$facet": {name: counted_by(name) for name in COUNTED_FIELDS}},
        ]

    @property
    def _since(self) -> datetime:
        """The first moment of which nothing was known then."""
        return self.as_of + timedelta(milliseconds=1)

    @property
    def _events(self) -> CountedEvents:
        # The rows do not tell when the tickets were created that had an event.
        has_period = self.created_from is not None or self.created_to is not None
        return CountedEvents(self.tenant_id, STORED, self._since, one_by_one=has_period)

    def _counted(self) -> list[Row]:
        """From `{values or event, created_at, count}` to combinations with their counts, of tickets of the period."""
        return [
            {"$match": {"count": {"$ne": 0}, **created_in_period(self.created_from, self.created_to)}},
            {"$group": {"_id": {"values": "$values", "event": "$event"}, "count": {"$sum": "$count"}}},
            _combination(),
        ]

    def _outdated(self) -> Row:
        """The expression for what the rollups take off and must not."""
        return {"$map": {"input": self._events.since("$outdated"), "in": {**_of_event("$$this"), "count": -1}}}


def _of_event(event: str) -> Row:
    """The expression for an event of a life, of which `born` is in the same document."""
    is_told = {"$ne": [{"$type": f"{event}.born"}, "missing"]}
    return {
        "event": {"field": f"{event}.field", "value": f"{event}.value"},
        "created_at": {"$toDate": {"$cond": [is_told, f"{event}.born", "$born"]}},
        "count": {"$literal": 1},
    }


def _combination() -> Row:
    """From `{_id: {values or event}, count}` to a combination of values, from whose count events are taken off."""
    name: Any = "$_id.event.field"
    for prefix in (_ENTERED, _LEFT):
        name = {"$replaceOne": {"input": name, "find": prefix, "replacement": ""}}
    has_entered = {"$in": ["$_id.event.field", list(ENTERED.values())]}
    signed = {"$cond": [has_entered, {"$multiply": ["$count", -1]}, "$count"]}
    is_event = {"$eq": [{"$type": "$_id.event"}, "object"]}
    return {
        "$project": {
            "_id": {"$cond": [is_event, {"$arrayToObject": [[{"k": name, "v": "$_id.event.value"}]]}, "$_id.values"]},
            "field": {"$cond": [is_event, name, "$$REMOVE"]},
            "count": {"$cond": [is_event, signed, "$count"]},
        }
    }


def to_past_stats(
    found: list[Row], tenant_id: str, created_from: datetime | None, created_to: datetime | None
) -> TenantStats:
    """The statistics as far as the history tells them; their other parts are empty."""
    by_field = {field: _counts(found[0].get(field, [])) for field in COUNTED_FIELDS}
    total = sum(by_field[CountedField.STATUS].values())
    by_field |= {field: _with_rest(by_field[field], total) for field in SPARSE_FIELDS}
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
        by_field={str(field): dict(bounded_counts(field, [*counts.items()])) for field, counts in by_field.items()},
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


def _with_rest(counts: dict[str, int], total: int) -> dict[str, int]:
    """The counts of a sparse field: tickets without a known value, of which no event tells, are the rest."""
    known = Counter({value: count for value, count in counts.items() if value != UNKNOWN})
    rest = total - known.total()
    return _ranked(known + Counter({UNKNOWN: rest}))


def _ranked(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _value_then(name: str) -> Row:
    """The expression for what the field held: the old value of its first change since, or else what it holds now."""
    is_told = {"$eq": [{"$type": f"$$this.{name}"}, "object"]}
    change = {"$first": {"$filter": {"input": "$rows", "cond": is_told, "limit": 1}}}
    is_changed = {"$eq": [{"$type": "$$change"}, "object"]}
    value = {"$cond": [is_changed, f"$$change.{name}.old", {"$ifNull": [f"$stored.{name}", None]}]}
    return {"$let": {"vars": {"change": change}, "in": value}}


def _as_it_was(as_of: datetime) -> Row:
    """The expression for what the ticket was, counted if it was live."""
    return {**_values("$then"), "count": {"$cond": [_was_live(as_of), 1, 0]}}


def _as_it_is() -> Row:
    """The expression for what the ticket is, taken off if it is live."""
    return {**_values("$stored"), "count": {"$cond": [{"$and": [_IS_STORED, {"$not": [_HAS_DIED]}]}, -1, 0]}}


def _values(state: str) -> Row:
    return {"values": {name: f"{state}.{name}" for name in COUNTED_FIELDS}, "created_at": f"{state}.created_at"}


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
