import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.sources.standard.records import MAX_RAW_CHARACTERS, PageRecords, sort_records
from services.sources.standard.salvage import MAX_RECORD_LEVELS


def record(**changes: Any) -> dict[str, Any]:
    return {
        "id": "T-1",
        "tenant_id": "acme",
        "source": "email",
        "customer_id": "C-1",
        "subject": "Hello",
        "message": "World",
        "created_at": "2026-02-01T10:00:00Z",
        "updated_at": "2026-02-01T11:00:00Z",
        "status": "open",
    } | changes


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in record().items() if key != name}


def sorted_(*records: Any) -> PageRecords:
    return sort_records(records, "acme")


def test_a_good_record_is_the_tenants_own() -> None:
    ticket = sorted_(record(extra="ignored")).own["T-1"]
    assert (ticket.subject, ticket.created_at) == ("Hello", datetime(2026, 2, 1, 10, tzinfo=UTC))


def test_another_tenants_record_is_counted_and_never_kept() -> None:
    page = sorted_(record(tenant_id="other"), record(id="T-2", tenant_id="ACME"), record(id="T-3"))
    assert (list(page.own), page.foreign, page.rejected) == (["T-3"], 2, [])


def test_another_tenants_malformed_record_is_not_ours_to_quarantine() -> None:
    page = sorted_(record(tenant_id="other", id=None))
    assert (page.foreign, page.rejected) == (1, [])


@pytest.mark.parametrize(
    ("broken", "about"),
    [
        (without("id"), "id"),
        (without("created_at"), "created_at"),
        (without("tenant_id"), "tenant_id"),
        (record(id=""), "id"),
        (record(id=7), "id"),
        (record(id="a\x00b"), "id"),
        (record(id="x" * 201), "id"),
        (record(tenant_id=""), "tenant_id"),
        (record(tenant_id=["acme"]), "tenant_id"),
        (record(created_at="yesterday"), "created_at"),
        (record(created_at="2026-02-01T10:00:00"), "created_at"),
        (record(created_at="0001-01-01T00:00:00Z"), "created_at"),
        (record(created_at="0001-01-01T00:00:00+23:00"), "created_at"),
        (record(updated_at="9999-12-31T23:59:59-23:00"), "updated_at"),
        (record(created_at=(datetime.now(UTC) + timedelta(days=2)).isoformat()), "created_at"),
        (record(created_at=12345), "created_at"),
        (record(created_at={"$date": 1}), "created_at"),
        (record(status="exploded"), "status"),
        (record(status=None), "status"),
        (record(message={"$gt": ""}), "message"),
        (record(message=["text"]), "message"),
        (record(message="x" * 200_001), "message"),
        (record(customer_id="\ud800"), "customer_id"),
        (record(customer_id=None), "customer_id"),
        ("a text", "record"),
        (None, "record"),
        ([record()], "record"),
        (17, "record"),
    ],
)
def test_a_broken_record_is_rejected_with_the_reason(broken: Any, about: str) -> None:
    page = sorted_(record(id="T-9"), broken)
    assert list(page.own) == ["T-9"]
    [rejected] = page.rejected
    assert rejected.position == 1
    assert about in rejected.reason
    assert rejected.reason.isprintable()


def test_a_rejected_record_keeps_what_was_received() -> None:
    [rejected] = sorted_(record(status="exploded", **{"$set": {"a.b": "\ud800"}})).rejected
    assert json.loads(rejected.raw)["$set"] == {"a.b": "\ud800"}
    assert rejected.external_id == "T-1"
    assert rejected.raw.encode()


def test_a_rejected_record_is_cut_when_it_is_huge() -> None:
    [rejected] = sorted_(record(message="x" * 10_000_000)).rejected
    assert len(rejected.raw) == MAX_RAW_CHARACTERS


def test_a_rejected_record_that_nests_as_deeply_as_is_read_is_kept_too() -> None:
    deep = json.loads("[" * (MAX_RECORD_LEVELS - 1) + "]" * (MAX_RECORD_LEVELS - 1))
    [rejected] = sorted_(record(subject=deep)).rejected
    assert json.loads(rejected.raw)["subject"] == deep


def test_a_record_that_names_no_tenant_is_marked() -> None:
    [nameless, named] = sorted_(without("tenant_id"), without("id")).rejected
    assert (nameless.names_tenant, named.names_tenant) == (False, True)


def test_nul_and_lone_surrogates_go_and_null_texts_are_empty() -> None:
    ticket = sorted_(record(subject=None, message="a\x00\ud800b")).own["T-1"]
    assert (ticket.subject, ticket.message) == ("", "ab")


def test_times_are_utc_and_truncated_to_milliseconds() -> None:
    ticket = sorted_(record(created_at="2026-02-01T12:00:00.123987+02:00")).own["T-1"]
    assert ticket.created_at == datetime(2026, 2, 1, 10, 0, 0, 123000, tzinfo=UTC)
    assert ticket.created_at.tzinfo is UTC


@pytest.mark.parametrize("status", ["open", "On-Hold", "in progress", "SOLVED"])
def test_known_states_are_kept_as_they_are_written(status: str) -> None:
    assert sorted_(record(status=status)).own["T-1"].status == status


def test_of_a_ticket_that_a_page_names_twice_the_newest_counts() -> None:
    newer = record(subject="newer", updated_at="2026-02-01T12:00:00Z")
    for records in ([record(), newer], [newer, record()]):
        page = sorted_(*records)
        assert (page.own["T-1"].subject, page.duplicates) == ("newer", 1)
