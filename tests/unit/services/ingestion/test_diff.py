from datetime import UTC, datetime, timedelta
from typing import Any

from documents.database import Row
from services.ingestion.diff import PageChanges, Position, find_changes
from services.sources.standard.records import UpstreamTicket

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
        "created_at": THEN,
        "updated_at": THEN,
        "urgency": "low",
        "sentiment": "neutral",
        "requires_action": True,
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
    assert changes.counts.new_ingested == 1


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
    assert changes.counts.updated == 1
    assert changes.recounted == [1]


def test_a_changed_text_is_classified_anew_and_the_difference_is_in_the_history() -> None:
    later = THEN + timedelta(hours=1)
    [row] = compare(upstream(message="I will sue you!", updated_at=later), stored()).history
    assert row["changes"]["urgency"] == {"old": "low", "new": "high"}


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
    assert update._doc["$unset"] == {"deleted_at": ""}  # type: ignore[union-attr, index]
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


def test_a_ticket_that_this_run_has_seen_before_is_a_duplicate() -> None:
    assert compare(upstream(), stored(seen_by_job="job-2")).duplicates == 1


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
