"""What the REST routes answer about tickets. Times are UTC."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Self, get_type_hints

from pydantic import BeforeValidator, create_model

from documents.database import Row
from documents.ticket_history import FieldChange
from gql_app.rest.answers.base import Answer, NumberedPage, place_of
from services.lists.numbered import Page
from services.tickets.changes import read_change
from services.tickets.record import TicketRecord

_Fields = create_model(
    "_Fields",
    __base__=Answer,
    **{name: (kind, ...) for name, kind in get_type_hints(TicketRecord).items()},  # type: ignore[call-overload]
)


class TicketAnswer(_Fields):
    """One ticket, with its classification and the reasons for it."""

    id: Annotated[str, BeforeValidator(str)]

    @classmethod
    def of(cls, ticket: TicketRecord) -> Self:
        """The answer for a record."""
        return cls.model_validate(ticket)


class TicketPage(NumberedPage):
    """A page of tickets, newest first."""

    tickets: list[TicketAnswer]

    @classmethod
    def of(cls, page: Page[TicketRecord]) -> Self:
        """The answer for a page."""
        return cls(tickets=[TicketAnswer.of(ticket) for ticket in page.items], **place_of(page))


class HistoryEntry(Answer):
    """One change of a ticket."""

    action: str | None
    """`created`, `updated`, `deleted`, `restored`; or another program's word."""
    changes: dict[str, FieldChange]
    occurred_at: datetime | None
    """When it happened, by the source's clock where the source says."""
    recorded_at: datetime | None
    """When it was stored here."""
    job_id: str | None
    actor: str | None
    """Who corrected it, by the subject of their credential, where a person did."""

    @classmethod
    def of(cls, row: Row) -> Self:
        """The answer for a row."""
        change = read_change(row)
        return cls(
            action=change.action,
            changes={name: FieldChange(old=old, new=new) for name, (old, new) in change.values.items()},
            occurred_at=change.occurred_at,
            recorded_at=change.recorded_at,
            job_id=change.job_id,
            actor=change.actor,
        )


class HistoryAnswer(Answer):
    """What happened to a ticket, newest first."""

    ticket_id: str
    history: list[HistoryEntry]

    @classmethod
    def of(cls, external_id: str, rows: Iterable[Row]) -> Self:
        """The answer for rows of the history."""
        return cls(ticket_id=external_id, history=[HistoryEntry.of(row) for row in rows])
