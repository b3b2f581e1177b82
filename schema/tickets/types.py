"""Tickets, their history and their customers as clients see them."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from documents.database import Row
from documents.ticket import Sentiment, Urgency
from documents.ticket_history import HistoryAction
from resolvers.context import Info
from schema.base.connections import After, Before, Connection, First, Last, Pager
from schema.base.cost import CONNECTION, ListSize
from schema.base.enums import TicketOrder
from schema.base.ids import Node, global_id
from schema.base.scalars import JSON
from schema.base.selection import names_below
from schema.notifications.types import Notification, to_notification
from services.errors import InvalidInputError
from services.tickets.filter import TicketFilter
from services.tickets.reading import TicketRecord, cursor_of

DEFAULT_CHANGES = 20
MAX_CHANGES = 100
BULK = frozenset(["message", "matched"])
"""The bulk of a stored ticket; in GraphQL these fields have the same names."""

Order = Annotated[TicketOrder, strawberry.argument(description="The order of the list; cursors belong to one order.")]


@strawberry.type(description="One reason for a ticket's classification.")
class MatchedRule:
    """A rule that fired."""

    rule: str = strawberry.field(description="The rule's name, for instance `money_dispute`.")
    keyword: str = strawberry.field(description="The rule's term in its plain form, for instance `refund`.")
    text: str = strawberry.field(description="The words of the ticket that matched, normalised.")


@strawberry.type(description="One field's value before and after a change.")
class FieldChange:
    """A changed field."""

    field: str = strawberry.field(description="The field's name as it is stored, for instance `status`.")
    old: JSON | None = strawberry.field(description="The value before.")
    new: JSON | None = strawberry.field(description="The value after.")


@strawberry.type(description="One thing that happened to a ticket.")
class TicketChange:
    """A row of the history."""

    action: HistoryAction = strawberry.field(description="What happened.")
    recorded_at: datetime = strawberry.field(description="When it was stored here.")
    job_id: str = strawberry.field(description="The ingestion job that found it.")
    changes: list[FieldChange] = strawberry.field(
        description="The fields that changed.", directives=[ListSize(assumed_size=3)]
    )


@strawberry.type(description="A support ticket.")
class Ticket(Node):
    """A live ticket of one tenant."""

    external_id: str = strawberry.field(description="The upstream's id, unique within the tenant.")
    tenant_id: str = strawberry.field(description="The tenant it belongs to.")
    source: str | None = strawberry.field(description="The channel it came through, as upstream names it.")
    customer_id: str | None = strawberry.field(description="Who wrote it, as upstream names them.")
    subject: str = strawberry.field(description="The subject line.")
    message: str = strawberry.field(description="The text.")
    status: str | None = strawberry.field(description="The status, as upstream names it.")
    urgency: Urgency | None = strawberry.field(
        description="How soon somebody has to look at it; null where another program stored something else."
    )
    sentiment: Sentiment | None = strawberry.field(
        description="The mood it was written in; null where another program stored something else."
    )
    requires_action: bool = strawberry.field(description="Whether somebody has to do something.")
    created_at: datetime | None = strawberry.field(description="When it was created upstream.")
    updated_at: datetime | None = strawberry.field(description="The newest change that upstream has shown.")
    matched: list[MatchedRule] = strawberry.field(
        description="Why it was classified as it was, in the order of the text.",
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
        rows = await info.context.loaders.histories.load((self.tenant_id, first), self.external_id)
        return [to_change(row) for row in rows]

    @strawberry.field(
        description="The notifications that it caused, newest first.", directives=[ListSize(assumed_size=2)]
    )
    async def notifications(self, info: Info) -> list[Notification]:
        """Its notifications, read together with those of the other tickets."""
        rows = await info.context.loaders.notifications.load(self.tenant_id, self.external_id)
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
        loaders = info.context.loaders
        pager = ticket_pager(info, self.tenant_id, order_by)
        window = pager.window(first, last, after, before)
        found = await loaders.customer_tickets.load((self.tenant_id, window), self.external_id)
        return pager.connection(
            found, window, to_ticket, lambda: loaders.customer_counts.load(self.tenant_id, self.external_id)
        )


@strawberry.input(name="TicketFilter", description="Conditions on tickets; all that are given have to hold.")
class TicketFilterInput:
    """The filter of a list of tickets."""

    status: str | None = strawberry.field(default=None, description="Exactly this status.")
    urgency: Urgency | None = strawberry.field(default=None, description="This urgency.")
    sentiment: Sentiment | None = strawberry.field(default=None, description="This sentiment.")
    source: str | None = strawberry.field(default=None, description="Exactly this source.")
    requires_action: bool | None = strawberry.field(default=None, description="Whether action is required.")
    customer_id: str | None = strawberry.field(default=None, description="Written by this customer.")
    q: str | None = strawberry.field(
        default=None, description="Words that all occur in the subject or the message; at most 200 characters."
    )
    created_from: datetime | None = strawberry.field(default=None, description="Created at or after this moment.")
    created_to: datetime | None = strawberry.field(default=None, description="Created before this moment.")

    def to_filter(self) -> TicketFilter:
        """The filter that services understand."""
        return TicketFilter(**vars(self))


def unselected_bulk(info: Info) -> frozenset[str]:
    """The bulk of a ticket, as far as nothing below the present field asks for it: it need not be read."""
    return BULK - names_below(info)


def ticket_pager(info: Info, tenant_id: str, order: TicketOrder) -> Pager[TicketRecord]:
    """The pager of every list of the tenant's tickets: a cursor is good for all of those with the same order."""
    return Pager(info, f"tickets:{tenant_id}", place=cursor_of, newest_first=order is TicketOrder.NEWEST_FIRST)


def to_ticket(record: TicketRecord) -> Ticket:
    """A stored ticket as clients see it."""
    return Ticket(
        id=global_id("Ticket", record.tenant_id, record.external_id),
        external_id=record.external_id,
        tenant_id=record.tenant_id,
        source=record.source,
        customer_id=record.customer_id,
        subject=record.subject,
        message=record.message,
        status=record.status,
        urgency=_URGENCIES.get(record.urgency),
        sentiment=_SENTIMENTS.get(record.sentiment),
        requires_action=record.requires_action,
        created_at=record.created_at,
        updated_at=record.updated_at,
        matched=[
            MatchedRule(rule=reason["rule"], keyword=reason["keyword"], text=reason["text"])
            for reason in record.matched
        ]
        if record.matched
        else [],
    )


def to_customer(tenant_id: str, customer_id: str) -> Customer:
    """A customer by their id."""
    return Customer(id=global_id("Customer", tenant_id, customer_id), external_id=customer_id, tenant_id=tenant_id)


def to_change(row: Row) -> TicketChange:
    """A row of the history as clients see it."""
    changes: dict[str, dict[str, Any]] = row.get("changes") or {}
    return TicketChange(
        action=HistoryAction(row["action"]),
        recorded_at=row["recorded_at"],
        job_id=row["job_id"],
        changes=[
            FieldChange(field=name, old=change.get("old"), new=change.get("new")) for name, change in changes.items()
        ],
    )


_URGENCIES: dict[str | None, Urgency] = {urgency.value: urgency for urgency in Urgency}
_SENTIMENTS: dict[str | None, Sentiment] = {sentiment.value: sentiment for sentiment in Sentiment}
