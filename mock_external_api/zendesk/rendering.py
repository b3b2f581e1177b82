"""Comments, audits and ticket events, as the API writes them."""

from collections.abc import Iterator
from html import escape
from typing import Any

from mock_external_api.zendesk.book.people import iso_seconds
from mock_external_api.zendesk.book.records import DeskAudit, DeskComment, FieldChange, via
from mock_external_api.zendesk.book.rules import TRIGGER_ID

_VIA_WORDS = {
    "email": "Mail",
    "web": "Web form",
    "chat": "Chat",
    "voice": "Phone",
    "api": "Web service",
    "rule": "Rule",
}


def comment_json(comment: DeskComment) -> dict[str, Any]:
    """Return a comment as an audit and the list of comments have it."""
    html = f'<div class="zd-comment" dir="auto">{escape(comment.body)}</div>'
    return {
        "id": comment.id,
        "type": "Comment",
        "author_id": comment.author_id,
        "body": comment.body,
        "html_body": html,
        "plain_body": comment.body,
        "public": comment.public,
        "attachments": [],
    }


def listed_comment_json(comment: DeskComment) -> dict[str, Any]:
    """Return a comment as an entry of a ticket's list of comments."""
    return {
        **comment_json(comment),
        "audit_id": comment.id - 1,
        "via": via(comment.channel),
        "created_at": iso_seconds(comment.at),
        "metadata": _metadata(),
    }


def audit_json(audit: DeskAudit) -> dict[str, Any]:
    """Return an update as the audits have it: an event for the comment, then one for each field."""
    events: list[dict[str, Any]] = []
    if audit.comment:
        events.append({**comment_json(audit.comment), "audit_id": audit.id})
    for number, change in _numbered(audit):
        event = {"id": number, "type": "Create" if audit.created else "Change", "field_name": change.field}
        event["value"] = _text(change.new)
        if not audit.created:
            event["previous_value"] = _text(change.old)
        events.append(event)
    if audit.redacted_comment_id:
        events.append({"id": audit.id + 1, "type": "CommentRedactionEvent", "comment_id": audit.redacted_comment_id})
    return {
        "id": audit.id,
        "ticket_id": audit.ticket_id,
        "created_at": iso_seconds(audit.at),
        "author_id": audit.author_id,
        "metadata": _metadata(),
        "events": events,
        "via": audit.via,
    }


def event_json(audit: DeskAudit, *, with_comment: bool) -> dict[str, Any]:
    """Return an update as the export of ticket events has it; `with_comment`: the sideload `comment_events`."""
    words = _VIA_WORDS.get(audit.via["channel"], audit.via["channel"])
    children = list(_children(audit, words, with_comment))
    return {
        "id": audit.id,
        "ticket_id": audit.ticket_id,
        "timestamp": audit.at,
        "created_at": iso_seconds(audit.at),
        "updater_id": audit.author_id,
        "via": words,
        "system": {"client": None, "location": None, "latitude": None, "longitude": None},
        "metadata": {},
        "event_type": "Audit",
        "child_events": children,
    }


def _children(audit: DeskAudit, words: str, with_comment: bool) -> Iterator[dict[str, Any]]:
    rule = 22472716 if audit.author_id == TRIGGER_ID else None
    for number, change in _numbered(audit):
        child = {"id": number, "via": words, "via_reference_id": rule, change.field: change.new}
        if audit.created:
            yield {**child, "event_type": "Create"}
            continue
        if change.field == "tags":
            child["added_tags"] = [tag for tag in change.new if tag not in change.old]
            child["removed_tags"] = [tag for tag in change.old if tag not in change.new]
        yield {**child, "event_type": "Change", "previous_value": change.old}
    if audit.redacted_comment_id:
        kind = {"event_type": "CommentRedactionEvent", "comment_id": audit.redacted_comment_id}
        yield {"id": audit.id + 1, "via": words, "via_reference_id": rule, **kind}
    if audit.comment and with_comment:
        whole = {**comment_json(audit.comment), "audit_id": audit.id, "created_at": iso_seconds(audit.at)}
        yield {**whole, "via": audit.via, "via_reference_id": rule, "event_type": "Comment"}
    elif audit.comment:
        told = {"comment_present": True, "comment_public": audit.comment.public, "event_type": "Comment"}
        yield {"id": audit.comment.id, "via": words, "via_reference_id": rule, **told}


def _numbered(audit: DeskAudit) -> Iterator[tuple[int, FieldChange]]:
    return enumerate(audit.changes, audit.id + 2)


def _text(value: Any) -> Any:
    """Audits write ids as text."""
    return str(value) if isinstance(value, int) else value


def _metadata() -> dict[str, Any]:
    return {"system": {}, "custom": {}}
