"""Trends, customers and times to close."""

import random
from bisect import bisect_right
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from documents.database import Database, Row
from documents.ticket import CountedField, Ticket
from documents.ticket_history import TicketHistory
from services.analytics.closing_times import TimeToClose
from services.analytics.customers import CustomerCount, CustomerOrder
from services.analytics.figures import Analytics
from services.analytics.trends import TrendBucket
from services.coordination.sharing import Questions
from services.errors import InvalidInputError
from services.kit.civil_time import TrendUnit, boundaries, zone
from tests.fakes import FakeClock
from tests.properties import some_of

TENANT = "acme"
NOW = datetime(2026, 2, 5, 12, 30, tzinfo=UTC)


def ticket(number: int, created_at: datetime = NOW - timedelta(hours=2), **fields: Any) -> Row:
    return {"tenant_id": TENANT, "external_id": f"t{number}", "created_at": created_at, **fields}


def change(number: int, recorded_at: datetime, status: str = "closed", old: str = "open", **fields: Any) -> Row:
    return {
        "_id": f"{number}:{recorded_at.isoformat()}",
        "tenant_id": TENANT,
        "ticket_id": f"t{number}",
        "action": "updated",
        "changes": {"status": {"old": old, "new": status}},
        "recorded_at": recorded_at,
        "job_id": "job",
        **fields,
    }


async def store(db: Database, *rows: Row, history: list[Row] | None = None) -> Analytics:
    if rows:
        await db.collection(Ticket).insert_many(list(rows))
    if history:
        await db.collection(TicketHistory).insert_many(history)
    return Analytics(db, FakeClock(NOW), Questions())


async def trend_of(analytics: Analytics, *, breakdown: CountedField | None = None, **of: Any) -> list[TrendBucket]:
    return (await analytics.trends(TENANT, frozenset([breakdown]), **of))[breakdown]


async def test_a_trend_has_every_unit_of_its_period(db: Database) -> None:
    analytics = await store(db, ticket(1, datetime(2026, 2, 2, 5, tzinfo=UTC)))
    start, end = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 2, 4, tzinfo=UTC)
    trend = await trend_of(analytics, unit=TrendUnit.DAY, created_from=start, created_to=end)
    assert [bucket.start.day for bucket in trend] == [1, 2, 3]
    assert [bucket.count for bucket in trend] == [0, 1, 0]


@pytest.mark.parametrize(("unit", "length"), [(TrendUnit.HOUR, 25), (TrendUnit.DAY, 31), (TrendUnit.WEEK, 13)])
async def test_a_trend_ends_now_unless_told_otherwise(db: Database, unit: TrendUnit, length: int) -> None:
    trend = await trend_of(await store(db, ticket(1)), unit=unit)
    assert len(trend) == length
    assert trend[-1].start <= NOW < trend[-1].start + (trend[-1].start - trend[-2].start)
    assert sum(bucket.count for bucket in trend) == 1


async def test_days_begin_by_the_clock_of_the_time_zone_also_when_it_is_put_forward(db: Database) -> None:
    before_midnight = datetime(2026, 3, 28, 22, 59, tzinfo=UTC)
    after_the_change = datetime(2026, 3, 29, 22, 0, tzinfo=UTC)
    analytics = await store(db, ticket(1, before_midnight), ticket(2, after_the_change))
    trend = await trend_of(
        analytics,
        unit=TrendUnit.DAY,
        time_zone="Europe/Paris",
        created_from=datetime(2026, 3, 27, 23, tzinfo=UTC),
        created_to=datetime(2026, 3, 30, 22, tzinfo=UTC),
    )
    assert [(bucket.start.day, bucket.start.hour, bucket.count) for bucket in trend] == [
        (27, 23, 1),
        (28, 23, 0),
        (29, 22, 1),
    ]


async def test_hours_can_begin_at_the_half_hour(db: Database) -> None:
    analytics = await store(db, ticket(1, datetime(2026, 2, 5, 5, 29, tzinfo=UTC)))
    trend = await trend_of(
        analytics,
        unit=TrendUnit.HOUR,
        time_zone="Asia/Kolkata",
        created_from=datetime(2026, 2, 5, 4, 30, tzinfo=UTC),
        created_to=datetime(2026, 2, 5, 6, 30, tzinfo=UTC),
    )
    assert [(bucket.start.hour, bucket.start.minute, bucket.count) for bucket in trend] == [(4, 30, 1), (5, 30, 0)]


async def test_weeks_begin_on_monday(db: Database) -> None:
    sunday, monday = datetime(2026, 2, 1, 23, tzinfo=UTC), datetime(2026, 2, 2, tzinfo=UTC)
    trend = await trend_of(await store(db, ticket(1, sunday), ticket(2, monday)), unit=TrendUnit.WEEK)
    assert [bucket.start for bucket in trend if bucket.count] == [datetime(2026, 1, 26, tzinfo=UTC), monday]


async def test_a_trend_can_be_broken_down(db: Database) -> None:
    analytics = await store(
        db, ticket(1, status="open"), ticket(2, status="closed"), ticket(3, status="open"), ticket(4)
    )
    trend = await trend_of(analytics, unit=TrendUnit.HOUR, breakdown=CountedField.STATUS)
    [bucket] = [bucket for bucket in trend if bucket.count]
    assert bucket.counts == [("open", 2), ("closed", 1), ("unknown", 1)]
    assert all(bucket.counts == [] for bucket in trend if not bucket.count)


async def test_an_empty_period_has_no_units(db: Database) -> None:
    trend = await trend_of(await store(db), unit=TrendUnit.DAY, created_from=NOW, created_to=NOW)
    assert sum(bucket.count for bucket in trend) == 0


@pytest.mark.parametrize("time_zone", ["Mars/Base", "", "x" * 100, "$created_at", "+99:00", "Europe/Paris\x00"])
async def test_unknown_time_zones_are_refused(db: Database, time_zone: str) -> None:
    with pytest.raises(InvalidInputError):
        await trend_of(await store(db), unit=TrendUnit.DAY, time_zone=time_zone)


async def test_a_trend_of_too_many_units_is_refused(db: Database) -> None:
    with pytest.raises(InvalidInputError):
        await trend_of(await store(db), unit=TrendUnit.HOUR, created_from=NOW - timedelta(days=50))


async def test_a_trend_that_begins_after_its_end_is_refused(db: Database) -> None:
    with pytest.raises(InvalidInputError):
        await trend_of(await store(db), unit=TrendUnit.HOUR, created_from=NOW + timedelta(days=1))


async def test_customers_have_their_counts_and_share(db: Database) -> None:
    analytics = await store(
        db,
        ticket(1, customer_id="a", status="open", urgency="high", sentiment="negative"),
        ticket(2, customer_id="a", status="closed"),
        ticket(3),
        ticket(4, customer_id="a", deleted_at=NOW),
    )
    [customer] = await analytics.customers(TENANT, order=CustomerOrder.TICKETS, first=5)
    assert customer == CustomerCount("a", 2, 0.667, high_urgency_count=1, negative_count=1, not_closed_count=1)


@pytest.mark.parametrize(
    ("order", "leaders"),
    [
        (CustomerOrder.TICKETS, ["many", "angry"]),
        (CustomerOrder.NEGATIVE, ["angry"]),
        (CustomerOrder.HIGH_URGENCY, ["angry"]),
        (CustomerOrder.NOT_CLOSED, ["many", "angry"]),
    ],
)
async def test_customers_are_ranked_by_the_count_that_is_asked_for(
    db: Database, order: CustomerOrder, leaders: list[str]
) -> None:
    angry = ticket(9, customer_id="angry", sentiment="negative", urgency="high", status="open")
    analytics = await store(db, angry, *(ticket(number, customer_id="many") for number in range(3)))
    ranked = await analytics.customers(TENANT, order=order, first=5)
    assert [customer.customer_id for customer in ranked] == leaders


async def test_customers_keep_to_the_period(db: Database) -> None:
    analytics = await store(db, ticket(1, customer_id="a"))
    assert await analytics.customers(TENANT, order=CustomerOrder.TICKETS, first=5, created_from=NOW) == []


@pytest.mark.parametrize("first", [0, -1, 101])
async def test_no_number_of_customers_but_1_to_100(db: Database, first: int) -> None:
    with pytest.raises(InvalidInputError):
        await (await store(db)).customers(TENANT, order=CustomerOrder.TICKETS, first=first)


async def test_time_to_close_is_the_nearest_rank(db: Database) -> None:
    created = NOW - timedelta(days=1)
    rows = [ticket(number, created, status="closed") for number in range(10)]
    history = [change(number, created + timedelta(minutes=number + 1)) for number in range(10)]
    analytics = await store(db, *rows, history=history)
    assert await analytics.time_to_close(TENANT) == TimeToClose(10, median_seconds=300.0, p90_seconds=540.0)


async def test_the_last_close_of_a_ticket_counts(db: Database) -> None:
    created = NOW - timedelta(days=1)
    history = [
        change(1, created + timedelta(minutes=5)),
        change(1, created + timedelta(minutes=6), "open"),
        change(1, created + timedelta(minutes=9)),
    ]
    analytics = await store(db, ticket(1, created, status="closed"), history=history)
    assert (await analytics.time_to_close(TENANT)).median_seconds == 540.0


@pytest.mark.parametrize(
    "fields",
    [{"status": "open"}, {"status": "closed", "deleted_at": NOW}, {"status": "closed", "tenant_id": "other"}],
    ids=["reopened", "deleted", "another tenant's"],
)
async def test_only_live_closed_tickets_of_the_tenant_have_a_time_to_close(db: Database, fields: Row) -> None:
    analytics = await store(db, ticket(1, **fields), history=[change(1, NOW)])
    assert await analytics.time_to_close(TENANT) == TimeToClose(0, None, None)


async def test_a_ticket_that_came_closed_has_no_time_to_close(db: Database) -> None:
    assert (await (await store(db, ticket(1, status="closed"))).time_to_close(TENANT)).ticket_count == 0


async def test_a_ticket_is_closed_when_its_source_says_so(db: Database) -> None:
    created = NOW - timedelta(days=1)
    history = [change(1, NOW, "Solved", occurred_at=created + timedelta(minutes=7))]
    analytics = await store(db, ticket(1, created, status="solved"), history=history)
    assert await analytics.time_to_close(TENANT) == TimeToClose(1, median_seconds=420.0, p90_seconds=420.0)


async def test_a_change_from_one_closed_status_to_another_closes_nothing(db: Database) -> None:
    created = NOW - timedelta(days=10)
    history = [
        change(1, created + timedelta(minutes=5), "solved"),
        change(1, created + timedelta(days=4), "closed", old="solved"),
    ]
    analytics = await store(db, ticket(1, created, status="closed"), history=history)
    assert (await analytics.time_to_close(TENANT)).median_seconds == 300.0


async def test_the_first_values_in_the_history_close_nothing(db: Database) -> None:
    history = [change(1, NOW, old="", action="created")]
    analytics = await store(db, ticket(1, status="closed"), history=history)
    assert (await analytics.time_to_close(TENANT)).ticket_count == 0


@pytest.mark.parametrize(
    "odd", [{"occurred_at": "yesterday"}, {"recorded_at": None}, {"changes": None}, {"changes": {"status": "closed"}}]
)
async def test_rows_of_other_programs_do_not_break_the_time_to_close(db: Database, odd: Row) -> None:
    created = NOW - timedelta(days=1)
    history = [change(1, created + timedelta(minutes=5)), change(2, created) | odd, {"_id": "x", "tenant_id": TENANT}]
    rows = [ticket(1, created, status="closed"), ticket(2, created, status="closed"), ticket(3, status="closed")]
    undated = ticket(4, status="closed") | {"created_at": "yesterday"}
    analytics = await store(db, *rows, undated, history=history)
    assert (await analytics.time_to_close(TENANT)).ticket_count == 1


async def test_customers_have_counts_of_what_is_not_closed_in_any_words(db: Database) -> None:
    words = ["closed", "Solved", "MERGED", "open", "on hold", None]
    rows = [ticket(number, customer_id="a", status=word) for number, word in enumerate(words)]
    analytics = await store(db, *rows, ticket(9, customer_id="b", status="resolved by bot"))
    found = await analytics.customers(TENANT, order=CustomerOrder.NOT_CLOSED, first=5)
    assert [(customer.customer_id, customer.not_closed_count) for customer in found] == [("a", 3)]


async def test_a_trend_is_broken_down_by_what_statuses_mean(db: Database) -> None:
    words = ["closed", "Solved", "open", "on hold", None, 5]
    analytics = await store(db, *(ticket(number, status=word) for number, word in enumerate(words)))
    trend = await trend_of(analytics, unit=TrendUnit.DAY, breakdown=CountedField.STATUS_CATEGORY)
    assert trend[-1].counts == [("open", 3), ("closed", 2), ("pending", 1)]


async def test_time_to_close_keeps_to_the_period_of_creation(db: Database) -> None:
    analytics = await store(db, ticket(1, status="closed"), history=[change(1, NOW)])
    assert (await analytics.time_to_close(TENANT, created_to=NOW - timedelta(days=1))).ticket_count == 0


@pytest.mark.thorough
@pytest.mark.parametrize("unit", TrendUnit)
@pytest.mark.parametrize(
    "name", some_of(["America/Santiago", "Australia/Lord_Howe", "Atlantic/Azores", "Asia/Kathmandu", "UTC"])
)
async def test_every_ticket_counts_in_the_unit_that_holds_it(db: Database, unit: TrendUnit, name: str) -> None:
    dice = random.Random(f"{unit} {name}")
    start = datetime(2026, 3, 20, 7, 41, tzinfo=UTC)
    end = start + {TrendUnit.HOUR: timedelta(days=40)}.get(unit, timedelta(days=400))
    moments = [start + (end - start) * dice.random() for _ in range(500)]
    begins = boundaries(start, end, unit, zone(name))
    moments = [moment.replace(microsecond=0) for moment in moments] + [
        begin for begin in begins if start <= begin < end
    ]
    analytics = await store(db, *(ticket(number, moment) for number, moment in enumerate(moments)))
    trend = await trend_of(analytics, unit=unit, created_from=start, created_to=end, time_zone=name)
    expected = Counter(bisect_right(begins, moment) - 1 for moment in moments if start <= moment < end)
    assert [bucket.start for bucket in trend] == begins[:-1]
    assert [bucket.count for bucket in trend] == [expected[number] for number in range(len(begins) - 1)]
