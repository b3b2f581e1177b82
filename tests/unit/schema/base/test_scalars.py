"""Moments and free-form values as clients see them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from bson import ObjectId
from graphql import GraphQLError

from schema.base.scalars import in_utc, parse_moment, to_json


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 2, 5, 13, tzinfo=UTC),
        datetime(2026, 2, 5, 15, tzinfo=timezone(timedelta(hours=2))),
        datetime(2026, 2, 5, 13),  # noqa: DTZ001 (what the database may hold)
    ],
)
def test_moment_is_answered_in_utc(moment: datetime) -> None:
    answered = in_utc(moment)
    assert (answered, answered.tzinfo) == (datetime(2026, 2, 5, 13, tzinfo=UTC), UTC)


def test_what_is_no_moment_is_not_answered() -> None:
    with pytest.raises(GraphQLError):
        in_utc("2026-02-05T13:00:00Z")


@pytest.mark.parametrize("text", ["2026-02-05T13:00:00Z", "2026-02-05T14:00:00+01:00", "20260205T130000Z"])
def test_moment_is_read_in_any_zone(text: str) -> None:
    assert parse_moment(text) == datetime(2026, 2, 5, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", ["20260205", "2026", "now", "", 5, None, True, "0001-01-01T00:00:00+14:00", "9" * 5000]
)
def test_what_is_no_moment_is_refused(value: object) -> None:
    with pytest.raises(GraphQLError):
        parse_moment(value)


def test_json_holds_moments_in_utc_at_any_depth() -> None:
    moment, elsewhere = (
        datetime(2026, 2, 5, 13, tzinfo=UTC),
        datetime(2026, 2, 5, 15, tzinfo=timezone(timedelta(hours=2))),
    )
    found = to_json({"a": [elsewhere, {"b": elsewhere}]})
    assert found == {"a": [moment, {"b": moment}]}
    assert found["a"][0].tzinfo is UTC


def test_json_holds_what_it_does_not_know_as_a_text() -> None:
    assert to_json({1: ObjectId("6b0287b1dc53a542f049f9fd")}) == {"1": "6b0287b1dc53a542f049f9fd"}
