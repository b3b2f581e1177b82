"""What the REST routes answer about tickets. Times are UTC."""

from datetime import datetime
from typing import Self

from documents.ticket_history import FieldChange, HistoryAction
from gql_app.rest.answers import Answer, NumberedPage, place
from services.lists.numbered import Page
from services.tickets.reading import TicketRecord


class Match(Answer):
    """One reason for a classification."""

    rule: str
    keyword: str
    text: str


class TicketAnswer(Answer):
    """One ticket, with its classification and the reasons for it."""

    id: str
    external_id: str
    """The id that upstream gave it."""
    tenant_id: str
    source: str | None
    customer_id: str | None
    subject: str
    message: str
    status: str | None
    urgency: str | None
    sentiment: str | None
    requires_action: bool
    created_at: datetime | None
    updated_at: datetime | None
    matched: list[Match]

    @classmethod
    def of(cls, ticket: TicketRecord) -> Self:
        """The answer for a record."""
        values = {name: getattr(ticket, name) for name in cls.model_fields}
        return cls.model_validate(values | {"id": str(ticket.id)})


class TicketPage(NumberedPage):
    """A page of tickets, newest first."""

    tickets: list[TicketAnswer]

    @classmethod
    def of(cls, page: Page[TicketRecord]) -> Self:
        """The answer for a page."""
        return cls(tickets=[TicketAnswer.of(ticket) for ticket in page.items], **place(page))


class HistoryEntry(Answer):
    """One change of a ticket."""

    action: HistoryAction
    changes: dict[str, FieldChange]
    recorded_at: datetime
    job_id: str


class HistoryAnswer(Answer):
    """What happened to a ticket, newest first."""

    ticket_id: str
    history: list[HistoryEntry]
