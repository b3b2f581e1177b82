"""What is measured of forecasts and spikes, on numbers that are known."""

import random

from benchmarks.spikes.__main__ import BLOCK, DOCUMENT, SPIKES, alarm_table, forecast_table
from benchmarks.spikes.measuring import FIRST_OF_FLIGHTS, ForecastScore, WatchScore, flights, foretell
from benchmarks.spikes.tenants import QUARTERS_A_WEEK, made_up, poisson


def test_the_tables_tell_what_was_counted() -> None:
    score = ForecastScore(weeks=10, shown=4, worse=1, error=90.0, rival_error=120.0, inside=4 * 168 * 3 // 4)
    assert forecast_table({"a": score, "b": ForecastScore(weeks=2)}).splitlines()[2:] == [
        "| a | 10 | 4 | 25 % | 1 | 75 % |",
        "| b | 2 | 0 |  | 0 |  |",
    ]
    watched = WatchScore(4.0, 2, {size: [30, 60] for size in SPIKES}, dict.fromkeys(SPIKES, 8))
    [row] = alarm_table({2: watched}).splitlines()[2:]
    assert row.startswith("| 2 | 4 | 0.50 | 25 %, after 45 min |")


def test_the_page_has_a_place_for_the_tables() -> None:
    assert len(BLOCK.findall(DOCUMENT.read_text(encoding="utf-8"))) == 1


def test_the_real_series_begins_at_the_hour_that_is_said_and_no_flight_leaves_at_night() -> None:
    series = flights()
    assert {len(counts) for counts in series.values()} == {365 * 24}
    nights = [
        counts[each] for counts in series.values() for each in range(8_760) if (each + FIRST_OF_FLIGHTS - 5) % 24 == 3
    ]
    assert sum(nights) == 0


def test_a_week_is_foretold_from_those_before_it_alone() -> None:
    tenant = made_up(5, 14, random.Random(1)).hourly()
    one, other = ForecastScore(), ForecastScore()
    foretell(tenant[: 13 * 168], 0, one)
    foretell([*tenant[: 13 * 168], *(10_000 for _ in range(168))], 0, other)
    assert (one.weeks, other.weeks) == (1, 2)
    assert other.error - one.error > 167 * 9_000


def test_made_up_tenants_have_what_is_said_of_them() -> None:
    luck = random.Random(3)
    tenant = made_up(20, 4, luck)
    assert len(tenant.quarters) == 4 * QUARTERS_A_WEEK
    assert 0.7 < sum(tenant.hourly()) / (20 * 4 * 168) < 1.4
    spiked = tenant.with_spike(1_000, 4, 80, luck)
    extra = sum(map(len, spiked.quarters)) - sum(map(len, tenant.quarters))
    assert 50 < extra < 110
    assert 0.9 < sum(poisson(3, luck) for _ in range(2_000)) / 6_000 < 1.1
