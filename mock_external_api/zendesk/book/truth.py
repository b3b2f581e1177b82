"""What a client that misses nothing can know of a ticket."""

from dataclasses import dataclass
from typing import Any

from mock_external_api.zendesk.book.records import DeskTicket, FieldChange


@dataclass(frozen=True, slots=True)
class CommentTruth:
    """A comment as it reads now; `at` is in seconds since 1970."""

    id: int
    author_id: int
    body: str
    public: bool
    at: int


@dataclass(frozen=True, slots=True)
class TicketTruth:
    """A ticket's present record, all of its comments, and its history, the values at the creation included."""

    record: dict[str, Any]
    deleted: bool
    merged_into: int | None
    comments: tuple[CommentTruth, ...]
    history: tuple[FieldChange, ...]


def truth_of(ticket: DeskTicket) -> TicketTruth:
    """Return the truth about one ticket, as a copy that later changes leave alone."""
    comments = (CommentTruth(each.id, each.author_id, each.body, each.public, each.at) for each in ticket.comments)
    return TicketTruth(
        record=dict(ticket.record),
        deleted=ticket.status == "deleted",
        merged_into=ticket.merged_into,
        comments=tuple(comments),
        history=tuple(change for audit in ticket.audits for change in audit.changes),
    )
