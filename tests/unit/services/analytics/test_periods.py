"""Periods that end now."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.periods import LONGEST_PERIOD, parse_period, period_until
from services.errors import InvalidInputError

SMALL = st.one_of(st.none(), st.integers(0, 99))


@given(SMALL, SMALL, SMALL, SMALL)
def test_what_is_written_is_read(weeks: int | None, days: int | None, hours: int | None, minutes: int | None) -> None:
    def part(number: int | None, sign: str) -> str:
        return "" if number is None else f"{number}{sign}"

    clock = part(hours, "H") + part(minutes, "M")
    text = f"P{part(weeks, 'W')}{part(days, 'D')}" + (f"T{clock}" if clock else "")
    length = timedelta(weeks=weeks or 0, days=days or 0, hours=hours or 0, minutes=minutes or 0)
    if length:
        assert parse_period(text) == length
    else:
        with pytest.raises(InvalidInputError):
            parse_period(text)


@pytest.mark.parametrize(
    "text",
    ["", "P", "PT", "7D", "P7", "P1M", "P1Y", "P-7D", "-P7D", "P7d", "P7DT", "PT24", "P3661D", "P99999999999D", "P1.5D",
     "P\u0667D", "P7D ", "PT30S", "P0D"],
)  # fmt: skip
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="ISO 8601 duration"):
        parse_period(text)


def test_the_longest_is_taken() -> None:
    assert parse_period("P3660D") == LONGEST_PERIOD


def test_a_period_begins_at_a_full_minute() -> None:
    now = datetime(2026, 2, 5, 12, 0, 59, 999, tzinfo=UTC)
    assert period_until(now, timedelta(hours=1)) == datetime(2026, 2, 5, 11, tzinfo=UTC)
