"""The incremental exports: tickets and users by cursor, ticket events by time."""

import base64
import binascii
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict

from mock_external_api.answers import dump_json, json_answer
from mock_external_api.zendesk import answers
from mock_external_api.zendesk.book.streams import GeneratedOrder, Position
from mock_external_api.zendesk.desk import ZendeskDesk
from mock_external_api.zendesk.rendering import event_json

NEWEST_SECONDS = 60
"""What is newer is not in an export."""
_PEOPLE_FIELDS = ("requester_id", "submitter_id", "assignee_id")


class RefusedRequestError(Exception):
    """The request is answered with `response`, an error of the API."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def desk_of(request: Request) -> ZendeskDesk:
    """Return the application's desk."""
    desk = request.app.state.desk
    assert isinstance(desk, ZendeskDesk)  # noqa: S101 - narrows the type that app.state has lost
    return desk


Desk = Annotated[ZendeskDesk, Depends(desk_of)]
router = APIRouter(tags=["incremental exports"])


class _Page(BaseModel):
    """A page by cursor: places, the place where the next one begins, whether this one says that it is the last."""

    model_config = ConfigDict(frozen=True)

    keys: list[Position]
    after: str | None
    before: str | None
    end: bool


def here(request: Request, desk: ZendeskDesk, path: str) -> str:
    """Return the absolute address of a path of this API, or of elsewhere if a trap says so."""
    own = f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"
    base = desk.settings.after_url_host or own
    return f"{base}{path}"


def whole_number(request: Request, name: str) -> int | None:
    """Return a parameter, None when it is not given; refuses what is not a whole number."""
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise RefusedRequestError(answers.invalid_value(f"Invalid {name}")) from error


@router.get("/api/v2/incremental/tickets/cursor.json")
@router.get("/api/v2/incremental/tickets/cursor")
async def export_tickets(request: Request, desk: Desk) -> Response:
    """Return tickets by (generated_timestamp, id), deleted ones included unless `exclude_deleted` is true."""
    page = _page(request, desk, desk.book.order)
    settings, book = desk.settings, desk.book
    numbers = [number for _, number in page.keys]
    if request.query_params.get("exclude_deleted") == "true":
        numbers = [number for number in numbers if book.tickets[number].status != "deleted"]
    rows = [book.ticket_json(number, settings.null_fields, settings.absent_fields) for number in numbers]
    parts = [b'"tickets":[%s]' % b",".join(rows)]
    included = request.query_params.get("include", "").split(",")
    if "users" in included and settings.users_sideload != "absent":
        parts.append(b'"users":[%s]' % b",".join(_users(desk, numbers)))
    return json_answer(b"{%s,%s}" % (b",".join(parts), _cursors(request, desk, page)))


@router.get("/api/v2/incremental/users/cursor.json")
@router.get("/api/v2/incremental/users/cursor")
async def export_users(request: Request, desk: Desk) -> Response:
    """Return users by (updated_at, id)."""
    page = _page(request, desk, desk.book.user_order)
    people = desk.book.people
    users = [people.by_id[number].to_json(desk.settings.subdomain) for _, number in page.keys]
    return json_answer(b'{"users":%s,%s}' % (dump_json(users), _cursors(request, desk, page)))


@router.get("/api/v2/incremental/ticket_events.json")
@router.get("/api/v2/incremental/ticket_events")
async def export_events(request: Request, desk: Desk) -> Response:
    """Return updates by time. The next page begins with the last second of this one, so records come twice."""
    start = _start_time(request, desk)
    settings = desk.settings
    limit = _limit(request, desk)
    whole = settings.events_same_second == "extended"
    audits, more = desk.book.events.page(start, limit, _until(desk), whole_seconds=whole)
    included = request.query_params.get("include", "").split(",")
    events = [event_json(audit, with_comment="comment_events" in included) for audit in audits]
    end_time = audits[-1].at if audits else None
    if whole and more and end_time == audits[0].at:
        end_time += 1  # the page is one second long and all of it is here: going on from it would never end
    include = f"&include={request.query_params['include']}" if "include" in request.query_params else ""
    following = f"/api/v2/incremental/ticket_events.json?start_time={end_time}{include}"
    return json_answer(
        {
            "ticket_events": events,
            "next_page": None if end_time is None else here(request, desk, following),
            "count": len(events),
            "end_time": end_time,
            "end_of_stream": not more,
        }
    )


def _page(request: Request, desk: ZendeskDesk, order: GeneratedOrder) -> _Page:
    settings = desk.settings
    cursor = request.query_params.get("cursor")
    start = _place(desk, cursor) if cursor is not None else (_start_time(request, desk), -1)
    keys, more = order.page(
        start,
        _limit(request, desk),
        _until(desk),
        inclusive=settings.repeat_last_item and cursor is not None,
        ragged=settings.newest_minute == "ragged",
    )
    end = {"honest": not more, "late": not keys, "stuck": False}[settings.end_of_stream]
    lost = not keys and settings.null_cursor_at_end
    after = None if lost else _write_cursor(desk, keys[-1] if keys else start)
    return _Page(keys=keys, after=after, before=cursor, end=end)


def _until(desk: ZendeskDesk) -> int:
    hidden = 0 if desk.settings.newest_minute == "shown" else NEWEST_SECONDS
    return desk.now() - hidden


def _limit(request: Request, desk: ZendeskDesk) -> int:
    asked = whole_number(request, "per_page")
    return max(1, min(asked or desk.settings.page_cap, desk.settings.page_cap))


def _start_time(request: Request, desk: ZendeskDesk) -> int:
    start = whole_number(request, "start_time")
    if start is None or start < 0:
        raise RefusedRequestError(answers.invalid_value("Invalid start_time"))
    if start > desk.now() - NEWEST_SECONDS:
        raise RefusedRequestError(answers.start_time_too_recent())
    return start


def _write_cursor(desk: ZendeskDesk, place: Position) -> str:
    cursor = base64.b64encode(f"{place[0]}.0||{place[1]}|".encode()).decode()
    desk.issued_cursors.add(cursor)
    return cursor


def _place(desk: ZendeskDesk, cursor: str) -> Position:
    try:
        moment, _, number = base64.b64decode(cursor, validate=True).decode().rstrip("|").partition(".0||")
        place = int(moment), int(number)
    except (binascii.Error, ValueError) as error:
        raise RefusedRequestError(answers.invalid_cursor()) from error
    if cursor in desk.expired_cursors:
        raise RefusedRequestError(answers.invalid_cursor())
    return place


def _cursors(request: Request, desk: ZendeskDesk, page: _Page) -> bytes:
    """Return the members of the answer that lead on, without the braces."""
    kept = "".join(
        f"&{name}={request.query_params[name]}"
        for name in ("per_page", "include", "exclude_deleted")
        if name in request.query_params
    )

    def address(cursor: str | None) -> str | None:
        path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        return cursor and here(request, desk, f"{path}?cursor={cursor.replace('=', '%3D').replace('+', '%2B')}{kept}")

    members: dict[str, Any] = {
        "after_url": address(page.after),
        "after_cursor": page.after,
        "before_url": address(page.before),
        "before_cursor": page.before,
        "end_of_stream": page.end,
    }
    return dump_json(members)[1:-1]


def _users(desk: ZendeskDesk, numbers: list[int]) -> list[bytes]:
    records = (desk.book.tickets[number].record for number in numbers)
    ids = sorted({record[name] for record in records for name in _PEOPLE_FIELDS} - {None})
    if desk.settings.users_sideload == "partial":
        ids = ids[::2]
    return [user for user in map(desk.book.people.of, ids) if user is not None]
