"""Random histories, read in many runs: what was told in the end is all that could be known, and nothing else."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from mock_external_api.zendesk.book.truth import TicketTruth
from mock_external_api.zendesk.steps import random_step
from services.sources.zendesk.events import stored_value
from tests.properties import some_of
from tests.zendesk_reading import DeskReader, read_desk

STORED = {
    "subject": "subject",
    "status": "status",
    "priority": "priority",
    "tags": "tags",
    "assignee_id": "assignee",
    "requester_id": "customer_id",
}
TRAPS: list[dict[str, Any]] = [
    {},
    {"page_cap": 7},
    {"page_cap": 7, "repeat_last_item": True, "end_of_stream": "late"},
    {"page_cap": 7, "repeat_last_item": True, "end_of_stream": "stuck", "null_cursor_at_end": True},
    {"page_cap": 3, "newest_minute": "shown"},
    {"page_cap": 5, "newest_minute": "ragged", "null_fields": frozenset(["generated_timestamp"])},
    {"page_cap": 5, "absent_fields": frozenset(["updated_at"])},
    {"page_cap": 5, "error_rate": 0.2},
    {"date_skew_seconds": 3_600, "page_cap": 5},
    {"incremental_per_minute": 10, "page_cap": 7},
]


def changes_of(reader: DeskReader, truth: TicketTruth) -> list[tuple[datetime, str, Any, Any]]:
    """A ticket's true history as it is to be told: deletions apart, the changes of a second by their names."""
    names = {user.id: user.name for user in reader.desk.book.people.by_id.values()}
    return sorted(
        (
            (datetime.fromtimestamp(each.at, UTC), STORED[each.field], *values)
            for each in truth.history
            if each.field in STORED
            for values in (tuple(_stored(each.field, value, names) for value in (each.old, each.new)),)
            if values[0] != values[1] and "deleted" not in (each.old, each.new)
        ),
        key=_by_moment,
    )


def _stored(field: str, value: Any, names: dict[int, str]) -> Any:
    return None if value is None else stored_value(STORED[field], value, names)


def _by_moment(change: tuple[datetime, str, Any, Any]) -> tuple[datetime, str]:
    return change[0], change[1]


def replies(truth: TicketTruth) -> Iterator[str]:
    customer = truth.record["requester_id"]
    return (each.body for each in truth.comments[1:] if each.public and each.author_id == customer)


def check_all(reader: DeskReader) -> None:
    truths = reader.desk.truth()
    assert set(reader.tickets) == {str(number) for number, each in truths.items() if not each.deleted}
    assert set(reader.gone) == {str(number) for number, each in truths.items() if each.deleted}
    names = {user.id: user.name for user in reader.desk.book.people.by_id.values()}
    for number, truth in truths.items():
        told = reader.history(number)
        assert sorted(told, key=_by_moment) == changes_of(reader, truth)
        said, true = reader.said(number), list(replies(truth))
        assert len(said) == len(true)
        assert all(then == now or "\N{FULL BLOCK}" in now for then, now in zip(said, true, strict=True))
        if truth.deleted:
            continue
        ticket, record = reader.tickets[str(number)], truth.record
        told_fields = {**(ticket.extra or {}), **ticket.model_dump()}
        assert (ticket.subject, ticket.message) == (record["subject"], record["description"])
        assert (ticket.status, ticket.customer_id) == (record["status"], str(record["requester_id"]))
        assert told_fields["priority"] == record["priority"]
        assert (told_fields["tags"] or []) == record["tags"]
        assert told_fields["assignee"] == names.get(record["assignee_id"])
        assert ticket.source == record["via"]["channel"]


def check_horizon(reader: DeskReader, began: datetime) -> None:
    """Nothing from the minute before a run began was told, and of tickets that are older nothing is missing."""
    horizon = began.timestamp() - 60
    told = [detail.at.timestamp() for detail in reader.details.values()]
    assert max(told, default=0) <= horizon
    for number, truth in reader.desk.truth().items():
        due = [change for change in changes_of(reader, truth) if change[0].timestamp() <= horizon]
        told_changes = sorted(reader.history(number), key=_by_moment)
        assert told_changes == due[: len(told_changes)]
        if truth.record["generated_timestamp"] <= horizon:
            assert len(told_changes) == len(due)
            assert (str(number) in reader.gone) == truth.deleted
            assert truth.deleted or reader.tickets[str(number)].status == truth.record["status"]


@pytest.mark.thorough
@pytest.mark.parametrize("seed", some_of(range(40)))
async def test_a_random_history_is_told_as_it_was(seed: int) -> None:
    traps = TRAPS[seed % len(TRAPS)]
    reader, dice = read_desk(seed=seed, **traps), random.Random(seed)
    for _ in range(8):
        for _ in range(dice.randrange(14)):
            random_step(reader.desk, dice)
            reader.advance(dice.choice((0, 0, 0, 1, 7, 45)))
        began = reader.clock.now()
        stop = dice.choice((None, None, None, 1, 2, 3))
        statuses = {request["status"] for request in await reader.run(stop_after=stop)}
        if stop is None and statuses == {200} and "date_skew_seconds" not in traps:
            check_horizon(reader, began)
    reader.advance(61)
    await reader.run()
    check_all(reader)
