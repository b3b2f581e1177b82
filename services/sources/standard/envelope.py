"""Pages and lists of the contract's API, out of its answers.

Of the fields of a page only `tickets` is demanded. Like records, the others are read as leniently as they can be: what
makes no sense is left out with a remark.
"""

import math
from typing import Any

from services.errors import UpstreamError
from services.kit.http_answers import http_moment
from services.sources.http.answers import decoded, demand_success, not_expected
from services.sources.http.transport import UpstreamAnswer
from services.sources.pages import SourcePage
from services.sources.records.json_text import (
    MAX_PAGE_LEVELS,
    Unreadable,
    UnreadableBodyError,
    read_json,
)
from services.sources.standard.salvage import CUT_OFF, MAX_RECORDS, salvage

LARGE_BODY_BYTES = 1024 * 1024
"""A page from here on is read record by record."""
MAX_LIST_BYTES = 8 * 1024 * 1024
"""Of the list of deleted tickets: some 500,000."""
MAX_LIST_BRACKETS = 100_000
MAX_COUNT = 2**31 - 1
"""Whoever counts more tickets or pages does not count."""


def read_page(answer: UpstreamAnswer, number: int, page_size: int) -> SourcePage:
    """The page; its records are not looked at. A body that is not what it should be may be the next time.

    Raises:
        TransientError: another attempt may succeed.
        UpstreamError: it will not.
    """
    demand_success(answer)
    try:
        body = decoded(answer)
        if len(body) < LARGE_BODY_BYTES:
            page = read_json(body, levels=MAX_PAGE_LEVELS)
        else:
            page = salvage(body)
            if any(isinstance(record, Unreadable) and not record.is_too_large for record in page["tickets"]):
                raise UnreadableBodyError("not JSON in one of its records")
        return _page_of(page, answer, number, page_size)
    except ValueError as error:
        raise not_expected(error, answer) from error


def salvaged_page(answer: UpstreamAnswer, number: int, page_size: int) -> SourcePage | None:
    """What can be read of a page that stays unreadable as a whole: one bad record must not stop a run."""
    try:
        return _page_of(salvage(decoded(answer)), answer, number, page_size)
    except ValueError:
        return None


def read_deleted(answer: UpstreamAnswer) -> set[str]:
    """The ids in the list of deleted tickets; what is no id is left out.

    Raises:
        TransientError: another attempt may succeed.
        UpstreamError: it will not.
    """
    demand_success(answer)
    try:
        body = decoded(answer)
        if len(body) > MAX_LIST_BYTES or body.count(b"[") + body.count(b"{") > MAX_LIST_BRACKETS:
            raise UpstreamError(f"upstream's list of deleted tickets is too large: {answer.outline()}")
        listed = read_json(body, levels=MAX_PAGE_LEVELS)
    except ValueError as error:
        raise not_expected(error, answer) from error
    ids = listed.get("deleted_ids", ...) if isinstance(listed, dict) else ...
    if ids is not None and not isinstance(ids, list):
        raise not_expected(UnreadableBodyError("it has no list of ids"), answer)
    return {text for text in map(_id_text, ids or []) if text is not None}


def _page_of(page: Any, answer: UpstreamAnswer, number: int, page_size: int) -> SourcePage:
    records = page.get("tickets", ...) if isinstance(page, dict) else ...
    if records is not None and not isinstance(records, list):
        raise UnreadableBodyError("it has no list of tickets")
    records = records or []
    remarks: list[str] = []
    total = _total(page.get("total_count"), remarks)
    if len(records) > MAX_RECORDS or CUT_OFF in page:
        records = records[:MAX_RECORDS]
        remarks.append(f"page {number} holds more than {MAX_RECORDS} records: the rest was not read")
    following = number + 1 if CUT_OFF in page else _following(page.get("next_page"), number, remarks)
    # Upstream's pages are as large as they are, whatever size was asked for.
    size = max(1, len(records)) if following is not None else page_size
    return SourcePage(
        records,
        [_record_id(record) for record in records],
        following,
        total,
        None if total is None else math.ceil(total / size),
        http_moment(answer.headers.get("date", "")),
        remarks=tuple(remarks),
    )


def _total(value: object, remarks: list[str]) -> int | None:
    total = _whole(value)
    if total is not None and 0 <= total <= MAX_COUNT:
        return total
    if value is not None:
        remarks.append("upstream's count of tickets makes no sense")
    return None


def _following(value: object, number: int, remarks: list[str]) -> int | None:
    """The next page as upstream names it. A name that is no page says only that there is one."""
    if value is None or value is False or value == "":
        return None
    following = _whole(value)
    if following is not None and 1 <= following <= MAX_COUNT:
        return following
    remarks.append(f"page {number} named a next page that is no page")
    return number + 1


def _whole(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _record_id(record: object) -> str | None:
    return _id_text(record.get("id")) if isinstance(record, dict) else None


def _id_text(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if -(2**63) <= value < 2**64 else None
    return value if isinstance(value, str) and value else None
