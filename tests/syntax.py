"""Our own sources as syntax trees, for tests of what may stand in them."""

import ast
import gc
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar, cast

ROOT = Path(__file__).parents[1]
LAYERS = ("documents", "services", "resolvers", "schema", "gql_app")
Node = TypeVar("Node", bound=ast.AST)


@cache
def modules(*packages: str) -> tuple[Path, ...]:
    """Every module in these packages."""
    found = tuple(path for package in packages for path in (ROOT / package).rglob("*.py"))
    assert found
    return found


@cache
def text_of(path: Path) -> str:
    """What stands in a module."""
    return path.read_text()


@cache
def parsed(path: Path) -> ast.Module:
    """The tree of a module; nobody changes it."""
    gc.disable()  # all of a tree is kept: to look for garbage in it takes longer than to parse
    try:
        return ast.parse(text_of(path), str(path))
    finally:
        gc.enable()


def nodes(tree: ast.AST, *kinds: type[Node]) -> Iterator[Node]:
    """The nodes of these kinds in a tree that nobody changes, kind by kind."""
    found = _by_kind(tree)
    for kind in kinds:
        yield from cast(list[Node], found.get(kind, ()))


@cache
def _by_kind(tree: ast.AST) -> dict[type[ast.AST], list[ast.AST]]:
    found, kinds = [tree], defaultdict(list)
    for node in found:  # which grows meanwhile; `ast.walk` does the same, and takes half as long again
        kinds[type(node)].append(node)
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, ast.AST):
                found.append(value)
            elif isinstance(value, list):
                found += [each for each in value if isinstance(each, ast.AST)]
    return kinds


def statements(within: ast.AST) -> Iterator[ast.stmt | ast.excepthandler | ast.match_case]:
    """Those of a module and of whatever is in it, but no expressions, which are most of it."""
    for part in ("body", "orelse", "finalbody", "handlers", "cases"):
        below = getattr(within, part, ())
        for node in below if isinstance(below, list) else ():
            yield node
            yield from statements(node)
