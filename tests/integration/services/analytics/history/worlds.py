"""Worlds in which tickets come, change and go while runs look on, and what really happened in them."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from hypothesis import strategies as st

from documents.database import Database, Row
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from documents.ticket_life import TicketLife
from services.analytics.history.figures import HistoryFigures
from services.coordination.sharing import Questions
from services.ingestion.pages.diff import STORED_FIELDS, find_changes
from services.ingestion.pages.history import Position, as_gone
from services.rollups.write import Rollups
from services.sources.records.records import sort_records
from services.statuses import category_of
from services.tenancy import live, owned
from tests.fakes import FakeClock
from tests.properties import tried_on

START = datetime(2026, 3, 27, 8, 10, tzinfo=UTC)
"""Before clocks are changed in Europe."""
HOUR = timedelta(hours=1)
HALF = HOUR / 2
NOW = START + 40 * HOUR

texts = st.sampled_from(["Where is the manual?", "I will sue you", "It is broken", "Thanks, I love it"])
statuses = st.sampled_from(["open", "closed", "Solved", "on hold", None])
edits = st.fixed_dictionaries(
    {"status": statuses},
    optional={
        "message": texts,
        "source": st.sampled_from(["web", None]),
        "assignee": st.sampled_from(["ann", "bob", "unknown", None]),
    },
)
steps = st.lists(st.tuples(st.integers(0, 3), st.one_of(edits, edits, edits, st.none())), max_size=14)
"""What happens hour by hour: to which ticket, and what; None: upstream deletes it."""


def busy_steps(seed: int) -> list[tuple[int, Row | None]]:
    """The same for tickets to which much happens: every change of status often, both ways and while deleted."""
    dice = random.Random(seed)
    words = ["open", "closed", "Solved", "on hold", None]

    def edit() -> Row:
        return {
            "status": dice.choice(words),
            "message": dice.choice(["It is broken", "Thanks"]),
            "priority": dice.choice(["high", None]),
        }

    return [(dice.randrange(4), None if dice.random() < 0.2 else edit()) for _ in range(39)]


busy_or_not = st.one_of(steps, st.integers(0, 10_000).map(busy_steps))
roll_ups = st.sampled_from([0, 1, 3, 7])
"""How often everything is rolled up."""
minutes = st.integers(-60 * 48, 60 * 41)
periods = st.one_of(st.just([-60 * 48, 60 * 40]), st.tuples(minutes, minutes).map(sorted))
"""Two moments, in minutes from `START`; the first one has everything between them."""
thorough = tried_on(40, one_in=20)


@dataclass(frozen=True, slots=True)
class Moment:
    """What became true of a ticket."""

    at: datetime
    status: str | None
    live: bool = True

    @property
    def is_closed(self) -> bool:
        return category_of(self.status) == "closed"


@dataclass
class World:
    """A tenant: in each hour something happens to a ticket upstream, and a run sees it half an hour later."""

    database: Database
    is_dated: bool
    """Whether upstream says when a ticket was updated."""
    tenant: str = field(default_factory=lambda: uuid4().hex)
    truth: dict[str, list[Moment]] = field(default_factory=dict)
    """Of each ticket, oldest first."""
    records: dict[str, Row] = field(default_factory=dict)
    """What upstream says of each ticket, the deleted ones included."""
    rolled_up_every: int = 0
    """After so many hours, all tickets are rolled up; 0: never."""

    async def go_through(self, taken: list[tuple[int, Row | None]]) -> None:
        for hour, (number, edit) in enumerate(taken):
            await self.take(hour, f"t{number}", edit)

    async def take(self, hour: int, name: str, edit: Row | None) -> None:
        at, seen_at = START + hour * HOUR, START + hour * HOUR + HALF
        moments = self.truth.setdefault(name, [])
        if edit is None:
            if moments and moments[-1].live:
                await self._delete(hour, name, seen_at)
                moments.append(Moment(seen_at, moments[-1].status, live=False))
            return
        if name not in self.records:
            created_at = at - int(name[1:]) * 13 * HOUR
            self.records[name] = {"id": name, "tenant_id": self.tenant, "created_at": created_at.isoformat()}
            self.records[name]["customer_id"] = "c"
        record = self.records[name]
        record |= edit | ({"updated_at": at.isoformat()} if self.is_dated else {})
        await self._ingest(hour, record, seen_at)
        await self._roll_up(hour)
        status = edit["status"]
        if not moments:
            moments.append(Moment(datetime.fromisoformat(record["created_at"]), status))
        elif not moments[-1].live:
            moments += [Moment(seen_at, moments[-1].status), Moment(seen_at, status)]
        else:
            moments.append(Moment(at if self.is_dated else seen_at, status))

    async def _roll_up(self, hour: int) -> None:
        if self.rolled_up_every and hour % self.rolled_up_every == 0:
            await Rollups(self.database).roll_up(self.tenant)

    async def check(self) -> None:
        """What the keeper of the rollups does when it has heard of every change."""
        everything = await self.database.collection(Ticket).distinct("_id", owned(self.tenant))
        lives = await self.database.collection(TicketLife).distinct("_id.ticket", owned(self.tenant))
        await Rollups(self.database).check([*everything, *lives])

    async def purge(self) -> None:
        """What MongoDB does with tickets that were deleted long ago, of which the keeper has heard."""
        await self.check()
        await self.database.collection(Ticket).delete_many(owned(self.tenant, deleted_at={"$ne": None}))

    def figures(self, now: datetime = NOW) -> HistoryFigures:
        return HistoryFigures(self.database, FakeClock(now), Questions())

    def state(self, name: str, at: datetime) -> Moment | None:
        """What was true of a ticket right before a moment; None where it was not there."""
        before = [moment for moment in self.truth[name] if moment.at < at]
        return before[-1] if before and before[-1].live else None

    def not_closed(self, at: datetime) -> list[str]:
        """The tickets that were not closed right before a moment."""
        states = {name: self.state(name, at) for name in self.truth}
        return [name for name, state in states.items() if state is not None and not state.is_closed]

    async def _ingest(self, hour: int, record: Row, now: datetime) -> None:
        tickets = self.database.collection(Ticket)
        at = Position(self.tenant, f"job-{hour}", 1, now)
        stored = {row["external_id"]: row for row in await tickets.find(owned(self.tenant)).to_list(None)}
        changes = find_changes(sort_records([record], self.tenant).own, stored, at)
        if changes.tickets:
            await tickets.bulk_write(changes.tickets)
        await Rollups(self.database).take_back(self.tenant, changes.recounted, None)
        await self._write_history(changes.history)

    async def _delete(self, hour: int, name: str, now: datetime) -> None:
        tickets = self.database.collection(Ticket)
        row = await tickets.find_one(live(self.tenant, external_id=name), dict.fromkeys(STORED_FIELDS, 1))
        assert row is not None
        await self._write_history([as_gone(Position(self.tenant, f"job-{hour}", 0, now), row)])
        await tickets.update_one(owned(self.tenant, external_id=name), {"$set": {"deleted_at": now}})

    async def _write_history(self, rows: list[Row]) -> None:
        if rows:
            own: list[dict[str, Any]] = [row | {"_id": f"{self.tenant}:{row['_id']}"} for row in rows]
            await self.database.collection(TicketHistory).insert_many(own)
