from typing import Any

import pytest

from documents.database import Row
from services.rollups.rows import RowKey, additions, counted_as, negated, row_id, sum_rows


def read(**fields: Any) -> Row:
    """A ticket as it is read for the rollups."""
    known = {"status": "open", "urgency": "low", "sentiment": "neutral", "source": "email", "language": "en"}
    return {"quarter": 200, **known, **fields}


def test_a_ticket_counts_for_each_field_on_its_day_and_on_all_days() -> None:
    rows = sum_rows([counted_as(read(keyword_key="bug|refund"))])
    values = {
        *(("status", "open"), ("urgency", "low"), ("sentiment", "neutral"), ("source", "email"), ("language", "en")),
        *(("keyword", "bug"), ("keyword", "refund")),
    }
    assert rows == {
        **{RowKey("all", *value): {"tickets": 1} for value in values},
        **{RowKey(2, *value): {"tickets": 1, "quarters.08": 1} for value in values},
    }


def test_an_undated_ticket_counts_on_no_day() -> None:
    assert {key.day for key in sum_rows([counted_as(read(quarter=None, customer_id="c1"))])} == {"all"}


def test_a_customers_counts_are_together_for_32_days() -> None:
    rows = sum_rows(
        counted_as(read(customer_id="c1", quarter=96 * day + 5, **{"urgency": "high", **more}))
        for day, more in ((33, {}), (63, {"status": "closed", "sentiment": "negative"}), (64, {"urgency": "low"}))
    )
    assert {key.day: increments for key, increments in rows.items() if key.field == "customer"} == {
        "all": {"tickets": 3, "high": 2, "negative": 1, "not_closed": 2, "at_risk": 1},
        32: {
            "tickets": 2,
            "high": 2,
            "negative": 1,
            "not_closed": 1,
            "at_risk": 1,
            **{f"days.01.{count}": 1 for count in ("tickets", "high", "not_closed", "at_risk")},
            **{f"days.31.{count}": 1 for count in ("tickets", "high", "negative")},
        },
        64: {"tickets": 1, "not_closed": 1, "days.00.tickets": 1, "days.00.not_closed": 1},
    }


def test_of_priority_assignee_and_tags_nothing_is_counted_where_there_is_nothing() -> None:
    without = sum_rows([counted_as(read())])
    for nothing in (None, "unknown"):
        assert sum_rows([counted_as(read(priority=nothing, assignee=nothing, tags=[]))]) == without
    counted = sum_rows([counted_as(read(priority="high", assignee="ann", tags=["vip", "eu", "vip", 5, ""]))])
    assert {(key.field, key.value) for key in counted.keys() - without.keys() if key.day == "all"} == {
        *(("priority", "high"), ("assignee", "ann"), ("tag", "vip"), ("tag", "eu"))
    }
    assert counted[RowKey(2, "tag", "vip")] == {"tickets": 1, "quarters.08": 1}


def test_missing_fields_count_as_unknown() -> None:
    assert counted_as({"quarter": None}) == {
        "quarter": None,
        **dict.fromkeys(("status", "urgency", "sentiment", "source", "language"), "unknown"),
        "keywords": [],
        "customer": None,
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
    rows = sum_rows([counted_as(read(urgency="high", customer_id="c1") | fields)])
    at_risk = {key.value for key, increments in rows.items() if "at_risk" in increments and key.day == "all"}
    assert at_risk == ({customer} if customer else set())


def test_tickets_before_1970_have_days_too() -> None:
    rows = sum_rows([counted_as(read(quarter=-1, customer_id="c1"))])
    assert rows[RowKey(-1, "urgency", "low")] == {"tickets": 1, "quarters.95": 1}
    assert "days.31.tickets" in rows[RowKey(-32, "customer", "c1")]


def test_rows_of_different_keys_have_different_ids() -> None:
    keys = [
        ("a", RowKey("all", "status", "x")),
        ("a:all", RowKey("all", "status", "x")),
        ("a", RowKey("all", "status", "all:status:x")),
        ("a:all:status:x", RowKey("all", "status", "")),
        ("1:a", RowKey(1, "status", "1")),
    ]
    assert len({row_id(tenant_id, key) for tenant_id, key in keys}) == len(keys)


def test_rows_that_can_come_to_nothing_are_removed_if_they_do() -> None:
    more, less = RowKey("all", "status", "open"), RowKey("all", "status", "closed")
    *_, removal = additions("acme", {more: {"tickets": 1}, **negated({less: {"tickets": 1}})})
    assert removal._filter == {"tenant_id": "acme", "_id": {"$in": [row_id("acme", less)]}, "tickets": 0}  # type: ignore[union-attr]
