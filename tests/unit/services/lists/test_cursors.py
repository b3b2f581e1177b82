"""Cursors."""

from datetime import UTC, datetime

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from services.errors import InvalidCursorError
from services.lists.cursors import Cursor, RowId

MOMENT = datetime(2026, 2, 5, 13, 0, 0, 120_000, tzinfo=UTC)
OBJECT_ID = ObjectId("6b0287b1dc53a542f049f9fd")


@pytest.mark.parametrize("row_id", [OBJECT_ID, str(OBJECT_ID), "a job", 7, ""])
@pytest.mark.parametrize("moment", [MOMENT, None])
def test_cursor_is_read_as_it_was_made(moment: datetime | None, row_id: RowId) -> None:
    cursor = Cursor(moment, row_id)
    assert Cursor.decode(cursor.encode("list"), "list") == cursor


def test_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(InvalidCursorError, match="another list"):
        Cursor.decode(Cursor(MOMENT, OBJECT_ID).encode("list"), "other list")


@given(st.text())
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursorError):
        Cursor.decode(text, "list")
