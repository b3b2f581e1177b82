"""What an answer of GitHub means, and the lists in it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from documents.vocabulary import SourceProblem
from services.errors import UpstreamError
from services.kit.http_answers import (
    DEFAULT_RETRY_AFTER_SECONDS,
    LONGEST_RETRY_AFTER_SECONDS,
    http_moment,
    retry_after_seconds,
)
from services.sources.github.places import MOST_KEPT_KEYS
from services.sources.http.answers import decoded, demand_success, not_expected
from services.sources.http.transport import TransientError, UpstreamAnswer
from services.sources.records.json_text import MAX_PAGE_LEVELS, UnreadableBodyError, read_json

_THROTTLES: Final = frozenset([403, 429])
_THROTTLED_WORDS: Final = (b"rate limit", b"abuse detection")
_WHOLE: Final = re.compile(r"[0-9]{1,12}")
_MARK: Final = re.compile(r"[A-Za-z0-9_=:+/.~-]{1,500}")
_ETAG: Final = re.compile(r'(W/)?"[\x21\x23-\x7e]{1,200}"')


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list."""

    entries: list[Any]
    has_next: bool = False
    """Its links say that there is another page."""
    after: str = ""
    """The mark by which a link asks for it."""
    at: datetime | None = None
    etag: str = ""
    remarks: tuple[str, ...] = ()
    is_unchanged: bool = False
    """Nothing is sent: it is the same as before."""
    is_too_deep: bool = False
    """The list is not told as far back as this."""


def demand_readable(answer: UpstreamAnswer) -> None:
    """Let only a 200 pass.

    Raises:
        TransientError: another attempt may succeed.
        UpstreamError: it will not.
    """
    if answer.status in _THROTTLES and (wait := _rest(answer)) is not None:
        raise TransientError(answer.outline(), asked=wait, is_throttled=True)
    if answer.status == 410:
        text = f"upstream refused: {answer.outline()}, issues are switched off"
        raise UpstreamError(text, SourceProblem.SWITCHED_OFF)
    demand_success(answer)


def read_object(answer: UpstreamAnswer) -> dict[str, Any]:
    """The one record that an answer holds.

    Raises:
        TransientError: another attempt may succeed.
        UpstreamError: it will not.
    """
    demand_readable(answer)
    value = _json(answer)
    if not isinstance(value, dict):
        raise not_expected(UnreadableBodyError("it is no object"), answer)
    return value


def reader_of(asked: httpx.URL, *, may_be_unchanged: bool = False, may_end: bool = False) -> Callable[..., Listed]:
    """What reads the list that was asked for. `may_end`: it may be refused for being too far back."""

    def read(answer: UpstreamAnswer) -> Listed:
        remarks = () if answer.url == asked else ("the repository has another name now: give the connection that one",)
        at = http_moment(answer.headers.get("date", ""))
        if may_be_unchanged and answer.status == 304:
            return Listed([], at=at, remarks=remarks, is_unchanged=True)
        if may_end and answer.status == 422:
            return Listed([], at=at, remarks=remarks, is_too_deep=True)
        demand_readable(answer)
        entries = _json(answer)
        if not isinstance(entries, list):
            raise not_expected(UnreadableBodyError("it is no list"), answer)
        has_next, after, doubts = _next_link(answer)
        etag = answer.headers.get("etag", "")
        known = etag if _ETAG.fullmatch(etag) else ""
        return Listed(
            entries[:MOST_KEPT_KEYS], has_next or len(entries) > MOST_KEPT_KEYS, after, at, known, (*remarks, *doubts)
        )

    return read


def _json(answer: UpstreamAnswer) -> Any:
    try:
        return read_json(decoded(answer), levels=MAX_PAGE_LEVELS)
    except ValueError as error:
        raise not_expected(error, answer) from error


def _next_link(answer: UpstreamAnswer) -> tuple[bool, str, tuple[str, ...]]:
    """Whether a link leads on, and by which mark. Of a link to another server, only that it is there is believed."""
    header = answer.headers.get("link", "")
    links = httpx.Response(200, headers={"link": header[:10_000]}).links
    link = links.get("next", {}).get("url")
    if not link:
        return False, "", ()
    try:
        target = answer.url.join(link)
    except (httpx.InvalidURL, ValueError):
        return True, "", ("a link to the next page leads nowhere",)
    if (target.scheme, target.host, target.port) != (answer.url.scheme, answer.url.host, answer.url.port):
        return True, "", ("a link to the next page leads to another server, and was not followed",)
    after = target.params.get("after", "")
    return True, after if _MARK.fullmatch(after) else "", ()


def _rest(answer: UpstreamAnswer) -> float | None:
    """How long GitHub wants to be left alone, in seconds; None: it refuses for another reason.

    The time at which the hour's requests are given anew is measured from the answer's own `Date`.
    """
    headers = answer.headers
    if "retry-after" in headers:
        return retry_after_seconds(headers)
    if headers.get("x-ratelimit-remaining", "").strip() == "0":
        reset = headers.get("x-ratelimit-reset", "").strip()
        sent_at = http_moment(headers.get("date", "")) or datetime.now(UTC)
        wait = float(reset) - sent_at.timestamp() + 1 if _WHOLE.fullmatch(reset) else 0.0
        return min(wait, LONGEST_RETRY_AFTER_SECONDS) if wait > 1 else DEFAULT_RETRY_AFTER_SECONDS
    is_throttled = answer.status == 429 or any(words in _start_of(answer) for words in _THROTTLED_WORDS)
    return DEFAULT_RETRY_AFTER_SECONDS if is_throttled else None


def _start_of(answer: UpstreamAnswer) -> bytes:
    try:
        return bytes(decoded(answer)[:10_000]).lower()
    except UnreadableBodyError:
        return b""
