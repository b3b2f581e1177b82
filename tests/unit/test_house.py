"""Rules of the house on size and names."""

import ast
from collections import defaultdict
from collections.abc import Iterator

import pytest

from tests.syntax import LAYERS, ROOT, modules, parsed, statements, text_of

PACKAGES = (*LAYERS, "mock_external_api", "benchmarks", "soak", "fuzz", "readers")
MAX_FUNCTION_LINES = 40
MAX_MODULE_LINES = 250
MAX_ROOM_MODULES = 14

CONVENTIONS = {"log", "main", "router"}
"""Names that every module of a kind has."""
SHOWN_AGAIN = ("schema/", "gql_app/rest/", "gql_app/commands/")
"""Where a type, route or command carries the name of the very thing that it shows or does."""
STARTERS = {"start"}
"""Each module of `gql_app/local` starts its own server; the name is used with the module's."""


def public_names(tree: ast.Module) -> Iterator[str]:
    """What a module defines at its top level, without type variables, which are single capitals."""
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names = [name]
            case ast.Assign(targets=targets):
                names = [target.id for target in targets if isinstance(target, ast.Name)]
            case ast.AnnAssign(target=ast.Name(id=name)):
                names = [name]
            case _:
                names = []
        yield from (name for name in names if len(name) > 1 and not name.startswith("_"))


def test_no_function_is_too_long_to_be_read_in_one_go() -> None:
    too_long = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": length
        for path in modules(*PACKAGES)
        for node in statements(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > MAX_FUNCTION_LINES
    }
    assert too_long == {}


def test_no_module_is_too_long_to_be_read_in_one_sitting() -> None:
    lengths = {path.relative_to(ROOT).as_posix(): len(text_of(path).splitlines()) for path in modules(*PACKAGES)}
    assert {name: length for name, length in lengths.items() if length > MAX_MODULE_LINES} == {}


@pytest.mark.parametrize("layer", ["services", "resolvers", "schema", "gql_app"])
def test_no_room_is_a_drawer(layer: str) -> None:
    rooms = defaultdict(list)
    for path in modules(layer):
        if path.name != "__init__.py":
            rooms[path.parent.relative_to(ROOT).as_posix()].append(path.name)
    assert {room: names for room, names in rooms.items() if len(names) > MAX_ROOM_MODULES} == {}


def test_a_public_name_means_one_thing() -> None:
    places = defaultdict(list)
    for path in modules(*LAYERS):
        for name in public_names(parsed(path)):
            places[name].append(path.relative_to(ROOT).as_posix())
    ambiguous = {
        name: found
        for name, found in places.items()
        if name not in CONVENTIONS | STARTERS and sum(not place.startswith(SHOWN_AGAIN) for place in found) > 1
    }
    twice_shown = {
        name: found
        for name, found in places.items()
        if name not in CONVENTIONS
        and any(sum(place.startswith(front) for place in found) > 1 for front in ("schema/", "gql_app/rest/"))
    }
    assert (ambiguous, twice_shown) == ({}, {})
