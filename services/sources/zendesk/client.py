"""Zendesk Support as a source: first what has happened, then the tickets that it has happened to.

A run fixes a moment, a minute before it began. It reads all events up to there and then the tickets that were updated
up to there, so that a ticket's events are known when it comes; what is later is the next run's.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import httpx

from services.errors import UpstreamError
from services.kit.clock import Clock
from services.kit.retry import Patience
from services.sources.budget import RateLimiter
from services.sources.http.answers import is_missing
from services.sources.http.asking import Asking
from services.sources.http.transport import AnswerTooLargeError, Transport, UpstreamAnswer
from services.sources.pages import Capabilities, PagePlace, SourcePage, UpstreamCaller
from services.sources.records.records import PageRecords
from services.sources.zendesk.directory import Directory
from services.sources.zendesk.events import DELETED_STATUS, read_events
from services.sources.zendesk.exports import ExportPage, read_export, read_zendesk_object, whole
from services.sources.zendesk.place import ZendeskPhase, ZendeskPlace, begun, zendesk_place
from services.sources.zendesk.tickets import generated_at, noted, numbers_of, updated_at, zendesk_records

TICKET_EXPORT = "/api/v2/incremental/tickets/cursor.json"
EVENT_EXPORT = "/api/v2/incremental/ticket_events.json"
ZENDESK_MARGIN_SECONDS = 60
"""Zendesk leaves out of its exports what is newer."""
LARGEST_EXPORT = 1_000
"""Records that Zendesk exports at once."""
LOOK_SIZE = 100
"""Records of the page that only tells whether there is anything new."""
_ANEW = "the place to go on from could not be read: the walk begins anew"
_CURSOR_REFUSED = "Zendesk did not take the cursor any more: its last second is read once more"


class ZendeskSupport:
    """One account's tickets and their events; deleted tickets are among the tickets."""

    capabilities = Capabilities(list_may_shift=False, names_deleted=False, is_incremental=True, tells_deletions=True)

    def __init__(
        self,
        http: httpx.AsyncClient,
        base_url: str,
        authorization: str,
        *,
        exports: RateLimiter,
        others: RateLimiter,
        clock: Clock,
        patience: Patience,
        page_size: int = LARGEST_EXPORT,
    ) -> None:
        """`authorization`: the header's value. `exports`: the limit of incremental exports, `others`: of all else."""
        headers = {"Authorization": authorization}
        self._exports = Asking(Transport(http, exports, headers), clock, patience)
        self._others = Asking(Transport(http, others, headers), clock, patience)
        self._base_url = base_url.rstrip("/")
        self._directory = Directory(self._others, self._base_url)
        self._clock = clock
        self._page_size = page_size

    def begin(self, cursor: PagePlace | None, *, whole: bool) -> PagePlace:
        """Where a walk begins: at the beginning of all, or with a look at what has changed since the last one."""
        return begun(cursor, whole=whole)

    async def page(self, caller: UpstreamCaller, place: PagePlace) -> SourcePage:
        """A page of events, of tickets, or of nothing but where to go on.

        Raises:
            UpstreamError: Zendesk refused, or kept failing.
        """
        here = zendesk_place(place)
        match here.phase:
            case ZendeskPhase.LOOK:
                return await self._look(caller, here)
            case ZendeskPhase.EVENTS:
                return await self._events(caller, here)
            case ZendeskPhase.TICKETS:
                return await self._tickets(caller, here)

    async def is_gone(self, caller: UpstreamCaller, external_id: str) -> bool:
        """Whether Zendesk says that it does not have this ticket.

        Raises:
            UpstreamError: it refused, or kept failing.
        """
        number = whole(external_id)
        if number is None:
            return False  # all of its ids are numbers: it would say nothing of this one

        def read(answer: UpstreamAnswer) -> bool:
            if is_missing(answer):
                return True
            ticket = read_zendesk_object(answer).get("ticket")
            return isinstance(ticket, dict) and ticket.get("status") == DELETED_STATUS

        return await self._others.ask(caller, self._url(f"/api/v2/tickets/{number}.json"), read)

    async def deleted_ids(self, caller: UpstreamCaller) -> set[str]:
        """None: the tickets tell."""
        return set()

    def normalise(self, records: Sequence[Any], tenant_id: str, *, mixes_tenants: bool = False) -> PageRecords:
        """Sort a page's records. All of them are the tenant's whose connection it is."""
        return zendesk_records(records, tenant_id)

    async def _look(self, caller: UpstreamCaller, here: ZendeskPlace) -> SourcePage:
        here, page, remarks = await self._ticket_page(caller, here, LOOK_SIZE)
        here = self._fixed(here, page)
        horizon = here.horizon or 0
        moments = [_moment(row) for row in page.rows]
        is_fresh = any(at is None or here.known < at <= horizon for at in moments)
        is_cut = not _is_end(page, here) and not any(at is not None and at > horizon for at in moments)
        if is_fresh or is_cut:
            return SourcePage((), (), replace(here, phase=ZendeskPhase.EVENTS).text, at=page.at, remarks=remarks)
        resume = replace(here, horizon=None, proven=0).text if remarks else None  # without the cursor that was refused
        return SourcePage((), (), None, at=page.at, resume=resume, remarks=remarks)

    async def _events(self, caller: UpstreamCaller, here: ZendeskPlace) -> SourcePage:
        remarks = [_ANEW] if here.is_anew else []
        page = await self._event_page(caller, here)
        here = replace(self._fixed(here, page), is_anew=False)
        horizon = here.horizon or 0
        # In threads: a page of events takes some 50 ms of computing, in which this process has requests to answer.
        events = await asyncio.to_thread(read_events, page.rows)
        if len(events) < len(page.rows):
            remarks.append(f"{len(page.rows) - len(events)} events could not be read")
        newest = max((event.at for event in events), default=here.at)
        due = [event for event in events if event.at <= horizon]
        here = replace(here, proven=max([here.proven, *(event.at for event in due)]))
        if page.is_last or not page.rows or newest > horizon:
            following = replace(here, phase=ZendeskPhase.TICKETS)
        else:
            if newest <= here.at and (page.end_time or 0) <= here.at:
                remarks.append("more happened in one second than Zendesk tells: some changes have no history")
            # The newest second once more, as it may have been cut; one that fills a page alone was told as a whole.
            following = replace(here, at=newest if newest > here.at else max(here.at + 1, page.end_time or 0))
        names = await self._directory.names(caller, (number for event in due for number in event.assignees()))
        details = await asyncio.to_thread(lambda: [detail for event in due for detail in event.details(names)])
        return SourcePage((), (), following.text, at=page.at, details=details, remarks=tuple(remarks))

    async def _tickets(self, caller: UpstreamCaller, here: ZendeskPlace) -> SourcePage:
        here, page, remarks = await self._ticket_page(caller, here, self._page_size)
        kept, is_past = _cut(page.rows, here.end)
        following: PagePlace | None = None
        if is_past:  # the next run reads this page once more
            resume = here.resumed(here.cursor, here.since, is_complete=True)
        else:
            since = max([here.since, *(at for at in map(generated_at, page.rows) if at is not None)])
            cursor = page.cursor if page.rows or page.cursor else here.cursor
            is_end = _is_end(page, here)
            resume = here.resumed(cursor, since, is_complete=is_end)
            if not is_end and (cursor or since > here.since):
                following = replace(here, cursor=cursor, since=since).text
            elif not is_end:
                remarks += ("Zendesk does not say where its list of tickets goes on",)
        names = await self._directory.names(caller, numbers_of(kept, "assignee_id"))
        statuses = await self._directory.statuses(caller, numbers_of(kept, "custom_status_id"))
        records = [noted(row, names, statuses, self._base_url) for row in kept]
        return SourcePage(
            records, [_ticket_id(row) for row in kept], following, at=page.at, resume=resume, remarks=remarks
        )

    def _fixed(self, here: ZendeskPlace, page: ExportPage) -> ZendeskPlace:
        """The place with the run's horizon, which its first answer fixes."""
        if here.horizon is not None:
            return here
        ours = self._clock.now()
        horizon, proven = (int(moment.timestamp()) - ZENDESK_MARGIN_SECONDS for moment in (page.at or ours, ours))
        return replace(here, horizon=max(horizon, 0), proven=max(proven, here.proven))

    async def _ticket_page(
        self, caller: UpstreamCaller, here: ZendeskPlace, size: int
    ) -> tuple[ZendeskPlace, ExportPage, tuple[str, ...]]:
        """The tickets that begin at a place, or at its second if Zendesk does not take its cursor any more."""
        if here.cursor is not None:
            page = await self._export(caller, TICKET_EXPORT, {"cursor": here.cursor}, size, "tickets")
            if page is not None:
                return here, page, ()
        page = await self._export(caller, TICKET_EXPORT, {"start_time": str(here.since)}, size, "tickets")
        if page is None:
            raise UpstreamError("upstream refused the moment from which tickets were asked for")
        remarks = () if here.cursor is None else (_CURSOR_REFUSED,)
        return replace(here, cursor=None), page, remarks

    async def _event_page(self, caller: UpstreamCaller, here: ZendeskPlace) -> ExportPage:
        query = {"start_time": str(here.at), "include": "comment_events"}
        page = await self._export(caller, EVENT_EXPORT, query, self._page_size, "ticket_events")
        if page is None and here.horizon is not None and here.at >= here.horizon - ZENDESK_MARGIN_SECONDS:
            return ExportPage([], None, True, None, None)  # too recent: there is nothing yet
        if page is None:
            raise UpstreamError("upstream refused the moment from which events were asked for")
        return page

    async def _export(
        self, caller: UpstreamCaller, path: str, query: Mapping[str, str], size: int, name: str
    ) -> ExportPage | None:
        """A page of `size` records, or of fewer if so many are more than an answer may hold."""
        url = self._url(path).copy_merge_params(query)
        while True:
            try:
                return await self._exports.ask(
                    caller, url.copy_merge_params({"per_page": str(size)}), lambda answer: read_export(answer, name)
                )
            except AnswerTooLargeError:
                if size == 1:
                    raise
                size = max(1, size // 10)

    def _url(self, path: str) -> httpx.URL:
        return httpx.URL(self._base_url + path)


def _moment(row: Any) -> int | None:
    """By what a ticket stands in the export, as far as it says."""
    generated = generated_at(row)
    return updated_at(row) if generated is None else generated


def _cut(rows: Sequence[Any], end: int) -> tuple[list[Any], bool]:
    """The tickets that were updated up to `end`, and whether others are left to the next run.

    One that the system has touched since (`generated_timestamp`), but nobody updated, is shown already.
    """
    later = [(at := _moment(row)) is not None and at > end for row in rows]
    kept = [
        row
        for row, is_later in zip(rows, later, strict=True)
        if not is_later or ((at := updated_at(row)) is not None and at <= end)
    ]
    return kept, any(later)


def _is_end(page: ExportPage, here: ZendeskPlace) -> bool:
    """Whether there is nothing behind a page, whatever it says of that."""
    return page.is_last or not page.rows or (page.cursor is not None and page.cursor == here.cursor)


def _ticket_id(row: Any) -> str | None:
    number = whole(row.get("id")) if isinstance(row, dict) else None
    return None if number is None else str(number)
