"""Writes tickets as JSON the way the upstream does: some drift, some are malformed."""

import random
from typing import Any

from mock_external_api.answers import dump_json
from mock_external_api.clock import Clock, iso
from mock_external_api.data import Ticket
from mock_external_api.malformed import kind_for, spoil
from mock_external_api.settings import MockSettings


class TicketWriter:
    """Keeps written tickets ready, because ingestion benchmarks run against the mock."""

    def __init__(self, settings: MockSettings, clock: Clock, rng: random.Random) -> None:
        self._settings = settings
        self._clock = clock
        self._rng = rng
        self._drifting = round(settings.ticket_count * settings.drifting_updated_at_share)
        self._malformed = round(settings.ticket_count * settings.malformed_share)
        self._ready: dict[Ticket, bytes] = {}

    def write(self, ticket: Ticket) -> bytes:
        """Return the ticket as JSON; a drifting one gets a new `updated_at` at each call."""
        if kind := self.fault_of(ticket):
            return dump_json(spoil(ticket.record, kind, self._settings.huge_message_chars))
        if self.drifts(ticket):
            updated_at = iso(self._draw_updated_ms(ticket.created_ms)).encode()
            return b'%s,"updated_at":"%s"}' % (self._ready_without_end(ticket), updated_at)
        ready = self._ready.get(ticket)
        if ready is None:
            ready = self._ready[ticket] = dump_json(ticket.record)
        return ready

    def drifts(self, ticket: Ticket) -> bool:
        """Tell whether the ticket's `updated_at` is drawn anew on each request."""
        return ticket.drift_rank < self._drifting and not ticket.pinned

    def fault_of(self, ticket: Ticket) -> str | None:
        """Return the kind of fault with which the ticket is served, None for a good one."""
        return kind_for(ticket.fault_rank) if ticket.fault_rank < self._malformed and not ticket.pinned else None

    def forget(self, ticket: Ticket) -> None:
        """Drop what was kept ready of a ticket that has changed."""
        self._ready.pop(ticket, None)

    def _ready_without_end(self, ticket: Ticket) -> bytes:
        ready = self._ready.get(ticket)
        if ready is None:
            fixed: dict[str, Any] = {name: value for name, value in ticket.record.items() if name != "updated_at"}
            ready = self._ready[ticket] = dump_json(fixed)[:-1]
        return ready

    def _draw_updated_ms(self, created_ms: int) -> int:
        """Draw a moment between creation and now, so forwards or backwards, never before creation."""
        span = max(0, self._clock.now_ms() - created_ms)
        return created_ms + int(self._rng.random() * span)
