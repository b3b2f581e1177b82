"""Who wrote when: the different customers of each quarter of an hour, read from an index without a ticket."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from documents.database import Database, Row
from documents.ticket import KEYWORD_SEPARATOR, Ticket
from documents.ticket_indexes import COUNTED_INDEX, NEWEST_INDEX
from services.kit.clock import EPOCH
from services.rollups.rows import QUARTER_MILLISECONDS, quarters_since_epoch
from services.rollups.write import NOT_ROLLED_UP, ROLLED_UP
from services.spikes.detection import QUARTERS_AN_HOUR
from services.tenancy import Filter, live

SPIKES_COMMENT = "looking for spikes"
READ_MILLISECONDS = 5_000
"""`maxTimeMS` of each read: what is not known by then is looked for the next time."""
LATE_AFTER = timedelta(hours=1)
"""What a file brings later than so long after it was created, is history."""
_READ: Row = {"maxTimeMS": READ_MILLISECONDS, "comment": SPIKES_COMMENT}
QUARTER_OF_AN_HOUR = timedelta(milliseconds=QUARTER_MILLISECONDS)

Quarters = tuple[int, int]
"""From a quarter of an hour to before another one, counted since 1970."""


class Customers:
    """The different customers of quarters of an hour; tickets without a customer count as one customer's."""

    def __init__(self) -> None:
        self._of: defaultdict[int, set[object]] = defaultdict(set)

    def add(self, quarter: int, customer: object) -> None:
        """Somebody wrote."""
        self._of[quarter].add(customer)

    def in_hour(self, quarter: int) -> int:
        """How many wrote in the hour that begins with a quarter."""
        of_each = [self._of[each] for each in range(quarter, quarter + QUARTERS_AN_HOUR) if each in self._of]
        return len(set().union(*of_each))


class Arrivals:
    """Reads one database's tickets by when they were created."""

    def __init__(self, database: Database) -> None:
        self._tickets = database.collection(Ticket)

    async def customers(self, tenant_id: str, *stretches: Quarters, into: Customers) -> None:
        """Add who wrote in these stretches of time."""
        by_quarter = {"quarter": quarters_since_epoch("$created_at"), "customer": "$customer_id"}
        for row in await self._grouped(tenant_id, stretches, {"_id": by_quarter}):
            into.add(int(row["_id"]["quarter"]), row["_id"].get("customer"))

    async def customers_seen_live(self, tenant_id: str, stretch: Quarters) -> Customers:
        """Who wrote, without those of whom only a file tells that came long afterwards."""
        late = {"from_file": True, "$expr": {"$gt": ["$first_ingested_at", {"$add": ["$created_at", _milliseconds()]}]}}
        by_quarter = {"quarter": quarters_since_epoch("$created_at"), "customer": "$customer_id"}
        pipeline: list[Row] = [
            {"$match": live(tenant_id, created_at=_between(stretch))},
            {"$match": {"$nor": [late]}},
            {"$group": {"_id": by_quarter}},
        ]
        found = Customers()
        rows = self._tickets.aggregate(pipeline, hint=NEWEST_INDEX, **_READ)
        for row in await rows.to_list(None):
            found.add(int(row["_id"]["quarter"]), row["_id"].get("customer"))
        return found

    async def totals(self, tenant_id: str, stretch: Quarters) -> tuple[int, int]:
        """How many tickets there are, and of how many customers."""
        of_customer = {"_id": "$customer_id", "tickets": {"$sum": 1}}
        rows = await self._grouped(tenant_id, [stretch], of_customer)
        return sum(row["tickets"] for row in rows), len(rows)

    async def keywords(self, tenant_id: str, stretch: Quarters) -> tuple[dict[str, int], int]:
        """How many tickets have each keyword, and how many tickets there are."""
        found: defaultdict[str, int] = defaultdict(int)
        rows = await self._grouped(tenant_id, [stretch], {"_id": "$keyword_key", "tickets": {"$sum": 1}})
        for row in rows:
            if isinstance(row["_id"], str) and row["_id"]:
                for keyword in row["_id"].split(KEYWORD_SEPARATOR):
                    found[keyword] += row["tickets"]
        return dict(found), sum(row["tickets"] for row in rows)

    async def oldest(self, tenant_id: str) -> datetime | None:
        """When the tenant's oldest ticket was created."""
        dated = live(tenant_id, created_at={"$gte": EPOCH})
        oldest_first = [("created_at", 1), ("_id", 1)]
        row = await self._tickets.find_one(
            dated,
            {"created_at": 1},
            sort=oldest_first,
            hint=NEWEST_INDEX,
            max_time_ms=READ_MILLISECONDS,
            comment=SPIKES_COMMENT,
        )
        return None if row is None else row["created_at"]

    async def _grouped(self, tenant_id: str, stretches: Iterable[Quarters], group: Row) -> list[Row]:
        """Groups of the tickets created in any of the stretches."""
        marks: tuple[object, ...] = (ROLLED_UP, NOT_ROLLED_UP)
        where: list[Filter] = [
            live(tenant_id, rolled_up=mark, created_at=_between(stretch)) for stretch in stretches for mark in marks
        ]
        pipeline: list[Row] = [{"$match": {"$or": where}}, {"$group": group}]
        found = self._tickets.aggregate(pipeline, hint=COUNTED_INDEX, **_READ)
        rows: list[Row] = await found.to_list(None)
        return rows


def quarter_begin(quarter: int) -> datetime:
    """When a quarter of an hour begins."""
    return EPOCH + quarter * QUARTER_OF_AN_HOUR


def quarter_of(moment: datetime) -> int:
    """The quarter of an hour that a moment lies in."""
    return (moment - EPOCH) // QUARTER_OF_AN_HOUR


def _between(stretch: Quarters) -> Filter:
    return {"$gte": quarter_begin(stretch[0]), "$lt": quarter_begin(stretch[1])}


def _milliseconds() -> int:
    return int(LATE_AFTER.total_seconds() * 1000)
