"""What a ticket contributes to the rollups: pure functions from a ticket to the rows that count it."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from pymongo import DeleteMany, UpdateOne

from documents.database import Row
from documents.ticket import COUNTED_FIELDS, KEYWORD_SEPARATOR, StatusCategory, Urgency
from documents.ticket_rollup import EVERY_DAY
from services.statuses import category_of

KEYWORD = "keyword"
HOUR = "hour"
AT_RISK = "at_risk"
UNKNOWN = "unknown"
"""The name under which tickets without the counted field appear."""
HOUR_MILLISECONDS = 3_600_000
HOURS_A_DAY = 24


class RowKey(NamedTuple):
    """Which row of a tenant's rollups; the fields of `TicketRollup`."""

    day: int | str
    field: str
    value: str | int


def row_id(tenant_id: str, key: RowKey) -> str:
    """The `_id` of a row. It ends in the value, so that pipelines can make it of a value, too."""
    return f"{len(tenant_id)}:{tenant_id}:{key.day}:{key.field}:{key.value}"


def hours_since_epoch(date: object) -> Row:
    """The expression for the hour of a date, as a number; works for any date that the database can hold."""
    return {"$toLong": {"$floor": {"$divide": [{"$toLong": date}, HOUR_MILLISECONDS]}}}


COUNTING = "; ".join(["closed by category", *COUNTED_FIELDS])
"""As what tickets are counted, in words. Where it differs from what it was when the rollups were written, every ticket
in them has to be checked once."""
COUNTED_PROJECTION: Row = {
    **dict.fromkeys((*COUNTED_FIELDS, "keyword_key", "customer_id"), 1),
    HOUR: {"$cond": [{"$eq": [{"$type": "$created_at"}, "date"]}, hours_since_epoch("$created_at"), None]},
}
"""Reads of a ticket what `counted_as` needs."""


def counted_as(row: Row) -> Row:
    """What the rollups count of a ticket read with `COUNTED_PROJECTION`, as `RolledUpTicket.counted` holds it."""
    keyword_key, customer_id = row.get("keyword_key"), row.get("customer_id")
    is_closed = category_of(row.get("status")) is StatusCategory.CLOSED
    is_risky = row.get("urgency") == Urgency.HIGH and not is_closed and isinstance(customer_id, str)
    return {
        HOUR: row[HOUR],
        **{name: UNKNOWN if row.get(name) is None else row[name] for name in COUNTED_FIELDS},
        "keywords": keyword_key.split(KEYWORD_SEPARATOR) if isinstance(keyword_key, str) and keyword_key else [],
        AT_RISK: customer_id or None if is_risky else None,
    }


def sum_rows(counted: Iterable[Row]) -> Counter[RowKey]:
    """The rows that these tickets make, with their counts."""
    rows: Counter[RowKey] = Counter()
    for each in counted:
        values = [(name, each[name]) for name in COUNTED_FIELDS if name in each]  # an older receipt may lack one
        values += [(KEYWORD, keyword) for keyword in each["keywords"]]
        rows.update(RowKey(EVERY_DAY, field, value) for field, value in values)
        if each[AT_RISK] is not None:
            rows[RowKey(EVERY_DAY, AT_RISK, each[AT_RISK])] += 1
        if each[HOUR] is not None:
            day = each[HOUR] // HOURS_A_DAY
            rows.update(RowKey(day, field, value) for field, value in [*values, (HOUR, each[HOUR])])
    return rows


def additions(tenant_id: str, rows: Counter[RowKey]) -> list[UpdateOne | DeleteMany]:
    """The writes that add the counts to the tenant's rows; rows that come to nothing go."""
    ids = {key: row_id(tenant_id, key) for key in sorted(rows, key=str)}  # always in the same order
    updates: list[UpdateOne | DeleteMany] = [
        UpdateOne(
            {"_id": row_id},
            {"$inc": {"tickets": rows[key]}, "$setOnInsert": {"tenant_id": tenant_id, **key._asdict()}},
            upsert=True,
        )
        for key, row_id in ids.items()
    ]
    lessened = [ids[key] for key, count in rows.items() if count < 0]
    return [*updates, DeleteMany({"_id": {"$in": lessened}, "tickets": 0})] if lessened else updates
