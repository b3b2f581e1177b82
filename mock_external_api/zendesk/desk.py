"""The help desk as a whole: its settings and its book, with everything that can happen in it."""

import random
from collections import deque
from functools import cached_property
from typing import Any

from mock_external_api.clock import Clock
from mock_external_api.limiter import RateLimiter
from mock_external_api.zendesk.book.ledger import TicketBook
from mock_external_api.zendesk.book.records import DeskTicket, via
from mock_external_api.zendesk.book.rules import (
    TRIGGER_ID,
    RefusedChangeError,
    agent_replies,
    change_fields,
    customer_replies,
    delete_ticket,
    merge_tickets,
    restore_ticket,
)
from mock_external_api.zendesk.book.sample import AGENT_LINES, fill_book
from mock_external_api.zendesk.book.truth import TicketTruth, truth_of
from mock_external_api.zendesk.settings import ZendeskSettings

_DAY = 86_400
_SAMPLE_AGE = 120
"""The newest sample change is so many seconds old, so that it is past the newest minute."""
_KEPT_REQUESTS = 100_000


class ZendeskDesk:
    """All happens now, by the clock. Methods that change a ticket take its id and return the changed one's."""

    def __init__(self, settings: ZendeskSettings, clock: Clock) -> None:
        self.clock = clock
        self.begin(settings)

    def begin(self, settings: ZendeskSettings) -> None:
        """Begin anew: another help desk, of which nobody has asked for anything."""
        self.settings = settings
        self.__dict__.pop("book", None)
        self.rng = random.Random(f"{settings.seed}:requests")  # noqa: S311 - repeatable, no secret
        self.requests: deque[dict[str, Any]] = deque(maxlen=_KEPT_REQUESTS)
        self.limiter = RateLimiter(settings.requests_per_minute, self._monotonic)
        self.incremental_limiter = RateLimiter(settings.incremental_per_minute, self._monotonic)
        self.issued_cursors: set[str] = set()
        self.expired_cursors: set[str] = set()

    @cached_property
    def book(self) -> TicketBook:
        """The book, made when it is first asked for."""
        settings, now = self.settings, self.now()
        rng = random.Random(f"{settings.seed}:book")  # noqa: S311 - repeatable sample data, no secret
        first = now - settings.span_days * _DAY
        customers = min(2000, max(20, settings.ticket_count // 10))
        book = TicketBook(rng, customers, first - _DAY, settings.email, settings.subdomain)
        fill_book(book, rng, settings.ticket_count, first, now - _SAMPLE_AGE)
        return book

    def now(self) -> int:
        """Return the help desk's time in seconds since 1970."""
        return self.clock.now_ms() // 1000 + self.settings.ahead_seconds

    def change_settings(self, **changes: Any) -> None:
        """Change settings at run time; what says which sample tickets there are has no effect once they are made."""
        self.settings = ZendeskSettings.model_validate({**self.settings.model_dump(), **changes})
        self.limiter.limit = self.settings.requests_per_minute
        self.incremental_limiter.limit = self.settings.incremental_per_minute
        self.book.forget_written()

    def truth(self) -> dict[int, TicketTruth]:
        """Return what a client that misses nothing can know, by ticket id."""
        return {number: truth_of(ticket) for number, ticket in self.book.tickets.items()}

    def create(
        self, subject: str, body: str, *, requester_id: int | None = None, channel: str = "email", **fields: Any
    ) -> int:
        """Let a customer (a random one unless named) open a ticket; `fields` are fields of the record."""
        requester = requester_id or self.rng.choice(self.book.people.customers)
        return self.book.open_ticket(self.now(), subject, body, requester, via(channel), fields).id

    def many_in_one_second(self, count: int) -> list[int]:
        """Let `count` tickets come in within this second; returns their ids."""
        return [self.create(f"Import {number + 1} of {count}", "Moved from the old desk.") for number in range(count)]

    def customer_comment(self, ticket_id: int, body: str) -> int:
        """Let the requester write; returns the id of the follow-up ticket if the ticket was closed."""
        return customer_replies(self.book, self._ticket(ticket_id), self.now(), body).id

    def agent_comment(self, ticket_id: int, body: str, *, public: bool = True, status: str | None = None) -> int:
        """Let an agent write, perhaps setting a status."""
        agent_replies(self.book, self._ticket(ticket_id), self.now(), self._agent(), body, public=public, status=status)
        return ticket_id

    def set_status(self, ticket_id: int, status: str) -> int:
        """Set a system status (`closed` too)."""
        return self._change(ticket_id, status=status)

    def set_custom_status(self, ticket_id: int, custom_status_id: int) -> int:
        """Set a custom status, and with it the status of its category."""
        return self._change(ticket_id, custom_status_id=custom_status_id)

    def set_priority(self, ticket_id: int, priority: str | None) -> int:
        """Set the priority."""
        return self._change(ticket_id, priority=priority)

    def set_tags(self, ticket_id: int, tags: list[str]) -> int:
        """Replace the tags."""
        return self._change(ticket_id, tags=list(tags))

    def assign(self, ticket_id: int, agent_id: int | None) -> int:
        """Assign to an agent, or to nobody."""
        return self._change(ticket_id, assignee_id=agent_id)

    def trigger_update(self, ticket_id: int, **fields: Any) -> int:
        """Let a trigger set fields: an event like any other, by the author -1."""
        change_fields(self.book, self._ticket(ticket_id), self.now(), TRIGGER_ID, fields)
        return ticket_id

    def system_update(self, ticket_id: int, **fields: Any) -> int:
        """Let the system touch a ticket: no event, `generated_timestamp` moves, `updated_at` does not."""
        self.book.touch(self._ticket(ticket_id), self.now(), fields)
        return ticket_id

    def solve(self, ticket_id: int) -> int:
        """Let an agent solve it with a comment."""
        return self.agent_comment(ticket_id, AGENT_LINES[0], status="solved")

    def reopen(self, ticket_id: int) -> int:
        """Open a solved ticket again."""
        return self.set_status(ticket_id, "open")

    def delete(self, ticket_id: int) -> int:
        """Delete it."""
        delete_ticket(self.book, self._ticket(ticket_id), self.now(), self._agent())
        return ticket_id

    def restore(self, ticket_id: int) -> int:
        """Undelete it."""
        restore_ticket(self.book, self._ticket(ticket_id), self.now(), self._agent())
        return ticket_id

    def merge(self, source_id: int, target_id: int) -> int:
        """Merge a ticket into another; returns the other's id."""
        source, target = self._ticket(source_id), self._ticket(target_id)
        merge_tickets(self.book, source, target, self.now(), self._agent())
        return target_id

    def redact(self, ticket_id: int, comment_id: int, text: str) -> int:
        """Blot `text` out of a comment."""
        ticket = self._ticket(ticket_id)
        comment = next((each for each in ticket.comments if each.id == comment_id), None)
        if comment is None:
            raise RefusedChangeError(f"ticket {ticket_id} has no comment {comment_id}")
        self.book.redact(ticket, self.now(), self._agent(), comment, text)
        return ticket_id

    def delete_requester(self, ticket_id: int) -> int:
        """Delete the user who wrote a ticket; the ticket goes on naming the user."""
        self.book.remove_user(self._ticket(ticket_id).record["requester_id"], self.now())
        return ticket_id

    def expire_cursors(self) -> None:
        """Let every cursor that was given out so far be one that is no longer accepted."""
        self.expired_cursors |= self.issued_cursors
        self.issued_cursors.clear()

    def _change(self, ticket_id: int, **changes: Any) -> int:
        change_fields(self.book, self._ticket(ticket_id), self.now(), self._agent(), changes)
        return ticket_id

    def _ticket(self, ticket_id: int) -> DeskTicket:
        ticket = self.book.tickets.get(ticket_id)
        if ticket is None:
            raise RefusedChangeError(f"there is no ticket {ticket_id}")
        return ticket

    def _agent(self) -> int:
        return self.rng.choice(self.book.people.agents)

    def _monotonic(self) -> float:
        return self.clock.monotonic() + self.settings.ahead_seconds
