"""What a source tells beside a ticket's present state: as history, with the source's own moments."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from documents.database import Row
from services.ingestion.pages.changes import PageChanges
from services.ingestion.pages.details import before_all, replies_with, retold, told_with, unheard
from services.ingestion.pages.diff import find_changes
from services.ingestion.pages.history import Position
from services.ingestion.run import Origin
from services.sources.records.fields import LONGEST_REPLIES
from services.sources.records.records import UpstreamTicket

BORN = datetime(2026, 2, 1, 10, tzinfo=UTC)
NOW = datetime(2026, 2, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
TELLING = Origin(connection_id="con_1", tells_moments=True)


def at(page: int = 1, origin: Origin = TELLING) -> Position:
    return Position("acme", "job-1", page, NOW, origin)


def ticket(hours: float, **fields: Any) -> UpstreamTicket:
    """The ticket as it was so many hours after its creation."""
    moments = {"created_at": BORN, "updated_at": BORN + hours * HOUR}
    record = {"id": "zendesk:1", "customer_id": "C-1", "subject": "Hello", "message": "Where is it?", "status": "open"}
    return UpstreamTicket.model_validate(record | moments | fields)


def event(serial: int, hours: float, **changes: tuple[Any, Any]) -> Row:
    told = {name: {"old": old, "new": new} for name, (old, new) in changes.items()}
    return {
        "_id": f"con_1:event:{serial}",
        "kind": "event",
        "serial": serial,
        "at": BORN + hours * HOUR,
        "changes": told,
        "turn": None,
        "said": "",
        "author": "",
    }


def comment(serial: int, hours: float, said: str, author: str = "") -> Row:
    return event(serial, hours) | {
        "_id": f"con_1:comment:{serial}",
        "kind": "comment",
        "said": said,
        "author": author,
    }


def first_sight(shown: UpstreamTicket, *details: Row) -> PageChanges:
    return find_changes({shown.id: shown}, {}, at(), details={shown.id: details})


def stored_after(changes: PageChanges) -> Row:
    """The ticket as the first sight has stored it."""
    return {"_id": 1, **changes.tickets[0]._doc}  # type: ignore[union-attr]


def happened(changes: PageChanges) -> list[tuple[str, float, Any, Any]]:
    """Action, hours after the creation, and the status before and after, in the order of recording."""
    rows = sorted(changes.history, key=lambda row: row["recorded_at"])
    assert len({row["recorded_at"] for row in rows}) == len({row["_id"] for row in rows}) == len(rows)
    return [
        (
            row["action"],
            (row["occurred_at"] - BORN) / HOUR,
            *(row["changes"].get("status", {}).get(side) for side in ("old", "new")),
        )
        for row in rows
    ]


def test_a_ticket_is_first_seen_with_all_that_has_happened_to_it() -> None:
    told = [
        event(12, 5, status=("solved", "open")),
        event(11, 2, status=("open", "solved"), subject=("Hi", "Hello")),
        event(13, 9, status=("open", "closed")),
    ]
    changes = first_sight(ticket(9, status="closed"), *told)
    assert happened(changes) == [
        ("created", 0, None, "open"),
        ("updated", 2, "open", "solved"),
        ("updated", 5, "solved", "open"),
        ("updated", 9, "open", "closed"),
    ]
    assert changes.history[0]["changes"]["subject"]["new"] == "Hi"
    assert stored_after(changes)["told"] == {"event": 13}
    assert changes.used == told
    assert changes.counts.new_ingested == 1


def test_what_was_told_before_is_told_once() -> None:
    first = first_sight(ticket(2, status="solved"), event(11, 2, status=("open", "solved")))
    again = find_changes(
        {"zendesk:1": ticket(6, status="closed")},
        {"zendesk:1": stored_after(first)},
        at(2),
        details={"zendesk:1": [event(11, 2, status=("open", "solved")), event(12, 6, status=("solved", "closed"))]},
    )
    assert happened(again) == [("updated", 6, "solved", "closed")]
    assert again.counts.updated == 1


def test_there_and_back_is_history_although_nothing_is_different() -> None:
    first = first_sight(ticket(0))
    told = [event(1, 1, status=("open", "pending")), event(2, 1, status=("pending", "open"))]
    again = find_changes(
        {"zendesk:1": ticket(1)}, {"zendesk:1": stored_after(first)}, at(2), details={"zendesk:1": told}
    )
    assert happened(again) == [("updated", 1, "open", "pending"), ("updated", 1, "pending", "open")]


def test_what_no_event_tells_comes_last_with_the_moment_of_the_update() -> None:
    first = first_sight(ticket(0))
    again = find_changes(
        {"zendesk:1": ticket(4, status="pending", subject="Other")},
        {"zendesk:1": stored_after(first)},
        at(2),
        details={"zendesk:1": [event(1, 3, status=("open", "pending"))]},
    )
    assert happened(again) == [("updated", 3, "open", "pending"), ("updated", 4, None, None)]
    assert again.history[1]["changes"] == {"subject": {"old": "Hello", "new": "Other"}}


def test_later_words_of_the_customer_count_and_nobody_elses() -> None:
    told = [comment(1, 1, "We will sue you.", "C-1"), comment(2, 2, "This is urgent!", "agent")]
    calm = first_sight(ticket(2))
    assert stored_after(calm)["urgency"] == "low"
    changes = first_sight(ticket(2), *told)
    row = stored_after(changes)
    assert (row["replies"], row["urgency"]) == ("We will sue you.", "high")
    assert [each["ticket_id"] for each in changes.notifications] == ["zendesk:1"]
    more = find_changes(
        {"zendesk:1": ticket(3)}, {"zendesk:1": row}, at(2), details={"zendesk:1": [*told, comment(3, 3, "Thanks!")]}
    )
    assert more.tickets[0]._doc["$set"]["replies"] == "We will sue you.\n\nThanks!"  # type: ignore[union-attr]
    assert more.notifications == []


def test_a_deletion_and_a_return_have_the_moments_of_the_source() -> None:
    first = first_sight(ticket(1, status="open"))
    stored = stored_after(first)
    solved = event(1, 2, status=("open", "solved"))
    gone = find_changes(
        {}, {"zendesk:1": stored}, at(2), gone={"zendesk:1": BORN + 3 * HOUR}, details={"zendesk:1": [solved]}
    )
    assert happened(gone) == [("updated", 2, "open", "solved"), ("deleted", 3, "solved", None)]
    assert (gone.counts.deleted, gone.used) == (1, [solved])
    deleted = stored | gone.tickets[0]._doc["$set"]  # type: ignore[union-attr]
    assert find_changes({}, {"zendesk:1": deleted}, at(3), gone={"zendesk:1": NOW}).history == []
    back = find_changes(
        {"zendesk:1": ticket(5, status="open")},
        {"zendesk:1": deleted},
        at(3),
        details={"zendesk:1": [event(2, 5, status=("solved", "open"))]},
    )
    assert happened(back) == [("updated", 5, "solved", "open"), ("restored", 5, None, None)]
    told = [event(2, 4) | {"turn": "back"}, event(3, 5, status=("solved", "open"))]
    back = find_changes(
        {"zendesk:1": ticket(5, status="open")}, {"zendesk:1": deleted}, at(3), details={"zendesk:1": told}
    )
    assert happened(back) == [("restored", 4, None, None), ("updated", 5, "solved", "open")]


def test_a_deletion_between_two_runs_is_history_when_the_ticket_is_back() -> None:
    told = [
        event(1, 1, status=("open", "solved")),
        event(2, 2) | {"turn": "gone"},
        event(3, 3) | {"turn": "back"},
        event(4, 4) | {"turn": "gone"},
    ]
    changes = first_sight(ticket(3, status="solved"), *told[:3])
    assert [row[:2] for row in happened(changes)] == [("created", 0), ("updated", 1), ("deleted", 2), ("restored", 3)]
    gone = find_changes(
        {},
        {"zendesk:1": stored_after(changes)},
        at(2),
        gone={"zendesk:1": BORN + 9 * HOUR},
        details={"zendesk:1": told},
    )
    assert happened(gone) == [("deleted", 4, "solved", None)]


def test_what_was_staged_twice_counts_once() -> None:
    twice = [event(1, 1, status=("new", "open")), event(1, 1, status=("new", "open")) | {"_id": "another row"}]
    changes = first_sight(ticket(1), *twice, event(2, 2, status=("open", "new")), event(3, 3, status=("new", "open")))
    assert [row[:2] for row in happened(changes)] == [("created", 0), ("updated", 1), ("updated", 2), ("updated", 3)]
    assert {row["_id"] for row in changes.used} >= {row["_id"] for row in twice}


def test_an_outdated_view_leaves_what_is_told_for_a_newer_one() -> None:
    first = first_sight(ticket(5, status="pending"))
    told = [event(1, 6, status=("pending", "open"))]
    changes = find_changes(
        {"zendesk:1": ticket(3)}, {"zendesk:1": stored_after(first)}, at(2), details={"zendesk:1": told}
    )
    assert (changes.used, changes.history) == ([], [])


def test_a_ticket_that_another_connection_shows_is_that_ones() -> None:
    stored = stored_after(first_sight(ticket(0)))
    other = find_changes({"zendesk:1": ticket(0)}, {"zendesk:1": stored}, at(2, Origin(connection_id="con_2")))
    assert other.tickets[0]._doc["$set"]["connection_id"] == "con_2"  # type: ignore[union-attr]
    assert other.counts.unchanged == 1


@pytest.mark.parametrize("seed", range(200))
def test_any_changes_told_in_any_pieces_give_the_ticket_and_its_whole_history(seed: int) -> None:
    dice = Random(seed)
    values: Row = {"status": "open", "subject": "a", "customer_id": "C-1"}
    truth, states, told = [], [dict(values)], []
    for serial in range(1, dice.randint(1, 12)):
        name = dice.choice(sorted(values))
        new = dice.choice(["a", "b", "c", "open", "closed"])
        if new != values[name]:
            told.append(event(serial, serial // 2, **{name: (values[name], new)}))
            truth.append((name, values[name], new, serial // 2))
            values = values | {name: new}
        states.append(dict(values))
    heard: Row = {}
    found, present, done = [], states[0], 0
    while done < len(told):
        upto = dice.randint(done + 1, len(told))
        piece = told[max(0, done - dice.randint(0, 2)) : upto]
        dice.shuffle(piece)
        fresh = unheard(heard, piece)
        telling = retold({}, present, fresh, is_live=True)
        assert before_all(telling.values, fresh) == present
        found += [
            (name, change["old"], change["new"], (moment - BORN) / HOUR)
            for _, step, moment in telling.happened
            for name, change in step.items()
        ]
        heard, present, done = {"told": told_with(heard, fresh)}, telling.values, upto
    assert (found, present) == (truth, values)


def test_replies_are_bounded() -> None:
    said = replies_with({"replies": "x" * (LONGEST_REPLIES - 1)}, [comment(1, 1, "yyyy")], None)
    assert said is not None
    assert len(said) == LONGEST_REPLIES
