"""The book of the help desk: tickets, users, and everything that happened, in the orders of the exports."""

import random
from collections.abc import Mapping
from typing import Any

from mock_external_api.answers import dump_json
from mock_external_api.zendesk.book.people import People, iso_seconds
from mock_external_api.zendesk.book.records import (
    HISTORY_FIELDS,
    DeskAudit,
    DeskComment,
    DeskTicket,
    FieldChange,
    new_record,
    via,
)
from mock_external_api.zendesk.book.streams import EventOrder, GeneratedOrder

_FIRST_EVENT_ID = 10_000_001


class TicketBook:
    """Keeps tickets and writes down each update; knows nothing of rules, which are the desk's."""

    def __init__(self, rng: random.Random, customers: int, since: int, admin_email: str, subdomain: str) -> None:
        self.people = People(rng, customers, since, admin_email, subdomain)
        self.tickets: dict[int, DeskTicket] = {}
        self.order, self.events, self.user_order = GeneratedOrder(), EventOrder(), GeneratedOrder()
        for user in self.people.by_id.values():
            self.user_order.put(user.id, user.updated)
        self._subdomain = subdomain
        self._next_event_id = _FIRST_EVENT_ID
        self._ready: dict[int, bytes] = {}

    def open_ticket(
        self, at: int, subject: str, body: str, requester_id: int, channel: dict[str, Any], fields: Mapping[str, Any]
    ) -> DeskTicket:
        """Write down a new ticket with its first comment; `fields` override those of the usual new ticket."""
        number = len(self.tickets) + 1
        record = new_record(number, at, self._subdomain, subject, body, requester_id, channel)
        record.update(fields)
        ticket = self.tickets[number] = DeskTicket(record)
        changes = tuple(FieldChange(at, name, None, record[name]) for name in HISTORY_FIELDS)
        self._note(ticket, at, requester_id, channel, changes, (body, True), created=True)
        return ticket

    def update(
        self,
        ticket: DeskTicket,
        at: int,
        author_id: int,
        changes: Mapping[str, Any],
        comment: tuple[str, bool] | None = None,
        channel: dict[str, Any] | None = None,
    ) -> None:
        """Write down an update: new values of fields, and perhaps a comment (text, whether it is public)."""
        record = ticket.record
        made = tuple(FieldChange(at, name, record[name], new) for name, new in changes.items() if record[name] != new)
        if not made and comment is None:
            return
        record.update(changes)
        record["updated_at"] = iso_seconds(at)
        self._note(ticket, at, author_id, channel or via("web"), made, comment)

    def touch(self, ticket: DeskTicket, at: int, changes: Mapping[str, Any]) -> None:
        """Change a ticket without an event: `generated_timestamp` moves and `updated_at` does not."""
        ticket.record.update(changes)
        self._moved(ticket, at)

    def redact(self, ticket: DeskTicket, at: int, author_id: int, comment: DeskComment, text: str) -> None:
        """Blot `text` out of a comment, and out of the description when it is the first one."""
        comment.body = comment.body.replace(text, "\N{FULL BLOCK}" * len(text))
        if comment is ticket.comments[0]:
            ticket.record["description"] = comment.body
        ticket.record["updated_at"] = iso_seconds(at)
        self._note(ticket, at, author_id, via("web"), (), None, redacted=comment.id)

    def remove_user(self, user_id: int, at: int) -> None:
        """Delete a user."""
        self.people.remove(user_id, at)
        self.user_order.put(user_id, at)

    def ticket_json(self, number: int, null: frozenset[str], absent: frozenset[str]) -> bytes:
        """Return a ticket as JSON; every third ticket has the fields `null` as null and not the fields `absent`."""
        ready = self._ready.get(number)
        if ready is None:
            record = self.tickets[number].record
            if number % 3 == 0 and (null or absent):
                blank = dict.fromkeys(null)
                record = {name: value for name, value in {**record, **blank}.items() if name not in absent}
            ready = self._ready[number] = dump_json(record)
        return ready

    def forget_written(self) -> None:
        """Drop the tickets that were kept written, because settings say otherwise now."""
        self._ready.clear()

    def _note(
        self,
        ticket: DeskTicket,
        at: int,
        author_id: int,
        channel: dict[str, Any],
        changes: tuple[FieldChange, ...],
        comment: tuple[str, bool] | None,
        *,
        created: bool = False,
        redacted: int | None = None,
    ) -> None:
        number = self._next_event_id
        self._next_event_id += len(changes) + 3
        written = None
        if comment is not None:
            body, public = comment
            written = DeskComment(number + 1, author_id, body, public, at, channel["channel"])
            ticket.comments.append(written)
        audit = DeskAudit(number, ticket.id, at, author_id, channel, created, changes, written, redacted)
        ticket.audits.append(audit)
        self.events.add(audit)
        self._moved(ticket, at)

    def _moved(self, ticket: DeskTicket, at: int) -> None:
        ticket.record["generated_timestamp"] = at
        self.order.put(ticket.id, at)
        self._ready.pop(ticket.id, None)
