"""A run over the stand-in of GitHub, as far as its source is concerned: page after page, from place to place."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from documents.database import Database
from services.kit.retry import Patience
from services.sources.budget import RateLimiter
from services.sources.github.client import GithubIssues
from services.sources.pages import BEGINNING, Detail, PagePlace, SourcePage, UpstreamCaller
from services.sources.records.records import UpstreamTicket
from tests.github_standin import TOKEN, GithubClient, TurnedClock

TENANT = "acme"
MOST_PAGES = 2_000


@dataclass
class StandinClock:
    """The stand-in's clock, which moves by our sleeping, too."""

    turned: TurnedClock
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.turned.moment

    def monotonic(self) -> float:
        return self.turned.moment.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.turned.advance(max(seconds, 0.001))  # less would be lost in rounding
        await asyncio.sleep(0)


class Reading:
    """Reads a repository run by run, and keeps what it was told."""

    def __init__(
        self,
        db: Database,
        *,
        token: str = TOKEN,
        repository: str = "acme/support",
        page_size: int = 100,
        patience: Patience | None = None,
        **settings: Any,
    ) -> None:
        self.upstream = GithubClient(**settings)
        assert self.desk.home is not None  # made at the first use, and at that moment
        self.clock = StandinClock(self.upstream.turned)
        self.limiter = RateLimiter(db, self.clock, limit=0, request_seconds=30, name="github:test")
        self.source = GithubIssues(
            self.upstream,
            "http://github.test",
            repository,
            self.limiter,
            self.clock,
            patience=patience or Patience(),
            token=token,
            page_size=page_size,
        )
        self.cursor: PagePlace | None = None
        self.tickets: dict[str, UpstreamTicket] = {}
        self.shown: list[str] = []
        """The ids that the last run showed, in their order."""
        self.details: dict[tuple[str, int], Detail] = {}
        """By kind and number; what is told again counts once."""
        self.remarks: list[str] = []
        self.rejected: list[str] = []
        self.waits: list[datetime] = []
        self.between: Callable[[SourcePage], None] = lambda page: None
        """Called after each page."""

    @property
    def caller(self) -> UpstreamCaller:
        async def note(until: datetime) -> None:
            self.waits.append(until)

        return UpstreamCaller(TENANT, note, lambda: None)

    @property
    def desk(self) -> Any:
        return self.upstream.desk

    def calls(self) -> list[dict[str, Any]]:
        """The requests since this was asked last."""
        calls = list(self.upstream.github.log)
        self.upstream.github.log.clear()
        return calls

    async def run(self, *, whole: bool = False, pages: int = MOST_PAGES) -> None:
        """A run; `pages`: that is given up after so many."""
        self.shown, self.remarks = [], []
        place: PagePlace | None = self.source.begin(self.cursor, whole=whole)
        places = set()
        for _ in range(pages):
            assert place is not None
            assert place not in places, "in a circle"
            places.add(place)
            page = await self.page(place)
            self.between(page)
            place = page.next
            if place is None:
                return
        assert pages < MOST_PAGES, "no end"

    async def page(self, place: PagePlace = BEGINNING) -> SourcePage:
        """One page, and what a run does with it."""
        page = await self.source.page(self.caller, place)
        assert len(page.ids) == len(page.records)
        assert all(isinstance(each, str) and len(each) <= 4_000 for each in (page.next, page.resume) if each)
        found = self.source.normalise(page.records, TENANT)
        self.tickets |= found.own
        self.shown += found.own
        self.rejected += [each.reason for each in found.rejected]
        for detail in page.details:
            self.details.setdefault((detail.kind, detail.serial), detail)
        self.remarks += page.remarks
        self.cursor = page.resume or self.cursor
        return page

    def told(self, name: str) -> dict[str, list[tuple[int, Any, Any]]]:
        """What details say of a field: when, from what, to what, by ticket."""
        found: dict[str, list[tuple[int, Any, Any]]] = defaultdict(list)
        for _, detail in sorted(self.details.items()):
            if name in detail.changes:
                change = detail.changes[name]
                found[detail.ticket_id].append((int(detail.at.timestamp()), change.old, change.new))
        return found

    def replies(self) -> dict[str, list[str]]:
        """What the customers wrote, by ticket."""
        found: dict[str, list[str]] = defaultdict(list)
        for _, detail in sorted(self.details.items()):
            ticket = self.tickets.get(detail.ticket_id)
            if detail.said and ticket is not None and detail.author in ("", ticket.customer_id):
                found[detail.ticket_id].append(detail.said)
        return found
