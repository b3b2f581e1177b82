"""Global ids."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.base.ids import GlobalId, global_id
from services.errors import InvalidInputError


@given(tenant_id=st.text(st.characters(codec="utf-8")), key=st.text(st.characters(codec="utf-8")))
def test_id_is_read_as_it_was_made(tenant_id: str, key: str) -> None:
    assert GlobalId.parse(global_id("Ticket", tenant_id, key)) == GlobalId("Ticket", tenant_id, key)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(InvalidInputError):
        GlobalId.parse(text)


def test_ids_of_different_tenants_and_keys_differ() -> None:
    ids = {global_id("Ticket", "a", "b:c"), global_id("Ticket", "a:b", "c"), global_id("Ticket", "a%3Ab", "c")}
    assert len(ids) == 3


@pytest.mark.parametrize("text", ["", "Ticket", "VGlja2V0"])
def test_what_has_no_parts_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        GlobalId.parse(text)
