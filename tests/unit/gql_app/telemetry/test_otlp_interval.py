"""How often figures are sent to a collector, of what the environment asks for."""

import pytest

from gql_app.telemetry.otlp_metrics import INTERVAL_MILLISECONDS, interval_seconds


@pytest.mark.parametrize(
    ("wanted", "seconds"),
    [("500", 0.5), ("0.5", 0.0005)]
    + [(bad, INTERVAL_MILLISECONDS / 1000) for bad in ("", "0", "-1", "often", "inf", "nan")],
)
def test_what_is_no_interval_is_passed_over(wanted: str, seconds: float) -> None:
    assert interval_seconds(wanted) == seconds
