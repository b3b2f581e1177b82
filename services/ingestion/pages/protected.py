"""Leaving out of a page what may not be stored: erased customers and tickets, and what is older than is kept.

What is left out counts as skipped. Upstream still has it, so it is met by every run.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from documents.database import Row, Session
from documents.ticket import StatusCategory
from documents.ticket_history import FieldChange
from services.ingestion.pages.history import Position
from services.ingestion.pages.portions import Portion
from services.kit.clock import Clock
from services.protection.names import names_in
from services.protection.removal import Removal
from services.protection.shields import ErasedOnes, Shield, Shields, TenantErasedError
from services.sources.pages import Detail
from services.sources.records.records import Rejected, UpstreamTicket
from services.statuses import category_of

_CUSTOMER = "customer_id"


@dataclass(frozen=True, slots=True)
class Protected:
    """Looks through portions before they are compared with what is stored."""

    shields: Shields
    removal: Removal
    clock: Clock

    async def admitted(self, tenant_id: str, shield: Shield, portion: Portion) -> Portion:
        """The portion without what the shield forbids.

        Raises:
            TenantErasedError: it forbids everything.
        """
        if shield.is_erased:
            raise TenantErasedError(tenant_id)
        if not shield.has_erasures:
            return portion
        erased, records = await self._erased(tenant_id, portion), portion.records
        forgotten = [name for name, ticket in records.own.items() if _is_erased(name, ticket, erased)]
        unmarked = [name for name in forgotten if name not in erased.tickets]
        refused = [seen for each in records.rejected if (seen := _seen(each, erased)) is not None]
        kept = replace(records, rejected=refused, foreign=records.foreign + len(records.rejected) - len(refused))
        marks = await self.shields.ticket_marks(tenant_id, unmarked)
        details = _kept_details(portion.details, erased, forgotten)
        portion = replace(portion, records=kept, details=details, forgotten=(*portion.forgotten, *marks))
        return _without_tickets(portion, forgotten)

    def without_aged(self, shield: Shield, portion: Portion, stored: Collection[str]) -> Portion:
        """The portion without tickets that are older than is kept. What is `stored` all the same is brought up to date:
        it goes when it is looked for, if it is still to go then."""
        own = portion.records.own
        return _without_tickets(
            portion, [name for name in own if name not in stored and self._is_too_old(shield, own[name])]
        )

    async def misplaced(self, tenant_id: str, left_out: Mapping[str, Row]) -> list[Row]:
        """Of the stored tickets that were left out, those stored under the name of somebody who was not erased: they
        have become an erased customer's since, and no erasure looks for them. The others are for the erasure to count.
        """
        if not left_out:
            return []
        customers = {row["customer_id"] for row in left_out.values() if isinstance(row.get("customer_id"), str)}
        erased = await self.shields.erased(tenant_id, customers, ())
        return [row for row in left_out.values() if row.get("customer_id") not in erased.customers]

    async def remove(self, at: Position, misplaced: Sequence[Row], session: Session) -> None:
        """Remove such tickets, with all that is stored about them."""
        if misplaced:
            await self.removal.tickets(at.tenant_id, misplaced, at.now, session)

    async def _erased(self, tenant_id: str, portion: Portion) -> ErasedOnes:
        records = portion.records
        customers = {ticket.customer_id for ticket in records.own.values() if ticket.customer_id is not None}
        for rejected in records.rejected:
            customers |= names_in(rejected.raw) or frozenset()
        customers |= set(_named_in(portion.details))
        refused = {each.external_id for each in records.rejected if each.external_id is not None}
        tickets = {*records.own, *refused, *(detail.ticket_id for detail in portion.details)}
        return await self.shields.erased(tenant_id, customers, tickets)

    def _is_too_old(self, shield: Shield, ticket: UpstreamTicket) -> bool:
        kept = shield.retention
        if kept is None or ticket.created_at >= kept.cutoff(self.clock.now()):
            return False
        return not kept.closed_only or category_of(ticket.status) is StatusCategory.CLOSED


def _without_tickets(portion: Portion, names: Collection[str]) -> Portion:
    """The portion without some of the tenant's tickets, which count as skipped."""
    records = portion.records
    own = {name: ticket for name, ticket in records.own.items() if name not in names}
    kept = replace(records, own=own, foreign=records.foreign + len(records.own) - len(own))
    return replace(portion, records=kept, left_out=portion.left_out | set(names))


def _is_erased(name: str, ticket: UpstreamTicket, erased: ErasedOnes) -> bool:
    until = erased.customers.get(ticket.customer_id) if ticket.customer_id is not None else None
    return name in erased.tickets or (until is not None and ticket.created_at <= until)


def _seen(rejected: Rejected, erased: ErasedOnes) -> Rejected | None:
    """A record that could not be read, as it may be kept: without its text where nobody can tell whose that is, and
    not at all where it names one who was erased. It may have no date, so none is asked for."""
    named = names_in(rejected.raw)
    if named is None:
        rejected = replace(rejected, raw="")
    is_erased = rejected.external_id in erased.tickets or not erased.customers.keys().isdisjoint(named or ())
    return None if is_erased else rejected


def _kept_details(details: Sequence[Detail], erased: ErasedOnes, left_out: Collection[str]) -> Sequence[Detail]:
    kept = []
    for detail in details:
        until = erased.customers.get(detail.author)
        is_theirs = until is not None and detail.at <= until
        if not (is_theirs or detail.ticket_id in erased.tickets or detail.ticket_id in left_out):
            kept.append(replace(detail, changes=_without(detail.changes, erased)))
    return kept


def _without(changes: Mapping[str, FieldChange], erased: ErasedOnes) -> Mapping[str, FieldChange]:
    """Changes that name nobody who was erased."""
    change = changes.get(_CUSTOMER)
    if change is None or erased.customers.keys().isdisjoint(_texts(change)):
        return changes
    old, new = (None if value in erased.customers else value for value in (change.old, change.new))
    return {**changes, _CUSTOMER: FieldChange(old=old, new=new)}


def _named_in(details: Iterable[Detail]) -> Iterable[str]:
    for detail in details:
        yield detail.author
        if (change := detail.changes.get(_CUSTOMER)) is not None:
            yield from _texts(change)


def _texts(change: FieldChange) -> list[str]:
    return [value for value in (change.old, change.new) if isinstance(value, str)]
