"""The part of the statistics that names customers: those with several urgent tickets that are not closed."""

from documents.database import Row
from documents.ticket import Ticket, Urgency
from documents.ticket_rollup import EVERY_DAY, TicketRollup
from services.analytics.partition import Partition
from services.rollups.rows import AT_RISK, RowKey, row_id
from services.statuses import CLOSING_WORDS, is_closed
from services.tenancy import Filter

TOP_CUSTOMERS = 10
AT_RISK_FROM = 2
"""A customer with at least so many high-urgency tickets that are not closed is at risk."""
TICKET_IDS_SHOWN = 20
_RISKY: Filter = {"urgency": Urgency.HIGH.value, "status": {"$nin": list(CLOSING_WORDS)}}
"""Steps over the usual words for a closed ticket. The others are found by `_OPEN`, which the index covers, too."""
_OPEN: list[Row] = [
    {"$project": {"_id": 0, "customer_id": 1, "created_at": 1, "external_id": 1, "is_closed": is_closed()}},
    {"$match": {"is_closed": False}},
]
_HAS_CUSTOMER: Filter = {"customer_id": {"$gt": ""}}
_WORST: list[Row] = [
    {"$match": {"count": {"$gte": AT_RISK_FROM}}},
    {"$sort": {"count": -1, "_id": 1}},
    {"$limit": TOP_CUSTOMERS},
]
_WITH_TICKETS: Row = {
    "customer_id": "$$this._id",
    "high_urgency_count": "$$this.count",
    "ticket_ids": {
        "$let": {
            "vars": {
                "own": {
                    "$first": {
                        "$filter": {"input": "$tickets", "as": "each", "cond": {"$eq": ["$$each._id", "$$this._id"]}}
                    }
                }
            },
            "in": {"$ifNull": ["$$own.ids", []]},
        }
    },
}


def at_risk_customers(of: Partition) -> list[Row]:
    """A pipeline on tickets that ends in one document with `at_risk_customers`."""
    if of.is_all_time and of.gone and of.rollups:
        worst = _worst_of(of.single, of.gone, {**of.rollups, "field": AT_RISK})
    else:
        worst = [*_by_customer(of.all_tickets), *_WORST]
    return [
        *worst,
        {"$group": {"_id": None, "worst": {"$push": "$$ROOT"}}},
        {"$lookup": _newest_tickets(of.all_tickets)},
        {"$project": {"_id": 0, "at_risk_customers": {"$map": {"input": "$worst", "in": _WITH_TICKETS}}}},
    ]


def _by_customer(where: Filter, sign: int = 1) -> list[Row]:
    return [
        {"$match": {**where, **_RISKY, **_HAS_CUSTOMER}},
        *_OPEN,
        {"$group": {"_id": "$customer_id", "count": {"$sum": sign}}},
    ]


def _worst_of(single: Filter, gone: Filter, rollups: Filter) -> list[Row]:
    """Rollups and single tickets together, without reading every customer's row.

    The worst are among the customers of whom single tickets are counted, and the worst of the others: of these, the
    index holds the rows in the order of their counts.
    """
    return [
        *_by_customer(single),
        {"$unionWith": {"coll": Ticket.Settings.name, "pipeline": _by_customer(gone, -1)}},
        # One document from here on, {single: [{_id: customer, count}]}: also where there is no single ticket.
        {"$group": {"_id": None, "single": {"$push": "$$ROOT"}}},
        {"$unionWith": {"pipeline": [{"$documents": [{"single": []}]}]}},
        {"$limit": 1},
        *_with_rows_of_the_same(rollups["tenant_id"]),
        {"$lookup": _worst_others(rollups)},
        # One document a customer again, {_id: customer, count}.
        {"$project": {"customer": {"$concatArrays": ["$single", "$same", "$others"]}}},
        {"$unwind": "$customer"},
        {"$group": {"_id": "$customer._id", "count": {"$sum": "$customer.count"}}},
        *_WORST,
    ]


_ROW_AS_COUNT: Row = {"$project": {"_id": "$value", "count": "$tickets"}}


def _with_rows_of_the_same(tenant_id: str) -> list[Row]:
    """Adds `same`: the rollups' counts of the customers in `single`, found by the ids that their rows have."""
    prefix = row_id(tenant_id, RowKey(EVERY_DAY, AT_RISK, ""))
    same = {
        "from": TicketRollup.Settings.name,
        "localField": "ids",
        "foreignField": "_id",
        "pipeline": [_ROW_AS_COUNT],
        "as": "same",
    }
    return [
        {"$set": {"ids": {"$map": {"input": "$single._id", "in": {"$concat": [prefix, "$$this"]}}}}},
        {"$lookup": same},
    ]


def _worst_others(rollups: Filter) -> Row:
    """Adds `others`: the rollups' highest counts of customers who are not in `single`."""
    return {
        "from": TicketRollup.Settings.name,
        "let": {"seen": "$single._id"},
        "pipeline": [
            {"$match": {**rollups, "tickets": {"$gte": AT_RISK_FROM}}},
            {"$sort": {"tickets": -1, "value": 1}},
            {"$match": {"$expr": {"$not": [{"$in": ["$value", "$$seen"]}]}}},
            {"$limit": TOP_CUSTOMERS},
            _ROW_AS_COUNT,
        ],
        "as": "others",
    }


def _newest_tickets(all_tickets: Filter) -> Row:
    """One look for all customers: each one costs the choice of an index."""
    newest = {
        "$topN": {"n": TICKET_IDS_SHOWN, "sortBy": {"created_at": -1, "external_id": 1}, "output": "$external_id"}
    }
    return {
        "from": Ticket.Settings.name,
        "localField": "worst._id",
        "foreignField": "customer_id",
        "pipeline": [
            {"$match": {**all_tickets, **_RISKY}},
            *_OPEN,
            {"$group": {"_id": "$customer_id", "ids": newest}},
        ],
        "as": "tickets",
    }
