"""Zendesk's answers: what they hold, and what those mean that are none."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from documents.vocabulary import SourceProblem
from services.errors import UpstreamError
from services.kit.http_answers import http_moment
from services.sources.http.answers import decoded, demand_success, not_expected
from services.sources.http.transport import UpstreamAnswer
from services.sources.records.json_text import MAX_PAGE_LEVELS, UnreadableBodyError, read_json
from services.sources.zendesk.place import CURSOR_FORM

MAX_EXPORTED = 20_000
"""Of one page: a thousand are asked for, and events of one second are never parted."""
_REFUSED_PLACE = frozenset([400, 410, 422])
_MOST_OF_REFUSAL = 4_096
_OF_PLAN = re.compile(rb"\b(plan|plans|upgrade|subscription|add-?on)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ExportPage:
    """A page of an incremental export."""

    rows: list[Any]
    cursor: str | None
    """Where the next page begins, of exports by cursor."""
    is_last: bool
    end_time: int | None
    """Where the next page begins, of exports by time."""
    at: datetime | None
    """When it was answered, by the clock of Zendesk."""


def read_export(answer: UpstreamAnswer, name: str) -> ExportPage | None:
    """The page whose rows are called `name`; None: Zendesk does not take the place at which it was to begin.

    Raises:
        TransientError: another attempt may succeed.
        UpstreamError: it will not.
    """
    if answer.status in _REFUSED_PLACE:
        return None
    body = read_zendesk_object(answer)
    rows, cursor = body.get(name), body.get("after_cursor")
    if not isinstance(rows, list):
        raise not_expected(UnreadableBodyError("it has no list of what was asked for"), answer)
    if len(rows) > MAX_EXPORTED:
        raise UpstreamError(f"a page of more than {MAX_EXPORTED} records: {answer.outline()}")
    usable = isinstance(cursor, str) and re.match(CURSOR_FORM, cursor)
    return ExportPage(
        rows,
        cursor if usable else None,
        body.get("end_of_stream") is True,
        whole(body.get("end_time")),
        http_moment(answer.headers.get("date", "")),
    )


def read_zendesk_object(answer: UpstreamAnswer) -> dict[str, Any]:
    """The object in an answer.

    Raises:
        TransientError: another attempt may succeed.
        UpstreamError: it will not.
    """
    if answer.status == 403 and _is_about_plan(answer):
        raise UpstreamError(f"upstream refused: {answer.outline()}", SourceProblem.NOT_IN_PLAN)
    demand_success(answer)
    try:
        body = read_json(decoded(answer), levels=MAX_PAGE_LEVELS)
        if not isinstance(body, dict):
            raise UnreadableBodyError("it is no object")
    except ValueError as error:
        raise not_expected(error, answer) from error
    return body


def whole(value: object) -> int | None:
    """A whole number that can be an id or a moment, also one that is written as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < 2**63 else None


def _is_about_plan(answer: UpstreamAnswer) -> bool:
    try:
        return bool(_OF_PLAN.search(decoded(answer)[:_MOST_OF_REFUSAL]))
    except ValueError:
        return False
