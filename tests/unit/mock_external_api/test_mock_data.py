from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from mock_external_api.clock import epoch_ms
from mock_external_api.data import Ticket, make_tickets
from mock_external_api.settings import MockSettings
from mock_external_api.texts.bank import LANGUAGES, MAIL

NOW = datetime(2026, 2, 5, 12, 30, tzinfo=UTC)
FIELDS = ["id", "tenant_id", "source", "customer_id", "subject", "message", "created_at", "updated_at", "status"]


@pytest.fixture(scope="module")
def tickets() -> list[Ticket]:
    return make_tickets(MockSettings(), NOW)


def _created(ticket: Ticket) -> datetime:
    return datetime.fromisoformat(ticket.record["created_at"])


def test_same_seed_and_reference_time_give_the_same_tickets() -> None:
    one, again = (make_tickets(MockSettings(ticket_count=1_000), NOW) for _ in range(2))
    assert [(t.record, t.deleted, t.drift_rank, t.fault_rank) for t in again] == [
        (t.record, t.deleted, t.drift_rank, t.fault_rank) for t in one
    ]


def test_another_seed_gives_other_tickets() -> None:
    one, other = (make_tickets(MockSettings(ticket_count=50, seed=seed), NOW) for seed in (1, 2))
    assert [t.record["message"] for t in one] != [t.record["message"] for t in other]


def test_records_have_the_fields_of_the_contract(tickets: list[Ticket]) -> None:
    assert all(list(ticket.record) == FIELDS for ticket in tickets)
    assert all(isinstance(value, str) for ticket in tickets for value in ticket.record.values())


def test_ids_are_unique_over_all_tenants(tickets: list[Ticket]) -> None:
    assert len({ticket.record["id"] for ticket in tickets}) == 10_000


def test_tenants_get_their_exact_shares(tickets: list[Ticket]) -> None:
    shares = {"tenant_a": 4000, "tenant_b": 3000, "tenant_c": 2000, "tenant_d": 1000}
    assert Counter(ticket.record["tenant_id"] for ticket in tickets) == shares


@pytest.mark.parametrize("count", [0, 1, 7, 101])
def test_any_number_of_tickets_is_dealt_out_completely(count: int) -> None:
    settings = MockSettings(ticket_count=count, tenants={"x": 1, "y": 1, "z": 1})
    dealt = Counter(ticket.tenant_id for ticket in make_tickets(settings, NOW))
    assert dealt.total() == count
    assert max(dealt.values(), default=0) - min((dealt[name] for name in "xyz"), default=0) <= 1


def test_creation_ascends_through_the_last_60_days_up_to_now(tickets: list[Ticket]) -> None:
    moments = [_created(ticket) for ticket in tickets]
    assert moments == sorted(moments)
    assert NOW - timedelta(days=60) <= moments[0] < NOW - timedelta(days=59)
    assert NOW - timedelta(hours=2) < moments[-1] <= NOW


def test_the_last_day_has_hundreds_of_tickets_and_some_of_every_tenant(tickets: list[Ticket]) -> None:
    recent = Counter(t.tenant_id for t in tickets if _created(t) >= NOW - timedelta(hours=24))
    assert 300 <= recent.total() <= 500
    assert min(recent.values()) >= 20
    assert len(recent) == 4


def test_days_are_busier_than_nights(tickets: list[Ticket]) -> None:
    by_hour = Counter(_created(ticket).hour for ticket in tickets)
    assert sum(by_hour[hour] for hour in range(9, 17)) > 5 * sum(by_hour[hour] for hour in range(6))


def test_updates_lie_between_creation_and_now(tickets: list[Ticket]) -> None:
    now_ms = epoch_ms(NOW)
    updated = [epoch_ms(datetime.fromisoformat(ticket.record["updated_at"])) for ticket in tickets]
    assert all(t.created_ms <= at <= now_ms for t, at in zip(tickets, updated, strict=True))
    assert 0.05 < sum(t.created_ms < at for t, at in zip(tickets, updated, strict=True)) / 10_000 < 0.99


def test_sources_and_statuses_are_the_known_ones(tickets: list[Ticket]) -> None:
    assert {t.record["source"] for t in tickets} == {"email", "web", "chat", "phone", "api"}
    assert {t.record["status"] for t in tickets} == {"open", "pending", "closed"}


def test_old_tickets_are_mostly_closed_and_new_ones_are_not(tickets: list[Ticket]) -> None:
    old, new = tickets[:400], tickets[-400:]
    assert sum(t.record["status"] == "closed" for t in old) > 300
    assert sum(t.record["status"] == "closed" for t in new) < 60


def test_a_few_customers_write_most(tickets: list[Ticket]) -> None:
    customers = Counter(t.record["customer_id"] for t in tickets if t.tenant_id == "tenant_a")
    assert 300 <= len(customers) <= 400
    assert sum(count for _, count in customers.most_common(40)) > 0.3 * customers.total()


def test_deleted_share_is_exact(tickets: list[Ticket]) -> None:
    assert sum(ticket.deleted for ticket in tickets) == 500


def test_customers_write_in_many_languages(tickets: list[Ticket]) -> None:
    for bank in LANGUAGES.values():
        subjects = {subject.split("{")[0] for pairs in (bank.high, bank.medium, bank.low) for subject, _ in pairs}
        written = sum(t.record["subject"].startswith(tuple(subjects)) for t in tickets)
        assert 0.75 * bank.weight < written / 100 < 1.4 * bank.weight


def test_mails_come_as_mail_programs_send_them_and_nothing_else_does(tickets: list[Ticket]) -> None:
    mails = [t.record["message"] for t in tickets if t.record["source"] == "email"]
    others = [t.record["message"] for t in tickets if t.record["source"] != "email"]
    for mark, share in {"<html>": 0.25, "<blockquote>": 0.09, "\n> ": 0.26, MAIL.footer: 0.13}.items():
        assert share * 0.8 < sum(mark in mail for mail in mails) / len(mails) < share * 1.3
        assert not [other for other in others if mark in other]
