"""What a ticket contributes to the rollups: pure functions from a ticket to the rows that count it."""

import math
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from zlib import crc32

from pymongo import DeleteMany, UpdateOne

from documents.database import Row
from documents.ticket import (
    COUNTED_FIELDS,
    KEYWORD_SEPARATOR,
    SPARSE_FIELDS,
    CountedField,
    Sentiment,
    StatusCategory,
    Urgency,
)
from documents.ticket_rollup import EVERY_DAY
from services.kit.clock import EPOCH
from services.statuses import CLOSING_WORDS, category_of
from services.tags import tags_in
from services.tenancy import BY_ID, Filter, owned, owned_by_any

KEYWORD = "keyword"
TAG = CountedField.TAG.value
CUSTOMER = "customer"
CLOSED_AFTER = "closed_after"
QUARTER = "quarter"
TOTALS = CountedField.URGENCY.value
"""A field in which every ticket has one value that the rollups hold; it has the fewest, so totals are its sums."""
UNKNOWN = "unknown"
"""The name under which tickets without the counted field appear."""
QUARTER_MILLISECONDS = 900_000
QUARTERS_A_DAY = 96
SPAN_DAYS = 32
"""So many days are together in one row of a customer."""
BUCKETS = tuple(sorted({0, *(math.ceil(2 ** (step / 16)) for step in range(16 * 48))}))
"""Where the buckets of times to close begin, in milliseconds: each by 4 % later than the one before."""
COUNTING = f"{crc32(repr((5, COUNTED_FIELDS, CLOSING_WORDS, BUCKETS)).encode()):08x}"
"""As what tickets are counted, as a fingerprint. It marks tickets, receipts and rows: those of another counting are
none, so tickets are counted one by one until they are rolled up anew. To be changed (the number) whenever the rows
that a ticket makes change."""


class RowKey(NamedTuple):
    """Which row of a tenant's rollups; the fields of `TicketRollup`."""

    day: int | str
    field: str
    value: str


Increments = Mapping[str, int]
"""What is to be added to a row, by the path of the number in it."""


def row_id(tenant_id: str, key: RowKey) -> str:
    """The `_id` of a row. It ends in the value, so that pipelines can make it of a value, too."""
    return f"{COUNTING}:{len(tenant_id)}:{tenant_id}:{key.day}:{key.field}:{key.value}"


def rows_of(tenant_id: str, **more: object) -> Filter:
    """The tenant's rows; `more` are further conditions."""
    return owned(tenant_id, **more, counting=COUNTING)


def rows_of_any(tenant_ids: Iterable[str], **more: object) -> Filter:
    """The rows of several tenants."""
    return owned_by_any(tenant_ids, **more, counting=COUNTING)


def quarter_name(quarter: int) -> str:
    """The name of a quarter of an hour, counted from 1970 or from midnight, in the rows of its day."""
    return f"{quarter % QUARTERS_A_DAY:02}"


def quarters_since_epoch(date: object) -> Row:
    """The expression for the quarter of an hour of a date, as a number; works for any date of the database."""
    return {"$toLong": {"$floor": {"$divide": [{"$toLong": date}, QUARTER_MILLISECONDS]}}}


def _date_or_null(field: str, read: Row) -> Row:
    return {"$cond": [{"$eq": [{"$type": field}, "date"]}, read, None]}


COUNTED_PROJECTION: Row = {
    **dict.fromkeys((*COUNTED_FIELDS, "tags", "keyword_key", "customer_id", "external_id"), 1),
    QUARTER: _date_or_null("$created_at", quarters_since_epoch("$created_at")),
    "created": _date_or_null("$created_at", {"$toLong": "$created_at"}),
    "ingested": _date_or_null("$first_ingested_at", {"$toLong": "$first_ingested_at"}),
    "died": _date_or_null(
        "$deleted_at", {"$cond": [{"$gt": ["$deleted_at", EPOCH]}, {"$toLong": "$deleted_at"}, None]}
    ),
}
"""Reads of a ticket what is made of it here, and of its life. Dates are numbers: Python does not know all that the
database can hold."""


def counted_as(row: Row, closed: int | None = None) -> Row:
    """What the rollups count of a ticket read with `COUNTED_PROJECTION`, as `RolledUpTicket.counted` holds it.

    `closed`: when it was last closed, in milliseconds since 1970, if that is known.
    """
    keyword_key, customer_id = row.get("keyword_key"), row.get("customer_id")
    is_closed = category_of(row.get("status")) is StatusCategory.CLOSED
    took = closed - row["created"] if is_closed and closed is not None and row["created"] is not None else None
    return {
        **({CLOSED_AFTER: took} if took is not None and took >= 0 else {}),
        QUARTER: row[QUARTER],
        **{name: value for name in COUNTED_FIELDS if not is_left_out(name, value := known_as(row.get(name)))},
        **({"tags": tags} if (tags := tags_in(row.get("tags"))) else {}),
        "keywords": keyword_key.split(KEYWORD_SEPARATOR) if isinstance(keyword_key, str) and keyword_key else [],
        CUSTOMER: customer_id if isinstance(customer_id, str) and customer_id else None,
    }


def known_as(value: Any) -> Any:
    """The value under which tickets that have it are counted."""
    return UNKNOWN if value is None else value


def is_left_out(field: str, value: object) -> bool:
    """Whether it takes no row to count tickets with this value: it is what is missing to the total."""
    return value == UNKNOWN and field in SPARSE_FIELDS


def sum_rows(counted: Iterable[Row]) -> dict[RowKey, Counter[str]]:
    """The rows that these tickets make, with what is to be added to each."""
    rows: defaultdict[RowKey, Counter[str]] = defaultdict(Counter)
    for each in counted:
        values = [(name, each[name]) for name in COUNTED_FIELDS if name in each]
        values += [(KEYWORD, keyword) for keyword in each["keywords"]]
        values += [(TAG, tag) for tag in each.get("tags", ())]
        for field, value in values:
            rows[RowKey(EVERY_DAY, field, value)]["tickets"] += 1
        if each[QUARTER] is not None:
            quarter = f"quarters.{quarter_name(each[QUARTER])}"
            for field, value in values:
                rows[RowKey(each[QUARTER] // QUARTERS_A_DAY, field, value)].update(("tickets", quarter))
            if CLOSED_AFTER in each:
                _count_close(rows, each)
        if each[CUSTOMER] is not None:
            _count_customer(rows, each)
    return rows


def negated(rows: Mapping[RowKey, Increments]) -> dict[RowKey, Increments]:
    """The opposite of these increments."""
    return {key: {path: -count for path, count in increments.items()} for key, increments in rows.items()}


def additions(tenant_id: str, rows: Mapping[RowKey, Increments]) -> list[UpdateOne | DeleteMany]:
    """The writes that add to the tenant's rows; rows that come to nothing go."""
    ids = {key: row_id(tenant_id, key) for key in sorted(rows, key=str)}  # always in the same order
    updates: list[UpdateOne | DeleteMany] = [
        UpdateOne(
            owned(tenant_id, _id=row_id),
            {"$inc": dict(rows[key]), "$setOnInsert": {"counting": COUNTING, **key._asdict()}},
            upsert=True,
            hint=BY_ID,
        )
        for key, row_id in ids.items()
    ]
    lessened = [ids[key] for key, increments in rows.items() if increments["tickets"] < 0]
    empty = owned(tenant_id, _id={"$in": lessened}, tickets=0)
    return [*updates, DeleteMany(empty, hint=BY_ID)] if lessened else updates


def bucket_of(milliseconds: int) -> int:
    """The number of the bucket of times to close that holds this one."""
    return bisect_right(BUCKETS, milliseconds) - 1


def span_of(day: int) -> int:
    """The first of the days that are together with a day in the rows of customers."""
    return day // SPAN_DAYS * SPAN_DAYS


def _count_close(rows: defaultdict[RowKey, Counter[str]], each: Row) -> None:
    counts = ("tickets", f"buckets.{bucket_of(each[CLOSED_AFTER])}")
    for day in (EVERY_DAY, each[QUARTER] // QUARTERS_A_DAY):
        rows[RowKey(day, CLOSED_AFTER, "")].update(counts)


def _count_customer(rows: defaultdict[RowKey, Counter[str]], each: Row) -> None:
    counts = _customer_counts(each)
    rows[RowKey(EVERY_DAY, CUSTOMER, each[CUSTOMER])].update(counts)
    if each[QUARTER] is not None:
        day = each[QUARTER] // QUARTERS_A_DAY
        of_day = [f"days.{day - span_of(day):02}.{count}" for count in counts]
        rows[RowKey(span_of(day), CUSTOMER, each[CUSTOMER])].update([*counts, *of_day])


def _customer_counts(counted: Row) -> list[str]:
    """The counts of a customer to which a ticket adds one."""
    is_high = counted["urgency"] == Urgency.HIGH
    is_open = category_of(counted["status"]) is not StatusCategory.CLOSED
    adds = {
        "tickets": True,
        "high": is_high,
        "negative": counted["sentiment"] == Sentiment.NEGATIVE,
        "not_closed": is_open,
        "at_risk": is_high and is_open,
    }
    return [name for name, adds_one in adds.items() if adds_one]
