"""Single events, as they are read."""

from datetime import UTC, datetime
from typing import Any

from documents.ticket_history import FieldChange
from services.sources.pages import Detail, Turn
from services.sources.zendesk.events import MAX_CHILD_EVENTS, read_event

AT = 1_770_000_000
MOMENT = datetime.fromtimestamp(AT, UTC)


def told(*children: Any, **fields: Any) -> list[Detail]:
    row = {"id": 900, "ticket_id": 7, "timestamp": AT, "updater_id": 5, "child_events": list(children), **fields}
    event = read_event(row)
    assert event is not None
    return list(event.details({41: "Ada Abara"}))


def change(**fields: Any) -> dict[str, Any]:
    return {"id": 901, "event_type": "Change", **fields}


def comment(**fields: Any) -> dict[str, Any]:
    return {"id": 905, "event_type": "Comment", "author_id": 5, "body": "Words", "public": True, **fields}


def test_all_changes_of_an_update_are_one_detail() -> None:
    (detail,) = told(
        change(status="Pending", previous_value="open"),
        change(assignee_id="41", previous_value=40),
        change(requester_id=9, previous_value=8),
        change(group_id=1, previous_value=2),
        change(custom_status_id=1, previous_value=2),
    )
    assert detail == Detail(
        "7",
        "event",
        900,
        MOMENT,
        {
            "status": FieldChange(old="open", new="pending"),
            "assignee": FieldChange(old="40", new="Ada Abara"),
            "customer_id": FieldChange(old="8", new="9"),
        },
    )


def test_a_field_that_changes_twice_in_an_update_changes_once() -> None:
    (detail,) = told(change(priority="low", previous_value=None), change(priority="high", previous_value="low"))
    assert detail.changes == {"priority": FieldChange(old=None, new="high")}
    assert told(change(priority="low", previous_value="high"), change(priority="high", previous_value="low")) == []


def test_tags_are_lists_also_where_only_the_difference_is_told() -> None:
    (detail,) = told(change(tags=["a", "c"], added_tags=["c"], removed_tags=["b"]))
    assert detail.changes == {"tags": FieldChange(old=["a", "b"], new=["a", "c"])}
    (detail,) = told(change(tags=["a", "a"], previous_value=[]))
    assert detail.changes == {"tags": FieldChange(old=None, new=["a"])}


def test_values_that_are_none_are_left_out() -> None:
    assert told(change(status={"a": 1}, previous_value=[]), change(tags="a", previous_value=7), 3, None) == []
    assert told({"event_type": "External", "status": "open"}) == []


def test_creation_deletion_and_return_are_turns() -> None:
    (gone,) = told(change(status="deleted", previous_value="open"))
    (back,) = told(change(status="open", previous_value="deleted"), change(priority="low", previous_value=None))
    assert (gone.turn, gone.changes) == (Turn.GONE, {})
    assert (back.turn, back.changes) == (Turn.BACK, {"priority": FieldChange(old=None, new="low")})


def test_comments_need_words_an_author_and_the_public() -> None:
    assert told(comment()) == [Detail("7", "comment", 905, MOMENT, said="Words", author="5")]
    assert told(comment(plain_body="Plain", author_id=None))[0].said == "Plain"
    assert told(comment(author_id=None))[0].author == "5"
    assert told(comment(author_id=None), updater_id=-1) == []
    for fields in ({"public": False}, {"body": " "}, {"body": None}, {"id": None}, {"id": "x"}):
        assert told(comment(**fields)) == []


def test_the_first_comment_of_a_creation_is_the_description() -> None:
    born = {"id": 901, "event_type": "Create", "subject": "Mug"}
    details = told(comment(id=907, body="Second"), comment(id=906, body="First"), born)
    assert [detail.said for detail in details] == ["", "Second"]
    assert details[0].changes == {"subject": FieldChange(old=None, new="Mug")}
    assert details[0].turn is Turn.BORN


def test_an_update_of_very_many_events_is_cut() -> None:
    many = [comment(id=number) for number in range(1, 2 * MAX_CHILD_EVENTS)]
    assert len(told(*many)) == MAX_CHILD_EVENTS


def test_an_event_is_read_only_if_it_can_be_placed() -> None:
    row = {"id": "900", "ticket_id": 7, "timestamp": AT}
    event = read_event(row)
    assert event is not None
    assert list(event.details({})) == []
    for name, value in (("id", True), ("id", -1), ("ticket_id", "x"), ("timestamp", None), ("timestamp", 2**40)):
        assert read_event({**row, name: value}) is None
    assert read_event([row]) is None
