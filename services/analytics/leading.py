"""Which customers lead by one of their counts, without reading every customer: an exact top-k over sorted lists.

After the threshold algorithm (Fagin, Lotem, Naor: "Optimal aggregation algorithms for middleware", 2003). The rollups
hold each customer's counts for 32 days together, sorted; the highest of each such span, and of what is counted one by
one, are candidates. Their counts are then made exact. Nobody else can have more than the lists' last counts together:
if that may be enough to lead, which takes very even counts, every customer is counted, in the same command.
"""

from collections.abc import Sequence
from typing import Any

from documents.database import Row
from documents.ticket import Sentiment, Ticket, Urgency
from documents.ticket_rollup import TicketRollup
from services.analytics.partition import CustomerPartition
from services.rollups.rows import CUSTOMER, RowKey, row_id, rows_of
from services.statuses import is_closed
from services.tenancy import Filter
from services.tickets.filter import both

_HAS_CUSTOMER: Filter = {"customer_id": {"$gt": ""}}
_IS_HIGH: Row = {"$eq": ["$_id.urgency", Urgency.HIGH.value]}
_IS_OPEN: Row = {"$not": [is_closed("$_id.status")]}
COUNTS: dict[str, Any] = {
    "tickets": "$count",
    "high": {"$cond": [_IS_HIGH, "$count", 0]},
    "negative": {"$cond": [{"$eq": ["$_id.sentiment", Sentiment.NEGATIVE.value]}, "$count", 0]},
    "not_closed": {"$cond": [_IS_OPEN, "$count", 0]},
    "at_risk": {"$cond": [{"$and": [_IS_HIGH, _IS_OPEN]}, "$count", 0]},
}
"""What tickets with the same values add to their customer's counts; the names are those of the rollups' rows."""


def leading_customers(
    of: CustomerPartition, count: str, first: int, *, least: int = 1, looked_at: int | None = None
) -> list[Row]:
    """A pipeline on tickets: one document a customer, `{_id: customer, tickets, high, ...}`, highest `count` first.

    `first`: how many customers at most; `least`: of those with fewer, none; `looked_at`: how many of each list, which
    decides how even counts may be until every customer has to be counted.
    """
    leading: list[Row] = [
        {"$match": {count: {"$gte": least}}},
        {"$sort": {count: -1, "_id": 1}},
        {"$limit": first},
    ]
    if of.gone is None:
        return [*_by_customer(of.all_tickets), *leading]
    length = looked_at or 4 * first + 60
    return [
        *_bounds_of_single(of.alone, count, length),
        *[{"$lookup": _highest(of, span, count, length)} for span in of.spans],
        *_candidates(of, length),
        *_with_counts(of),
        *_leading(count, first, least),
        {"$lookup": _everybody(of, leading)},
        {"$project": {"customer": {"$cond": ["$is_sure", "$leading", "$everybody"]}}},
        {"$unwind": "$customer"},
        {"$replaceWith": "$customer"},
    ]


def _by_customer(where: Filter, sign: int = 1) -> list[Row]:
    counts = {name: {"$sum": count} for name, count in COUNTS.items()}
    return [*_alike(where, sign), {"$group": {"_id": "$_id.customer", **counts}}]


def _alike(where: Filter, sign: int = 1) -> list[Row]:
    """Tickets with the same values together, so that fewer are looked at: `{_id: {customer, status, ...}, count}`."""
    values = {"customer": "$customer_id", "status": "$status", "urgency": "$urgency", "sentiment": "$sentiment"}
    return [{"$match": both(where, _HAS_CUSTOMER)}, {"$group": {"_id": values, "count": {"$sum": sign}}}]


def _bounds_of_single(tickets: Sequence[Filter], count: str, length: int) -> list[Row]:
    """From tickets to one document: `{single: [{_id: customer, bound}]}`, the `length` highest ones."""
    first, *others = map(_alike, tickets)
    return [
        *first,
        *({"$unionWith": {"coll": Ticket.Settings.name, "pipeline": each}} for each in others),
        {"$group": {"_id": "$_id.customer", "bound": {"$sum": COUNTS[count]}}},
        {"$sort": {"bound": -1}},
        {"$limit": length},
        {"$group": {"_id": None, "single": {"$push": "$$ROOT"}}},
        # Also where there is no single ticket.
        {"$unionWith": {"pipeline": [{"$documents": [{"single": []}]}]}},
        {"$limit": 1},
    ]


def _highest(of: CustomerPartition, span: int | str, count: str, length: int) -> Row:
    """Adds the `length` highest rows of a span, in the form of `single`."""
    return {
        "from": TicketRollup.Settings.name,
        "pipeline": [
            {"$match": rows_of(of.tenant_id, field=CUSTOMER, day=span, **{count: {"$gt": 0}})},
            {"$sort": {count: -1, "value": 1}},
            {"$limit": length},
            {"$project": {"_id": "$value", "bound": f"${count}"}},
        ],
        "as": _list_of(span),
    }


def _list_of(span: int | str) -> str:
    return f"span_{span}".replace("-", "before_")


def _candidates(of: CustomerPartition, length: int) -> list[Row]:
    """From the lists to `{unseen, ids}`: customers who may lead, and how much all others can have at most.

    Whoever is not in a list has at most its last count in it; of a list that is shorter, nothing.
    """
    lists = ["single", *map(_list_of, of.spans)]
    last = {
        name: {"$cond": [{"$lt": [{"$size": f"${name}"}, length]}, 0, {"$last": f"${name}.bound"}]} for name in lists
    }

    def beyond(name: str) -> Row:
        excess = {"_id": "$$this._id", "bound": {"$subtract": ["$$this.bound", f"$last.{name}"]}}
        return {"$map": {"input": f"${name}", "in": excess}}

    others = {"$cond": [{"$gt": [{"$size": "$customers"}, length]}, {"$last": "$customers.bound"}, 0]}
    ids = {"$filter": {"input": {"$slice": ["$customers._id", length]}, "cond": {"$ne": ["$$this", None]}}}
    return [
        {"$set": {"last": last}},
        {
            "$project": {
                "unseen": {"$sum": [f"$last.{name}" for name in lists]},
                "customer": {"$concatArrays": list(map(beyond, lists))},
            }
        },
        {"$unwind": {"path": "$customer", "preserveNullAndEmptyArrays": True}},
        {"$group": {"_id": "$customer._id", "bound": {"$sum": "$customer.bound"}, "unseen": {"$first": "$unseen"}}},
        {"$sort": {"bound": -1}},
        {"$limit": length + 1},
        {"$group": {"_id": None, "unseen": {"$first": "$unseen"}, "customers": {"$push": "$$ROOT"}}},
        {"$project": {"unseen": {"$add": ["$unseen", others]}, "ids": ids}},
    ]


def _with_counts(of: CustomerPartition) -> list[Row]:
    """From `{unseen, ids}` to one document a customer: `{_id, unseen, tickets, high, ...}`."""
    prefixes = [row_id(of.tenant_id, RowKey(span, CUSTOMER, "")) for span in of.spans]
    ids = [{"$map": {"input": "$ids", "in": {"$concat": [prefix, "$$this"]}}} for prefix in prefixes]
    from_tickets = [_by_customer(where) for where in of.counted] + [_by_customer(of.gone or {}, -1)]
    lookups = {f"tickets_{number}": pipeline for number, pipeline in enumerate(from_tickets)}
    rows = {"from": TicketRollup.Settings.name, "localField": "row_ids", "foreignField": "_id"}
    tickets = {"from": Ticket.Settings.name, "localField": "ids", "foreignField": "customer_id"}
    return [
        {"$set": {"row_ids": {"$concatArrays": ids}}},
        {"$lookup": {**rows, "pipeline": _counts_of_rows(of), "as": "rows"}},
        *[{"$lookup": {**tickets, "pipeline": pipeline, "as": name}} for name, pipeline in lookups.items()],
        {
            "$project": {
                "unseen": 1,
                "customer": {"$concatArrays": ["$rows", *(f"${name}" for name in lookups)]},
            }
        },
        {"$unwind": {"path": "$customer", "preserveNullAndEmptyArrays": True}},
        {
            "$group": {
                "_id": "$customer._id",
                "unseen": {"$first": "$unseen"},
                **{name: {"$sum": f"$customer.{name}"} for name in COUNTS},
            }
        },
    ]


def _counts_of_rows(of: CustomerPartition) -> list[Row]:
    """From rows to `{_id: customer, tickets, high, ...}`, of the whole days alone."""
    of_tenant: Row = {"$match": rows_of(of.tenant_id)}
    if of.first_day is None:
        return [of_tenant, {"$project": {"_id": "$value", **dict.fromkeys(COUNTS, 1)}}]
    day = {"$add": ["$day", {"$toInt": "$$this.k"}]}
    is_whole = {"$and": [{"$gte": [day, of.first_day]}, {"$lt": [day, of.last_day]}]}
    return [
        of_tenant,
        {"$set": {"days": {"$filter": {"input": {"$objectToArray": "$days"}, "cond": is_whole}}}},
        {"$project": {"_id": "$value", **{name: {"$sum": f"$days.v.{name}"} for name in COUNTS}}},
    ]


def _leading(count: str, first: int, least: int) -> list[Row]:
    """From one document a customer to one: `{leading: [...], is_sure}`; whether nobody else can be among them."""
    customer = {"_id": "$_id", **{name: f"${name}" for name in COUNTS}}
    enough = {"$filter": {"input": "$leading", "cond": {"$gte": [f"$$this.{count}", least]}}}
    is_full = {"$eq": [{"$size": "$leading"}, first]}
    is_sure = {
        "$or": [
            {"$lt": ["$unseen", least]},
            {"$and": [is_full, {"$gt": [{"$last": f"$leading.{count}"}, "$unseen"]}]},
        ]
    }
    return [
        {"$sort": {count: -1, "_id": 1}},
        {"$limit": first},
        {"$group": {"_id": None, "unseen": {"$first": "$unseen"}, "leading": {"$push": customer}}},
        {"$set": {"leading": enough}},
        {"$set": {"is_sure": is_sure}},
    ]


def _everybody(of: CustomerPartition, leading: list[Row]) -> Row:
    """Adds `everybody`: who leads when every customer is counted; of no tenant, where that is not needed."""
    tenant = {"$cond": ["$is_sure", "", of.tenant_id]}
    return {
        "from": Ticket.Settings.name,
        "let": {"tenant": tenant},
        "pipeline": [
            {"$match": {**of.all_tickets, "$expr": {"$eq": ["$tenant_id", "$$tenant"]}}},
            *_by_customer({}),
            *leading,
        ],
        "as": "everybody",
    }
