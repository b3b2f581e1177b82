"""Who is named in a record that could not be read: by the same rules by which a ticket's customer is."""

import json

import pytest

from services.protection.names import MOST_VALUES, belongs_to, names, names_in


@pytest.mark.parametrize(
    ("record", "customer"),
    [
        ({"customer_id": "C-7"}, "C-7"),
        ({"customer_id": "  C-7\n"}, "C-7"),
        ({"customer_id": "C-\x007"}, "C-7"),
        ({"customer_id": "C-7\ud800"}, "C-7"),
        ({"customer_id": 1042}, "1042"),
        ({"customer_id": 1042.0}, "1042"),
        ({"user": [{"\tmüller@example.com ": 1}]}, "müller@example.com"),
    ],
)
def test_a_record_names_its_customer_as_a_ticket_would_have_them(record: object, customer: str) -> None:
    raw = json.dumps(record)
    assert names(raw, customer)
    assert not names(raw, customer + "0")


@pytest.mark.parametrize("customer", ["C-7", "müller@example.com", 'the "boss"', "a\\b", "🙂"])
def test_of_a_record_that_was_cut_the_letters_have_to_do_however_json_writes_them(customer: str) -> None:
    for ascii_only in (True, False):
        raw = json.dumps({"customer_id": customer, "message": "x" * 100}, ensure_ascii=ascii_only)[:-50]
        assert names_in(raw) is None
        assert names(raw, customer)
        assert not names(raw, "C-8")


def test_a_record_with_more_values_than_are_looked_at_is_one_that_nobody_can_read() -> None:
    raw = json.dumps(["C-7", *range(MOST_VALUES)])
    assert names_in(raw) is None
    assert names(raw, "C-7")


@pytest.mark.parametrize(
    ("record", "is_theirs"),
    [
        ({"customer_id": "C-7", "message": "of C-8"}, True),
        ({"customer_id": " C-7 "}, True),
        ({"customer_id": "C-8", "message": "C-7"}, False),
        ({"customer_id": "C-8", "cc": ["C-7"], "C-7": 1}, False),
        ({"cc": ["C-7"], "customer_id": "C-8"}, False),
        ({"customer_id": None, "user": {"id": "C-7"}}, True),
        ({"customer_id": {"id": "C-7"}}, True),
        ({"message": "C-7 wrote"}, False),
        ({}, False),
        (["C-7"], True),
    ],
)
def test_a_record_is_that_customers_whose_ticket_it_would_have_been(record: object, *, is_theirs: bool) -> None:
    assert belongs_to(json.dumps(record), "C-7") is is_theirs
    assert belongs_to(json.dumps(record, indent=1), "C-7") is is_theirs


@pytest.mark.parametrize("customer", ["C-7", "müller@example.com", 'the "boss"', 7, 7.5])
def test_of_a_record_that_was_cut_what_stands_before_tells_whose_it_is(customer: object) -> None:
    mine = json.dumps({"id": "T-1", "customer_id": customer, "message": "of C-8 " * 10})
    other = json.dumps({"id": "T-1", "customer_id": "C-8", "message": f"of {customer} " * 10})
    unknown = json.dumps({"message": f"of {customer} " * 10, "customer_id": customer})
    assert belongs_to(mine[:-20], str(customer))
    assert not belongs_to(other[:-20], str(customer))
    assert not belongs_to(unknown[:-1], str(customer)[:-1] or "0")
    cut = unknown.index('"customer_id"')
    assert [belongs_to(unknown[:end], str(customer)) for end in range(cut)] == [False] * cut


def test_a_number_that_was_cut_is_no_other_customers_id() -> None:
    assert not belongs_to('{"customer_id": 12', "12")


@pytest.mark.parametrize("raw", ["", " ", "{", '{"a"', '{"a":', '{"a": 1,', "{1: 2}", "null", '{"a": ' + "[" * 100_000])
def test_what_is_no_record_is_nobodys(raw: str) -> None:
    assert not belongs_to(raw, "1")
