"""Who is named in a record that could not be read: by the same rules by which a ticket's customer is."""

import json

import pytest

from services.protection.names import MOST_VALUES, names, names_in


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
