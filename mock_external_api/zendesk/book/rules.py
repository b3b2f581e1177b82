"""How a help desk behaves: what a reply, a merge or a deletion does to a ticket. Moments are seconds since 1970."""

from typing import Any

from mock_external_api.zendesk.book.ledger import TicketBook
from mock_external_api.zendesk.book.records import DeskTicket, via
from mock_external_api.zendesk.book.statuses import STATUS_BY_ID, default_status_id

MERGE_TAG = "closed_by_merge"
TRIGGER_ID = -1
"""Author of what triggers and automations do."""


class RefusedChangeError(ValueError):
    """The help desk does not allow this; the message says why."""


def status_fields(status: str) -> dict[str, Any]:
    """Return the fields that a system status sets: itself and its category's default custom status."""
    return {"status": status, "custom_status_id": default_status_id(status)}


def customer_replies(book: TicketBook, ticket: DeskTicket, at: int, body: str) -> DeskTicket:
    """Let the requester write again: a pending or solved ticket opens, for a closed one a follow-up ticket is made.

    Returns the ticket that the words are in.
    """
    if ticket.status == "deleted":
        raise RefusedChangeError("nobody can write to a deleted ticket")
    requester = ticket.record["requester_id"]
    if ticket.status == "closed":
        channel = via("email", rel="follow_up", ticket_id=ticket.id)
        follow_up = book.open_ticket(at, f"Re: {ticket.record['subject']}", body, requester, channel, {})
        book.touch(ticket, at, {"followup_ids": [*ticket.record["followup_ids"], follow_up.id]})
        return follow_up
    reopened = status_fields("open") if ticket.status in {"pending", "hold", "solved"} else {}
    book.update(ticket, at, requester, reopened, (body, True), via("email"))
    return ticket


def agent_replies(
    book: TicketBook, ticket: DeskTicket, at: int, agent_id: int, body: str, *, public: bool, status: str | None = None
) -> None:
    """Let an agent write, perhaps setting a status; a new ticket opens and gets the agent as its assignee."""
    _check_editable(ticket)
    changes: dict[str, Any] = {} if ticket.record["assignee_id"] else {"assignee_id": agent_id}
    if status or ticket.status == "new":
        changes |= status_fields(status or "open")
    book.update(ticket, at, agent_id, changes, (body, public))


def change_fields(book: TicketBook, ticket: DeskTicket, at: int, author_id: int, changes: dict[str, Any]) -> None:
    """Set fields; `status` takes its default custom status along, `custom_status_id` its category."""
    _check_editable(ticket)
    if "status" in changes:
        changes = {**changes, **status_fields(changes["status"])}
    elif "custom_status_id" in changes:
        changes = {**changes, "status": STATUS_BY_ID[changes["custom_status_id"]].category}
    channel = via("rule", rel="trigger", id=22472716, title="House rule") if author_id == TRIGGER_ID else None
    book.update(ticket, at, author_id, changes, None, channel)


def delete_ticket(book: TicketBook, ticket: DeskTicket, at: int, agent_id: int) -> None:
    """Delete a ticket; it stays in the export, as one with the status `deleted`."""
    if ticket.status == "deleted":
        raise RefusedChangeError("it is deleted already")
    ticket.status_before_deletion = ticket.status
    book.update(ticket, at, agent_id, {"status": "deleted"})


def restore_ticket(book: TicketBook, ticket: DeskTicket, at: int, agent_id: int) -> None:
    """Bring a deleted ticket back, with the status that it had."""
    if ticket.status_before_deletion is None:
        raise RefusedChangeError("it is not deleted")
    book.update(ticket, at, agent_id, {"status": ticket.status_before_deletion})
    ticket.status_before_deletion = None


def merge_tickets(book: TicketBook, source: DeskTicket, target: DeskTicket, at: int, agent_id: int) -> None:
    """Merge a ticket into another: the source is closed and tagged, both get a comment that names the other."""
    _check_editable(source)
    _check_editable(target)
    if source is target:
        raise RefusedChangeError("a ticket cannot be merged into itself")
    source.merged_into = target.id
    changes = {**status_fields("closed"), "tags": [*source.record["tags"], MERGE_TAG]}
    words = f"Continued in ticket #{target.id} ({target.record['subject']}), into which this one went."
    book.update(source, at, agent_id, changes, (words, False), via("web", rel="merge", ticket_id=target.id))
    told = source.record
    words = f"Ticket #{source.id} ({told['subject']}) was merged here. It began: {told['description']}"
    channel = via("web", rel="merge", ticket_id=source.id, ticket_ids=[source.id])
    book.update(target, at, agent_id, {}, (words, False), channel)


def _check_editable(ticket: DeskTicket) -> None:
    if not ticket.editable:
        raise RefusedChangeError(f"ticket {ticket.id} is {ticket.status}")
