from collections import Counter
from typing import Any

import pytest

from documents.database import Row
from services.rollups.rows import RowKey, additions, counted_as, row_id, sum_rows


def read(**fields: Any) -> Row:
    """A ticket as it is read for the rollups."""
    return {"hour": 50, "status": "open", "urgency": "low", "sentiment": "neutral", "source": "email"} | fields


def test_a_ticket_counts_for_each_field_on_its_day_and_on_all_days() -> None:
    rows = sum_rows([counted_as(read(keyword_key="bug|refund"))])
    values = {
        *(("status", "open"), ("urgency", "low"), ("sentiment", "neutral"), ("source", "email")),
        *(("keyword", "bug"), ("keyword", "refund")),
    }
    assert {(key.field, key.value) for key in rows if key.day == "all"} == values
    assert {(key.field, key.value) for key in rows if key.day == 2} == {*values, ("hour", 50)}
    assert set(rows.values()) == {1}


def test_an_undated_ticket_counts_on_no_day() -> None:
    assert {key.day for key in sum_rows([counted_as(read(hour=None))])} == {"all"}


def test_missing_fields_count_as_unknown() -> None:
    assert counted_as({"hour": None}) == {
        "hour": None,
        **dict.fromkeys(("status", "urgency", "sentiment", "source"), "unknown"),
        "keywords": [],
        "at_risk": None,
    }


def test_a_number_is_not_counted_as_its_text() -> None:
    assert counted_as(read(status=5)) != counted_as(read(status="5"))


@pytest.mark.parametrize("keyword_key", ["", None, 5], ids=repr)
def test_what_is_not_a_keyword_key_holds_no_keyword(keyword_key: object) -> None:
    assert counted_as(read(keyword_key=keyword_key))["keywords"] == []


@pytest.mark.parametrize(
    ("fields", "customer"),
    [
        ({}, "c1"),
        ({"status": None}, "c1"),
        ({"status": "closed"}, None),
        ({"urgency": "medium"}, None),
        ({"customer_id": ""}, None),
        ({"customer_id": None}, None),
        ({"customer_id": 7}, None),
    ],
)
def test_urgent_tickets_that_are_not_closed_put_their_customer_at_risk(fields: Row, customer: str | None) -> None:
    counted = counted_as(read(urgency="high", customer_id="c1") | fields)
    assert counted["at_risk"] == customer
    assert (RowKey("all", "at_risk", "c1") in sum_rows([counted])) == (customer is not None)


def test_tickets_before_1970_have_days_too() -> None:
    assert RowKey(-1, "hour", -1) in sum_rows([counted_as(read(hour=-1))])


def test_rows_of_different_keys_have_different_ids() -> None:
    keys = [
        ("a", RowKey("all", "status", "x")),
        ("a:all", RowKey("all", "status", "x")),
        ("a", RowKey("all", "status", "all:status:x")),
        ("a:all:status:x", RowKey("all", "status", "")),
        ("1:a", RowKey(1, "hour", 1)),
    ]
    assert len({row_id(tenant_id, key) for tenant_id, key in keys}) == len(keys)


def test_rows_that_can_come_to_nothing_are_removed_if_they_do() -> None:
    more, less = RowKey("all", "status", "open"), RowKey("all", "status", "closed")
    *_, removal = additions("acme", Counter({more: 1, less: -1}))
    assert removal._filter == {"_id": {"$in": [row_id("acme", less)]}, "tickets": 0}  # type: ignore[union-attr]
