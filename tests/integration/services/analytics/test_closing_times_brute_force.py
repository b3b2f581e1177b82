"""Whoever closes tickets and tells of it, in or outside of the rollups: the times are those of a plain sort."""

import math
import random
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from documents.database import Database, Row
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from services.analytics.closing_times import ClosingTimes, TimeToClose
from services.rollups.write import Rollups
from services.statuses import category_of
from tests.properties import tried_on

NOW = datetime(2026, 2, 5, 12, 30, tzinfo=UTC)
TICKETS = 30

bounds = st.one_of(st.none(), st.integers(0, 5 * 24 * 60).map(lambda minutes: NOW - timedelta(minutes=minutes)))


class World:
    """A tenant's tickets and history, which another program writes too; remembers both."""

    def __init__(self, database: Database, seed: int) -> None:
        self.tenant = uuid4().hex
        self.dice = random.Random(seed)
        self.tickets: list[Row] = [self._ticket(number) for number in range(TICKETS)]
        self.history: list[Row] = []
        self._rows = database.collection(Ticket)
        self._told = database.collection(TicketHistory)
        self._rollups = Rollups(database)

    async def write(self, *, rolled_up: int, edited: int, deleted: int) -> None:
        await self._rows.insert_many(self.tickets)
        await self._tell(list(range(TICKETS)))
        await self._rollups.roll_up(self.tenant, at_most=rolled_up)
        changed = self.dice.sample(range(TICKETS), edited)
        for number in changed:
            self.tickets[number]["status"] = status = self.dice.choice(["open", "closed", "Solved"])
            await self._rows.update_one({"_id": self._id(number)}, {"$set": {"status": status}})
        await self._tell(changed)
        await self._rollups.check([self._id(number) for number in changed])
        for number in self.dice.sample(range(TICKETS), deleted):  # and nobody has noticed yet
            self.tickets[number]["deleted_at"] = NOW
            await self._rows.update_one({"_id": self._id(number)}, {"$set": {"deleted_at": NOW}})

    def expected(self, start: datetime | None, end: datetime | None) -> TimeToClose:
        times = sorted(filter(None, (self._took(ticket, start, end) for ticket in self.tickets)))
        if not times:
            return TimeToClose(0, None, None)
        median, p90 = (times[math.ceil(len(times) * share) - 1].total_seconds() for share in (0.5, 0.9))
        return TimeToClose(len(times), median, p90)

    def _took(self, ticket: Row, start: datetime | None, end: datetime | None) -> timedelta | None:
        created: datetime | None = ticket.get("created_at")
        told = [row["occurred_at"] for row in self.history if row["ticket_id"] == ticket["external_id"]]
        is_in_period = created is not None and (not start or start <= created) and (not end or created < end)
        is_closed = category_of(ticket["status"]) == "closed" and "deleted_at" not in ticket
        if created is None or not is_in_period or not is_closed or not told or max(told) <= created:
            return None
        return max(told) - created

    async def _tell(self, numbers: list[int]) -> None:
        """Some closes, others not; some times are the same, some almost."""
        told = [self._close(number) for number in numbers if self.dice.random() < 0.8]
        if told:
            await self._told.insert_many(told)
        self.history += told

    def _close(self, number: int) -> Row:
        created = self.tickets[number].get("created_at", NOW)
        took = timedelta(milliseconds=self.dice.choice([600_000, self.dice.randint(600_000, 600_200)]))
        took *= self.dice.choice([1, 1, 1, 2, 10, -1])
        return {
            "_id": uuid4().hex,
            "tenant_id": self.tenant,
            "ticket_id": self.tickets[number]["external_id"],
            "action": "updated",
            "changes": {"status": {"old": "open", "new": "closed"}},
            "occurred_at": created + took,
        }

    def _ticket(self, number: int) -> Row:
        created = NOW - timedelta(seconds=self.dice.randrange(5 * 24 * 3_600))
        status = self.dice.choice(["closed", "closed", "resolved by bot", "open"])
        row = {"_id": self._id(number), "tenant_id": self.tenant, "external_id": f"t{number}", "status": status}
        return row | ({"created_at": created} if number % 10 else {})

    def _id(self, number: int) -> str:
        return f"{self.tenant}-{number}"


@given(
    seed=st.integers(0, 2**32),
    rolled_up=st.integers(1, TICKETS),
    edited=st.integers(0, 10),
    deleted=st.integers(0, 5),
    period=st.tuples(bounds, bounds),
    max_single=st.sampled_from([5_000, 5_000, 5_000, 3]),
)
@tried_on(60, one_in=6)
async def test_times_to_close_are_those_of_a_plain_sort(
    database: Database,
    seed: int,
    rolled_up: int,
    edited: int,
    deleted: int,
    period: tuple[datetime | None, datetime | None],
    max_single: int,
) -> None:
    world = World(database, seed)
    await world.write(rolled_up=rolled_up, edited=edited, deleted=deleted)
    start, end = sorted(period) if None not in period else period
    closing_times = ClosingTimes(database, max_milliseconds=5_000, max_single=max_single)
    assert await closing_times.time_to_close(world.tenant, start, end) == world.expected(start, end)
