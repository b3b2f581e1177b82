"""The model behind forecasts, on series that are made up."""

import random

from hypothesis import given
from hypothesis import strategies as st

from services.analytics.forecasts.profile import Hours, profile_of
from services.analytics.forecasts.trial import LEAST_HOURS, BackTest, try_out
from services.kit.hours_of_week import HOURS_A_WEEK
from tests.properties import tried_on

WEEKS = 8


def series(counts: list[int], first: int = 0) -> Hours:
    return Hours([(first + each) % HOURS_A_WEEK for each in range(len(counts))], [1.0] * len(counts), counts)


def shape(slot: int) -> int:
    """Twenty tickets in the hours of work, two in the others."""
    return 20 if slot // 24 < 5 and 8 <= slot % 24 < 18 else 2


def noisy(seed: int, weeks: int = WEEKS) -> list[int]:
    luck = random.Random(seed)
    return [max(0, round(luck.gauss(shape(slot), shape(slot) ** 0.5))) for slot in [*range(HOURS_A_WEEK)] * weeks]


@tried_on(40)
@given(
    st.lists(st.integers(0, 50) | st.just(0), min_size=40, max_size=40),
    st.integers(0, HOURS_A_WEEK - 1),
    st.integers(LEAST_HOURS, 12 * HOURS_A_WEEK),
)
def test_whatever_came_the_band_holds_what_is_expected_and_nothing_is_negative(
    pattern: list[int], first: int, length: int
) -> None:
    hours = series([pattern[each * each % 40] for each in range(length)], first)
    trial, profile = try_out(hours), profile_of(hours)
    assert 0 <= trial.coverage <= 1
    assert 0 <= trial.weeks_won <= trial.weeks
    for slot in range(HOURS_A_WEEK):
        expected = profile.expected(slot, 1.0)
        low, high = trial.band.around(expected)
        assert 0 <= low <= expected <= high


def test_a_forecast_wins_where_hours_vary_by_chance_and_its_band_holds_what_it_says() -> None:
    trials = [try_out(series(noisy(seed))) for seed in range(5)]
    assert all(trial.is_won for trial in trials)
    assert all(0.75 < trial.coverage < 0.9 for trial in trials)
    assert all(
        abs(sum(profile_of(series(noisy(seed))).rates) / sum(map(shape, range(168))) - 1) < 0.1 for seed in (0, 1)
    )


def test_where_last_week_is_the_better_answer_no_forecast_is_shown() -> None:
    luck = random.Random(1)
    tide = [luck.randrange(40) for _ in range(HOURS_A_WEEK)]
    assert not try_out(series(tide * WEEKS)).is_won  # every week is as the one before: nothing can be better
    drifting: list[int] = []
    for _ in range(WEEKS):
        tide = [max(0, hour + luck.choice((-8, 8))) for hour in tide]
        drifting += tide  # the newest week knows most, and what is older misleads
    trial = try_out(series(drifting))
    assert (trial.skill < 0, trial.is_won) == (True, False)


def test_a_win_that_one_week_alone_has_made_is_none() -> None:
    steady = try_out(series(noisy(1)))
    assert steady.is_won
    lucky = {name: getattr(steady, name) for name in BackTest.__slots__} | {"weeks_won": steady.weeks - 1}
    assert not BackTest(**lucky).is_won


def test_neither_an_outage_nor_a_flood_is_taken_for_the_rule() -> None:
    usual = profile_of(series(noisy(1))).rates
    disturbed = noisy(1)
    for hour in range(6 * HOURS_A_WEEK + 24, 6 * HOURS_A_WEEK + 72):
        disturbed[hour] = 0  # two days were not brought to us
    disturbed[7 * HOURS_A_WEEK + 34] = 5_000
    now = profile_of(series(disturbed)).rates
    assert abs(sum(now) / sum(usual) - 1) < 0.05
    assert max(abs(rate - then) / (then + 1) for rate, then in zip(now, usual, strict=True)) < 0.6


def test_the_level_of_the_last_days_is_followed() -> None:
    counts = noisy(1)
    counts[-HOURS_A_WEEK:] = [2 * count for count in counts[-HOURS_A_WEEK:]]
    risen = sum(profile_of(series(counts)).rates) / sum(profile_of(series(noisy(1))).rates)
    assert 1.5 < risen < 2.1
