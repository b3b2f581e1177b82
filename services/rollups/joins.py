"""How tickets are joined with what else is stored of them: some thousand at once.

A lookup of each ticket would take a hundred times as long. `$unionWith` would do, but not in a transaction.
"""

from typing import NamedTuple

from beanie import Document
from bson import MaxKey

from documents.database import Row

BATCH = 5_000
"""Tickets that are looked up at once: each lookup costs the choice of an index, and its ids fit into a query."""


class Joined(NamedTuple):
    """Rows of a collection that are about tickets."""

    document: type[Document]
    field: str
    """Holds the ticket's external id, and begins an index of the tenant's rows."""
    pipeline: tuple[Row, ...]
    """Begins with a condition; ends in `{ticket, ...}`."""


def in_batches(one: Row | str) -> list[Row]:
    """From documents, whose `_id` is a ticket's external id, to `{batch: [one, ...], ids: [_id, ...]}`."""
    number = {"$floor": {"$divide": ["$number", BATCH]}}
    return [
        {"$setWindowFields": {"sortBy": {"_id": 1}, "output": {"number": {"$documentNumber": {}}}}},
        {"$group": {"_id": number, "batch": {"$push": one}, "ids": {"$push": "$_id"}}},
        {"$project": {"_id": 0}},
    ]


def joined(*others: Joined) -> list[Row]:
    """From batches of `{ticket, ...}` to the same one by one, and all rows of the others among them.

    Each batch comes several times, as nothing but lookups that are unwound at once may find more than a document holds.
    """
    names = [f"of_{number}" for number in range(len(others))]
    nobody = {"$literal": [MaxKey()]}  # an empty list would find rows without an id
    nothing: Row = dict.fromkeys(names, nobody)
    parts = [{"batch": "$batch", **nothing}, *({**nothing, name: "$ids"} for name in names)]
    lookups = [
        stage
        for name, other in zip(names, others, strict=True)
        for stage in ({"$lookup": looked_up(other, name, name)}, _unwound(name))
    ]
    return [
        {"$project": {"part": parts}},
        {"$unwind": "$part"},
        {"$replaceWith": "$part"},
        *lookups,
        _unwound("batch"),
        {"$replaceWith": {"$mergeObjects": ["$batch", *(f"${name}" for name in names)]}},
        {"$match": {"$expr": {"$ne": ["$$ROOT", {}]}}},
    ]


def looked_up(other: Joined, ids: str, name: str) -> Row:
    """The lookup of the rows of tickets whose external ids are in the field `ids`.

    Sorted for the planner alone, so that it takes the index on the ids: it has been seen to begin elsewhere, and to go
    on through all of a tenant's rows.
    """
    first, *following = other.pipeline
    return {
        "from": other.document.get_settings().name,
        "localField": ids,
        "foreignField": other.field,
        "pipeline": [first, {"$sort": {other.field: 1}}, *following],
        "as": name,
    }


def _unwound(name: str) -> Row:
    return {"$unwind": {"path": f"${name}", "preserveNullAndEmptyArrays": True}}
