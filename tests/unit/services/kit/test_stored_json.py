import json
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Decimal128, ObjectId, decode, encode
from hypothesis import example, given
from hypothesis import strategies as st

from services.kit.stored_json import from_stored, to_stored

keys = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=4) | st.sampled_from(
    ["$where", "$ref", "$id", "$db", "a.b", "\uff04", "\uff04$x"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(keys, values, max_size=5))
@example({"beyond 32 bits": 2**62})  # read back as an `Int64`
def test_json_comes_back_as_it_was(value: dict[str, Any]) -> None:
    stored = to_stored(value)
    assert decode(encode(stored)) == stored
    assert from_stored(decode(encode(stored))) == value


@pytest.mark.parametrize(
    ("value", "text"), [(2**63, str(2**63)), (-(10**30), str(-(10**30))), (float("inf"), "inf"), (float("nan"), "nan")]
)
def test_a_number_that_cannot_be_stored_is_its_text(value: Any, text: str) -> None:
    assert to_stored([value]) == [text]


def test_what_other_programs_store_can_be_written_as_json() -> None:
    moment = datetime(2026, 2, 5, 13, tzinfo=UTC)
    odd = {
        "id": ObjectId("65c0f0f0f0f0f0f0f0f0f0f0"),
        "d": Decimal128("1.5"),
        "m": moment,
        "n": float("nan"),
        "b": b"x",
    }
    assert json.loads(json.dumps(from_stored(odd), allow_nan=False)) == {
        "id": "65c0f0f0f0f0f0f0f0f0f0f0",
        "d": "1.5",
        "m": "2026-02-05T13:00:00Z",
        "n": "nan",
        "b": "b'x'",
    }
