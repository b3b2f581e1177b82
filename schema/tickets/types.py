"""Tickets, their history and their customers as clients see them."""

from datetime import datetime
from operator import attrgetter
from typing import Annotated, Any

import strawberry

from documents.database import Row
from documents.ticket import JudgedBy, Language, Sentiment, StatusCategory, Urgency, description_of
from documents.ticket_history import HistoryAction
from resolvers.notifications import load_notifications
from resolvers.tickets import load_history, load_ticket_list, load_ticket_list_count
from schema.base.connections import After, Before, Connection, First, Last, Pager
from schema.base.cost import CONNECTION, ListSize
from schema.base.enums import spelled
from schema.base.ids import Node, global_id
from schema.base.info import Info
from schema.base.scalars import JSON
from schema.base.selection import names_below
from schema.notifications.types import Notification, to_notification
from schema.tickets.corrections import TicketCorrection, to_correction
from schema.tickets.reasons import MatchedRule
from services.errors import InvalidInputError
from services.tickets.changes import read_change
from services.tickets.choices import only
from services.tickets.filter import TicketFilter
from services.tickets.ordering import ORDERINGS, TicketOrder
from services.tickets.record import COLUMNS, TicketRecord
from services.tickets.search import RelevantTicket

DEFAULT_CHANGES = 20
MAX_CHANGES = 100
BULK = frozenset(["message", "replies", "matched", "extra"])
"""The bulk of a stored ticket; in GraphQL these fields have the same names."""

Order = Annotated[TicketOrder, strawberry.argument(description="The order of the list; cursors belong to one order.")]


def shown(field: str, *directives: object) -> Any:
    """A field of a ticket, of which clients are told what its declaration says."""
    return strawberry.field(description=description_of(field), directives=list(directives))


@strawberry.type(description="One field's value before and after a change.")
class FieldChange:
    """A changed field."""

    field: str = strawberry.field(description="The field's name as it is stored, for instance `status`.")
    old: JSON | None = strawberry.field(description="The value before; of an enum's field, as the enum names it.")
    new: JSON | None = strawberry.field(description="The value after; likewise.")


@strawberry.type(description="One thing that happened to a ticket.")
class TicketChange:
    """A row of the history."""

    action: HistoryAction | None = strawberry.field(
        description="What happened; null where another program stored something else."
    )
    occurred_at: datetime | None = strawberry.field(
        description="When it happened, by the source's clock where the source says; null where that was not recorded."
    )
    recorded_at: datetime | None = strawberry.field(description="When it was stored here.")
    job_id: str | None = strawberry.field(description="The ingestion job that found it.")
    actor: str | None = strawberry.field(description="Who corrected it, by their subject, where a person did.")
    changes: list[FieldChange] = strawberry.field(
        description="The fields that changed.", directives=[ListSize(assumed_size=3)]
    )


@strawberry.type(description="A support ticket.")
class Ticket(Node):
    """A live ticket of one tenant."""

    external_id: str = shown("external_id")
    tenant_id: str = shown("tenant_id")
    source: str | None = shown("source")
    customer_id: str | None = shown("customer_id")
    subject: str = shown("subject")
    message: str = shown("message")
    replies: str = shown("replies")
    status: str | None = shown("status")
    status_category: StatusCategory = shown("status_category")
    priority: str | None = shown("priority")
    assignee: str | None = shown("assignee")
    tags: list[str] = shown("tags", ListSize(assumed_size=5))
    extra: JSON = shown("extra")
    urgency: Urgency | None = shown("urgency")
    sentiment: Sentiment | None = shown("sentiment")
    requires_action: bool = shown("requires_action")
    language: Language | None = shown("language")
    judged_by: JudgedBy | None = shown("judged_by")
    rules_version: str | None = shown("rules_version")
    correction: TicketCorrection | None = shown("correction")
    created_at: datetime | None = shown("created_at")
    updated_at: datetime | None = shown("updated_at")
    matched: list[MatchedRule] = shown("matched", ListSize(assumed_size=3))
    found_words: list[str] = strawberry.field(
        description="Of a ticket that `searchTickets` has found: what was found, as it stands there; at most 20 words.",
        directives=[ListSize(assumed_size=3)],
    )

    @strawberry.field(
        description="What happened to it, newest first.",
        directives=[ListSize(assumed_size=DEFAULT_CHANGES, slicing_arguments=["first"])],
    )
    async def history(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description="How many changes: 1 to 100.")] = DEFAULT_CHANGES,
    ) -> list[TicketChange]:
        """The newest changes, read together with those of the other tickets."""
        if not 1 <= first <= MAX_CHANGES:
            raise InvalidInputError(f"first must be 1 to {MAX_CHANGES}.")
        rows = await load_history(info.context, self.tenant_id, self.external_id, limit=first)
        return [to_change(row) for row in rows]

    @strawberry.field(
        description="The notifications that it caused, newest first.", directives=[ListSize(assumed_size=2)]
    )
    async def notifications(self, info: Info) -> list[Notification]:
        """Its notifications, read together with those of the other tickets."""
        rows = await load_notifications(info.context, self.tenant_id, self.external_id)
        return [to_notification(row) for row in rows]

    @strawberry.field(description="Who wrote it; null where that is not known.")
    def customer(self) -> "Customer | None":
        """The customer."""
        return None if self.customer_id is None else to_customer(self.tenant_id, self.customer_id)


@strawberry.type(description="Somebody who writes tickets, as far as the tickets tell.")
class Customer(Node):
    """A customer of one tenant."""

    external_id: str = strawberry.field(description="The customer's id upstream.")
    tenant_id: str = strawberry.field(description="The tenant whose customer it is.")

    @strawberry.field(description="The customer's tickets.", directives=[CONNECTION])
    async def tickets(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        order_by: Order = TicketOrder.NEWEST_FIRST,
    ) -> Connection[Ticket]:
        """A page of the customer's tickets, read together with those of other customers."""
        wanted = TicketFilter(customer_id=only(self.external_id))
        return await ticket_list(info, self.tenant_id, wanted, order_by, first, last, after, before)


async def ticket_list(
    info: Info,
    tenant_id: str,
    wanted: TicketFilter,
    order: TicketOrder,
    first: int | None,
    last: int | None,
    after: str | None,
    before: str | None,
) -> Connection[Ticket]:
    """A page of a nested list of tickets, read together with the same page of other such lists."""
    pager = ticket_pager(info, tenant_id, order)
    window = pager.window(first, last, after, before)
    found = await load_ticket_list(info.context, tenant_id, wanted, window, order)
    return pager.connection(found, window, to_ticket, lambda: load_ticket_list_count(info.context, tenant_id, wanted))


def unselected_bulk(info: Info) -> frozenset[str]:
    """The bulk of a ticket, as far as nothing below the present field asks for it: it need not be read."""
    return BULK - names_below(info)


def ticket_pager(info: Info, tenant_id: str, order: TicketOrder) -> Pager[TicketRecord]:
    """The pager of every list of the tenant's tickets: a cursor is good for all of those with the same order."""
    ordering = ORDERINGS[order]
    return Pager(info, f"tickets:{tenant_id}:{order}", place=ordering.place, newest_first=ordering.newest_first)


_NOTHING_FOUND: list[str] = []
"""For all tickets that were not searched for; nobody changes it."""


def to_found_ticket(found: RelevantTicket) -> Ticket:
    """A ticket that a search has found."""
    return to_ticket(found.ticket, found.words)


def to_ticket(record: TicketRecord, found_words: list[str] = _NOTHING_FOUND) -> Ticket:
    """A stored ticket as clients see it."""
    fields = dict(zip(_FIELDS, _READ(record), strict=True))
    fields["id"] = global_id("Ticket", record.tenant_id, record.external_id)
    fields["urgency"] = _URGENCIES.get(record.urgency)
    fields["sentiment"] = _SENTIMENTS.get(record.sentiment)
    fields["language"] = _LANGUAGES.get(record.language)
    fields["judged_by"] = _JUDGED_BY.get(record.judged_by)
    fields["correction"] = to_correction(record.correction)
    fields["found_words"] = found_words
    ticket = Ticket.__new__(Ticket)
    ticket.__dict__ = fields  # a page has a hundred: handing each field over by its name would take half as long again
    return ticket


def to_customer(tenant_id: str, customer_id: str) -> Customer:
    """A customer by their id."""
    return Customer(id=global_id("Customer", tenant_id, customer_id), external_id=customer_id, tenant_id=tenant_id)


def to_change(row: Row) -> TicketChange:
    """A row of the history as clients see it."""
    change = read_change(row)
    return TicketChange(
        action=_ACTIONS.get(change.action),
        occurred_at=change.occurred_at,
        recorded_at=change.recorded_at,
        job_id=change.job_id,
        actor=change.actor,
        changes=[
            FieldChange(field=name, old=spelled(name, old), new=spelled(name, new))
            for name, (old, new) in change.values.items()
        ],
    )


_FIELDS = tuple(name for name in Ticket.__annotations__ if name in COLUMNS)
_READ = attrgetter(*_FIELDS)
_URGENCIES: dict[str | None, Urgency] = {urgency.value: urgency for urgency in Urgency}
_ACTIONS: dict[str | None, HistoryAction] = {action.value: action for action in HistoryAction}
_LANGUAGES: dict[str | None, Language] = {language.value: language for language in Language}
_JUDGED_BY: dict[str | None, JudgedBy] = {judge.value: judge for judge in JudgedBy}
_SENTIMENTS: dict[str | None, Sentiment] = {sentiment.value: sentiment for sentiment in Sentiment}
