"""What is collected of changes until a follower takes it."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.coordination.ticket_edits import MAX_EDITS, TicketEdits
from tests.fakes import FakeClock


def change(kind: str, row_id: Any, *touched: str) -> dict[str, Any]:
    return {"operationType": kind, "documentKey": {"_id": row_id}, "touched": list(touched)}


CHANGES = st.lists(
    st.one_of(
        st.none(),
        st.builds(
            change,
            st.sampled_from(["insert", "update", "replace", "delete"]),
            st.one_of(st.integers(0, 150), st.sampled_from(["a", "b"]), st.just({"odd": 1})),
            st.sampled_from(["status", "subject", "deleted_at"]),
        ),
    ),
    max_size=200,
)


@given(CHANGES)
def test_every_change_is_told_or_said_to_be_missing(changes: list[dict[str, Any] | None]) -> None:
    edits = TicketEdits(FakeClock())
    for each in changes:
        edits.note(each)
    taken = edits.take()
    told = {edit.row_id: edit for edit in taken.edits}
    ids = [each["documentKey"]["_id"] for each in changes if each is not None]
    known = list(dict.fromkeys(row_id for row_id in ids if not isinstance(row_id, dict)))
    assert list(told) == known[:MAX_EDITS]
    assert taken.has_more == (None in changes or len(known) > MAX_EDITS or {"odd": 1} in ids)
    for row_id, edit in told.items():
        of_it = [each for each in changes if each is not None and each["documentKey"]["_id"] == row_id]
        kinds = {each["operationType"] for each in of_it}
        assert (edit.is_new, edit.is_replaced) == ("insert" in kinds, "replace" in kinds)
        assert edit.fields == {name for each in of_it for name in each["touched"]}
    assert edits.take().edits == []


def test_replaced_ticket_may_have_changed_in_any_field() -> None:
    edits = TicketEdits(FakeClock())
    edits.note(change("replace", 1))
    edits.note(change("update", 2, "status"))
    replaced, updated = edits.take().edits
    assert replaced.touches(frozenset(["urgency"]))
    assert updated.touches(frozenset(["urgency", "status"]))
    assert not updated.touches(frozenset(["urgency"]))
