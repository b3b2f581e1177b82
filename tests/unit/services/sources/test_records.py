import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import decode, encode
from hypothesis import given
from hypothesis import strategies as st

from services.kit.words import LONGEST_WORD
from services.sources.records.extra import LEFT_OUT, MAX_EXTRA_CHARACTERS, MAX_EXTRA_FIELDS
from services.sources.records.fields import LONGEST_MESSAGE
from services.sources.records.json_text import MAX_RECORD_LEVELS, Unreadable
from services.sources.records.records import MAX_RAW_CHARACTERS, PageRecords, UpstreamTicket, sort_records


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


def read(**changes: Any) -> UpstreamTicket:
    """The ticket of a record with these fields."""
    [ticket] = sorted_(record(**changes)).own.values()
    return ticket


def test_a_good_record_is_the_tenants_own() -> None:
    ticket = sorted_(record()).own["T-1"]
    assert (ticket.subject, ticket.created_at) == ("Hello", datetime(2026, 2, 1, 10, tzinfo=UTC))
    assert ticket.extra is None


def test_an_id_and_a_time_of_creation_are_enough() -> None:
    [ticket] = sorted_({"id": 35436, "created_at": "2026-02-01T10:00:00Z"}).own.values()
    assert ticket.model_dump() == {
        "id": "35436",
        "source": None,
        "customer_id": None,
        "subject": "",
        "message": "",
        "replies": None,
        "status": None,
        "priority": None,
        "assignee": None,
        "tags": None,
        "created_at": datetime(2026, 2, 1, 10, tzinfo=UTC),
        "updated_at": datetime(2026, 2, 1, 10, tzinfo=UTC),
        "is_dated": False,
        "extra": None,
    }


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
        (record(id=""), "id"),
        (record(id=" "), "id"),
        (record(id=True), "id"),
        (record(id=7.5), "id"),
        (record(id=float("nan")), "id"),
        (record(id=["T-1"]), "id"),
        (record(id="a\x00b"), "id"),
        (record(id="\ud800"), "id"),
        (record(id="x" * (LONGEST_WORD + 1)), "id"),
        (record(created_at="yesterday"), "created_at"),
        (record(created_at=None), "created_at"),
        (record(created_at=True), "created_at"),
        (record(created_at="0001-01-01T00:00:00Z"), "created_at"),
        (record(created_at="0001-01-01T00:00:00+23:00"), "created_at"),
        (record(created_at="9999-12-31T23:59:59-23:00"), "created_at"),
        (record(created_at=(datetime.now(UTC) + timedelta(days=2)).isoformat()), "created_at"),
        (record(created_at=12345), "created_at"),
        (record(created_at=10**400), "created_at"),
        (record(created_at=float("inf")), "created_at"),
        (record(created_at={"$date": 1}), "created_at"),
        (record(tenant_id={"id": "acme"}), "tenant_id"),
        ("a text", "record"),
        (None, "record"),
        ([record()], "record"),
        (17, "record"),
    ],
)
def test_a_record_without_what_a_ticket_needs_is_rejected_with_the_reason(broken: Any, about: str) -> None:
    page = sorted_(record(id="T-9"), broken)
    assert list(page.own) == ["T-9"]
    [rejected] = page.rejected
    assert rejected.position == 1
    assert about in rejected.reason
    assert "yesterday" not in rejected.reason
    assert rejected.reason.isprintable()


@pytest.mark.parametrize(
    ("moment", "hour"),
    [
        ("2026-02-01T10:00:00Z", 10),
        ("2026-02-01T10:00:00", 10),
        ("2026-02-01 10:00:00 UTC", 10),
        ("2026-02-01T12:00:00.000+0200", 10),
        ("2026-02-01T10:00:00.123456789Z", 10),
        ("Sun, 01 Feb 2026 10:00:00 GMT", 10),
        ("2026-02-01", 0),
        (1769940000, 10),
        ("1769940000", 10),
        (1769940000123, 10),
    ],
)
def test_dates_as_help_desks_write_them_are_read(moment: Any, hour: int) -> None:
    created = read(created_at=moment).created_at
    assert created.replace(microsecond=0) == datetime(2026, 2, 1, hour, tzinfo=UTC)


@pytest.mark.parametrize("given_id", ["35436", 35436, 35436.0])
def test_a_whole_number_is_its_text(given_id: Any) -> None:
    ticket = read(id=given_id, customer_id=given_id, source=given_id, status=given_id)
    assert (ticket.id, ticket.customer_id, ticket.source, ticket.status) == ("35436",) * 4


@pytest.mark.parametrize("updated_at", [None, "", "yesterday", "9999-12-31T23:59:59Z", {}, 0])
def test_an_updated_at_that_is_none_is_the_time_of_creation(updated_at: Any) -> None:
    ticket = read(updated_at=updated_at)
    assert (ticket.updated_at, ticket.is_dated) == (ticket.created_at, False)
    assert ticket.extra == (None if updated_at is None else {"updated_at": updated_at})


@pytest.mark.parametrize("nothing", [None, "", "  ", "\x00", "\ud800"])
def test_customer_source_and_status_may_be_unknown(nothing: Any) -> None:
    ticket = read(customer_id=nothing, source=nothing, status=nothing)
    assert (ticket.customer_id, ticket.source, ticket.status, ticket.extra) == (None, None, None, None)


@pytest.mark.parametrize("odd", [{"id": 5, "name": "Ann"}, ["a"], True, "x" * (LONGEST_WORD + 1)])
def test_what_cannot_be_the_field_that_it_should_be_is_kept_beside(odd: Any) -> None:
    ticket = read(customer_id=odd, status=odd)
    assert (ticket.customer_id, ticket.status) == (None, None)
    assert ticket.extra == {"customer_id": odd, "status": odd}


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (None, ""),
        (17, "17"),
        (False, "false"),
        ({"$gt": ""}, '{"$gt": ""}'),
        (["text"], '["text"]'),
        ("a\x00\ud800b", "ab"),
        ("\u202eright to left", "\u202eright to left"),
    ],
)
def test_any_value_is_a_text(message: Any, text: str) -> None:
    ticket = read(subject=message, message=message)
    assert (ticket.subject, ticket.message) == (text, text)


def test_a_text_of_10_mb_keeps_its_beginning_and_says_so() -> None:
    ticket = read(message="\U0001f621" * 10_000_000, subject="x" * 100_000)
    assert ticket.message.startswith("\U0001f621" * LONGEST_MESSAGE)
    assert ticket.message.endswith("[cut: these are the first 1,000,000 of 10,000,000 characters]")
    assert ticket.subject.endswith("[cut: these are the first 10,000 of 100,000 characters]")
    assert len(encode({"old": ticket.message, "new": ticket.message})) < 16 * 1024 * 1024


@pytest.mark.parametrize(
    ("status", "stored"),
    [("open", "open"), ("On-Hold", "on-hold"), (" In \t Progress ", "in progress"), ("SOLVED", "solved"), (4, "4")],
)
def test_any_word_is_a_status_in_lower_case(status: Any, stored: str) -> None:
    assert read(status=status).status == stored


def test_a_priority_is_read_like_a_status_and_an_assignee_like_a_source() -> None:
    ticket = read(priority=" Very  HIGH ", assignee=7, replies="Any news?")
    assert (ticket.priority, ticket.assignee, ticket.replies) == ("very high", "7", "Any news?")
    odd = {"priority": {"level": 3}, "assignee": ["a", "b"]}
    assert (read(**odd).priority, read(**odd).assignee, read(**odd).extra) == (None, None, odd)
    assert read(replies="").replies is None


@pytest.mark.parametrize(
    ("given", "tags", "rest"),
    [
        (["vip", "EU", "vip", " eu ", 5, None, ""], ["vip", "EU", "eu", "5"], None),
        ("vip", ["vip"], None),
        ("vip, eu; vip", ["vip", "eu"], None),
        ([], None, None),
        ("", None, None),
        (["vip", {"name": "eu"}, ["x"]], ["vip"], [{"name": "eu"}, ["x"]]),
        (["t" * 200, "t" * 201], ["t" * 200], ["t" * 201]),
        ([f"t{number}" for number in range(103)], [f"t{number}" for number in range(100)], ["t100", "t101", "t102"]),
        ({"vip": True}, None, {"vip": True}),
        (True, None, True),
    ],
)
def test_tags_are_read_one_by_one(given: Any, tags: list[str] | None, rest: Any) -> None:
    ticket = read(tags=given)
    assert ticket.tags == tags
    assert ticket.extra == (None if rest is None else {"tags": rest})


def test_fields_that_nobody_knows_are_kept() -> None:
    further = {"severity": "high", "labels": ["a", "b"], "custom_fields": [{"id": 1, "value": None}], "via": {"a.b": 1}}
    assert read(**further).extra == further


def test_what_mongodb_refuses_as_it_is_survives_storing() -> None:
    odd = {
        "$where": {"$ref": "x", "$id": 1, "a.b": {"": 2}},
        "huge": 10**40,
        "not a number": float("nan"),
        "n\x00ul": 1,
    }
    extra = read(**odd).extra
    assert extra is not None
    assert decode(encode(extra)) == extra
    assert (extra["huge"], extra["not a number"], extra["nul"]) == (str(10**40), "nan", 1)


def test_extra_fields_are_bounded_and_what_is_cut_is_marked() -> None:
    deep = json.loads("[" * 300 + "]" * 300)
    ticket = read(**{f"f{number:04}": number for number in range(300)}, aa_large="x" * 100_000, aa_deep=deep)
    assert ticket.extra is not None
    assert ticket.extra["aa_large"].endswith("[cut: 100,002 characters]")
    assert ticket.extra["aa_deep"].endswith("[cut: 600 characters]")
    assert ticket.extra[LEFT_OUT]["fields"] == 302 - MAX_EXTRA_FIELDS
    assert len(json.dumps(ticket.extra)) < 2 * MAX_EXTRA_CHARACTERS


def test_the_order_of_extra_fields_does_not_matter() -> None:
    fields = {f"f{number}": "x" * 20_000 for number in range(4)}
    assert read(**fields).extra == read(**dict(reversed(fields.items()))).extra


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from(["tenant_id", "source", "customer_id", "subject", "message", "status", "updated_at", "extra"])


@given(st.dictionaries(names | st.text(max_size=5), json_values, max_size=8))
def test_whatever_the_other_fields_are_the_ticket_is_stored(fields: dict[str, Any]) -> None:
    fields = {"id": "T-1", "created_at": "2026-02-01T10:00:00Z"} | {
        name: value for name, value in fields.items() if name not in ("id", "created_at")
    }
    page = sorted_(fields | {"tenant_id": "acme"})
    assert page.rejected == []
    stored = page.own["T-1"].model_dump()
    assert decode(encode(stored))["extra"] == stored["extra"]


@given(json_values, json_values, json_values)
def test_every_record_is_stored_rejected_or_anothers(key: Any, created_at: Any, tenant: Any) -> None:
    page = sorted_(record(id=key, created_at=created_at, tenant_id=tenant), key)
    assert len(page.own) + page.foreign + len(page.rejected) == 2


@pytest.mark.parametrize("tenant", [None, "", " "])
def test_a_record_that_names_no_tenant_is_the_tenants_where_none_are_mixed(tenant: Any) -> None:
    page = sorted_(record(id="T-2"), record(tenant_id=tenant), without("tenant_id") | {"id": "T-3"})
    assert (set(page.own), page.mixes_tenants) == ({"T-1", "T-2", "T-3"}, False)


def test_a_record_that_names_no_tenant_is_nobodys_where_tenants_are_mixed() -> None:
    mixed_page = sorted_(without("tenant_id"), record(id="X", tenant_id="globex"), record(id="T-9"))
    mixed_run = sort_records([without("tenant_id"), record(id="T-9")], "acme", mixes_tenants=True)
    for page in (mixed_page, mixed_run):
        assert list(page.own) == ["T-9"]
        assert [rejected.is_attributed for rejected in page.rejected] == [False]


@pytest.mark.parametrize("tenant", [{"id": "globex"}, ["acme"], True, "x" * (LONGEST_WORD + 1)])
def test_a_record_whose_tenant_cannot_be_read_is_nobodys(tenant: Any) -> None:
    page = sorted_(record(tenant_id=tenant), record(id="T-9"), without("tenant_id") | {"id": "T-8"})
    assert list(page.own) == ["T-9"]
    assert [rejected.is_attributed for rejected in page.rejected] == [False, False]


def test_what_is_no_object_is_nobodys_and_casts_no_doubt_on_others() -> None:
    page = sorted_(Unreadable('{"tenant_id": "globex", "message": "secret', "broken"), [record()], without("tenant_id"))
    assert list(page.own) == ["T-1"]
    assert [rejected.is_attributed for rejected in page.rejected] == [False, False]


def test_a_tenant_may_be_a_whole_number() -> None:
    page = sort_records([record(tenant_id=42), record(id="X", tenant_id=43)], "42")
    assert (list(page.own), page.foreign) == (["T-1"], 1)


def test_a_rejected_record_keeps_what_was_received() -> None:
    [rejected] = sorted_(record(created_at="?", **{"$set": {"a.b": "\ud800"}})).rejected
    assert json.loads(rejected.raw)["$set"] == {"a.b": "\ud800"}
    assert rejected.external_id == "T-1"
    assert rejected.raw.encode()


def test_a_rejected_record_is_cut_when_it_is_huge() -> None:
    [rejected] = sorted_(record(created_at="?", message="x" * 10_000_000)).rejected
    assert len(rejected.raw) == MAX_RAW_CHARACTERS


def test_a_rejected_record_that_nests_as_deeply_as_is_read_is_kept_too() -> None:
    deep = json.loads("[" * (MAX_RECORD_LEVELS - 1) + "]" * (MAX_RECORD_LEVELS - 1))
    [rejected] = sorted_(record(created_at="?", subject=deep)).rejected
    assert json.loads(rejected.raw)["subject"] == deep


def test_a_rejected_record_is_the_same_in_the_next_run() -> None:
    def identity(broken: Any) -> str:
        [rejected] = sorted_(broken).rejected
        return rejected.identity

    assert identity(record(created_at="?")) == identity(record(created_at="!", message="edited")) == "T-1"
    drifted = without("id") | {"updated_at": "2026-02-02T10:00:00Z"}
    assert identity(without("id")) == identity(drifted)
    assert identity(without("id")) != identity(without("id") | {"message": "another"})


def test_times_are_utc_and_truncated_to_milliseconds() -> None:
    ticket = read(created_at="2026-02-01T12:00:00.123987+02:00")
    assert ticket.created_at == datetime(2026, 2, 1, 10, 0, 0, 123000, tzinfo=UTC)
    assert ticket.created_at.tzinfo is UTC


def test_of_a_ticket_that_a_page_names_twice_the_newest_counts() -> None:
    newer = record(subject="newer", updated_at="2026-02-01T12:00:00Z")
    for records in ([record(), newer], [newer, record()]):
        page = sorted_(*records)
        assert (page.own["T-1"].subject, page.duplicates) == ("newer", 1)
