"""What a page changes: the difference between what upstream shows and what is stored, as writes and history."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from pymongo import InsertOne, UpdateOne

from documents.database import Row
from documents.ingestion_job import RunCounts
from documents.ticket import CLASSIFIED_FIELDS, KEPT_FIELDS, SOURCE_FIELDS, MatchedRule, Urgency
from documents.ticket_history import HistoryAction
from services.classification import Classification, classify
from services.classification.keywords import keyword_key
from services.notifications.outbox import ANNOUNCE_ALL, AnnouncementPolicy, notification_row
from services.search.terms import SEARCH_VERSION, SEARCHED_FIELDS, search_fields
from services.sources.records.records import UpstreamTicket
from services.statuses import category_of
from services.tenancy import owned

STORED_FIELDS = (
    *("external_id", "updated_at", "deleted_at", "seen_by_job", "from_file", "status_category"),
    *(*SOURCE_FIELDS, *CLASSIFIED_FIELDS, "keyword_key", "search_version"),
)
"""What of a stored ticket has to be read to find out what changed."""
_REASON_FIELDS = tuple(each.name for each in fields(MatchedRule))


@dataclass(slots=True)
class PageChanges:
    """The writes of one page, not yet made."""

    counts: RunCounts = field(default_factory=RunCounts)
    tickets: list[InsertOne[Row] | UpdateOne] = field(default_factory=list)
    recounted: list[Any] = field(default_factory=list)
    """The `_id`s of stored tickets that statistics are to count anew."""
    seen: list[str] = field(default_factory=list)
    """Unchanged tickets, that only have to be marked as seen."""
    history: list[Row] = field(default_factory=list)
    notifications: list[Row] = field(default_factory=list)
    """Rows of the outbox, one for each ticket that became urgent."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where in which run something was seen."""

    tenant_id: str
    job_id: str
    page: int
    now: datetime
    announce: AnnouncementPolicy = ANNOUNCE_ALL
    is_file: bool = False
    """Seen in a file that a client sent, which says nothing of what upstream has."""


def find_changes(upstream: Mapping[str, UpstreamTicket], stored: Mapping[str, Row], at: Position) -> PageChanges:
    """Compare a page's tickets with the stored ones, both by external id."""
    changes = PageChanges()
    for external_id, ticket in upstream.items():
        known = stored.get(external_id)
        if known is None:
            _create(changes, ticket, at)
        else:
            _compare(changes, ticket, known, at)
    return changes


def classified(ticket: UpstreamTicket) -> Row:
    """The fields that classification adds to a ticket."""
    result: Classification = classify(subject=ticket.subject, message=ticket.message)
    return {
        "urgency": result.urgency.value,
        "sentiment": result.sentiment.value,
        "requires_action": result.requires_action,
        "matched": [{name: getattr(reason, name) for name in _REASON_FIELDS} for reason in result.matched],
        "keyword_key": keyword_key(result.matched),
    }


def history_row(at: Position, external_id: str, action: HistoryAction, changes: Row, occurred_at: datetime) -> Row:
    """A history row, whose id makes a replay of the page write the same row."""
    return {
        "_id": f"{at.job_id}:{at.page}:{external_id}",
        "ticket_id": external_id,
        "tenant_id": at.tenant_id,
        "action": action.value,
        "changes": changes,
        "occurred_at": occurred_at,
        "recorded_at": at.now,
        "job_id": at.job_id,
    }


def as_gone(at: Position, known: Row) -> Row:
    """The history row of a ticket that is gone, with its last values. `known`: as read with `STORED_FIELDS`."""
    last = {name: {"old": known[name], "new": None} for name in KEPT_FIELDS if known.get(name) is not None}
    return history_row(at, known["external_id"], HistoryAction.DELETED, last, max(at.now, _updated_at(known) or at.now))


def _create(changes: PageChanges, ticket: UpstreamTicket, at: Position) -> None:
    row = {
        "tenant_id": at.tenant_id,
        "external_id": ticket.id,
        **_source(ticket),
        "updated_at": ticket.updated_at,
        **classified(ticket),
        "seen_by_job": at.job_id,
        "first_ingested_at": at.now,
        **({"from_file": True} if at.is_file else {}),
    }
    changes.tickets.append(InsertOne(row | search_fields(row)))
    first = {name: {"old": None, "new": row[name]} for name in KEPT_FIELDS if row[name] is not None}
    changes.history.append(history_row(at, ticket.id, HistoryAction.CREATED, first, ticket.created_at))
    _announce_if_risen(changes, at, ticket.id, row, None)
    changes.counts.new_ingested += 1


def _compare(changes: PageChanges, ticket: UpstreamTicket, known: Row, at: Position) -> None:
    newest = _updated_at(known)
    # A record without a date of its own shows the ticket as it is now.
    is_outdated = newest is not None and ticket.is_dated and ticket.updated_at < newest
    has_moved = newest is None or ticket.updated_at > newest
    source = _source(ticket)
    is_changed = any(known.get(name) != source[name] for name in SOURCE_FIELDS) or known.get("urgency") is None
    returned = known.get("deleted_at") is not None
    if not returned and (is_outdated or not is_changed):
        _keep(changes, ticket, known, at, has_moved=has_moved)
        return

    new = {} if is_outdated else {**source, **classified(ticket)}
    diff = {
        name: {"old": known.get(name), "new": new[name]}
        for name in (*SOURCE_FIELDS, *CLASSIFIED_FIELDS)
        if name in new and known.get(name) != new[name]
    }
    found_by = search_fields(new) if new and _is_found_otherwise(known, new) else {}
    changes.tickets.append(_update(ticket, known, at, new | found_by, returned=returned))
    changes.recounted.append(known["_id"])
    # Only an `updated_at` that has moved tells when this change was made.
    occurred_at = ticket.updated_at if ticket.is_dated and has_moved and not returned else at.now
    action = HistoryAction.RESTORED if returned else HistoryAction.UPDATED
    changes.history.append(history_row(at, ticket.id, action, diff, occurred_at))
    _announce_if_risen(changes, at, ticket.id, new, known.get("urgency"))
    changes.counts.updated += 1


def _is_found_otherwise(known: Row, new: Row) -> bool:
    """Whether searches may find the ticket by something else than before."""
    is_other = any(known.get(name) != new[name] for name in SEARCHED_FIELDS)
    return is_other or known.get("search_version") != SEARCH_VERSION


def _announce_if_risen(changes: PageChanges, at: Position, external_id: str, new: Row, old_urgency: object) -> None:
    """A ticket is announced when its urgency becomes high; not when it only comes back, or changes otherwise."""
    has_risen = new.get("urgency") == Urgency.HIGH and old_urgency != Urgency.HIGH
    if has_risen and at.announce.wants(new, is_first_sight=old_urgency is None):
        row = notification_row(
            at.tenant_id, external_id, version=f"{at.job_id}:{at.page}", matched=new["matched"], now=at.now
        )
        changes.notifications.append(row)


def _keep(changes: PageChanges, ticket: UpstreamTicket, known: Row, at: Position, *, has_moved: bool) -> None:
    """Nothing to tell: an outdated view of the ticket, the same one, or one whose `updated_at` alone moved."""
    category = category_of(known.get("status"))
    mended = {} if known.get("status_category") == category else {"status_category": category.value}
    if has_moved or mended or _is_found_upstream(known, at):
        changes.tickets.append(_update(ticket, known, at, mended))
    else:
        changes.seen.append(ticket.id)
    changes.counts.unchanged += 1


def _update(ticket: UpstreamTicket, known: Row, at: Position, new: Row, *, returned: bool = False) -> UpdateOne:
    update: Row = {"$set": {**new, "seen_by_job": at.job_id}, "$max": {"updated_at": ticket.updated_at}}
    unset = ["deleted_at"] * returned
    if returned and at.is_file:
        update["$set"]["from_file"] = True
    elif _is_found_upstream(known, at):
        unset.append("from_file")
    if unset:
        update["$unset"] = dict.fromkeys(unset, "")
    return UpdateOne(owned(at.tenant_id, external_id=ticket.id), update)


def _is_found_upstream(known: Row, at: Position) -> bool:
    """Whether upstream has, after all, a ticket that only a file had shown."""
    return bool(known.get("from_file")) and not at.is_file


def _source(ticket: UpstreamTicket) -> Row:
    fields: Row = {name: getattr(ticket, name) for name in SOURCE_FIELDS}
    return fields | {"status_category": category_of(ticket.status).value}


def _updated_at(known: Row) -> datetime | None:
    """What is stored as `updated_at`, unless another program has stored something else there."""
    moment = known.get("updated_at")
    return moment if isinstance(moment, datetime) else None
