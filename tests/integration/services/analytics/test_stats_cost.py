"""What statistics cost: one command, answered by indexes alone."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from documents.database import Database, Row
from documents.ticket import Ticket
from documents.ticket_indexes import COUNTED_INDEX as INDEX
from documents.ticket_indexes import TAGGED_INDEX
from services.analytics.partition import customer_partition, partition_of
from services.analytics.pipeline import ALL_PARTS, StatsPart, build_pipeline
from services.rollups.write import Rollups
from tests.integration.services.analytics.test_stats import HOUR, NOW, TENANT, high_and_open, store


async def test_everything_takes_one_round_trip(db: Database) -> None:
    stats = await store(db, *(high_and_open(number, keyword_key="refund") for number in range(150)))
    database = db.collection(Ticket).database
    await database.command("profile", 2)
    try:
        await stats.compute(TENANT)
    finally:
        await database.command("profile", 0)
    commands = await database["system.profile"].find({"ns": f"{database.name}.tickets"}).to_list(None)
    await database["system.profile"].drop()
    assert [command["op"] for command in commands] == ["command"]
    assert commands[0]["cursorExhausted"]


ALL_TIME = [
    *["tickets tenant_counted"] * 2,  # the tickets that are not rolled up; the rolled-up ones that are deleted
    *["ticket_rollups tenant_field_day"] * 2,  # the rollups, and their hours
    "tickets tenant_counted",  # the first two, by customer; all else is looked up for those who may lead
]
MONTH = [
    *["tickets tenant_counted"] * 4,  # the same two, and those of the two quarters of an hour that the period cuts
    *["ticket_rollups tenant_field_day"] * 4,  # the two days that it cuts are read, the others summed
    "tickets tenant_counted",
]


@pytest.mark.parametrize(
    ("period", "indexes"),
    [((None, None), ALL_TIME), ((NOW - timedelta(days=30, minutes=7), NOW - timedelta(minutes=7)), MONTH)],
    ids=["all time", "a month"],
)
async def test_indexes_answer_every_part_without_reading_tickets(
    db: Database, period: tuple[datetime | None, datetime | None], indexes: list[str]
) -> None:
    rows = [
        high_and_open(number, f"c{number % 7}", keyword_key="refund", created_at=NOW - timedelta(minutes=number))
        | ({} if number % 5 == 0 else {"urgency": "low"})
        for number in range(600)
    ]
    tickets = db.collection(Ticket)
    # An index that ever held an array covers nothing any more, and other tests may have stored one.
    await tickets.drop_indexes()
    await tickets.create_indexes(Ticket.Settings.indexes)
    await store(db, *rows)
    await Rollups(db).roll_up(TENANT)
    await tickets.update_many({"external_id": {"$in": ["t599", "t598"]}}, {"$set": {"deleted_at": NOW}})
    customers = customer_partition(TENANT, *period, NOW)
    pipeline = build_pipeline(partition_of(TENANT, *period), customers, HOUR, ALL_PARTS - {StatsPart.TAGS})
    plan = await tickets.database.command(
        "explain",
        {"aggregate": tickets.name, "pipeline": pipeline, "cursor": {}, "hint": INDEX},
        verbosity="queryPlanner",
    )
    stages = list(_stages(plan))
    assert [f"{rows} {stage['indexName']}" for rows, stage in stages if stage["stage"] == "IXSCAN"] == indexes
    assert "COLLSCAN" not in {stage["stage"] for _, stage in stages}
    assert ("tickets", "FETCH") not in {(rows, stage["stage"]) for rows, stage in stages}


@pytest.mark.parametrize("period", [(None, None), (NOW - timedelta(days=30, minutes=7), None)], ids=["all", "month"])
@pytest.mark.parametrize("are_tagged", [True, False])
async def test_of_tags_no_more_tickets_are_read_than_have_some_and_are_not_rolled_up(
    db: Database, period: tuple[datetime | None, datetime | None], *, are_tagged: bool
) -> None:
    more: Row = {"created_at": NOW - timedelta(days=1), **({"tags": ["vip", "eu"]} if are_tagged else {})}
    await store(db, *(high_and_open(number, **more) for number in range(200)))
    while await Rollups(db).roll_up(TENANT):
        pass
    stats = await store(db, *(high_and_open(number, **more) for number in range(200, 300)))
    count = 300 if are_tagged else 0
    assert (await stats.compute(TENANT, created_from=period[0])).by_tag == Counter(
        {"eu": count, "vip": count}
    ) + Counter()
    customers = customer_partition(TENANT, *period, NOW)
    pipeline = build_pipeline(partition_of(TENANT, *period), customers, HOUR, [StatsPart.TAGS])
    database = db.collection(Ticket).database
    command = {"aggregate": "tickets", "pipeline": pipeline, "cursor": {}, "hint": INDEX}
    plan = await database.command("explain", command, verbosity="queryPlanner")
    walked = {stage["indexName"] for rows, stage in _stages(plan) if (rows, stage["stage"]) == ("tickets", "IXSCAN")}
    assert walked <= {INDEX, TAGGED_INDEX}
    assert are_tagged or TAGGED_INDEX in walked  # so that no ticket is read for nothing


def _stages(plan: Any, rows: str = "") -> Iterator[tuple[str, Row]]:
    """All stages of the winning plans, with the name of their collection."""
    if isinstance(plan, list):
        for part in plan:
            yield from _stages(part, rows)
    if isinstance(plan, dict):
        rows = plan["namespace"].split(".")[-1] if "namespace" in plan else rows
        if isinstance(plan.get("stage"), str):
            yield rows, plan
        for key, part in plan.items():
            if key != "rejectedPlans":
                yield from _stages(part, rows)
