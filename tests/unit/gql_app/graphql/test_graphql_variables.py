"""How much variables may hold."""

from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from gql_app.graphql.guard.variables import MAX_LEVELS, MAX_VALUES, TEXT_CHARACTERS, declared, excess
from tests.operations import lines_run


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"a": None, "b": 1, "c": "x" * TEXT_CHARACTERS, "d": True},
        {"a": [1] * (MAX_VALUES - 1)},
        {"a": nested(MAX_LEVELS)},
        {"a": {"b": {"c": [1, {"d": 2}]}}, "e": []},
    ],
)
def test_what_clients_need_passes(variables: dict[str, Any]) -> None:
    assert excess(variables) is None


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"a": "x" * (TEXT_CHARACTERS + 1)}, "10000 characters"),
        ({"a": [{"b": ["x" * (TEXT_CHARACTERS + 1)]}]}, "10000 characters"),
        ({"a": [1] * MAX_VALUES}, "10000 values"),
        ({str(number): 1 for number in range(MAX_VALUES + 1)}, "10000 values"),
        ({"a": nested(MAX_LEVELS + 1)}, "20 levels"),
        ({"a": nested(900)}, "20 levels"),
    ],
)
def test_what_is_too_much_is_told(variables: dict[str, Any], told: str) -> None:
    assert told in (excess(variables) or "")


def test_no_more_is_looked_at_than_is_allowed() -> None:
    few, many = ({"a": [[1]] * count} for count in (MAX_VALUES, 100 * MAX_VALUES))
    assert lines_run(lambda: excess(many)) == lines_run(lambda: excess(few))


def test_only_what_the_operation_declares_counts() -> None:
    (operation,) = parse("query ($a: Int, $b: Int, $c: Int) { x }").definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert declared(operation, {"b": 2, "z": 3, "a": 1}) == {"a": 1, "b": 2}
