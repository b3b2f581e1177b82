"""Hours, days, weeks and months by the clock of every zone of 2026, against a search minute by minute."""

import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from importlib.resources import files
from itertools import pairwise

import pytest

from services.errors import InvalidInputError
from services.kit.civil_time import TrendUnit, boundaries, zone
from tests.properties import THOROUGH

NAMES = sorted(files("tzdata").joinpath("zones").read_text().split())
BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
STEP = timedelta(minutes=15)
"""Clocks differ from UTC, and are changed, by multiples of it in 2026."""
MOMENTS = [BEGIN + number * STEP for number in range(365 * 24 * 4)]

LABELS: dict[TrendUnit, Callable[[datetime], object]] = {
    TrendUnit.HOUR: lambda local: (local.day, local.hour, local.utcoffset()),
    TrendUnit.DAY: lambda local: local.day,
    TrendUnit.WEEK: lambda local: local.toordinal() - local.weekday(),
    TrendUnit.MONTH: lambda local: local.month,
}
"""What tells one unit from the next on a clock that is looked at time and again."""


def file_of(name: str) -> bytes:
    return files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()


def rules_of_2026(name: str, file: bytes) -> tuple[object, ...]:
    """Tells apart zones whose clocks differ in 2026: the rule at the end of their file, and their days without one."""
    place = zone(name)
    rule = re.sub(rb"<[^>]*>|[A-Z]{3,}", b"", file.rsplit(b"\n", 2)[1])  # whatever the clock is called
    return rule, *((BEGIN + timedelta(days=day)).astimezone(place).utcoffset() for day in range(365))


def brute_force(place: tzinfo) -> dict[TrendUnit, list[datetime]]:
    """For each unit, every moment of 2026 at which its label is another one than a moment before."""
    found: dict[TrendUnit, list[datetime]] = {unit: [] for unit in TrendUnit}
    local = (BEGIN - STEP).astimezone(place)
    before = {unit: label(local) for unit, label in LABELS.items()}
    for moment in MOMENTS:
        last, local = local, moment.astimezone(place)
        if local.minute - last.minute == 15 and local.hour == last.hour and local.day == last.day:
            continue  # the clock runs on within an hour: none of the labels is another one
        for unit, label in LABELS.items():
            if (now := label(local)) != before[unit]:
                found[unit].append(moment)
                before[unit] = now
    return found


def test_there_are_all_zones() -> None:
    assert len(NAMES) > 590


PECULIAR = ("Africa/Casablanca", "America/Santiago", "Asia/Gaza", "Australia/Lord_Howe", "Pacific/Chatham", "UTC")
"""Whose clocks change in odd ways, on odd days or by half an hour, and one that never does."""


def looked_at() -> list[str]:
    """One zone of each clock that there is; without time for them, the peculiar ones and others each time."""
    if not THOROUGH:
        return [*PECULIAR, *random.sample(NAMES, 14)]
    clocks = {rules_of_2026(name, file): name for file, name in {file_of(name): name for name in NAMES}.items()}
    assert len(clocks) > 60
    return sorted(clocks.values())


@pytest.mark.thorough
def test_units_begin_when_the_clock_says_so() -> None:
    for name in looked_at():
        place = zone(name)
        expected = brute_force(place)
        for unit in TrendUnit:
            found = [moment for moment in boundaries(BEGIN, END, unit, place) if BEGIN <= moment < END]
            assert found == expected[unit], (name, unit)


def starts(name: str, unit: TrendUnit, begin: datetime, end: datetime) -> list[str]:
    return [f"{moment:%m-%d %H:%M}" for moment in boundaries(begin, end, unit, zone(name))]


def test_days_of_mexico_begin_at_six() -> None:
    begin, end = datetime(2026, 4, 5, 6, tzinfo=UTC), datetime(2026, 4, 7, 6, tzinfo=UTC)
    assert starts("America/Mexico_City", TrendUnit.DAY, begin, end) == ["04-05 06:00", "04-06 06:00", "04-07 06:00"]


def test_a_day_with_two_midnights_is_one_day() -> None:
    begin, end = datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 10, 26, 1, tzinfo=UTC)
    assert starts("Atlantic/Azores", TrendUnit.DAY, begin, end) == ["10-25 00:00", "10-26 01:00"]


def test_a_day_without_midnight_begins_with_its_first_moment() -> None:
    found = boundaries(
        datetime(2026, 9, 5, 4, tzinfo=UTC),
        datetime(2026, 9, 8, 3, tzinfo=UTC),
        TrendUnit.DAY,
        zone("America/Santiago"),
    )
    assert [end - begin for begin, end in pairwise(found)] == [timedelta(hours=hours) for hours in (24, 23, 24)]
    assert found[1].astimezone(zone("America/Santiago")).hour == 1


@pytest.mark.parametrize(("name", "minute"), [("Asia/Colombo", 30), ("Asia/Kathmandu", 15), ("+05:30", 30), ("UTC", 0)])
def test_hours_begin_where_the_clock_shows_a_full_one(name: str, minute: int) -> None:
    begin = datetime(2026, 2, 5, 3, 50, tzinfo=UTC)
    found = boundaries(begin, begin + timedelta(hours=2), TrendUnit.HOUR, zone(name))
    assert {moment.minute for moment in found} == {minute}
    assert found[0] <= begin < found[1]


def test_an_hour_that_is_cut_by_a_change_of_half_an_hour_is_its_own() -> None:
    place = zone("Australia/Lord_Howe")  # at 2:00 the clock goes back to 1:30
    found = boundaries(
        datetime(2026, 4, 4, 14, tzinfo=UTC), datetime(2026, 4, 4, 16, 30, tzinfo=UTC), TrendUnit.HOUR, place
    )
    assert [f"{moment:%H:%M}" for moment in found] == ["14:00", "15:00", "15:30", "16:30"]


def test_a_period_of_no_length_has_no_units() -> None:
    assert boundaries(BEGIN, BEGIN, TrendUnit.DAY, UTC) == []


@pytest.mark.parametrize("begin", [BEGIN + timedelta(seconds=1.5), BEGIN + timedelta(hours=13, minutes=7)])
@pytest.mark.parametrize("unit", TrendUnit)
def test_boundaries_hold_the_period(begin: datetime, unit: TrendUnit) -> None:
    end = begin + timedelta(days=40)
    found = boundaries(begin, end, unit, zone("Europe/Paris"))
    assert found[0] <= begin < found[1]
    assert found[-2] < end <= found[-1]
    assert found == sorted(set(found))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Mars/Base",
        "../../etc/passwd",
        "Europe",
        "zone.tab",
        "zonenow.tab",
        "iso3166.tab",
        "leapseconds",
        "tzdata.zi",
        "/UTC",
        "UTC/",
        "Europe/Paris\x00",
        "+15:00",
        "+2:00",
        "x" * 10_000,
        "utc\n",
    ],
)
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError):
        zone(name)
