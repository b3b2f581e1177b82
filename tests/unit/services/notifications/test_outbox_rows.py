import string
from datetime import UTC, datetime

from services.notifications.outbox import MAX_REASON_CHARACTERS, notification_id, notification_row, reason

NOW = datetime(2026, 2, 5, tzinfo=UTC)


def match(rule: str, keyword: str) -> dict[str, str]:
    return {"rule": rule, "keyword": keyword, "text": keyword}


def test_the_id_depends_on_tenant_ticket_and_version() -> None:
    ids = {notification_id(*parts) for parts in [("a", "b", "c"), ("x", "b", "c"), ("a", "x", "c"), ("a", "b", "x")]}
    assert len(ids) == 4


def test_no_two_announcements_share_an_id_by_where_their_parts_meet() -> None:
    assert notification_id("a:b", "c", "d") != notification_id("a", "b:c", "d")


def test_the_id_of_any_ticket_can_stand_in_a_header() -> None:
    assert set(notification_id("täglich\n", "\r\nX: y\0", "v")) <= set(string.hexdigits)


def test_the_reason_names_the_rules_that_make_it_urgent_and_no_others() -> None:
    matched = [match("legal_threat", "sue"), match("complaint", "angry"), match("outage", "down")]
    assert reason(matched) == "legal threat: sue; outage: down"


def test_a_reason_is_told_once() -> None:
    assert reason([match("outage", "down"), match("outage", "down")]) == "outage: down"


def test_a_long_reason_is_cut() -> None:
    assert len(reason([match("outage", f"keyword {number}") for number in range(100)])) == MAX_REASON_CHARACTERS


def test_a_new_row_may_be_sent_at_once_and_is_given_up_after_72_hours() -> None:
    row = notification_row("acme", "T-1", version="v", matched=[], now=NOW)
    assert row["due_at"] < NOW
    assert (row["give_up_at"] - NOW).total_seconds() == 72 * 3600
