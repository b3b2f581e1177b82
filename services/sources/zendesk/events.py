"""What has happened to tickets, out of the export of ticket events."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from documents.ticket_history import FieldChange
from services.kit.words import word_of
from services.sources.pages import Detail, Turn
from services.sources.records.fields import LONGEST_SUBJECT, status_of, text_of
from services.sources.zendesk.exports import whole

MAX_SAID_CHARACTERS = 100_000
"""Zendesk takes comments of 64 kB."""
MAX_CHILD_EVENTS = 500
"""Of one update; real ones have some ten."""
DELETED_STATUS = "deleted"
_MOST_TAGS = 100
_STORED_AS = {
    "subject": "subject",
    "status": "status",
    "priority": "priority",
    "tags": "tags",
    "assignee_id": "assignee",
    "requester_id": "customer_id",
}
_FIELD_EVENTS = frozenset(["Create", "Change"])


@dataclass(frozen=True, slots=True)
class TicketEvent:
    """One update of a ticket (Zendesk: an audit)."""

    id: int
    ticket_id: int
    at: int
    """In seconds since 1970."""
    updater: int | None
    children: Sequence[Mapping[str, Any]]

    def assignees(self) -> Iterator[int]:
        """Whose names the changes need."""
        for child in self.children:
            if child.get("event_type") in _FIELD_EVENTS and "assignee_id" in child:
                yield from filter(None, map(whole, (child["assignee_id"], child.get("previous_value"))))

    def details(self, names: Mapping[int, str]) -> Iterator[Detail]:
        """All its changes as one, under its own id, and what was said in public.

        The comment with which a ticket was created is left out: the ticket's description is the same.
        """
        ticket_id, at = str(self.ticket_id), datetime.fromtimestamp(self.at, UTC)
        changes = self._changes(names)
        turn = self._turn()
        if changes or turn:
            yield Detail(ticket_id, "event", self.id, at, changes, turn)
        comments = {serial: child for child in self.children if (serial := _comment_serial(child)) is not None}
        for serial in sorted(comments)[1:] if turn is Turn.BORN else sorted(comments):
            child = comments[serial]
            author = whole(child.get("author_id")) or self.updater
            said = text_of(child.get("plain_body") or child["body"], MAX_SAID_CHARACTERS).strip()
            if author and said and child.get("public") is not False:
                yield Detail(ticket_id, "comment", serial, at, said=said, author=str(author))

    def _turn(self) -> Turn | None:
        """Whether it created the ticket, deleted it, or brought it back."""
        if any(child.get("event_type") == "Create" for child in self.children):
            return Turn.BORN
        for child in self.children:
            if child.get("event_type") == "Change" and "status" in child:
                if child["status"] == DELETED_STATUS:
                    return Turn.GONE
                if child.get("previous_value") == DELETED_STATUS:
                    return Turn.BACK
        return None

    def _changes(self, names: Mapping[int, str]) -> dict[str, FieldChange]:
        changes: dict[str, FieldChange] = {}
        for child in self.children:
            if child.get("event_type") not in _FIELD_EVENTS:
                continue
            is_first = child["event_type"] == "Create"
            for field, name in _STORED_AS.items():
                if field not in child:
                    continue
                new = stored_value(name, child[field], names)
                old = None if is_first else stored_value(name, _previous(child, field), names)
                first = changes.get(name)
                changes[name] = FieldChange(old=old if first is None else first.old, new=new)
        return {
            name: change
            for name, change in changes.items()
            # No ticket is stored with the status of deleted ones.
            if change.old != change.new and not (name == "status" and DELETED_STATUS in (change.old, change.new))
        }


def read_events(rows: Sequence[Any]) -> list[TicketEvent]:
    """The updates that rows of the export tell, but for those that cannot be read."""
    return [event for event in map(read_event, rows) if event is not None]


def read_event(row: Any) -> TicketEvent | None:
    """The update that a row of the export tells; None: it cannot be told whose it is, or when it was."""
    if not isinstance(row, dict):
        return None
    number, ticket_id, at = (whole(row.get(name)) for name in ("id", "ticket_id", "timestamp"))
    if not number or not ticket_id or not at or at >= 2**33:
        return None
    children = row.get("child_events")
    usable = [child for child in children if isinstance(child, dict)] if isinstance(children, list) else []
    return TicketEvent(number, ticket_id, at, whole(row.get("updater_id")), usable[:MAX_CHILD_EVENTS])


def stored_value(name: str, value: Any, names: Mapping[int, str]) -> Any:
    """A value of Zendesk's as the ticket's field `name` is stored; None where it is none."""
    try:
        match name:
            case "tags":
                tags = map(word_of, value if isinstance(value, list) else ())
                return list(dict.fromkeys(filter(None, tags)))[:_MOST_TAGS] or None
            case "assignee":
                number = whole(value)
                return word_of(value) if number is None else names.get(number, str(number))
            case "subject":
                return text_of(value, LONGEST_SUBJECT)
            case "status" | "priority":
                return status_of(value)
            case _:
                return word_of(value)
    except ValueError:
        return None


def _previous(child: Mapping[str, Any], field: str) -> Any:
    if field == "tags" and "previous_value" not in child and isinstance(child["tags"], list):
        added, removed = child.get("added_tags") or [], child.get("removed_tags") or []
        return [*(tag for tag in child["tags"] if tag not in added), *removed]
    return child.get("previous_value")


def _comment_serial(child: Mapping[str, Any]) -> int | None:
    is_told = child.get("event_type") == "Comment" and isinstance(child.get("body"), str)
    return whole(child.get("id")) if is_told else None
