"""Looking for spikes in the last hours of a tenant, and for the words that come with one.

Only what is new can be a spike: hours that ended within the last six. Tickets come late (runs are hours apart, a help
desk is down); as too few are there to see a spike rather than too many, the same hours are looked at again and again.
History is told apart from what happens: nothing is looked for before the first run of each source has brought all,
and before a connection announces anything; and customers of whom only a file tells, long afterwards, raise nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from documents.connection import Connection
from documents.database import Database
from documents.ingestion_job import IngestionJob, JobStatus
from documents.spike import SpikeKeyword
from services.kit.clock import EPOCH
from services.spikes.arrivals import QUARTER_OF_AN_HOUR, SPIKES_COMMENT, Arrivals, Customers, quarter_of
from services.spikes.detection import (
    AROUND_HOURS,
    COMPARED_WEEKS,
    LEAST_CUSTOMERS,
    QUARTERS_A_WEEK,
    QUARTERS_AN_HOUR,
    FoundSpike,
    found_spikes,
    judge_hour,
)
from services.tenancy import owned

LOOKED_BACK = timedelta(hours=6)
SHOWN_KEYWORDS = 5
LEAST_KEYWORD_TICKETS = 3
RISEN_TO = 1.5
"""By so much has the share of a keyword to be larger than before."""
COMPARED_BEFORE = timedelta(weeks=4)


@dataclass(frozen=True, slots=True)
class SpikeFigures:
    """What is counted of a spike."""

    tickets: int
    customers: int
    keywords: list[SpikeKeyword]


class SpikeSearch:
    """Looks for spikes in one database."""

    def __init__(self, database: Database) -> None:
        self._arrivals = Arrivals(database)
        self._connections = database.collection(Connection)
        self._jobs = database.collection(IngestionJob)

    async def find(self, tenant_id: str, now: datetime) -> list[FoundSpike]:
        """The spikes of the last hours, oldest first.

        Raises:
            PyMongoError: the database did not finish.
        """
        last = quarter_of(now) - QUARTERS_AN_HOUR
        first = last - int(LOOKED_BACK / QUARTER_OF_AN_HOUR) + 1
        customers = Customers()
        await self._arrivals.customers(tenant_id, (first, last + QUARTERS_AN_HOUR), into=customers)
        if max(map(customers.in_hour, range(first, last + 1))) < LEAST_CUSTOMERS:
            return []
        begin = await self._live_from(tenant_id)
        weeks = await self._known_weeks(tenant_id, first)
        if begin is None or weeks < 1:
            return []
        first = max(first, quarter_of(begin) + 1)
        if first > last:
            return []
        margin = AROUND_HOURS * QUARTERS_AN_HOUR
        past = [
            (first - margin - QUARTERS_A_WEEK * week, last + margin + QUARTERS_AN_HOUR - QUARTERS_A_WEEK * week)
            for week in range(1, weeks + 1)
        ]
        await self._arrivals.customers(tenant_id, *past, into=customers)
        found = _judged(customers, customers, first, last, weeks)
        if not found:
            return []
        seen_live = await self._arrivals.customers_seen_live(tenant_id, (first, last + QUARTERS_AN_HOUR))
        truly = _judged(seen_live, customers, first, last, weeks)
        return [spike for spike in found if any(_touch(spike, each) for each in truly)]

    async def figures(self, tenant_id: str, start: datetime, end: datetime) -> SpikeFigures:
        """What is to be told of a spike from one moment to another, which begin quarters of an hour."""
        stretch = quarter_of(start), quarter_of(end)
        before = quarter_of(start - COMPARED_BEFORE), stretch[0]
        tickets, customers = await self._arrivals.totals(tenant_id, stretch)
        of_spike, _ = await self._arrivals.keywords(tenant_id, stretch)
        usual, total = await self._arrivals.keywords(tenant_id, before) if of_spike else ({}, 0)
        return SpikeFigures(tickets, customers, risen_keywords(of_spike, tickets, usual, total))

    async def totals(self, tenant_id: str, start: datetime, end: datetime) -> tuple[int, int]:
        """How many tickets were created from one moment to another, and by how many customers."""
        return await self._arrivals.totals(tenant_id, (quarter_of(start), quarter_of(end)))

    async def _live_from(self, tenant_id: str) -> datetime | None:
        """From when on the tenant's tickets come as they are created; None: a first run is still to bring all."""
        connections = await self._connections.find(owned(tenant_id, removed_at=None), comment=SPIKES_COMMENT).to_list(
            None
        )
        if connections:
            is_new = any(each.get("last_success_at") is None for each in connections)
            return None if is_new else max(each["announce_from"] for each in connections)
        first_run = owned(tenant_id, active=True, is_batch={"$ne": True})
        done = owned(tenant_id, status=JobStatus.COMPLETED.value, is_batch={"$ne": True})
        is_running = await self._jobs.find_one(first_run, {"_id": 1}, comment=SPIKES_COMMENT) is not None
        if is_running and await self._jobs.find_one(done, {"_id": 1}, comment=SPIKES_COMMENT) is None:
            return None
        return EPOCH

    async def _known_weeks(self, tenant_id: str, first: int) -> int:
        """How many weeks before there are of which all is known."""
        oldest = await self._arrivals.oldest(tenant_id)
        if oldest is None:
            return 0
        known = first - AROUND_HOURS * QUARTERS_AN_HOUR - quarter_of(oldest)
        return min(COMPARED_WEEKS, max(0, known // QUARTERS_A_WEEK))


def risen_keywords(
    of_spike: Mapping[str, int], tickets: int, usual: Mapping[str, int], total: int
) -> list[SpikeKeyword]:
    """The keywords whose share of the tickets rose most, and by half at least."""
    risen = [
        SpikeKeyword(keyword=keyword, tickets=count, usual_share=round(usual.get(keyword, 0) / max(1, total), 4))
        for keyword, count in of_spike.items()
        if count >= LEAST_KEYWORD_TICKETS
    ]
    risen = [each for each in risen if each.tickets >= RISEN_TO * each.usual_share * tickets]
    risen.sort(key=lambda each: (each.usual_share * tickets - each.tickets, each.keyword))
    return risen[:SHOWN_KEYWORDS]


def _judged(recent: Customers, past: Customers, first: int, last: int, weeks: int) -> list[FoundSpike]:
    """The spikes among the hours from `first` to `last`, whose customers are `recent`."""

    def customers_of(quarter: int) -> int:
        return (recent if quarter >= first - QUARTERS_A_WEEK // 2 else past).in_hour(quarter)

    hours = (judge_hour(quarter, customers_of, weeks) for quarter in range(first, last + 1))
    return found_spikes(hour for hour in hours if hour is not None)


def _touch(one: FoundSpike, other: FoundSpike) -> bool:
    return one.begin < other.end and other.begin < one.end
