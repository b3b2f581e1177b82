"""The ordinary routes: one ticket, its comments and audits, users, statuses, the account."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from mock_external_api.answers import json_answer
from mock_external_api.zendesk import answers
from mock_external_api.zendesk.book.records import DeskTicket
from mock_external_api.zendesk.book.statuses import CUSTOM_STATUSES
from mock_external_api.zendesk.desk import ZendeskDesk
from mock_external_api.zendesk.exports import Desk, RefusedRequestError, here, whole_number
from mock_external_api.zendesk.rendering import audit_json, listed_comment_json

router = APIRouter(tags=["tickets, users, account"])
_PAGE = 100
_SHOW_MANY = 100
_AUDITS_PAGE = 1000


@router.get("/api/v2/tickets/{ticket_id:int}.json")
@router.get("/api/v2/tickets/{ticket_id:int}")
async def show_ticket(ticket_id: int, desk: Desk) -> Response:
    """Return one ticket; 404 when it is deleted or unknown."""
    ticket = _ticket(desk, ticket_id)
    settings = desk.settings
    written = desk.book.ticket_json(ticket.id, settings.null_fields, settings.absent_fields)
    return json_answer(b'{"ticket":%s}' % written)


@router.get("/api/v2/tickets/{ticket_id:int}/comments.json")
@router.get("/api/v2/tickets/{ticket_id:int}/comments")
async def list_comments(ticket_id: int, request: Request, desk: Desk) -> Response:
    """Return a ticket's comments, oldest first."""
    comments = [listed_comment_json(comment) for comment in _ticket(desk, ticket_id).comments]
    return _paged(request, desk, "comments", comments)


@router.get("/api/v2/tickets/{ticket_id:int}/audits.json")
@router.get("/api/v2/tickets/{ticket_id:int}/audits")
async def list_audits(ticket_id: int, request: Request, desk: Desk) -> Response:
    """Return a ticket's audits, oldest first."""
    return _paged(request, desk, "audits", [audit_json(audit) for audit in _ticket(desk, ticket_id).audits])


@router.get("/api/v2/ticket_audits.json")
@router.get("/api/v2/ticket_audits")
async def list_all_audits(request: Request, desk: Desk) -> Response:
    """Return everybody's audits, newest first, by the older way of paging: `limit`, `cursor`, `before_url`."""
    limit = max(1, min(whole_number(request, "limit") or _AUDITS_PAGE, _AUDITS_PAGE))
    audits = desk.book.events.newest_first(whole_number(request, "cursor"), limit)
    before = str(audits[-1].id) if audits else None
    path = f"/api/v2/ticket_audits.json?cursor={before}&limit={limit}"
    return json_answer(
        {
            "audits": [audit_json(audit) for audit in audits],
            "before_cursor": before,
            "before_url": before and here(request, desk, path),
            "after_cursor": None,
            "after_url": None,
        }
    )


@router.get("/api/v2/users/show_many.json")
@router.get("/api/v2/users/show_many")
async def show_many_users(request: Request, desk: Desk) -> Response:
    """Return up to 100 users by `ids`; deleted and unknown ones are left out."""
    wanted = [int(text) for text in request.query_params.get("ids", "").split(",") if text.strip().isdecimal()]
    if not wanted or len(wanted) > _SHOW_MANY:
        raise RefusedRequestError(answers.invalid_value("ids: give from 1 to 100"))
    users = [user for user in map(desk.book.people.of, dict.fromkeys(wanted)) if user is not None]
    return json_answer(
        b'{"users":[%s],"next_page":null,"previous_page":null,"count":%d}' % (b",".join(users), len(users))
    )


@router.get("/api/v2/users/me.json")
@router.get("/api/v2/users/me")
async def show_me(desk: Desk) -> Response:
    """Return the user whose credential it is."""
    return json_answer({"user": desk.book.people.admin.to_json(desk.settings.subdomain)})


@router.get("/api/v2/custom_statuses.json")
@router.get("/api/v2/custom_statuses")
async def list_custom_statuses() -> Response:
    """Return every custom status; this list has no pages."""
    return json_answer({"custom_statuses": [status.to_json() for status in CUSTOM_STATUSES]})


@router.get("/api/v2/account/settings.json")
@router.get("/api/v2/account/settings")
async def show_account_settings() -> Response:
    """Return the part of the account's settings that clients look at."""
    features = {"organization_access_enabled": True, "custom_statuses_enabled": True}
    return json_answer({"settings": {"active_features": features, "api": {"accepted_api_agreement": True}}})


def _ticket(desk: ZendeskDesk, ticket_id: int) -> DeskTicket:
    ticket = desk.book.tickets.get(ticket_id)
    if ticket is None or ticket.status == "deleted":
        raise RefusedRequestError(answers.record_not_found())
    return ticket


def _paged(request: Request, desk: ZendeskDesk, name: str, rows: Sequence[dict[str, Any]]) -> Response:
    """Return rows by cursor if `page[size]` is given, else the first hundred with a number for the next page."""
    size = whole_number(request, "page[size]")
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    if size is None:
        number = whole_number(request, "page") or 1
        end = number * _PAGE
        following = here(request, desk, f"{path}?page={number + 1}") if end < len(rows) else None
        return json_answer(
            {name: rows[end - _PAGE : end], "next_page": following, "previous_page": None, "count": len(rows)}
        )
    size = max(1, min(size, _PAGE))
    after = whole_number(request, "page[after]") or 0
    first = next((place for place, row in enumerate(rows) if row["id"] > after), len(rows))
    shown = rows[first : first + size]
    more = first + size < len(rows)
    last = str(shown[-1]["id"]) if shown else None
    following = here(request, desk, f"{path}?page%5Bafter%5D={last}&page%5Bsize%5D={size}") if more else None
    return json_answer(
        {
            name: shown,
            "meta": {"has_more": more, "after_cursor": last, "before_cursor": None},
            "links": {"next": following, "prev": None},
        }
    )
