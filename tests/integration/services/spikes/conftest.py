"""A tenant whose customers write as usual, until they do not."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from documents.database import Database, Row
from documents.notification import Notification
from documents.spike import Spike
from documents.ticket import Ticket
from services.coordination.leases import Leases
from services.spikes.watcher import SPIKES_RESOURCE, SpikeWatcher
from tests.fakes import FakeClock
from tests.waiting import PATIENCE_SECONDS, until

NOW = datetime(2026, 2, 5, 12, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass
class World:
    """Tickets of one tenant, and whoever watches it."""

    db: Database
    clock: FakeClock = field(default_factory=lambda: FakeClock(NOW))
    written: int = 0

    async def usual_weeks(self, weeks: int = 9) -> None:
        """Two customers an hour, at this time of the day; in earlier weeks one of six writes of an outage."""
        hours = [
            NOW - timedelta(weeks=week, minutes=10) + timedelta(hours=hour)
            for week in range(1, weeks)
            for hour in range(-11, 5)
        ]
        moments = [moment + 25 * MINUTE * half for moment in hours for half in (0, 1)]
        keywords = ["outage" if number % 6 == 0 else "invoice" for number in range(len(moments))]
        await self.write(moments, keywords=keywords)
        await self.write([NOW - timedelta(weeks=weeks, days=1)])

    async def write(
        self, moments: Sequence[datetime], *, customer: str | None = None, keywords: Sequence[str] = (), **fields: Any
    ) -> None:
        """Store tickets as pages do; each is another customer's."""
        tickets: list[Row] = []
        for number, moment in enumerate(moments):
            self.written += 1
            ticket = {"tenant_id": "acme", "external_id": f"T-{self.written}", "created_at": moment}
            ticket |= {"customer_id": customer or f"C-{self.written}", "first_ingested_at": moment + MINUTE}
            ticket |= {"keyword_key": keywords[number] if keywords else "", "urgency": "low", "status": "open"}
            tickets.append(ticket | fields)
        await self.db.collection(Ticket).insert_many(tickets)

    async def rush(self, customers: int = 20, *, ago: int = 65, **fields: Any) -> None:
        """So many customers within 40 minutes, all of them because of an outage."""
        moments = [NOW - ago * MINUTE + 2 * number * MINUTE for number in range(20)]
        keywords = ["outage"] * customers
        await self.write([moments[number % 20] for number in range(customers)], keywords=keywords, **fields)

    def watcher(self) -> SpikeWatcher:
        """Somebody who watches, as in another process."""
        return SpikeWatcher(self.db, Leases(self.db, ttl_seconds=PATIENCE_SECONDS), self.clock)

    async def look(self) -> list[Row]:
        """Look once, as soon as nobody else may; the spikes that are known afterwards."""
        leases = Leases(self.db, ttl_seconds=PATIENCE_SECONDS)
        free = await until(lambda: leases.acquire(SPIKES_RESOURCE, "a watcher"), "the lease of whoever was killed")
        async with leases.held(free) as lease:
            await self.watcher().look_at(lease, "acme")
        return await self.spikes()

    async def spikes(self) -> list[Row]:
        return await self.db.collection(Spike).find().sort("started_at", 1).to_list(None)

    async def announced(self) -> list[Row]:
        return await self.db.collection(Notification).find().to_list(None)


@pytest.fixture
async def world(db: Database) -> World:
    world = World(db)
    await world.usual_weeks()
    return world
