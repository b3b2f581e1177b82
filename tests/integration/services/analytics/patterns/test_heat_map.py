"""When tickets come, against clocks that are looked at ticket by ticket."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from documents.database import Database, Row
from documents.ticket import Ticket
from services.analytics.figures import Analytics
from services.coordination.sharing import Questions
from services.errors import InvalidInputError
from services.kit.civil_time import offset_changes, zone
from services.rollups.write import Rollups
from services.tickets.filter import TicketFilter
from services.tickets.reading import Tickets
from tests.fakes import FakeClock
from tests.properties import some_of

NOW = datetime(2026, 11, 5, 12, 30, tzinfo=UTC)
ZONES = [
    *("UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe"),
    *("America/Santiago", "Pacific/Apia", "Africa/Casablanca", "Africa/Monrovia", "+02:00", "-03:30"),
]


DAYS = 4_600
"""In which each of the zones that have changed their rules has done so."""


def brute_force(moments: list[datetime], name: str) -> dict[tuple[int, int], int]:
    local = [moment.astimezone(zone(name)) for moment in moments]
    return Counter((moment.isoweekday(), moment.hour) for moment in local)


async def stored(database: Database, dice: random.Random, since: datetime, count: int) -> tuple[str, list[Row]]:
    """Tickets of which some are rolled up, some were deleted since, and some have no usable time of creation."""
    tenant, tickets = uuid4().hex, database.collection(Ticket)
    rows: list[Row] = [
        {"tenant_id": tenant, "external_id": f"t{number}", "created_at": since + (NOW - since) * dice.random()}
        for number in range(count)
    ]
    for row in rows:
        row["created_at"] = row["created_at"].replace(microsecond=0)
    await tickets.insert_many(rows)
    await Rollups(database).roll_up(tenant, at_most=count // 2)
    gone = dice.sample(rows, count // 10)
    await tickets.update_many({"_id": {"$in": [row["_id"] for row in gone]}}, {"$set": {"deleted_at": NOW}})
    odd = [{}, {"created_at": None}, {"created_at": "yesterday"}]
    await tickets.insert_many([{"tenant_id": tenant, "external_id": f"odd{n}", **one} for n, one in enumerate(odd)])
    return tenant, [row for row in rows if row not in gone]


@pytest.mark.thorough
@pytest.mark.parametrize("name", some_of(ZONES))
async def test_every_ticket_is_where_its_clock_shows(database: Database, name: str) -> None:
    dice = random.Random(name)
    analytics = Analytics(database, FakeClock(NOW), Questions())
    tenant, rows = await stored(database, dice, NOW - timedelta(days=400), 200)
    start = NOW - timedelta(days=300, hours=dice.random() * 24)
    end = NOW - timedelta(days=20, minutes=dice.random() * 999)
    for period in ((None, None), (start, None), (None, end), (start, end)):
        found = await analytics.heat_map(tenant, created_from=period[0], created_to=period[1], time_zone=name)
        assert [(cell.weekday, cell.hour) for cell in found] == [
            (day, hour) for day in range(1, 8) for hour in range(24)
        ]
        inside = [
            row["created_at"]
            for row in rows
            if (not period[0] or period[0] <= row["created_at"]) and (not period[1] or row["created_at"] < period[1])
        ]
        assert {(cell.weekday, cell.hour): cell.count for cell in found if cell.count} == brute_force(inside, name)


@pytest.mark.parametrize("name", ["Europe/Paris", "Africa/Monrovia", "Asia/Singapore"])
async def test_clocks_of_the_past_were_others(database: Database, name: str) -> None:
    tenant, rows = await stored(database, random.Random(name), datetime(1970, 1, 1, tzinfo=UTC), 150)
    found = await Analytics(database, FakeClock(NOW), Questions()).heat_map(tenant, time_zone=name)
    expected = brute_force([row["created_at"] for row in rows], name)
    assert {(cell.weekday, cell.hour): cell.count for cell in found if cell.count} == expected


@pytest.mark.thorough
@pytest.mark.parametrize("name", some_of(["Europe/Paris", "Asia/Kathmandu", "Australia/Lord_Howe", "-03:30"], one_in=2))
async def test_every_cell_is_as_long_as_its_list(database: Database, name: str) -> None:
    tenant, _ = await stored(database, random.Random(name), NOW - timedelta(days=400), 100)
    created = {"created_from": NOW - timedelta(days=300), "created_to": NOW}
    tickets = Tickets(database)
    for cell in await Analytics(database, FakeClock(NOW), Questions()).heat_map(tenant, time_zone=name, **created):
        wanted = TicketFilter(created_weekday=cell.weekday, created_hour=cell.hour, time_zone=name, **created)
        assert await tickets.count(tenant, wanted) == cell.count


async def test_hours_that_a_clock_leaves_out_or_has_twice(database: Database) -> None:
    tenant = uuid4().hex
    spring, autumn = datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)
    moments = [day + timedelta(minutes=minute) for day in (spring, autumn) for minute in range(0, 180, 15)]
    rows = [{"tenant_id": tenant, "external_id": f"t{n}", "created_at": moment} for n, moment in enumerate(moments)]
    await database.collection(Ticket).insert_many(rows)
    analytics = Analytics(database, FakeClock(NOW), Questions())
    for day, expected in ((spring, {1: 4, 3: 4, 4: 4}), (autumn, {2: 8, 3: 4})):
        found = await analytics.heat_map(
            tenant, created_from=day, created_to=day + timedelta(hours=3), time_zone="Europe/Paris"
        )
        assert {(cell.weekday, cell.hour): cell.count for cell in found if cell.count} == {
            (7, hour): count for hour, count in expected.items()
        }


@pytest.mark.thorough
@pytest.mark.parametrize(
    "name", some_of(["Europe/Paris", "America/Sao_Paulo", "Africa/El_Aaiun", "Asia/Tehran", "UTC"])
)
def test_offsets_are_those_of_every_hour(name: str) -> None:
    start, place = datetime(2007, 3, 1, 5, 10, tzinfo=UTC), zone(name)
    end = start + timedelta(days=DAYS)
    changes = offset_changes(start, end, place)
    number = 0
    for hour in range(DAYS * 24):
        moment = start + timedelta(hours=hour)
        while number + 1 < len(changes) and changes[number + 1][0] <= moment:
            number += 1
        assert changes[number][1] == moment.astimezone(place).utcoffset()


@pytest.mark.parametrize(
    ("asked", "argument"),
    [
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"created_from": NOW, "created_to": NOW - timedelta(days=1)}, "to_date"),
        ({"created_from": datetime(1969, 1, 1, tzinfo=UTC)}, "from_date"),
    ],
)
async def test_what_makes_no_sense_is_refused_by_its_name(database: Database, asked: Row, argument: str) -> None:
    with pytest.raises(InvalidInputError, match=argument):
        await Analytics(database, FakeClock(NOW), Questions()).heat_map("acme", **asked)
