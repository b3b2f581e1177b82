from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import InsertOne

from documents.database import Row
from services.ingestion.pages.changes import PageChanges
from services.ingestion.pages.diff import find_changes
from services.ingestion.pages.history import Position, as_gone
from services.search.terms import SEARCH_VERSION, keyword_term, rule_term, search_fields
from services.sources.records.records import UpstreamTicket

THEN = datetime(2026, 2, 1, 10, tzinfo=UTC)
AT = Position("acme", "job-2", 3, datetime(2026, 2, 5, tzinfo=UTC))


def upstream(**changes: Any) -> UpstreamTicket:
    fields = {
        "id": "T-1",
        "tenant_id": "acme",
        "source": "email",
        "customer_id": "C-1",
        "subject": "Hello",
        "message": "Where is the manual?",
        "status": "open",
        "created_at": THEN,
        "updated_at": THEN,
    }
    return UpstreamTicket.model_validate(fields | changes)


def stored(**changes: Any) -> Row:
    row = {
        "_id": 1,
        "external_id": "T-1",
        "source": "email",
        "customer_id": "C-1",
        "subject": "Hello",
        "message": "Where is the manual?",
        "status": "open",
        "status_category": "open",
        "created_at": THEN,
        "updated_at": THEN,
        "urgency": "low",
        "sentiment": "neutral",
        "requires_action": True,
        "language": "en",
        "seen_by_job": "job-1",
    }
    return row | changes


def compare(ticket: UpstreamTicket, *rows: Row) -> PageChanges:
    return find_changes({ticket.id: ticket}, {row["external_id"]: row for row in rows}, AT)


def test_an_unknown_ticket_is_created_with_history() -> None:
    changes = compare(upstream(message="We will sue you."))
    [insert] = changes.tickets
    assert insert._doc["tenant_id"] == "acme"  # type: ignore[union-attr]
    assert insert._doc["urgency"] == "high"  # type: ignore[union-attr]
    [row] = changes.history
    assert (row["_id"], row["action"], row["job_id"]) == ("job-2:3:T-1", "created", "job-2")
    assert (row["occurred_at"], row["recorded_at"]) == (THEN, AT.now)
    assert changes.counts.new_ingested == 1


def test_the_first_values_are_in_the_history_but_for_the_long_text_and_what_there_is_none_of() -> None:
    [row] = compare(upstream(message="We will sue you.", source=None, severity=1)).history
    assert {name: change["new"] for name, change in row["changes"].items()} == {
        "customer_id": "C-1",
        "subject": "Hello",
        "status": "open",
        "extra": {"severity": 1},
        "created_at": THEN,
        "urgency": "high",
        "sentiment": "negative",
        "requires_action": True,
        "language": "en",
    }
    assert {change["old"] for change in row["changes"].values()} == {None}


def test_the_same_ticket_is_only_marked_as_seen() -> None:
    changes = compare(upstream(), stored())
    assert (changes.tickets, changes.history, changes.seen) == ([], [], ["T-1"])
    assert changes.counts.unchanged == 1


def test_a_changed_field_is_an_update_with_old_and_new_value() -> None:
    later = THEN + timedelta(hours=1)
    changes = compare(upstream(status="closed", updated_at=later), stored())
    [row] = changes.history
    assert row["action"] == "updated"
    assert row["changes"] == {"status": {"old": "open", "new": "closed"}}
    assert row["occurred_at"] == later
    assert changes.counts.updated == 1
    assert changes.recounted == [1]


@pytest.mark.parametrize(
    ("status", "category"),
    [("Hold", "pending"), ("Merged", "closed"), ("reopened", "open"), (4, "open"), (None, "open")],
)
def test_a_ticket_of_any_status_is_stored_with_its_category(status: object, category: str) -> None:
    later = THEN + timedelta(hours=1)
    [update] = compare(upstream(status=status, updated_at=later), stored()).tickets
    assert update._doc["$set"]["status_category"] == category  # type: ignore[union-attr, index]
    [insert] = compare(upstream(status=status)).tickets
    assert insert._doc["status_category"] == category  # type: ignore[union-attr]


def test_a_ticket_stored_without_a_category_is_brought_in_step_without_history() -> None:
    row = stored()
    del row["status_category"]
    changes = compare(upstream(), row)
    [update] = changes.tickets
    assert update._doc["$set"]["status_category"] == "open"  # type: ignore[union-attr, index]
    assert (changes.history, changes.counts.unchanged, changes.recounted) == ([], 1, [])


def test_a_change_in_fields_that_nobody_knows_is_an_update() -> None:
    later = THEN + timedelta(hours=1)
    [row] = compare(upstream(severity="high", updated_at=later), stored(extra={"severity": "low"})).history
    assert row["changes"] == {"extra": {"old": {"severity": "low"}, "new": {"severity": "high"}}}


def test_priority_assignee_and_tags_are_kept_in_the_history_and_replies_are_not() -> None:
    further = {"priority": "High", "assignee": "ann", "tags": ["vip", "eu"], "replies": "Any news?"}
    [row] = compare(upstream(**further)).history
    told = {name: change["new"] for name, change in row["changes"].items() if name in further}
    assert told == {"priority": "high", "assignee": "ann", "tags": ["vip", "eu"]}
    later = upstream(tags=["vip"], updated_at=THEN + timedelta(hours=1))
    [row] = compare(later, stored(tags=["vip", "eu"])).history
    assert row["changes"] == {"tags": {"old": ["vip", "eu"], "new": ["vip"]}}


def test_a_ticket_stored_before_there_were_these_fields_is_unchanged() -> None:
    row = stored()
    assert row.keys().isdisjoint(["priority", "assignee", "tags", "replies"])
    assert compare(upstream(tags=[], replies="", priority=None, assignee=None), row).counts.unchanged == 1


def test_a_record_without_a_date_shows_the_ticket_as_it_is_now() -> None:
    newer = THEN + timedelta(days=1)
    changes = compare(upstream(status="closed", updated_at=None), stored(updated_at=newer))
    [row] = changes.history
    assert (row["changes"], row["occurred_at"]) == ({"status": {"old": "open", "new": "closed"}}, AT.now)
    assert changes.tickets[0]._doc["$max"] == {"updated_at": THEN}  # type: ignore[union-attr, index]


def test_a_change_that_left_its_date_as_it_was_happened_when_we_saw_it() -> None:
    [row] = compare(upstream(status="closed"), stored()).history
    assert row["occurred_at"] == AT.now


def test_what_another_program_has_stored_for_a_date_is_no_obstacle() -> None:
    changes = compare(upstream(status="closed"), stored(updated_at="yesterday"))
    assert changes.counts.updated == 1


def test_a_ticket_that_is_gone_leaves_its_last_values_in_the_history() -> None:
    row = as_gone(AT, stored(updated_at=AT.now + timedelta(minutes=5), source=None))
    assert row["action"] == "deleted"
    assert row["occurred_at"] == AT.now + timedelta(minutes=5)  # never before what happened last
    assert row["changes"]["status"] == {"old": "open", "new": None}
    assert not {"message", "source"} & row["changes"].keys()


def test_a_changed_text_is_classified_anew_and_the_difference_is_in_the_history() -> None:
    later = THEN + timedelta(hours=1)
    [row] = compare(upstream(message="I will sue you!", updated_at=later), stored()).history
    assert row["changes"]["urgency"] == {"old": "low", "new": "high"}


def written(ticket: UpstreamTicket, *rows: Row) -> Row:
    """What a comparison sets of the ticket."""
    [write] = compare(ticket, *rows).tickets
    if isinstance(write, InsertOne):
        return dict(write._doc)
    return dict(write._doc["$set"])  # type: ignore[call-overload]


def test_a_new_ticket_has_the_terms_that_it_is_found_by() -> None:
    new = written(upstream(message="Where is my refund?"))
    assert new["search_version"] == SEARCH_VERSION
    assert new["search_terms"] == search_fields(new)["search_terms"]
    assert {"refund", keyword_term("refund"), rule_term(new["matched"][0]["rule"])} <= set(new["search_terms"])


@pytest.mark.parametrize(
    "changes",
    [{"subject": "Hello again"}, {"message": "The manual?"}, {"matched": []}, {"search_version": SEARCH_VERSION - 1}],
)
def test_a_ticket_that_is_found_by_something_else_gets_other_terms(changes: Row) -> None:
    known = stored(**written(upstream())) | changes
    assert written(upstream(status="closed"), known)["search_terms"] == written(upstream())["search_terms"]


def test_the_terms_of_a_ticket_that_is_found_as_before_are_not_written_again() -> None:
    known = stored(**written(upstream()))
    new = written(upstream(status="closed", source="chat"), known)
    assert new["status"] == "closed"
    assert not {"search_terms", "search_version"} & set(new)


def test_an_updated_at_that_only_moves_forwards_is_stored_without_history() -> None:
    changes = compare(upstream(updated_at=THEN + timedelta(hours=1)), stored())
    assert len(changes.tickets) == 1
    assert (changes.history, changes.counts.unchanged, changes.counts.updated) == ([], 1, 0)
    assert changes.recounted == []


def test_an_older_view_never_overwrites_newer_data() -> None:
    changes = compare(upstream(status="closed", updated_at=THEN - timedelta(hours=1)), stored())
    assert (changes.tickets, changes.history, changes.seen) == ([], [], ["T-1"])


def test_a_change_within_the_same_moment_is_an_update() -> None:
    assert compare(upstream(status="closed"), stored()).counts.updated == 1


def test_a_soft_deleted_ticket_that_comes_back_is_restored() -> None:
    changes = compare(upstream(), stored(deleted_at=THEN))
    [update] = changes.tickets
    assert update._doc["$unset"] == {"deleted_at": "", "rolled_up": ""}  # type: ignore[union-attr, index]
    assert changes.history[0]["action"] == "restored"
    assert changes.counts.updated == 1


def test_a_restored_ticket_keeps_its_newer_fields() -> None:
    changes = compare(upstream(status="closed", updated_at=THEN - timedelta(hours=1)), stored(deleted_at=THEN))
    [update] = changes.tickets
    assert "status" not in update._doc["$set"]  # type: ignore[union-attr, index]


def test_a_ticket_written_by_another_program_is_completed() -> None:
    changes = compare(upstream(), {"_id": 1, "external_id": "T-1"})
    assert changes.counts.updated == 1
    assert changes.history[0]["changes"]["subject"] == {"old": None, "new": "Hello"}


def test_a_new_urgent_ticket_is_announced_with_the_reason() -> None:
    [row] = compare(upstream(message="We will sue you.")).notifications
    assert (row["tenant_id"], row["ticket_id"], row["version"]) == ("acme", "T-1", "job-2:3")
    assert (row["state"], row["urgency"], row["reason"]) == ("pending", "high", "legal threat: sue")


def test_a_ticket_that_rises_to_high_urgency_is_announced() -> None:
    later = THEN + timedelta(hours=1)
    assert len(compare(upstream(message="I will sue you!", updated_at=later), stored()).notifications) == 1


def test_an_urgent_ticket_that_changes_otherwise_is_not_announced_again() -> None:
    later = THEN + timedelta(hours=1)
    urgent = {"message": "I will sue you!", "urgency": "high"}
    changed = upstream(message="I will sue you!", status="closed", updated_at=later)
    assert compare(changed, stored(**urgent)).notifications == []


def test_a_ticket_of_lower_urgency_is_not_announced() -> None:
    assert compare(upstream(message="It is broken")).notifications == []


def test_an_urgent_ticket_that_is_restored_is_not_announced_again() -> None:
    urgent = {"message": "I will sue you!", "urgency": "high", "deleted_at": THEN}
    assert compare(upstream(message="I will sue you!"), stored(**urgent)).notifications == []


def test_a_restored_ticket_that_was_not_urgent_before_is_announced() -> None:
    later = THEN + timedelta(hours=1)
    back = upstream(message="I will sue you!", updated_at=later)
    assert len(compare(back, stored(deleted_at=THEN)).notifications) == 1


def test_an_older_view_of_a_restored_ticket_announces_nothing() -> None:
    outdated = upstream(message="I will sue you!", updated_at=THEN - timedelta(hours=1))
    assert compare(outdated, stored(deleted_at=THEN)).notifications == []


def test_a_replayed_page_makes_the_same_notification() -> None:
    first, again = (compare(upstream(message="We will sue you.")).notifications for _ in range(2))
    assert first[0]["_id"] == again[0]["_id"]
