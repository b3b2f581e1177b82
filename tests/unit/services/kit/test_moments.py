"""How clients write moments."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kit.moments import read_moment

NOON = datetime(2026, 2, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-02-05", NOON.replace(hour=0)),
        ("2026-02-05T12:00:00Z", NOON),
        ("2026-02-05t12:00:00z", NOON),
        ("2026-02-05T12:00:00", NOON),
        ("2026-02-05T12:00", NOON),
        ("2026-02-05 12:00", NOON),
        ("2026-02-05T14:00:00+02:00", NOON),
        ("2026-02-05T14:00:00 02:00", NOON),
        ("2026-02-05T06:30:00-0530", NOON),
        ("20260205T120000Z", NOON),
        ("2026-02-05T12:00:00.123999Z", NOON.replace(microsecond=123_000)),
        ("2026-02-04T24:00:00Z", NOON.replace(hour=0)),
        ("2026-02-04T24:00+02:00", NOON.replace(day=4, hour=22)),
        ("20260204T240000,000Z", NOON.replace(hour=0)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("20170101T085960.5+0900", datetime(2017, 1, 1, tzinfo=UTC)),
    ],
)
def test_iso_8601_is_read(text: str, moment: datetime) -> None:
    assert read_moment(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        *("", "2026", "20260205", "1770292800", "1770292800000", "1e400", "-1", "2026-02", "05.02.2026", "yesterday"),
        *(
            "2026-02-30",
            "2026-02-05T25:00",
            "2026-02-05T24:01",
            "2026-02-05T12:30:60Z",
            "9999-12-31T24:00",
            "2026-02-05+02:00",
            "2026-02-05T12",
            "2026-02-05T12:00:00 UTC",
        ),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-02-05\n", "٢٠٢٦-02-05T", "1" * 10_000),
        *(2026, 1770292800.0, None, True, ["2026-02-05"]),
    ],
)
def test_everything_else_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"must be ISO 8601|too far away"):
        read_moment(text)


@given(
    st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29)),  # noqa: DTZ001
    st.timedeltas(min_value=timedelta(hours=-23), max_value=timedelta(hours=23)),
)
def test_what_python_writes_is_read_to_the_millisecond(naive: datetime, offset: timedelta) -> None:
    zone = timezone(timedelta(minutes=offset // timedelta(minutes=1)))
    moment = naive.replace(tzinfo=zone, microsecond=naive.microsecond // 1000 * 1000)
    assert read_moment(moment.isoformat()) == moment


@given(st.one_of(st.text(max_size=60), st.from_regex(r"\d{4}-\d\d-\d\d([Tt ].{0,30})?", fullmatch=True)))
def test_any_text_is_a_moment_or_refused(text: str) -> None:
    try:
        moment = read_moment(text)
    except ValueError:
        return
    assert moment.tzinfo is UTC
    assert text[:4] in {f"{moment.year + years:04}" for years in (-1, 0, 1)}
