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
def test_a_record_that_was_cut_names_its_customer_however_json_writes_them(customer: str) -> None:
    for ascii_only in (True, False):
        raw = json.dumps({"customer_id": customer, "message": "x" * 100}, ensure_ascii=ascii_only)[:-50]
        assert names_in(raw) is None
        assert names(raw, customer)
        assert not names(raw, "C-8")


@pytest.mark.parametrize("mention", ["C-7 wrote", "about C-7", "C-71", "see\nC-7", 'the "C-7" order'])
def test_letters_in_the_text_of_another_customers_record_that_was_cut_name_nobody(mention: str) -> None:
    raw = json.dumps({"id": "T-1", "customer_id": "C-8", "message": mention + " or so" * 20})[:-5]
    assert names_in(raw) is None
    assert not names(raw, "C-7")
    assert names(raw, "C-8")


@pytest.mark.parametrize(
    "raw",
    [
        '{"customer_id": "C-8", "cc": ["C-7"], "message": "x',
        '{"customer_id": "C-8", "C-7": true, "message": "x',
        '{"customer_id": "C-8", "cc": "C-7',
        '{"customer_id": "C-8", "message": "an odd " quote", "cc": "C-7"}',
        '{"customer_id": "C-8", "cc": C-7, "message": "x"}',
        '{"customer_id": "C-8", "message": "no such \\escape", "cc": "\\u0043-7", "x',
        '{"customer_id": "C-8", "message": "x", "customer_id": " C-7\\n", "x',
    ],
)
def test_a_value_of_another_customers_record_that_nobody_can_read_names_a_customer(raw: str) -> None:
    assert names_in(raw) is None
    assert names(raw, "C-7")
    assert not names(raw, "C-")


@pytest.mark.parametrize(
    ("raw", "is_named"),
    [
        ('{"message": "C-7 wrote", "cust', True),
        ('{"message": "of\\nC-7\\nthemselves", "cust', True),
        ('{"customer_id": null, "message": "C-7 wro', True),
        ("T-1;C-7;open", True),
        ("<p>C-7</p>", True),
        ('{"message": "AC-7 wrote", "cust', False),
        ('{"message": "C-71 wrote", "cust', False),
        ("T-1;C-71;open", False),
    ],
)
def test_of_a_record_that_does_not_say_whose_it_is_words_have_to_do(raw: str, *, is_named: bool) -> None:
    assert names_in(raw) is None
    assert names(raw, "C-7") is is_named


@pytest.mark.parametrize(
    ("raw", "is_named"),
    [
        ('{"customer_id": 1042, "message": "x', True),
        ('{"customer_id": 1042.0, "message": "x', True),
        ('{"customer_id": 10421, "message": "x', False),
        ('{"customer_id": "C-8", "message": "order 1042, please', False),
        ('{"customer_id": "C-8", "message": "\\"1042", "at": 9, "x', False),
    ],
)
def test_a_number_names_a_customer_where_it_is_a_value(raw: str, *, is_named: bool) -> None:
    assert names_in(raw) is None
    assert names(raw, "1042") is is_named


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
