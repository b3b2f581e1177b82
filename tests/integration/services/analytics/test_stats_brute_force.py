"""Whatever happens to tickets, every number equals what a plain count in Python finds."""

import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from documents.database import Database, Row
from documents.ticket import CountedField, Ticket
from services.analytics.customers import CustomerCount, CustomerOrder
from services.analytics.figures import Analytics
from services.analytics.leading import leading_customers
from services.analytics.partition import customer_partition
from services.analytics.stats import Stats
from services.coordination.sharing import Questions
from services.kit.civil_time import TrendUnit, boundaries, zone
from services.rollups.write import Rollups
from services.statuses import category_of
from tests.fakes import FakeClock
from tests.properties import tried_on

NOW = datetime(2026, 2, 5, 12, 30, tzinfo=UTC)
HOUR = NOW.replace(minute=0)

moments = st.integers(-2, 100 * 60).map(lambda minutes: NOW - timedelta(minutes=minutes))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "status": st.sampled_from(["open", "closed", "Solved", "pending", "CLOSED successful", "on hold", None]),
    "urgency": st.sampled_from(["high", "high", "medium", "low", None]),
    "sentiment": st.sampled_from(["negative", "neutral", "positive", None]),
    "source": st.sampled_from(["email", "chat", "unknown", None]),
    "priority": st.sampled_from([None, "high", "low", "unknown"]),
    "assignee": st.sampled_from([None, "ann", "bob", "unknown"]),
    "tags": st.sampled_from(
        [None, [], ["vip"], ["vip", "eu"], ["eu", "vip", "eu"], ["unknown"], "vip", [5, "", None, ["eu"], "vip"]]
    ),
    "customer_id": st.sampled_from(["c1", "c2", "c3", "", None]),
    "keyword_key": st.sampled_from(["", "refund", "outage|refund", "bug|crash|refund"]),
    "created_at": st.one_of(moments, st.none()),
    "deleted_at": st.sampled_from([None, None, NOW]),
}
fields = st.fixed_dictionaries({}, optional=VALUES)
numbers = st.integers(0, 29)
inserts = st.tuples(st.just("insert"), fields)
rolls = st.tuples(st.just("roll up"), st.integers(1, 20))
soft_deletes = st.tuples(st.just("soft delete"), numbers)
edits = st.tuples(st.just("edit"), numbers, fields)
removals = st.tuples(st.just("remove"), numbers)
bounds = st.one_of(st.none(), moments)
periods = st.tuples(bounds, bounds)
start_rows = st.lists(fields, max_size=25)
thorough = tried_on(60, one_in=6)


class Foreign:
    """Another program that writes into the collection, and remembers what ought to be in it."""

    def __init__(self, database: Database) -> None:
        self.tenant = uuid4().hex
        self.rows: dict[int, Row] = {}
        self.touched: list[int] = []
        self._tickets = database.collection(Ticket)
        self._rollups = Rollups(database)
        self._database = database

    @classmethod
    async def after(cls, database: Database, written: list[Row], steps: list[tuple[Any, ...]]) -> Self:
        foreign = cls(database)
        await foreign.insert(*written)
        for step in steps:
            await foreign.take(step)
        return foreign

    async def insert(self, *written: Row) -> None:
        if not written:
            return
        first = len(self.rows)
        self.rows |= {
            first + number: {"external_id": f"t{first + number:02}", **row} for number, row in enumerate(written)
        }
        keys = [{"_id": f"{self.tenant}-{number}", "tenant_id": self.tenant} for number in range(first, len(self.rows))]
        await self._tickets.insert_many(
            [key | row for key, row in zip(keys, list(self.rows.values())[first:], strict=True)]
        )

    async def take(self, step: tuple[Any, ...]) -> None:
        match step:
            case "insert", row:
                await self.insert(row)
            case "roll up", at_most:
                await self._rollups.roll_up(self.tenant, at_most=at_most)
            case "soft delete", number:
                await self._edit(number, {"deleted_at": NOW})
            case "edit", number, change:
                await self._edit(number, change)
                self.touched.append(number)
            case "remove", number if number in self.rows:
                self.rows[number] = {"deleted_at": NOW}
                await self._tickets.delete_one({"_id": f"{self.tenant}-{number}"})
                self.touched.append(number)

    async def _edit(self, number: int, change: Row) -> None:
        if number in self.rows and "external_id" in self.rows[number] and change:
            self.rows[number] |= change
            await self._tickets.update_one({"_id": f"{self.tenant}-{number}"}, {"$set": change})

    async def notice(self) -> None:
        """What the keeper does with changes that it is told of."""
        await self._rollups.check([f"{self.tenant}-{number}" for number in self.touched])

    async def expect_trend(self, of: "TrendOf") -> None:
        await expect_trend(self._database, self.tenant, list(self.rows.values()), of)

    async def expect_exact(self, *periods: tuple[datetime | None, datetime | None]) -> None:
        for period in periods:
            await expect_exact(self._database, self.tenant, list(self.rows.values()), period)


weeks_ago = st.integers(-5, 95 * 24).map(lambda hours: NOW - timedelta(hours=hours))
CUSTOMERS_TICKETS = 50
COUNT_OF = dict(zip(CustomerOrder, ("tickets", "high", "negative", "not_closed"), strict=True))


@dataclass(frozen=True)
class TrendOf:
    start: datetime
    length: timedelta
    unit: TrendUnit
    time_zone: str
    breakdowns: frozenset[CountedField | None]


trends = st.builds(
    TrendOf,
    moments,
    st.integers(0, 80 * 60).map(lambda minutes: timedelta(minutes=minutes)),
    st.sampled_from([TrendUnit.HOUR, TrendUnit.DAY]),
    st.sampled_from(["UTC", "Europe/Paris", "Asia/Kolkata", "Asia/Kathmandu", "Pacific/Chatham", "+01:20"]),
    st.frozensets(st.sampled_from([None, *CountedField]), min_size=1),
)


@given(
    written=start_rows, steps=st.lists(st.one_of(rolls, edits, removals, soft_deletes, inserts), max_size=12), of=trends
)
@thorough
async def test_every_trend_equals_a_plain_count(
    database: Database, written: list[Row], steps: list[tuple[Any, ...]], of: TrendOf
) -> None:
    foreign = await Foreign.after(database, written, steps)
    await foreign.notice()
    await foreign.expect_trend(of)


async def expect_trend(database: Database, tenant: str, rows: list[Row], of: TrendOf) -> None:
    start, end = of.start, of.start + of.length
    period = {"created_from": start, "created_to": end}
    shown = await Analytics(database, FakeClock(NOW), Questions()).trends(
        tenant, of.breakdowns, unit=of.unit, time_zone=of.time_zone, **period
    )
    begins = boundaries(start, end, of.unit, zone(of.time_zone))
    counted = [row for row in rows if _is_counted(row, start, end)]
    unit_of = [max(number for number, begin in enumerate(begins[:-1]) if begin <= row["created_at"]) for row in counted]
    for breakdown, trend in shown.items():
        expected: list[Counter[str]] = [Counter() for _ in begins[1:]]
        for row, unit in zip(counted, unit_of, strict=True):
            expected[unit].update(_values(row, breakdown))
        assert [bucket.count for bucket in trend] == [unit_of.count(number) for number in range(len(begins) - 1)]
        assert [dict(bucket.counts) for bucket in trend] == expected
    assert shown.keys() == of.breakdowns
    cells = await Analytics(database, FakeClock(NOW), Questions()).heat_map(tenant, time_zone=of.time_zone, **period)
    local = [row["created_at"].astimezone(zone(of.time_zone)) for row in rows if _is_counted(row, start, end)]
    by_clock = Counter((moment.isoweekday(), moment.hour) for moment in local)
    assert {(cell.weekday, cell.hour): cell.count for cell in cells if cell.count} == by_clock


@given(
    seed=st.integers(0, 2**32),
    singles=st.integers(0, CUSTOMERS_TICKETS // 3),
    steps=st.lists(st.one_of(rolls, edits, removals, soft_deletes), max_size=6),
    period=st.tuples(st.one_of(st.none(), weeks_ago), st.one_of(st.none(), weeks_ago)),
    order=st.sampled_from(CustomerOrder),
    first=st.integers(1, 3),
    looked_at=st.sampled_from([None, 2, 4, 8]),
)
@thorough
async def test_the_leading_customers_are_those_of_a_plain_count(
    database: Database,
    seed: int,
    singles: int,
    steps: list[tuple[Any, ...]],
    period: tuple[datetime | None, datetime | None],
    order: CustomerOrder,
    first: int,
    looked_at: int | None,
) -> None:
    dice = random.Random(seed)
    written = [_of_some_customer(dice) for _ in range(CUSTOMERS_TICKETS)]
    foreign = await Foreign.after(database, written, [("roll up", CUSTOMERS_TICKETS - singles), *steps])
    await foreign.notice()
    start, end = sorted(period) if None not in period else period
    live = [row for row in foreign.rows.values() if row.get("deleted_at") is None and _in_period(row, start, end)]
    expected = _customers(live, order.value)[:first]
    found = await Analytics(database, FakeClock(NOW), Questions()).customers(
        foreign.tenant, order=order, first=first, created_from=start, created_to=end
    )
    assert found == expected
    pipeline = leading_customers(
        customer_partition(foreign.tenant, start, end, NOW), COUNT_OF[order], first, looked_at=looked_at
    )
    leading = await database.at_one_moment(Ticket).aggregate(pipeline).to_list(None)
    assert [(row["_id"], row["tickets"]) for row in leading] == [
        (one.customer_id, one.ticket_count) for one in expected
    ]


def _of_some_customer(dice: random.Random) -> Row:
    """A ticket; few customers have many, and some tickets are older than the rollups are read for, or of the future."""
    days = dice.choice([*[dice.random() * 90] * 9, dice.uniform(-40, 2_500)])
    fields = {
        "customer_id": f"k{int(12 * dice.random() ** 2):02}",
        "created_at": (NOW - timedelta(days=days)).replace(microsecond=0),
        "urgency": dice.choice(["high", "low"]),
        "sentiment": dice.choice(["negative", "neutral", None]),
        "status": dice.choice(["open", "closed", "Solved", None]),
    }
    return {name: value for name, value in fields.items() if dice.random() < 0.97}


def _customers(live: list[Row], order: str) -> list[CustomerCount]:
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    for row in live:
        if row.get("customer_id"):
            rows[row["customer_id"]].append(row)
    counted = [
        CustomerCount(
            customer_id,
            len(theirs),
            round(len(theirs) / len(live), 3),
            sum(row.get("urgency") == "high" for row in theirs),
            sum(row.get("sentiment") == "negative" for row in theirs),
            sum(category_of(row.get("status")) != "closed" for row in theirs),
        )
        for customer_id, theirs in rows.items()
    ]
    leading = [customer for customer in counted if getattr(customer, order)]
    return sorted(leading, key=lambda customer: (-getattr(customer, order), customer.customer_id))


def _is_counted(row: Row, start: datetime, end: datetime) -> bool:
    return row.get("deleted_at") is None and bool(row.get("created_at")) and start <= row["created_at"] < end


def _values(row: Row, field: CountedField | None) -> set[str]:
    if field is None:
        return set()
    if field is CountedField.STATUS_CATEGORY:
        return {category_of(row.get("status")).value}
    return _tags(row) if field is CountedField.TAG else {row.get(field.value) or "unknown"}


def _tags(row: Row) -> set[str]:
    tags = row.get("tags") or []
    return {tag for tag in ([tags] if isinstance(tags, str) else tags) if isinstance(tag, str) and tag}


@given(written=start_rows, steps=st.lists(st.one_of(rolls, edits, removals, inserts), max_size=15), period=periods)
@thorough
async def test_every_number_equals_a_plain_count(
    database: Database,
    written: list[Row],
    steps: list[tuple[Any, ...]],
    period: tuple[datetime | None, datetime | None],
) -> None:
    foreign = await Foreign.after(database, written, steps)
    await foreign.notice()
    await foreign.expect_exact(period, (None, None))


@given(written=start_rows, steps=st.lists(st.one_of(rolls, soft_deletes, inserts), max_size=15), period=periods)
@thorough
async def test_tickets_that_others_insert_or_soft_delete_are_counted_at_once(
    database: Database,
    written: list[Row],
    steps: list[tuple[Any, ...]],
    period: tuple[datetime | None, datetime | None],
) -> None:
    foreign = await Foreign.after(database, written, steps)
    await foreign.expect_exact(period, (None, None))


async def expect_exact(
    database: Database, tenant: str, rows: list[Row], period: tuple[datetime | None, datetime | None]
) -> None:
    start, end = sorted(period) if None not in period else period
    found = await Stats(database, FakeClock(NOW), Questions()).compute(tenant, created_from=start, created_to=end)

    live = [row for row in rows if row.get("deleted_at") is None and _in_period(row, start, end)]
    assert found.total_tickets == len(live)
    for field in ("status", "urgency", "sentiment", "source", "priority", "assignee"):
        expected = Counter(row.get(field) or "unknown" for row in live)
        assert getattr(found, f"by_{field}") == expected
    assert found.by_tag == Counter(tag for row in live for tag in _tags(row))
    assert found.by_status_category == Counter(category_of(row.get("status")) for row in live)
    assert found.urgency_high_ratio == _share(live, "urgency", "high")
    assert found.negative_sentiment_ratio == _share(live, "sentiment", "negative")
    assert found.hourly_trend == _trend(live)
    assert [(row["keyword"], row["count"]) for row in found.top_keywords] == _keywords(live)
    assert found.at_risk_customers == _at_risk(live)


def _in_period(row: Row, start: datetime | None, end: datetime | None) -> bool:
    created = row.get("created_at")
    if start is None and end is None:
        return True
    return created is not None and (start is None or start <= created) and (end is None or created < end)


def _share(rows: list[Row], field: str, value: str) -> float:
    """A share rounded half to even, of which `Decimal` knows the exact value no better than the database."""
    return round(sum(row.get(field) == value for row in rows) / len(rows), 3) if rows else 0.0


def _trend(rows: list[Row]) -> list[Row]:
    hours = [HOUR - timedelta(hours=ago) for ago in range(23, -1, -1)]
    created = [row["created_at"] for row in rows if row.get("created_at") is not None]
    return [
        {"hour": hour, "count": sum(hour <= moment < hour + timedelta(hours=1) for moment in created)} for hour in hours
    ]


def _keywords(rows: list[Row]) -> list[tuple[str, int]]:
    counted = Counter(keyword for row in rows for keyword in row.get("keyword_key", "").split("|") if keyword)
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:10]


def _at_risk(rows: list[Row]) -> list[Row]:
    risky: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.get("urgency") == "high" and category_of(row.get("status")) != "closed" and row.get("customer_id"):
            risky[row["customer_id"]].append(row)
    return [
        {
            "customer_id": customer_id,
            "high_urgency_count": len(theirs),
            "ticket_ids": [row["external_id"] for row in sorted(theirs, key=_newest_first)[:20]],
        }
        for customer_id, theirs in sorted(risky.items(), key=lambda pair: (-len(pair[1]), pair[0]))
        if len(theirs) >= 2
    ][:10]


def _newest_first(row: Row) -> tuple[float, str]:
    created = row.get("created_at")
    return (float("inf") if created is None else -created.timestamp(), row["external_id"])
