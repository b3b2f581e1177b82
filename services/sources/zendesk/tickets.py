"""Zendesk's tickets as records that any source's tickets are read from."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.sources.records.fields import key_of, moment_of
from services.sources.records.records import MAX_RAW_CHARACTERS, PageRecords, sort_records
from services.sources.zendesk.directory import StatusNames
from services.sources.zendesk.events import DELETED_STATUS
from services.sources.zendesk.exports import whole

NOTES = "_notes"
"""The key under which a record carries what it does not say itself: see `noted`."""
MAX_CUSTOM_FIELDS = 50
_SUBJECT_CHARACTERS = 100
_KEPT = ("type", "organization_id", "group_id", "brand_id", "due_at")


def generated_at(row: Any) -> int | None:
    """When a ticket took its place in the export, in seconds since 1970; None: it does not say."""
    return whole(row.get("generated_timestamp")) if isinstance(row, dict) else None


def updated_at(row: Any) -> int | None:
    """When a ticket was updated last, in seconds since 1970, as far as it says."""
    try:
        return int(moment_of(row.get("updated_at")).timestamp()) if isinstance(row, dict) else None
    except ValueError:
        return generated_at(row)


def numbers_of(rows: Sequence[Any], name: str) -> Iterator[int]:
    """The ids that tickets have in a field."""
    for row in rows:
        number = whole(row.get(name)) if isinstance(row, dict) else None
        if number:
            yield number


def noted(row: Any, names: Mapping[int, str], statuses: Mapping[int, StatusNames], base_url: str) -> Any:
    """The record with what it only has the ids of."""
    if not isinstance(row, dict):
        return row
    assignee, status = whole(row.get("assignee_id")), whole(row.get("custom_status_id"))
    notes = {
        "assignee": None if assignee is None else names.get(assignee, str(assignee)),
        "status": statuses.get(status) if status is not None else None,
        "url": f"{base_url}/agent/tickets/{whole(row.get('id'))}",
    }
    return {**row, NOTES: notes}


def zendesk_records(rows: Sequence[Any], tenant_id: str) -> PageRecords:
    """Sort a page: tickets, those that are deleted, and what cannot be one."""
    gone: dict[str, datetime] = {}
    shown: list[tuple[int, Any]] = []
    for position, row in enumerate(rows):
        deletion = _deletion(row)
        if deletion is None:
            shown.append((position, _record(row, tenant_id) if isinstance(row, dict) else row))
        else:
            gone[deletion[0]] = deletion[1]
    page = sort_records([record for _, record in shown], tenant_id)
    page.rejected = [
        replace(each, position=place, raw=_raw(rows[place]))
        for each in page.rejected
        for place in (shown[each.position][0],)
    ]
    for ticket_id in gone.keys() & page.own.keys():
        if page.own[ticket_id].updated_at > gone[ticket_id]:
            del gone[ticket_id]
        else:
            del page.own[ticket_id]
    page.gone = gone
    return page


def _deletion(row: Any) -> tuple[str, datetime] | None:
    """Which ticket is deleted, and when; None: none is, or nobody can tell which."""
    if not isinstance(row, dict) or row.get("status") != DELETED_STATUS:
        return None
    for name in ("updated_at", "generated_timestamp", "created_at"):
        try:
            return key_of(row.get("id")), moment_of(row.get(name))
        except ValueError:
            continue
    return None


def _record(row: dict[str, Any], tenant_id: str) -> dict[str, Any]:
    notes, via = row.get(NOTES) or {}, row.get("via")
    status: StatusNames | None = notes.get("status")
    word, description = row.get("status"), row.get("description")
    further = {name: row.get(name) for name in _KEPT} | {
        "url": notes.get("url"),
        "assignee_id": row.get("assignee_id"),
        "custom_status": status.label if status else None,
        "satisfaction": _satisfaction(row.get("satisfaction_rating")),
        "custom_fields": _custom_fields(row.get("custom_fields")),
    }
    record = {
        "id": row.get("id"),
        "tenant_id": tenant_id,
        "source": via.get("channel") if isinstance(via, dict) else None,
        "customer_id": row.get("requester_id"),
        "subject": row.get("subject") or _beginning(description),
        "message": description,
        "status": word or (status.category if status else None),
        "created_at": row.get("created_at"),
        "updated_at": row.get("updated_at"),
        "priority": row.get("priority"),
        "tags": row.get("tags"),
        "assignee": notes.get("assignee"),
    }
    return record | {name: value for name, value in further.items() if value is not None}


def _beginning(description: object) -> str:
    lines = description.strip()[: 10 * _SUBJECT_CHARACTERS].splitlines() if isinstance(description, str) else []
    line = lines[0].strip() if lines else ""
    return line if len(line) <= _SUBJECT_CHARACTERS else f"{line[:_SUBJECT_CHARACTERS]}..."


def _satisfaction(rating: object) -> Any:
    score = rating.get("score") if isinstance(rating, dict) else None
    return None if score == "unoffered" else score


def _custom_fields(fields: object) -> dict[str, Any] | None:
    """Those that have a value, by their ids."""
    told = [field for field in fields if isinstance(field, dict)] if isinstance(fields, list) else []
    filled = {str(field.get("id")): value for field in told if (value := field.get("value")) not in (None, "", [])}
    return dict(sorted(filled.items())[:MAX_CUSTOM_FIELDS]) or None


def _raw(row: Any) -> str:
    told = {name: value for name, value in row.items() if name != NOTES} if isinstance(row, dict) else row
    return json.dumps(told)[:MAX_RAW_CHARACTERS]
