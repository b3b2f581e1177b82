"""The tickets as lists: filtered, cut into pages, edited, deleted and restored."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from mock_external_api.clock import Clock, iso, parse_iso_ms
from mock_external_api.data import Ticket
from mock_external_api.writer import TicketWriter


class UnknownTicketError(LookupError):
    """A control call named tickets that do not exist; the message lists their ids."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, its tickets already written as JSON."""

    tickets: Sequence[bytes]
    next_page: int | None
    total_count: int

    def to_json(self) -> bytes:
        """Return the answer's body."""
        next_page = b"null" if self.next_page is None else b"%d" % self.next_page
        tickets = b",".join(self.tickets)
        return b'{"tickets":[%s],"next_page":%s,"total_count":%d}' % (tickets, next_page, self.total_count)


class TicketStore:
    """Holds the tickets in list order: by creation, what is added later at the end."""

    def __init__(self, tickets: list[Ticket], writer: TicketWriter, clock: Clock) -> None:
        self.writer = writer
        self._tickets = tickets
        self._clock = clock
        self._lists: dict[tuple[str | None, bool], list[Ticket]] = {}
        self._by_id: dict[str, Ticket] = {}

    def page(self, *, tenant_id: str | None, include_deleted: bool, page: int, page_size: int) -> Page:
        """Return one page of a tenant's tickets, or of everyone's when `tenant_id` is None."""
        listed = self._list(tenant_id, include_deleted)
        end = page * page_size
        tickets = [self.writer.write(ticket) for ticket in listed[end - page_size : end]]
        return Page(tickets, page + 1 if end < len(listed) else None, len(listed))

    def find(self, ticket_id: str) -> bytes | None:
        """Return one ticket as JSON, None when it is deleted or unknown."""
        if not self._by_id:
            self._by_id = {ticket.id: ticket for ticket in self._tickets}
        ticket = self._by_id.get(ticket_id)
        return None if ticket is None or ticket.deleted else self.writer.write(ticket)

    def deleted_ids(self) -> list[str]:
        """Return the ids of the deleted tickets of all tenants."""
        return [ticket.id for ticket in self._tickets if ticket.deleted and ticket.id]

    def summary(self) -> dict[str, Any]:
        """Return how many tickets of each kind there are."""
        faults = (self.writer.fault_of(ticket) for ticket in self._tickets)
        return {
            "total": len(self._tickets),
            "deleted": sum(ticket.deleted for ticket in self._tickets),
            "live_by_tenant": Counter(str(ticket.tenant_id) for ticket in self._tickets if not ticket.deleted),
            "drifting": sum(map(self.writer.drifts, self._tickets)),
            "malformed": Counter(kind for kind in faults if kind),
        }

    def with_ids(self, ids: Iterable[str]) -> list[Ticket]:
        """Return the tickets with these ids, duplicates included; unknown ids raise `UnknownTicketError`."""
        wanted = set(ids)
        found = [ticket for ticket in self._tickets if ticket.id in wanted]
        if unknown := wanted.difference(ticket.id for ticket in found):
            raise UnknownTicketError(f"Unknown ticket ids: {', '.join(sorted(unknown))}")
        return found

    def first(self, count: int, *, tenant_id: str | None, deleted: bool) -> list[Ticket]:
        """Return up to `count` live (or deleted) tickets in list order, of one tenant or of any (None)."""
        listed = self._list(tenant_id, include_deleted=True)
        return [ticket for ticket in listed if ticket.deleted is deleted][:count]

    def any_live(self, rng: Random) -> Ticket | None:
        """Return any ticket that is not deleted and whose record is an object, or None."""
        live = [ticket for ticket in self._list(None, include_deleted=False) if isinstance(ticket.record, dict)]
        return rng.choice(live) if live else None

    def edit(self, tickets: Iterable[Ticket], fields: dict[str, Any]) -> None:
        """Set fields and move `updated_at` past every value served so far, unless `fields` sets it.

        An edited ticket no longer drifts, so that the edit cannot hide behind an older `updated_at`.
        """

        def change(ticket: Ticket) -> None:
            old = ticket.record if isinstance(ticket.record, dict) else {}
            ticket.record = {**old, "updated_at": self._later_than(old.get("updated_at")), **fields}
            ticket.tenant_id = ticket.record.get("tenant_id", ticket.tenant_id)
            ticket.pinned = True

        self._change(tickets, change)

    def set_deleted(self, tickets: Iterable[Ticket], deleted: bool) -> None:
        """Delete or restore tickets."""

        def change(ticket: Ticket) -> None:
            ticket.deleted = deleted

        self._change(tickets, change)

    def add(self, record: Any, tenant_id: str | None) -> Ticket:
        """Append any JSON value as a ticket, listed for `tenant_id`, else for the tenant that it names."""
        own = record.get("tenant_id") if isinstance(record, dict) else None
        own = own if isinstance(own, str) else None
        ticket = Ticket(record, tenant_id or own, self._clock.now_ms(), pinned=True)
        self._tickets.append(ticket)
        self._forget_lists()
        return ticket

    def _change(self, tickets: Iterable[Ticket], change: Callable[[Ticket], None]) -> None:
        for ticket in tickets:
            change(ticket)
            self.writer.forget(ticket)
        self._forget_lists()

    def _forget_lists(self) -> None:
        self._lists.clear()
        self._by_id.clear()

    def _list(self, tenant_id: str | None, include_deleted: bool) -> list[Ticket]:
        key = tenant_id, include_deleted
        if key not in self._lists:
            self._lists[key] = [
                ticket
                for ticket in self._tickets
                if tenant_id in (None, ticket.tenant_id) and (include_deleted or not ticket.deleted)
            ]
        return self._lists[key]

    def _later_than(self, updated_at: object) -> str:
        """Return now, or just after `updated_at` should that lie in the future."""
        return iso(max(self._clock.now_ms(), parse_iso_ms(updated_at) or 0) + 1)
