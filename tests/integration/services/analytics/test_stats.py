"""The statistics against tickets written straight into the collection."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from documents.database import Database, Row
from documents.ticket import Ticket
from services.analytics.pipeline import StatsPart
from services.analytics.stats import Stats
from services.coordination.sharing import Questions
from services.errors import InvalidInputError, QueryTimeoutError
from services.rollups.write import Rollups
from tests.fakes import FakeClock

TENANT = "acme"
NOW = datetime(2026, 2, 5, 12, 30, tzinfo=UTC)
HOUR = NOW.replace(minute=0)


def ticket(number: int, **fields: Any) -> Row:
    return {"tenant_id": TENANT, "external_id": f"t{number}", "created_at": NOW - timedelta(days=2), **fields}


def high_and_open(number: int, customer_id: str = "c1", **fields: Any) -> Row:
    return ticket(number, customer_id=customer_id, urgency="high", status="open", **fields)


async def store(db: Database, *rows: Row) -> Stats:
    if rows:
        await db.collection(Ticket).insert_many(list(rows))
    return Stats(db, FakeClock(NOW), Questions())


async def test_counts_by_each_field(db: Database) -> None:
    stats = await store(
        db,
        ticket(1, status="open", urgency="high", sentiment="negative", source="email"),
        ticket(2, status="closed", urgency="low", sentiment="negative", source="email"),
        ticket(3, status="open", urgency="low", sentiment="neutral", source="chat"),
    )
    found = await stats.compute(TENANT)
    assert found.total_tickets == 3
    assert found.by_status == {"open": 2, "closed": 1}
    assert found.by_urgency == {"low": 2, "high": 1}
    assert found.by_sentiment == {"negative": 2, "neutral": 1}
    assert found.by_source == {"email": 2, "chat": 1}


async def test_ratios_have_three_decimals(db: Database) -> None:
    stats = await store(db, ticket(1, urgency="high", sentiment="negative"), ticket(2, sentiment="negative"), ticket(3))
    found = await stats.compute(TENANT)
    assert (found.urgency_high_ratio, found.negative_sentiment_ratio) == (0.333, 0.667)


async def test_an_unknown_tenant_has_zeros_and_an_empty_day(db: Database) -> None:
    found = await (await store(db)).compute("nobody")
    assert found.total_tickets == 0
    assert found.by_status == found.by_urgency == found.by_sentiment == found.by_source == {}
    assert (found.urgency_high_ratio, found.negative_sentiment_ratio) == (0.0, 0.0)
    assert [hour["count"] for hour in found.hourly_trend] == [0] * 24
    assert found.top_keywords == found.at_risk_customers == []


async def test_a_ticket_with_nothing_but_its_tenant_counts_as_unknown(db: Database) -> None:
    stats = await store(db, {"tenant_id": TENANT})
    found = await stats.compute(TENANT)
    assert found.total_tickets == 1
    assert found.by_status == found.by_urgency == found.by_sentiment == found.by_source == {"unknown": 1}


async def test_values_of_other_types_count_under_their_text(db: Database) -> None:
    stats = await store(db, ticket(1, status=5), ticket(2, status="5"), ticket(3, status=["a"]))
    assert (await stats.compute(TENANT)).by_status == {"5": 2, "['a']": 1}


async def test_soft_deleted_tickets_never_count(db: Database) -> None:
    stats = await store(
        db,
        high_and_open(1, deleted_at=NOW, keyword_key="refund", created_at=HOUR - timedelta(minutes=1)),
        high_and_open(2, deleted_at=NOW),
        high_and_open(3, deleted_at=None, source="email"),
    )
    found = await stats.compute(TENANT)
    assert found.total_tickets == 1
    assert found.by_source == {"email": 1}
    assert found.top_keywords == found.at_risk_customers == []
    assert sum(hour["count"] for hour in found.hourly_trend) == 0


async def test_other_tenants_never_count(db: Database) -> None:
    stats = await store(db, ticket(1), ticket(1) | {"tenant_id": "other", "status": "open"})
    found = await stats.compute(TENANT)
    assert found.by_status == {"unknown": 1}


async def test_the_trend_ends_with_the_present_hour_and_has_zeros(db: Database) -> None:
    stats = await store(
        db,
        ticket(1, created_at=HOUR + timedelta(hours=1)),
        ticket(2, created_at=HOUR + timedelta(minutes=59)),  # the present hour, as far as it has come
        ticket(3, created_at=HOUR),
        ticket(4, created_at=HOUR - timedelta(milliseconds=1)),
        ticket(5, created_at=HOUR - timedelta(hours=23)),
        ticket(6, created_at=HOUR - timedelta(hours=23, milliseconds=1)),
    )
    trend = (await stats.compute(TENANT)).hourly_trend
    assert [hour["hour"] for hour in trend] == [HOUR - timedelta(hours=ago) for ago in range(23, -1, -1)]
    assert [hour["count"] for hour in trend] == [1] + [0] * 21 + [1, 2]


async def test_keywords_are_counted_once_a_ticket_and_ranked(db: Database) -> None:
    keys = ["outage|refund", "refund", "", "bug|refund"]
    stats = await store(db, *(ticket(number, keyword_key=key) for number, key in enumerate(keys)))
    assert (await stats.compute(TENANT)).top_keywords == [
        {"keyword": "refund", "count": 3},
        {"keyword": "bug", "count": 1},
        {"keyword": "outage", "count": 1},
    ]


async def test_ten_keywords_at_most(db: Database) -> None:
    stats = await store(db, *(ticket(number, keyword_key=f"k{number:02}") for number in range(12)))
    assert [row["keyword"] for row in (await stats.compute(TENANT)).top_keywords] == [f"k{n:02}" for n in range(10)]


async def test_customers_at_risk_have_two_high_tickets_that_are_not_closed(db: Database) -> None:
    stats = await store(
        db,
        high_and_open(1, "twice"),
        high_and_open(2, "twice", created_at=NOW),
        high_and_open(3, "once"),
        high_and_open(4, "solved"),
        high_and_open(5, "solved") | {"status": "closed"},
        high_and_open(6, "calm") | {"urgency": "medium"},
        high_and_open(7, "calm"),
    )
    assert (await stats.compute(TENANT)).at_risk_customers == [
        {"customer_id": "twice", "high_urgency_count": 2, "ticket_ids": ["t2", "t1"]}
    ]


async def test_a_ticket_without_status_is_not_closed(db: Database) -> None:
    rows = [{key: value for key, value in high_and_open(number).items() if key != "status"} for number in (1, 2)]
    assert len((await (await store(db, *rows)).compute(TENANT)).at_risk_customers) == 1


async def test_tickets_without_a_customer_are_nobodys_risk(db: Database) -> None:
    stats = await store(db, *(ticket(number, urgency="high", status="open") for number in range(3)))
    assert (await stats.compute(TENANT)).at_risk_customers == []


async def test_the_newest_twenty_ticket_ids_of_a_customer_are_shown(db: Database) -> None:
    rows = [high_and_open(number, created_at=NOW - timedelta(minutes=number)) for number in range(25)]
    [customer] = (await (await store(db, *rows)).compute(TENANT)).at_risk_customers
    assert customer["high_urgency_count"] == 25
    assert customer["ticket_ids"] == [f"t{number}" for number in range(20)]


async def test_ten_customers_at_risk_at_most_the_worst_first(db: Database) -> None:
    rows = [high_and_open(100 * c + n, f"c{c:02}") for c in range(12) for n in range(2 + (c == 11))]
    found = (await (await store(db, *rows)).compute(TENANT)).at_risk_customers
    assert [row["customer_id"] for row in found] == ["c11", *(f"c{c:02}" for c in range(9))]


async def test_the_period_begins_inclusively_and_ends_exclusively(db: Database) -> None:
    day = datetime(2026, 2, 1, tzinfo=UTC)
    rows = [ticket(hour, created_at=day + timedelta(hours=hour), status=str(hour)) for hour in range(4)]
    stats = await store(db, *rows, {"tenant_id": TENANT, "external_id": "undated"})
    found = await stats.compute(TENANT, created_from=day + timedelta(hours=1), created_to=day + timedelta(hours=3))
    assert found.by_status == {"1": 1, "2": 1}


async def test_the_period_bounds_every_part(db: Database) -> None:
    old = [high_and_open(n, keyword_key="refund", created_at=HOUR - timedelta(hours=5)) for n in range(2)]
    found = await (await store(db, *old)).compute(TENANT, created_from=HOUR - timedelta(hours=4))
    assert found.total_tickets == 0
    assert found.top_keywords == found.at_risk_customers == []
    assert sum(hour["count"] for hour in found.hourly_trend) == 0


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (datetime(2026, 2, 2, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)),
        (datetime(2026, 2, 1), None),  # noqa: DTZ001
        (datetime(1, 1, 1, tzinfo=UTC), None),
        (None, datetime(9999, 12, 31, tzinfo=UTC)),
    ],
    ids=["reversed", "naive", "year 1", "year 9999"],
)
async def test_periods_that_make_no_sense_are_refused(
    db: Database, start: datetime | None, end: datetime | None
) -> None:
    stats = await store(db)
    with pytest.raises(InvalidInputError):
        await stats.compute(TENANT, created_from=start, created_to=end)


@pytest.mark.parametrize("is_rolled_up", [True, False])
async def test_of_very_many_values_the_most_frequent_are_listed(db: Database, is_rolled_up: bool) -> None:
    often = [ticket(number, assignee="zoe", tags=["zz"]) for number in range(2)]
    seldom = [ticket(number, assignee=f"a{number:03}", tags=[f"t{number:03}"]) for number in range(2, 152)]
    stats = await store(db, *often, *seldom, ticket(152), ticket(153))
    if is_rolled_up:
        await Rollups(db).roll_up(TENANT)
    found = await stats.compute(TENANT)
    assert list(found.by_assignee.items())[:3] == [("unknown", 2), ("zoe", 2), ("a002", 1)]
    assert len(found.by_assignee) == 101  # 100, and those without one
    assert list(found.by_tag.items()) == [("zz", 2), *((f"t{number:03}", 1) for number in range(2, 101))]
    assert found.by_priority == {"unknown": 154}


@pytest.mark.parametrize("part", StatsPart)
async def test_each_part_alone_is_what_it_is_among_all(db: Database, part: StatsPart) -> None:
    rows = [
        high_and_open(number, keyword_key="refund", tags=["vip"], created_at=HOUR - timedelta(hours=number))
        for number in range(5)
    ]
    stats = await store(db, *rows)
    whole, alone = await stats.compute(TENANT), await stats.compute(TENANT, parts=frozenset([part]))
    fields = {
        StatsPart.COUNTS: ("total_tickets", "by_status", "by_urgency", "by_sentiment", "urgency_high_ratio"),
        StatsPart.TAGS: ("by_tag",),
        StatsPart.KEYWORDS: ("top_keywords",),
        StatsPart.TREND: ("hourly_trend",),
        StatsPart.AT_RISK: ("at_risk_customers",),
    }[part]
    for field in fields:
        assert getattr(alone, field) == getattr(whole, field)
        assert getattr(alone, field)


async def test_an_aggregation_over_its_time_is_given_up(db: Database) -> None:
    for first in range(0, 5_000, 1_000):
        await store(db, *(ticket(number, keyword_key=f"k{number}") for number in range(first, first + 1_000)))
    with pytest.raises(QueryTimeoutError):
        await Stats(db, FakeClock(NOW), Questions(), max_milliseconds=1).compute(TENANT)
