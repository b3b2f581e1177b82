import copy
from typing import Any

import orjson
import pytest

from mock_external_api.malformed import KINDS, kind_for, spoil

RECORD: dict[str, Any] = {
    "id": "tkt-000001",
    "tenant_id": "tenant_a",
    "source": "email",
    "customer_id": "cust-0001",
    "subject": "Hello",
    "message": "A message.",
    "created_at": "2026-02-05T12:00:00.000Z",
    "updated_at": "2026-02-05T12:00:00.000Z",
    "status": "open",
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_changes_a_copy_and_is_valid_json(kind: str) -> None:
    record = copy.deepcopy(RECORD)
    spoiled = spoil(record, kind, 5_000)
    assert spoiled != RECORD
    assert record == RECORD
    assert orjson.loads(orjson.dumps(spoiled)) == spoiled


@pytest.mark.parametrize(
    ("kind", "field"),
    [("missing_id", "id"), ("missing_created_at", "created_at"), ("missing_tenant_id", "tenant_id")],
)
def test_missing_fields_are_absent(kind: str, field: str) -> None:
    assert field not in spoil(RECORD, kind, 0)


def test_huge_message_has_the_length_asked_for() -> None:
    assert len(spoil(RECORD, "huge_message", 12_345)["message"]) == 12_345


def test_nul_is_in_the_message() -> None:
    assert "\x00" in spoil(RECORD, "nul_in_message", 0)["message"]


def test_kinds_take_turns() -> None:
    assert [kind_for(rank) for rank in range(len(KINDS))] == list(KINDS)
    assert kind_for(len(KINDS)) == kind_for(0)
