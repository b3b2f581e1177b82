"""Scalars: how moments and free-form values look to clients.

Moments stay `datetime` until the whole answer is encoded (by `gql_app/graphql/over_http.py`).
"""

from datetime import UTC, datetime
from typing import Any, NewType

import strawberry
from graphql import GraphQLError, ValueNode, value_from_ast_untyped
from strawberry.types.scalar import ScalarDefinition

from services.kit.moments import read_moment


def in_utc(moment: object) -> datetime:
    """A moment as it goes into answers: in UTC. The encoder makes a text of it, far faster than `isoformat` does.

    Raises:
        GraphQLError: it is no moment.
    """
    if not isinstance(moment, datetime):
        raise GraphQLError(f"DateTime cannot represent {moment!r}.")
    if moment.tzinfo is UTC:  # what comes from the database
        return moment
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_moment(value: object) -> datetime:
    """Read a moment.

    Raises:
        GraphQLError: it is none, or lies outside the years 1 to 9999.
    """
    try:
        return read_moment(value)
    except ValueError as error:
        raise GraphQLError(f"A DateTime {error}.") from error


def parse_written_moment(node: ValueNode, variables: dict[str, Any] | None = None) -> datetime:
    """Read a moment that stands in a document.

    Raises:
        GraphQLError: it is none, or lies outside the years 1 to 9999; it knows where it stands.
    """
    try:
        return parse_moment(value_from_ast_untyped(node, variables))
    except GraphQLError as error:
        raise GraphQLError(error.message, node) from error


def to_json(value: object) -> Any:
    """`value` as it can go into an answer: what JSON (and the encoder) does not know becomes a text."""
    if isinstance(value, datetime):
        return in_utc(value)
    if isinstance(value, dict):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


JSON = NewType("JSON", object)

SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment: ISO 8601, answered in UTC, for instance `2026-02-05T13:00:00Z`. A day alone is its "
        "midnight; without a time zone it is UTC.",
        serialize=in_utc,
        parse_value=parse_moment,
        parse_literal=parse_written_moment,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value.",
        serialize=to_json,
    ),
}
"""What the schema maps Python types to."""
