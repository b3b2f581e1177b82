from datetime import UTC, datetime

import pytest

from mock_external_api.clock import epoch_ms, iso, parse_iso_ms


@pytest.mark.parametrize("text", ["2026-02-05T13:00:00.250Z", "1970-01-01T00:00:00.000Z", "2024-02-29T23:59:59.999Z"])
def test_iso_text_survives_a_round_trip(text: str) -> None:
    assert iso(epoch_ms(datetime.fromisoformat(text))) == text


def test_epoch_ms_rounds_down() -> None:
    assert epoch_ms(datetime(1970, 1, 1, 0, 0, 1, 999, tzinfo=UTC)) == 1000


def test_parse_takes_a_time_without_zone_as_utc() -> None:
    assert parse_iso_ms("1970-01-01T00:00:02") == 2000


@pytest.mark.parametrize("value", ["yesterday", "", None, 17, ["2026-02-05T13:00:00Z"]])
def test_parse_answers_none_for_anything_else(value: object) -> None:
    assert parse_iso_ms(value) is None
