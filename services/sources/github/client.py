"""A GitHub repository's issues as a source.

A run asks at first whether anything has changed; mostly that is all. If so, it reads what has happened up to the
horizon, a minute ago by GitHub's clock: the events, the comments; then the issues themselves, by the time of their last
change. What changes later is the next run's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import httpx

from services.kit.clock import Clock
from services.kit.http_answers import LONGEST_RETRY_AFTER_SECONDS
from services.kit.retry import Patience
from services.sources.budget import RateLimiter
from services.sources.github.answers import Listed, reader_of
from services.sources.github.paging import FEW, fewer_at_once
from services.sources.github.places import NOTHING_READ, Phase, first_phase, read_cursor, read_phase
from services.sources.github.records import sort_issues
from services.sources.github.standing import Standing
from services.sources.github.stretches import asked_page, comments_page, events_page, issues_page
from services.sources.http.asking import Asking
from services.sources.http.transport import NO_HEADERS, AnswerTooLargeError, Transport
from services.sources.pages import BEGINNING, Capabilities, PagePlace, SourcePage, UpstreamCaller
from services.sources.records.records import PageRecords

LARGEST_PAGE = 100
MOST_EMPTY_PAGES = 20
"""Pages without anything for a ticket (pull requests, mostly) that are read at one go."""
MOST_UNCHANGED = 12
"""So often in a row it is believed that there is nothing new without looking."""
_LISTS: Final = {"ask": "issues", "events": "issues/events", "comments": "issues/comments", "issues": "issues"}
_HEADERS: Final = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
    "User-Agent": "support-ticket-ingestion",
}


class GithubIssues:
    """One repository. A ticket's id is the issue's number; pull requests are none."""

    capabilities = Capabilities(list_may_shift=False, names_deleted=False, is_incremental=True)

    def __init__(
        self,
        http: httpx.AsyncClient,
        base_url: str,
        repository: str,
        limiter: RateLimiter,
        clock: Clock,
        *,
        patience: Patience,
        token: str = "",
        page_size: int = LARGEST_PAGE,
    ) -> None:
        """`base_url`: of the REST API; `repository`: `owner/name`; `token`: empty, if it is public."""
        headers = {**_HEADERS, **({"Authorization": f"Bearer {token}"} if token else {})}
        # The requests of an hour may be used up: whoever waits at all waits for as long as that takes.
        hour = patience.seconds + LONGEST_RETRY_AFTER_SECONDS if patience.seconds else 0.0
        self._asking = Asking(
            Transport(http, limiter, headers), clock, patience, throttled=replace(patience, seconds=hour)
        )
        self._clock = clock
        self._size = max(FEW, min(page_size, LARGEST_PAGE))
        self._here = f"{base_url.rstrip('/')}/repos/{quote(repository, safe='/')}"
        self._standing = Standing(self._asking, clock, self._here, repository)

    def begin(self, cursor: PagePlace | None, *, whole: bool) -> PagePlace:
        """Where a walk begins. Over the whole list, too, events and comments go on where the cursor says."""
        return first_phase(read_cursor(cursor), whole=whole).text()

    async def page(self, caller: UpstreamCaller, place: PagePlace) -> SourcePage:
        """The page at a place: what has happened to issues, or issues.

        At `BEGINNING` it is the first page of issues, with nothing told of them before.

        Raises:
            UpstreamError: GitHub refused, or kept failing.
        """
        if place == BEGINNING:
            here = first_phase(NOTHING_READ, whole=True)
        else:
            here = read_phase(place) or first_phase(None, whole=True)
        remarks: list[str] = []
        for _ in range(MOST_EMPTY_PAGES):
            page = await self._page(caller, here, shows_first=place == BEGINNING)
            remarks += [remark for remark in page.remarks if remark not in remarks]
            following = None if page.next is None else read_phase(page.next)
            if page.records or page.details or following is None:
                break
            here = following
        return replace(page, remarks=tuple(remarks))

    async def is_gone(self, caller: UpstreamCaller, external_id: str) -> bool:
        """Whether the repository no longer has this issue.

        Raises:
            UpstreamError: GitHub refused, or kept failing, or the repository itself is not there.
        """
        is_number = external_id.isascii() and external_id.isdigit() and len(external_id) < 19
        return not is_number or await self._standing.is_gone(caller, int(external_id))

    async def deleted_ids(self, caller: UpstreamCaller) -> set[str]:
        """None: GitHub names none."""
        return set()

    def normalise(self, records: Sequence[Any], tenant_id: str, *, mixes_tenants: bool = False) -> PageRecords:
        """Sort issues: tickets, and what cannot be one."""
        return sort_issues(records, tenant_id, mixes_tenants=mixes_tenants)

    async def _page(self, caller: UpstreamCaller, here: Phase, *, shows_first: bool) -> SourcePage:
        size = LARGEST_PAGE if here.what == "ask" else self._size
        try:
            listed = await self._list(caller, here, size)
        except AnswerTooLargeError:
            here = fewer_at_once(here)
            listed = await self._list(caller, here, size)
        match here.what:
            case "ask":
                return asked_page(here, listed, size, self._clock.now(), shows_first=shows_first)
            case "events":
                return events_page(here, listed, size)
            case "comments":
                return comments_page(here, listed, size)
            case "issues":
                return issues_page(here, listed, size)

    async def _list(self, caller: UpstreamCaller, here: Phase, size: int) -> Listed:
        query: dict[str, str | int] = {"per_page": here.spot.size or size}
        if here.what != "events":
            query |= {"sort": "updated", "direction": "asc"}
        if _LISTS[here.what] == "issues":
            query |= {"state": "all"}
        if here.since is not None:
            query |= {"since": _written(here.since)}
        if here.spot.after:
            query |= {"after": here.spot.after}
        elif here.spot.page > 1:
            query |= {"page": here.spot.page}
        url = httpx.URL(f"{self._here}/{_LISTS[here.what]}").copy_merge_params(query)
        is_doubted = here.whole or here.cursor.unchanged >= MOST_UNCHANGED
        known: Mapping[str, str] = NO_HEADERS
        if here.what == "ask" and here.cursor.etag and not is_doubted:
            known = {"If-None-Match": here.cursor.etag}
        read = reader_of(url, may_be_unchanged=bool(known), may_end=here.spot.page > 1)
        return await self._asking.ask(caller, url, read, headers=known)


def _written(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
