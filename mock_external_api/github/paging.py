"""Pages: which part of a list is asked for, and the `Link` header that leads on."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

from mock_external_api.github.repository import Key
from mock_external_api.github.settings import LinkTrap

MAX_PER_PAGE, USUAL_PER_PAGE = 100, 30
_MARK = b"cursor:v2:"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page is asked for."""

    page: int
    per_page: int
    after: Key | None = None
    before: Key | None = None

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "PageRequest":
        """Read the parameters; what makes no sense counts as not given, and more than 100 as 100."""
        page, per_page = _number(query.get("page"), 1), _number(query.get("per_page"), USUAL_PER_PAGE)
        return cls(page, min(per_page, MAX_PER_PAGE), _key(query.get("after")), _key(query.get("before")))

    @property
    def by_number(self) -> bool:
        """Say whether the page's number counts: a cursor goes before it."""
        return self.after is None and self.before is None


@dataclass(frozen=True, slots=True)
class Page:
    """The entries of a page, and by relation the parameters of the pages around it."""

    keys: Sequence[Key]
    links: dict[str, dict[str, str]]


def cut_by_cursor(keys: Sequence[Key], request: PageRequest, *, descending: bool) -> Page:
    """Take a page of ascending `keys`; the links lead from its first and last entry, wherever these will be."""
    if descending:
        keys = keys[::-1]
    start = (request.page - 1) * request.per_page
    if request.after is not None:
        start = _place(keys, request.after, descending=descending, behind=True)
    elif request.before is not None:
        start = max(0, _place(keys, request.before, descending=descending, behind=False) - request.per_page)
    shown = keys[start : start + request.per_page]
    links = {}
    if shown and start + len(shown) < len(keys):
        links["next"] = {"page": str(request.page + 1), "after": _cursor(shown[-1])}
    if shown and start > 0:
        links["prev"] = {"page": str(max(1, request.page - 1)), "before": _cursor(shown[0])}
    return Page(shown, links)


def cut_by_number(entries: Sequence[T], request: PageRequest) -> tuple[Sequence[T], dict[str, dict[str, str]]]:
    """Take a page of what is in the order of the list; past its end, `prev` leads to the last page."""
    last = -(-len(entries) // request.per_page) or 1
    links = {}
    if request.page > 1:
        links["prev"] = {"page": str(min(request.page - 1, last))}
    if request.page < last:
        links["next"] = {"page": str(request.page + 1)}
    if request.page != last:
        links["last"] = {"page": str(last)}
    if request.page > 1:
        links["first"] = {"page": "1"}
    start = (request.page - 1) * request.per_page
    return entries[start : start + request.per_page], links


def link_header(
    base: str, path: str, query: Mapping[str, str], links: Mapping[str, Mapping[str, str]], trap: LinkTrap, foreign: str
) -> str | None:
    """Write the header, None when there is no other page; a `trap` spoils it."""
    if not links or trap is LinkTrap.MISSING:
        return None
    start = {LinkTrap.RELATIVE: "", LinkTrap.FOREIGN: foreign}.get(trap, base)
    kept = {name: value for name, value in query.items() if name not in ("page", "after", "before")}
    written = (f'<{start}{path}?{urlencode(kept | dict(more))}>; rel="{name}"' for name, more in links.items())
    return ", ".join(written)


def _number(text: str | None, usual: int) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() and 0 < int(text) < 10**9 else usual


def _cursor(key: Key) -> str:
    return urlsafe_b64encode(_MARK + json.dumps(key).encode()).decode()


def _key(text: str | None) -> Key | None:
    if not text:
        return None
    try:
        value, number = json.loads(urlsafe_b64decode(text).removeprefix(_MARK))
        return int(value), int(number)
    except (ValueError, TypeError):
        return None


def _place(keys: Sequence[Key], cursor: Key, *, descending: bool, behind: bool) -> int:
    """Return how many entries come before the cursor, its own included when `behind`."""
    if not descending:
        return (bisect_right if behind else bisect_left)(keys, cursor)
    turned, places = (-cursor[0], -cursor[1]), (bisect_right if behind else bisect_left)
    return places(keys, turned, key=lambda key: (-key[0], -key[1]))
