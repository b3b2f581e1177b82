"""What a page changes: the difference between what a source shows and what is stored, as writes and history."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from pymongo import InsertOne, UpdateOne

from documents.database import Row
from documents.ticket import CLASSIFIED_FIELDS, KEPT_FIELDS, SOURCE_FIELDS, Urgency
from documents.ticket_history import HistoryAction
from services.ingestion.pages.changes import PageChanges
from services.ingestion.pages.details import (
    NOTHING_TOLD,
    before_all,
    replies_with,
    retold,
    told_with,
    unheard,
)
from services.ingestion.pages.history import Happened, Position, end_of, history_rows
from services.judging.verdicts import judged, judged_with
from services.notifications.outbox import notification_row
from services.search.terms import SEARCH_VERSION, SEARCHED_FIELDS, search_fields
from services.sources.records.records import UpstreamTicket
from services.statuses import category_of
from services.tenancy import owned

STORED_FIELDS = (
    *("external_id", "updated_at", "deleted_at", "seen_by_job", "from_file", "status_category"),
    *("connection_id", "told", "correction", "rules_version"),
    *(*SOURCE_FIELDS, *CLASSIFIED_FIELDS, "keyword_key", "search_version"),
)
"""What of a stored ticket has to be read to find out what changed."""
_NONE_OF_THEM: Mapping[str, Any] = MappingProxyType({})
_COMPARED = (*SOURCE_FIELDS, *CLASSIFIED_FIELDS)


def find_changes(
    upstream: Mapping[str, UpstreamTicket],
    stored: Mapping[str, Row],
    at: Position,
    *,
    gone: Mapping[str, datetime] = _NONE_OF_THEM,
    details: Mapping[str, Sequence[Row]] = _NONE_OF_THEM,
) -> PageChanges:
    """Compare a page's tickets with the stored ones, all by external id.

    `gone`: when tickets were deleted that the page names as deleted. `details`: what the source has told of tickets
    beside what they are.
    """
    changes = PageChanges()
    for external_id, ticket in upstream.items():
        known, told = stored.get(external_id), details.get(external_id, NOTHING_TOLD)
        if known is None:
            _create(changes, ticket, told, at)
        else:
            _compare(changes, ticket, known, told, at)
    for external_id in gone.keys() & stored.keys() - upstream.keys():
        told = details.get(external_id, NOTHING_TOLD)
        if stored[external_id].get("deleted_at") is None:
            _delete(changes, stored[external_id], told, gone[external_id], at)
        changes.used += told
    return changes


def _create(changes: PageChanges, ticket: UpstreamTicket, told: Sequence[Row], at: Position) -> None:
    fresh = unheard({}, told) if told else told
    source = _source(ticket, {}, fresh, at)
    row = {
        "tenant_id": at.tenant_id,
        "external_id": ticket.id,
        **source,
        "updated_at": ticket.updated_at,
        **judged(at.judge, ticket.subject, ticket.message, source["replies"]),
        "seen_by_job": at.job_id,
        "first_ingested_at": at.now,
        **({"from_file": True} if at.origin.is_file else {}),
        **({} if at.origin.connection_id is None else {"connection_id": at.origin.connection_id}),
        **({"told": told_with({}, fresh)} if fresh else {}),
    }
    changes.tickets.append(InsertOne(row | search_fields(row)))
    values: Row = {name: row[name] for name in KEPT_FIELDS}
    born = before_all(values, fresh) if fresh else values
    first = {name: {"old": None, "new": value} for name, value in born.items() if value is not None}
    happened: list[Happened] = [(HistoryAction.CREATED, first, ticket.created_at)]
    if fresh:
        happened += retold(row, born, fresh, is_live=True).happened
    changes.history += history_rows(at, ticket.id, happened)
    _announce_if_risen(changes, at, ticket.id, row, None)
    changes.used += told
    changes.counts.new_ingested += 1


def _compare(changes: PageChanges, ticket: UpstreamTicket, known: Row, told: Sequence[Row], at: Position) -> None:
    newest = _updated_at(known)
    # A record without a date of its own shows the ticket as it is now.
    is_outdated = newest is not None and ticket.is_dated and ticket.updated_at < newest
    has_moved = newest is None or ticket.updated_at > newest
    fresh = unheard(known, told) if told else told
    source = _source(ticket, known, fresh, at)
    is_changed = any(known.get(name) != source[name] for name in SOURCE_FIELDS) or known.get("urgency") is None
    returned = known.get("deleted_at") is not None
    changes.used += () if is_outdated else told
    if not returned and (is_outdated or not (is_changed or fresh)):
        _keep(changes, ticket, known, at, has_moved=has_moved)
        return

    texts = (ticket.subject, ticket.message, source["replies"])
    new = {} if is_outdated else {**source, **judged_with(known, at.judge, *texts)}
    found_by = search_fields(new) if new and _is_found_otherwise(known, new) else {}
    heard = {"told": told_with(known, fresh)} if fresh else {}
    changes.tickets.append(_update(ticket, known, at, new | found_by | heard, returned=returned))
    changes.replaces(known)
    # Only an `updated_at` that has moved tells when this change was made.
    tells_when = ticket.is_dated and has_moved and (at.origin.tells_moments or not returned)
    happened = _happened(known, new, fresh, ticket.updated_at if tells_when else at.now, returned=returned)
    changes.history += history_rows(at, ticket.id, happened)
    _announce_if_risen(changes, at, ticket.id, new, known.get("urgency"))
    changes.counts.updated += 1


def _happened(known: Row, new: Row, fresh: Sequence[Row], when: datetime, *, returned: bool) -> list[Happened]:
    """What happened to a ticket that was `known` and is `new`: its return, what the source tells, and the rest."""
    happened: list[Happened] = []
    values = known
    if fresh and new:
        telling = retold(known, _told_of(known), fresh, is_live=not returned)
        happened, returned = telling.happened, not telling.is_live
        values = {**known, **telling.values}
    rest = {
        name: {"old": values.get(name), "new": new[name]}
        for name in _COMPARED
        if name in new and values.get(name) != new[name]
    }
    if rest or returned or not happened:
        happened.append((HistoryAction.RESTORED if returned else HistoryAction.UPDATED, rest, when))
    return happened


def _delete(changes: PageChanges, known: Row, told: Sequence[Row], when: datetime, at: Position) -> None:
    fresh = unheard(known, told) if told else told
    telling = retold(known, _told_of(known), fresh, is_live=True)
    happened = [*telling.happened, *([end_of({**known, **telling.values}, when)] if telling.is_live else [])]
    changes.history += history_rows(at, known["external_id"], happened)
    last = {**telling.values, "deleted_at": at.now, "told": told_with(known, fresh), "seen_by_job": at.job_id}
    category = {"status_category": category_of(last["status"]).value}
    changes.tickets.append(
        UpdateOne(owned(at.tenant_id, external_id=known["external_id"]), {"$set": {**last, **category}})
    )
    changes.replaces(known)
    changes.counts.deleted += 1


def _is_found_otherwise(known: Row, new: Row) -> bool:
    """Whether searches may find the ticket by something else than before."""
    is_other = any(known.get(name) != new[name] for name in SEARCHED_FIELDS)
    return is_other or known.get("search_version") != SEARCH_VERSION


def _announce_if_risen(changes: PageChanges, at: Position, external_id: str, new: Row, old_urgency: object) -> None:
    """A ticket is announced when its urgency becomes high; not when it only comes back, or changes otherwise."""
    has_risen = new.get("urgency") == Urgency.HIGH and old_urgency != Urgency.HIGH
    if has_risen and at.origin.announce.wants(new, is_first_sight=old_urgency is None):
        version = f"{at.job_id}:{at.page}"
        changes.notifications.append(
            notification_row(
                at.tenant_id, external_id, version=version, matched=new["matched"], now=at.now, trace=at.trace
            )
        )


def _keep(changes: PageChanges, ticket: UpstreamTicket, known: Row, at: Position, *, has_moved: bool) -> None:
    """Nothing to tell: an outdated view of the ticket, the same one, or one whose `updated_at` alone moved."""
    category = category_of(known.get("status"))
    mended = {} if known.get("status_category") == category else {"status_category": category.value}
    if has_moved or mended or _is_found_upstream(known, at) or _is_found_elsewhere(known, at):
        changes.tickets.append(_update(ticket, known, at, mended))
    else:
        changes.seen.append(ticket.id)
    changes.counts.unchanged += 1


def _update(ticket: UpstreamTicket, known: Row, at: Position, new: Row, *, returned: bool = False) -> UpdateOne:
    update: Row = {"$set": {**new, "seen_by_job": at.job_id}, "$max": {"updated_at": ticket.updated_at}}
    # The mark would say that its life is over: were it deleted again before it is rolled up, nobody would look at it.
    unset = ["deleted_at", "rolled_up"] if returned else []
    if returned and at.origin.is_file:
        update["$set"]["from_file"] = True
    elif _is_found_upstream(known, at):
        unset.append("from_file")
    if _is_found_elsewhere(known, at):
        update["$set"]["connection_id"] = at.origin.connection_id
    if unset:
        update["$unset"] = dict.fromkeys(unset, "")
    return UpdateOne(owned(at.tenant_id, external_id=ticket.id), update)


def _is_found_upstream(known: Row, at: Position) -> bool:
    """Whether upstream has, after all, a ticket that only a file had shown."""
    return bool(known.get("from_file")) and not at.origin.is_file


def _is_found_elsewhere(known: Row, at: Position) -> bool:
    """Whether the ticket was last seen through another connection, or none."""
    return not at.origin.is_file and known.get("connection_id") != at.origin.connection_id


def _source(ticket: UpstreamTicket, known: Row, fresh: Sequence[Row], at: Position) -> Row:
    fields: Row = {name: getattr(ticket, name) for name in SOURCE_FIELDS}
    if at.origin.tells_moments:
        fields["replies"] = replies_with(known, fresh, ticket.customer_id)
    return fields | {"status_category": category_of(ticket.status).value}


def _told_of(known: Row) -> Row:
    """The fields of a stored ticket that come from its source."""
    return {name: known.get(name) for name in SOURCE_FIELDS}


def _updated_at(known: Row) -> datetime | None:
    """What is stored as `updated_at`, unless another program has stored something else there."""
    moment = known.get("updated_at")
    return moment if isinstance(moment, datetime) else None
