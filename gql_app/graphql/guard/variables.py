"""How much variables may hold: an operation can use each many times, and errors quote them."""

from collections.abc import Iterator
from typing import Any

from graphql import OperationDefinitionNode

MAX_VALUES = 10_000
"""Scalars, lists and objects in all variables together."""
TEXT_CHARACTERS = 10_000
"""Of one text. What is searched for, named or pointed at is far shorter."""
MAX_LEVELS = 20
"""Of lists and objects in each other."""
_END = object()


def declared(operation: OperationDefinitionNode, variables: dict[str, Any]) -> dict[str, Any]:
    """The variables that the operation knows; whatever else clients send is ignored."""
    names = (definition.variable.name.value for definition in operation.variable_definitions or ())
    return {name: variables[name] for name in names if name in variables}


def excess(variables: dict[str, Any]) -> str | None:
    """Which limit the variables exceed, in words; None: none. Never looks at more than it allows."""
    values = 0
    levels: list[Iterator[Any]] = [iter(variables.values())]
    while levels:
        value = next(levels[-1], _END)
        if value is _END:
            levels.pop()
            continue
        values += 1
        if values > MAX_VALUES:
            return f"The variables hold more than {MAX_VALUES} values."
        if isinstance(value, str) and len(value) > TEXT_CHARACTERS:
            return f"A text in the variables has more than {TEXT_CHARACTERS} characters."
        if isinstance(value, (list, dict)):
            if len(levels) > MAX_LEVELS:
                return f"The variables are nested in more than {MAX_LEVELS} levels."
            levels.append(iter(value.values() if isinstance(value, dict) else value))
    return None
