"""Scalars: how moments and free-form values look to clients."""

from datetime import UTC, datetime
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition


def format_moment(moment: datetime) -> str:
    """ISO 8601 in UTC with `Z`, to the millisecond where there are any."""
    if moment.tzinfo is not UTC:  # what comes from the database is in UTC already
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")[:-6] + "Z"


def parse_moment(value: object) -> datetime:
    """Read ISO 8601 with a time zone.

    Raises:
        GraphQLError: it is no such text, or lies outside the years 1 to 9999.
    """
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise GraphQLError("A DateTime is ISO 8601 with a time zone, for instance 2026-02-05T13:00:00Z.")


def to_json(value: object) -> Any:
    """`value` with every moment written as a text, so that it can go into JSON."""
    if isinstance(value, datetime):
        return format_moment(value if value.tzinfo else value.replace(tzinfo=UTC))
    if isinstance(value, dict):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


JSON = NewType("JSON", object)

SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment: ISO 8601 with a time zone, answered in UTC, for instance `2026-02-05T13:00:00Z`.",
        serialize=format_moment,
        parse_value=parse_moment,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value.",
        serialize=to_json,
    ),
}
"""What the schema maps Python types to."""
