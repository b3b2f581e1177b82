"""The stand-in of Zendesk in this process, and whoever reads it page after page, as a run does."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from mock_external_api.clock import Clock as DeskClock
from mock_external_api.zendesk.app import create_zendesk
from mock_external_api.zendesk.desk import ZendeskDesk
from mock_external_api.zendesk.settings import ZendeskSettings
from services.kit.retry import Patience
from services.observing import UNOBSERVED
from services.sources.budget import RateLimiter
from services.sources.pages import Detail, PagePlace, SourcePage, UpstreamCaller
from services.sources.records.records import Rejected, UpstreamTicket
from services.sources.zendesk.client import ZendeskSupport
from services.sources.zendesk.opening import open_zendesk
from tests.fakes import FakeClock

DESK_URL = "http://desk"
MOST_PAGES = 300
BRIEF = Patience(seconds=90.0, base_seconds=0.1, cap_seconds=1.0)
TICKETS = "/api/v2/incremental/tickets/cursor.json"
EVENTS = "/api/v2/incremental/ticket_events.json"


class FreeLimiter:
    """Grants every request, and counts; a pause passes at once."""

    limit, source, observer = 0, "zendesk", UNOBSERVED

    def __init__(self, clock: FakeClock) -> None:
        self.taken = 0
        self.pauses: list[float] = []
        self._clock = clock

    async def acquire(self, tenant_id: str, on_wait: object) -> str:
        self.taken += 1
        return str(self.taken)

    async def settle(self, slot_id: str) -> None: ...

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await self._clock.sleep(seconds)


@dataclass
class DeskReader:
    """Reads a help desk again and again, and keeps what it was told; time passes for both by one clock."""

    desk: ZendeskDesk
    clock: FakeClock
    http: httpx.AsyncClient
    settings: dict[str, str] = field(default_factory=lambda: {"base_url": DESK_URL, "email": "admin@acme.example"})
    secrets: dict[str, str] = field(default_factory=lambda: {"api_token": "zendesk-api-token"})
    limiters: Any = None
    cursor: PagePlace | None = None
    tickets: dict[str, UpstreamTicket] = field(default_factory=dict)
    gone: dict[str, datetime] = field(default_factory=dict)
    details: dict[tuple[str, str, int], Detail] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    pages: list[SourcePage] = field(default_factory=list)
    retries: int = 0

    def source(self) -> ZendeskSupport:
        made: dict[str, FreeLimiter] = {}

        def limiter(name: str, limit: int) -> RateLimiter:
            return made.setdefault(name, FreeLimiter(self.clock))  # type: ignore[return-value]

        return open_zendesk(
            self.settings,
            self.secrets,
            http=self.http,
            limiters=self.limiters or limiter,
            clock=self.clock,
            patience=BRIEF,
        )

    @property
    def caller(self) -> UpstreamCaller:
        async def ignore(until: datetime) -> None: ...

        return UpstreamCaller("acme", ignore, self._count)

    def _count(self) -> None:
        self.retries += 1

    async def run(self, *, whole: bool = False, stop_after: int | None = None) -> list[dict[str, Any]]:
        """One run to its end, or over so many pages; returns the requests that it made."""
        self.desk.requests.clear()
        source = self.source()
        place: PagePlace | None = source.begin(self.cursor, whole=whole)
        for number in range(MOST_PAGES):
            if place is None or number == stop_after:
                return list(self.desk.requests)
            assert len(str(place)) <= 4_000
            place = self.keep(source, await source.page(self.caller, place))
        raise AssertionError("the walk does not end")

    def keep(self, source: ZendeskSupport, page: SourcePage) -> PagePlace | None:
        """Keep what a page tells, as a run stores it; returns where the next one begins."""
        self.pages.append(page)
        self.remarks += page.remarks
        for detail in page.details:
            self.details[detail.ticket_id, detail.kind, detail.serial] = detail
        found = source.normalise(page.records, "acme")
        self.rejected += found.rejected
        for ticket_id, moment in found.gone.items():
            self.tickets.pop(ticket_id, None)
            self.gone[ticket_id] = moment
        for ticket_id, ticket in found.own.items():
            self.gone.pop(ticket_id, None)
            self.tickets[ticket_id] = ticket
        self.cursor = page.resume if page.resume is not None else self.cursor
        return page.next

    def history(self, ticket_id: int) -> list[tuple[datetime, str, Any, Any]]:
        """What was told of a ticket's changes, oldest first."""
        events = sorted(
            (each for each in self.details.values() if each.ticket_id == str(ticket_id) and each.kind == "event"),
            key=lambda each: each.serial,
        )
        return [
            (each.at, name, change.old, change.new) for each in events for name, change in sorted(each.changes.items())
        ]

    def said(self, ticket_id: int) -> list[str]:
        """What the customer has said after the description, oldest first."""
        customer = str(self.desk.book.tickets[ticket_id].record["requester_id"])
        comments = sorted(
            (each for each in self.details.values() if each.ticket_id == str(ticket_id) and each.kind == "comment"),
            key=lambda each: each.serial,
        )
        return [each.said for each in comments if each.author in ("", customer)]

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)


def read_desk(**settings: Any) -> DeskReader:
    """A help desk without sample tickets and limits, unless told, and its reader."""
    clock = FakeClock()
    usual: dict[str, Any] = {"ticket_count": 0, "requests_per_minute": 0, "incremental_per_minute": 0}
    desk_clock = DeskClock(now=lambda: clock.moment, monotonic=clock.monotonic)
    app = create_zendesk(ZendeskSettings(**{**usual, **settings}), desk_clock)
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app))
    return DeskReader(app.state.desk, clock, http)


def paths(requests: list[dict[str, Any]]) -> list[str]:
    """The last parts of the requests' paths."""
    return [request["path"].removeprefix("/api/v2/").removesuffix(".json") for request in requests]


def ago(reader: DeskReader, seconds: float) -> datetime:
    return reader.clock.now() - timedelta(seconds=seconds)
