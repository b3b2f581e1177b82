"""Our own sources as syntax trees, for tests of what may stand in them."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
LAYERS = ("documents", "services", "resolvers", "schema", "gql_app")


def modules(*packages: str) -> list[Path]:
    """Every module in these packages."""
    found = [path for package in packages for path in (ROOT / package).rglob("*.py")]
    assert found
    return found


@cache
def parsed(path: Path) -> ast.Module:
    """The tree of a module; nobody changes it."""
    return ast.parse(path.read_text(), str(path))
