"""What counts as a spike, on numbers that are made up."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.spikes.detection import (
    QUARTERS_A_WEEK,
    FoundSpike,
    JudgedHour,
    chance_of,
    dispersion,
    found_spikes,
    judge_hour,
)
from services.spikes.search import risen_keywords
from tests.properties import tried_on

NOW = 100 * QUARTERS_A_WEEK


def steady(now: int, usual: int = 6) -> Callable[[int], int]:
    """As many as usual, a little more or less; `now` in the last hours."""
    return lambda quarter: now if quarter >= NOW else usual + quarter % 3 - 1


@tried_on(200)
@given(st.integers(1, 400), st.floats(0.2, 300), st.floats(1.01, 6))
def test_the_chance_is_that_of_the_distribution(count: int, mean: float, spread: float) -> None:
    variance = mean * spread
    chance = chance_of(count, mean, variance)
    assert 0 <= chance <= 1
    assert chance_of(count + 1, mean, variance) <= chance
    if count > mean:  # one less than the tail from the next on is the tail from here: summed from the other end
        size = mean**2 / (variance - mean)
        term, below = (size / (size + mean)) ** size, 0.0
        for number in range(count):
            below += term
            term *= mean / (size + mean) * (number + size) / (number + 1)
        assert chance == pytest.approx(1 - below, abs=1e-9, rel=1e-6)


def test_as_many_as_usual_are_no_spike_and_three_times_as_many_are() -> None:
    usual, many = (judge_hour(NOW, steady(now), 8) for now in (8, 24))
    assert usual is not None
    assert many is not None
    assert (usual.lasts, many.raises) == (False, True)
    assert 5 < many.expected < 8


def test_with_too_few_weeks_nothing_is_judged() -> None:
    assert judge_hour(NOW, steady(50), 2) is None
    assert judge_hour(NOW, steady(50), 3) is not None


def test_four_customers_are_never_a_spike() -> None:
    hour = judge_hour(NOW, lambda quarter: 4 if quarter >= NOW else 0, 8)
    assert hour is not None
    assert hour.chance < 0.001
    assert not hour.raises


def test_a_clock_that_is_changed_raises_nothing() -> None:
    def customers_of(quarter: int) -> int:
        moment = quarter if quarter >= NOW else quarter - 4  # until then the day began an hour later
        return 40 if moment % 96 >= 32 else 2

    hours = [judge_hour(NOW + quarter, customers_of, 8) for quarter in range(96)]
    assert found_spikes(hour for hour in hours if hour is not None) == []


def test_a_week_that_was_not_brought_to_us_does_not_count() -> None:
    def customers_of(quarter: int) -> int:
        return 0 if round((NOW - quarter) / QUARTERS_A_WEEK) in (2, 3) else steady(14)(quarter)

    with_gap, without = judge_hour(NOW, customers_of, 8), judge_hour(NOW, steady(14), 8)
    assert with_gap is not None
    assert without is not None
    assert with_gap.expected == pytest.approx(without.expected, rel=0.1)


def test_a_spike_of_last_week_does_not_hide_one_of_today() -> None:
    hour = judge_hour(
        NOW, lambda quarter: 60 if NOW - QUARTERS_A_WEEK <= quarter < NOW - 600 else steady(60)(quarter), 8
    )
    assert hour is not None
    assert hour.raises


def hours_with(*customers: int) -> list[JudgedHour]:
    """Judged hours, a quarter apart: 30 are a spike, 15 let one last, 5 are usual."""
    chances = {30: 1e-6, 15: 1e-3, 5: 0.5}
    return [JudgedHour(NOW + number, each, 5.0, chances[each]) for number, each in enumerate(customers)]


def test_calmer_quarters_neither_end_a_spike_nor_begin_another() -> None:
    hours = hours_with(5, 15, 30, 15, 5, 5, 30, 15, 5, 5, 5, 5, 5, 5, 15, 5)
    assert found_spikes(hours) == [FoundSpike(NOW + 2, NOW + 11, hours[2])]


def test_what_was_calm_for_an_hour_is_another_spike() -> None:
    assert len(found_spikes(hours_with(30, 5, 5, 5, 5, 5, 30))) == 2


def test_the_dispersion_of_hours_that_vary_is_found() -> None:
    luck = random.Random(1)

    def column(spread: float) -> list[int]:
        rates = [200 * luck.gammavariate(1 / spread, spread) for _ in range(400)]
        return [round(luck.gauss(rate, rate**0.5)) for rate in rates]

    assert dispersion([column(0.25)]) == pytest.approx(0.25, rel=0.3)
    assert dispersion([[200] * 400]) < 0.05


def test_keywords_are_those_whose_share_has_risen() -> None:
    of_spike = {"outage": 12, "login": 6, "invoice": 5, "rare": 2}
    risen = risen_keywords(of_spike, 20, {"login": 20, "invoice": 300, "outage": 1}, 1_000)
    assert [(each.keyword, each.tickets) for each in risen] == [("outage", 12), ("login", 6)]
