"""The counts of several tenants, each for itself, in one command; see `pipeline.py` for those of one."""

from collections.abc import Sequence

from documents.database import Row
from documents.ticket import COUNTED_FIELDS, SPARSE_FIELDS, Ticket
from documents.ticket_rollup import TicketRollup
from services.analytics.partition import Partition
from services.analytics.pipeline import count_of_part
from services.analytics.values import MAX_LISTED, MOST_FREQUENT, TOTAL, category_counts, ratios, with_unknown
from services.rollups.rows import UNKNOWN, rows_of_any
from services.tenancy import Filter, owned_by_any

_NO_BOUND = 2**31
_IS_SPARSE = {"$in": ["$field", list(SPARSE_FIELDS)]}
_LISTED = {
    "n": {"$cond": [_IS_SPARSE, MAX_LISTED, _NO_BOUND]},
    "sortBy": MOST_FREQUENT,
    "output": {"_id": "$_id.value", "count": "$count"},
}


def counts_of_each(of: Partition, tenant_ids: Sequence[str]) -> list[Row]:
    """A pipeline on tickets: of each tenant that has any in the period one document, `{_id: tenant, total_tickets,
    by_status: [{_id, count}], ...}`.

    `of`: how the tickets of one of them are shared out; it is the same for all. What is read keeps its tenant from the
    first stage on, so that nothing of one is counted for another.
    """
    finish = ratios() | {f"by_{name}": with_unknown(f"$by_{name}", TOTAL) for name in SPARSE_FIELDS}
    return [
        *_single(of, tenant_ids),
        *_rolled_up(of, tenant_ids),
        {"$match": {"$nor": [{"field": {"$in": list(SPARSE_FIELDS)}, "value": UNKNOWN}]}},
        {"$group": {"_id": {"tenant": "$tenant", "field": "$field", "value": "$value"}, "count": {"$sum": "$count"}}},
        {"$match": {"count": {"$gt": 0}}},
        {
            "$group": {
                "_id": {"tenant": "$_id.tenant", "field": "$_id.field"},
                "known": {"$sum": "$count"},
                "values": {"$topN": _LISTED},
            }
        },
        {
            "$group": {
                "_id": "$_id.tenant",
                "fields": {"$push": {"k": {"$concat": ["by_", "$_id.field"]}, "v": _form()}},
            }
        },
        {"$replaceWith": {"$mergeObjects": [{"_id": "$_id"}, {"$arrayToObject": "$fields"}]}},
        {"$set": finish | {"by_status_category": category_counts()}},
    ]


def _form() -> Row:
    """The expression for the counts by one field, in the form that the statistics' last stage takes."""
    is_sparse = {"$in": ["$_id.field", list(SPARSE_FIELDS)]}
    return {"$cond": [is_sparse, [{"known": "$known", "values": "$values"}], "$values"]}


def _single(of: Partition, tenant_ids: Sequence[str]) -> list[Row]:
    """From tickets to `{tenant, field, value, count}`, of those that the rollups do not count."""
    fields = {name: f"${name}" for name in COUNTED_FIELDS}

    def combine(where: Filter, sign: int) -> list[Row]:
        among = {"$match": _of_each(where, tenant_ids)}
        return [among, {"$group": {"_id": {"tenant": "$tenant_id", **fields}, "count": {"$sum": sign}}}]

    pairs = [{"field": name, "value": {"$ifNull": [f"$_id.{name}", UNKNOWN]}} for name in COUNTED_FIELDS]
    gone = [{"$unionWith": {"coll": Ticket.Settings.name, "pipeline": combine(of.gone, -1)}}] if of.gone else []
    return [
        *combine(of.single, 1),
        *gone,
        {"$project": {"count": 1, "pair": pairs}},
        {"$unwind": "$pair"},
        {"$project": {"_id": 0, "tenant": "$_id.tenant", "field": "$pair.field", "value": "$pair.value", "count": 1}},
    ]


def _rolled_up(of: Partition, tenant_ids: Sequence[str]) -> list[Row]:
    """Joins what the rollups have counted, in the same form."""
    parts: list[tuple[Filter, object]] = [
        (rows_of_any(tenant_ids, day=cut.day), count_of_part(cut)) for cut in of.cut_days
    ]
    if of.whole_days is not None:
        parts.append((_of_each(of.whole_days, tenant_ids), "$tickets"))
    among = {"field": {"$in": list(COUNTED_FIELDS)}}
    key = {"tenant": "$tenant_id", "field": "$field", "value": "$value"}
    return [
        {
            "$unionWith": {
                "coll": TicketRollup.Settings.name,
                "pipeline": [
                    {"$match": where | among},
                    {"$group": {"_id": key, "count": {"$sum": count}}},
                    {"$replaceWith": {"$mergeObjects": ["$_id", {"count": "$count"}]}},
                ],
            }
        }
        for where, count in parts
    ]


def _of_each(where: Filter, tenant_ids: Sequence[str]) -> Filter:
    """A query for rows of one tenant as one for those of several."""
    if where.keys() == {"$or"}:
        return {"$or": [_of_each(each, tenant_ids) for each in where["$or"]]}
    return owned_by_any(tenant_ids, **{name: value for name, value in where.items() if name != "tenant_id"})
