"""What happened to tickets and when, as the rollups count it: pure functions from lives and history to events.

There are two kinds. What flows: when tickets were created, closed and so on, by when that happened. And what was
stored: from when to when statistics counted a ticket under a value, by when that was recorded.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from documents.database import Row
from documents.ticket import COUNTED_FIELDS, StatusCategory
from documents.ticket_history import HistoryAction
from services.rollups.rows import QUARTER_MILLISECONDS, QUARTERS_A_DAY, RowKey, is_left_out, known_as, quarter_name
from services.statuses import category_of

FLOW = "flow"
"""The field of the events that flow; their values are those of `FLOW_COUNTS`."""
FLOW_COUNTS = ("created", "created_closed", "closed", "reopened", "deleted_not_closed", "restored_not_closed")
GROWTH = {"created": 1, "created_closed": -1, "closed": -1, "reopened": 1} | {
    "deleted_not_closed": -1,
    "restored_not_closed": 1,
}
"""By how many more tickets are not closed after an event."""
ENTERED = {name: f"entered_{name}" for name in COUNTED_FIELDS}
"""The fields of the events with which statistics began to count a ticket under a value of a counted field."""
LEFT = {name: f"left_{name}" for name in COUNTED_FIELDS}
"""Those with which they ended."""
STORED = "stored"
STORED_EVENTS = (*ENTERED.values(), *LEFT.values())

Values = Mapping[str, Any]
"""By field, what is stored of a ticket."""
_CAN_BE_LIVE = (HistoryAction.UPDATED.value, HistoryAction.DELETED.value)
"""The actions that a ticket can only meet while it is live."""


class Event(NamedTuple):
    """Something that happened to a ticket. What happened before all else is no event."""

    at: int
    """In milliseconds since 1970."""
    field: str
    value: str
    born: int | None = None
    """Of what was stored: when the ticket had been created, as it was thought then."""


def flow_events(steps: Sequence[Row]) -> list[Event]:
    """What flows in a life. `steps`: as `services/rollups/steps.py` makes them, with moments in milliseconds."""
    first = steps[0]
    was_closed = _is_closed(first)
    found = [(first["at"], "created")]
    if was_closed:
        found.append((first["at"], "created_closed"))
    elif not first["live"]:  # it begins with a return, and nobody knows when it had ended
        found.append((first["at"], "deleted_not_closed"))
    for before, after in pairwise(steps):
        found += [(after["at"], name) for name in _happened(before, after)]
    return [Event(at, FLOW, name) for at, name in found if at is not None]


def _happened(before: Row, after: Row) -> list[str]:
    """Where a step changes both, a ticket is closed before it is deleted, and restored before it is closed."""
    names = []
    was_closed, is_closed = _is_closed(before), _is_closed(after)
    if (before["live"] or after["live"]) and was_closed != is_closed:
        names.append("closed" if is_closed else "reopened")
    if before["live"] and not after["live"] and not is_closed:
        names.append("deleted_not_closed")
    if after["live"] and not before["live"] and not was_closed:
        names.append("restored_not_closed")
    return names


def _is_closed(step: Row) -> bool:
    return category_of(step["value"]) is StatusCategory.CLOSED


def stored_events(ticket: Values, rows: Sequence[Row]) -> list[Event]:
    """What was stored of a ticket that is `ticket` now. Its history is read backwards: between two rows, it had the old
    values of the next changes, or those that it has now.

    `ticket` has the counted fields, `created`, `ingested` and `died`, in milliseconds or None; `rows` are those of its
    history (`{action, recorded, created: {old}, status: {old}, ...}`, with the fields that changed), oldest first.
    """
    states: list[tuple[int | None, Values | None]] = []
    ends = [*(row["recorded"] for row in rows), None]
    for number, end in enumerate(ends):
        begin = ends[number - 1] if number else None
        if begin is None or end is None or begin < end:
            states += _between(ticket, rows[number:], begin, end)
    events = []
    for (_, before), (at, after) in pairwise([(None, None), *states]):
        if at is not None:
            events += [Event(at, LEFT[name], *value) for name, value in _counted(before, after)]
            events += [Event(at, ENTERED[name], *value) for name, value in _counted(after, before)]
    return events


def _between(
    ticket: Values, following: Sequence[Row], begin: int | None, end: int | None
) -> list[tuple[int | None, Values | None]]:
    """What was stored from `begin` to `end`, between two rows of the history, with when it began."""
    if following and following[0]["action"] not in _CAN_BE_LIVE:
        return [(begin, None)]
    then = {name: _value_before(name, ticket, following) for name in (*COUNTED_FIELDS, "created")}
    brought, created = ticket["ingested"], then["created"]
    is_older = bool(following) and (created is None or brought is None or created < brought)
    there = created if brought is None or is_older else brought
    if there is None or (begin is not None and there <= begin):
        found: list[tuple[int | None, Values | None]] = [(begin, then)]
    else:
        found = [(begin, None), *([(there, then)] if end is None or there < end else [])]
    died = None if following else ticket["died"]
    if died is None:
        return found
    was_never_there = any(moment is not None and died <= moment for moment, _ in found)
    return [(begin, None)] if was_never_there else [*found, (died, None)]


def _value_before(name: str, ticket: Values, following: Sequence[Row]) -> Any:
    return next((row[name]["old"] for row in following if name in row), ticket.get(name))


def _counted(values: Values | None, others: Values | None) -> list[tuple[str, tuple[str, int | None]]]:
    """The values under which a ticket is counted and otherwise not, by field; each with its creation."""
    return [
        (name, value)
        for name in COUNTED_FIELDS
        if values is not None
        and (value := _value(values, name)) != (others and _value(others, name))
        and not is_left_out(name, value[0])
    ]


def _value(values: Values, name: str) -> tuple[str, int | None]:
    return str(known_as(values[name])), values["created"]


def sum_events(lives: Iterable[Row]) -> dict[RowKey, Counter[str]]:
    """The rows that the events of these lives make, with what is to be added to each."""
    rows: defaultdict[RowKey, Counter[str]] = defaultdict(Counter)
    for life in lives:
        for event in (*life["flow"], *life["stored"]):
            quarter = event["at"] // QUARTER_MILLISECONDS
            key = RowKey(quarter // QUARTERS_A_DAY, event.get("field", FLOW), event["value"])
            rows[key].update(("tickets", f"quarters.{quarter_name(quarter)}"))
    return rows


def stays(steps: Sequence[Row], *, by_category: bool) -> list[Row]:
    """How long a live ticket was live in each status, or category: `{status, time, goes_on}`, as `TicketLife` says.

    Nothing where its creation is not known, or it is not live.
    """
    if steps[0]["at"] is None or not steps[-1]["live"]:
        return []
    times: Counter[str] = Counter()
    names = [_stay_name(step["value"], by_category=by_category) for step in steps]
    for name, (before, after) in zip(names, pairwise(steps), strict=False):
        times[name] += (after["at"] - before["at"]) * before["live"]
    last = names[-1]
    times[last] -= steps[-1]["at"]
    return [{"status": name, "time": time, "goes_on": name == last} for name, time in times.items()]


def _stay_name(status: object, *, by_category: bool) -> str:
    if by_category:
        return category_of(status).value
    return str(known_as(status))
